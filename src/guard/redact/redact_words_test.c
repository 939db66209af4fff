/* redact: each word that makes a name one of a secret, or of none, by what it does alone. */
#include "guard/redact/redact_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

/* Written down a second time, where a lost word would be a secret that is shown, or a log that
 * nobody can read. */
static void each_word_decides_by_itself(void **state) {
    /* clang-format off */
    static const struct {
        const char *before, *after;
        bool is_masked;
        const char *words; /* blank-separated; ~ is a blank */
    } rows[] = {
        {"x_", "=tigerlily", true,
         "pass password passwd passphrase passcode pwd secret token key credential credentials "
         "cred creds auth authorization cookie dsn conn pw pswd passwords psk kennwort "
         "passwort wachtwoord senha contrasena motdepasse psswrd pssword paswd pasword passwrd "
         "passord passwor secrete"},
        {"x_", "=839427", true,
         "otp totp"},
        {"", "=9A3B7C1D5E2F4A6B8C0D", true,
         "jsessionid phpsessid"},
        {"my", "=tigerlily", true,
         "password passwd passphrase apikey secretkey accesskey privatekey secret token "
         "userpass dbpass rootpass adminpass passwort authkey authtoken accesstoken apitoken "
         "sessiontoken clientsecret netrc storepass keypass userpwd requirepass masterauth "
         "mysqlpass smtppass mailpass redispass dbpw userpw rootpw adminpw bindpw"},
        {"secret_", "=tigerlily", false,
         "name names type arn path file count length limit size version usage format algorithm "
         "schema enabled required expired expires expiry expiration ttl prefix policy provider "
         "method mode status kind rotation index source behavior scope scopes units validity "
         "seconds minutes max min bytes timeout last used utilization log logs role roles "
         "function lambda table bucket queue topic api stage handler service server router "
         "route routes middleware label labels variable selector placeholder ref refs "
         "reference title column regex pattern len module endpoint alias position host error "
         "exception warning hasher hashers helper helpers stdin sock socket at in on checked "
         "changed updated created domain age time consent samesite process backend days hours "
         "supported methods types"},
        {"", "_key=tigerlily", false,
         "public publishable primary foreign sort partition hash range cache object s3 backend "
         "bucket row idempotency tag site artifact artefact zip parameter route map header "
         "output filter mapping response context event value encoded kms sequence next forward "
         "backward page continuation checkpoint restore routing binding shard"},
        {"", "_key_thing=tigerlily", true,
         "access api secret private signing encryption auth session"},
        {"", "_key_thing=tigerlily", true,
         "fernet"},
        {"", "_code=83942716", true,
         "backup recovery verification mfa otp totp"},
        {"", " key: tigerlily", true,
         "authentication account master unseal recovery license licence shared subscription "
         "admin"},
        {"", "=tigerlily", false,
         "key Key nextToken ClientToken clientToken RequestToken ClientRequestToken "
         "idempotency_token AllowCredentials AccessControlAllowCredentials"},
        {"", "=9f3kQ2mX7bTz5vWc8LpR4sNd", false,
         "id ids uuid guid hash sha md digest checksum crc integrity etag tag commit revision "
         "rev ref build fingerprint thumbprint kid trace traceparent span correlation request "
         "nonce url uri href src dir folder filename image hostname domain class public "
         "publishable certificate cert idempotency cursor marker continuation pagination next "
         "layer resolved resolution mappings h1 requestid traceid spanid correlationid ulid "
         "ulids ksuid"},
        {"", "=tigerlily", true,
         "private signature X-Amz-Signature token X-Goog-Signature X-Hub-Signature "
         "X-Hub-Signature-256 Stripe-Signature X-Slack-Signature"},
        {"private_", "=tigerlily", true,
         "pem der p8 p12 pfx pkcs8 jwk jwks exponent scalar rsa dsa ecdsa ed25519 hex"},
        {"", ":Key=tigerlily", true,
         "jwt jws jwe hmac aes signing encryption api JwtSettings"},
        /* what a value says of itself */
        {"PASSWORD=$(", " tigerlily)", true,
         "echo printf sh~-c perl~-e"},
        {"PASSWORD=$(", " tigerlily)", false,
         "cat pass ./get-pass.sh aws~ssm"},
        {"--", " prod/api/db", false,
         "secret-id secret_id secretid"},
        {"password: ", "db_password", false,
         "/run/secrets/ /var/run/secrets/"},
        {"", "=/etc/gcp.json", false,
         "GOOGLE_APPLICATION_CREDENTIALS CREDS"},
        {"GOOGLE_APPLICATION_CREDENTIALS=/etc/gcp", "", false,
         ".json .ini .yaml .yml .toml .xml"},
        {"--password ", "", false,
         "TEXT STRING VALUE INTEGER PATH FILE FILENAME KEY string (string) (boolean) (integer) "
         "(list) (blob) (structure) <password> <my_pass>"},
        {"", "_token: The access token has expired", false,
         "invalid unsupported expired missing"},
        {"auth=", "", false,
         "ok success succeeded failed failure denied granted enabled basic bearer digest disabled "
         "oauth oauth2 jwt iam"},
        {"random_password.db: ", "", false,
         "Refreshing~state... Creating... Creation~complete~after~0s Still~creating... "
         "Modifying... Modifications~complete~after~1s Still~modifying... Destroying... "
         "Destruction~complete~after~1s Still~destroying... Reading... Read~complete~after~0s "
         "Still~reading... Preparing~import...~[id=x]"},
        {"fn f(password: ", ") {", false,
         "String string str SecretStr &str CharSequence []byte int Secret Optional<String>"},
        {"password: String", "", false,
         "?~=~null ?, ?) ? ~|~null ~|~None ~=~null ~=~None )~{ ): )~-> ~|~undefined"},
        /* what a description of a secret says of it */
        {"{\"password\":{\"type\":\"", "\"}}", false,
         "string integer number boolean object array null bool secret password token SecureString "
         "bearer basic uuid date-time http apiKey oauth2 openIdConnect mutualTLS"},
        {"{\"password\":{\"format\":\"", "\"}}", false,
         "uuid date-time password"},
        {"{\"token\":{\"scheme\":\"", "\"}}", false,
         "bearer basic digest"},
        {"{\"token\":{\"in\":\"", "\"}}", false,
         "header query cookie"},
        {"{\"token\":{\"", "\":\"JWT\"}}", false,
         "bearerFormat"},
        {"{\"secret\":{\"x\":\"", "\"}}", false,
         "true false"},
        {"api_key", "=1334", false,
         "_id Id"},
        {"{\"password\":[\"A password", ".\"]}", false,
         "~field~is~empty ~must~be~long ~is~required ~has~at~least~eight ~needs~more~characters "
         "~is~incorrect ~does~not~match ~is~too~common ~is~invalid"},
        {"{\"token\":{\"status\":\"", "\"}}", false,
         "active inactive enabled disabled pending expired revoked ok"},
        {"{\"secret\":{\"", "\":\"2026-11-30T11:34:29Z\"}}", false,
         "expiration expires expiry expiresAt expires_at expires_in expiresIn createdAt created_at "
         "CreateDate"},
        {"{\"secret\":{\"", "\":\"93842716\"}}", false,
         "id clientId client_id"},
        {"{\"secret\":{\"", "\":\"tigerlily\"}}", false,
         "username user_name"},
        {"{\"token\":{\"", "\":\"The token of the person who asks\"}}", false,
         "title description"},
    };
    /* clang-format on */
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct str rest = str_from(rows[i].words);
        struct str word = {0};

        while (str_next(&rest, ' ', &word)) {
            CLEANUP(freep)
            char *text =
                mem_format("%s" STR_FMT "%s\n", rows[i].before, STR_ARG(word), rows[i].after);
            for (char *at = text; *at != '\0'; at++) {
                *at = *at == '~' ? ' ' : *at;
            }
            CLEANUP(freep) char *masked = mask_of(redactor, str_from(text), NULL);

            if ((strstr(masked, "***") != NULL) != rows[i].is_masked) {
                fail_msg("%s", masked);
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_word_decides_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
