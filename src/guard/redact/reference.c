/* guard/redact/reference.c: values under the name of a secret that are none.
 *
 *   API_KEY=$(aws ssm get-parameter ...)   "SecretId": "prod/api/db"   api_key_id: 1334
 *   --password TEXT  Password of the user  valueFrom: arn:aws:ssm:...  val token: String? = null */
#include "guard/redact/reference.h"

#include "guard/redact/body.h"
#include "guard/redact/charset.h"
#include "guard/redact/key.h"
#include "guard/redact/word.h"

enum {
    ID_DIGITS = 9,
    CALLED_MAX = 40,
    SENTENCE_WORDS = 3,
    TOLD_MAX = 19, /* fewer characters than a token has */
    DATE_MAX = 35
};

static bool has_only(struct str text, const char *signs) {
    for (size_t i = 0; i < text.len; i++) {
        if (!is_alnum(text.ptr[i]) && !is_any(text.ptr[i], signs)) {
            return false;
        }
    }
    return text.len > 0;
}

/* Whether `text` begins with one of `n`. */
static bool starts_with_one_of(struct str text, const struct str *of, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (str_starts(text, of[i])) {
            return true;
        }
    }
    return false;
}

/* The first word of `text`, which ends at a blank. */
static struct str first_word(struct str text) {
    size_t to = 0;

    while (to < text.len && !is_blank(text.ptr[to])) {
        to++;
    }
    return str_slice(text, 0, to);
}

/* Whether a word of `command` makes it print what stands in it: echo V, python -c V, cat <<< V. */
static bool prints_itself(struct str command) {
    static const struct str words[] = {W("echo"), W("printf"), W("-c"), W("-e")};
    struct str word = {0};

    while (str_next(&command, ' ', &word)) {
        if (str_find(word, STR("<<")) >= 0 || word_is_one_of(word, words, ARRAY_N(words))) {
            return true;
        }
    }
    return false;
}

/* $(aws ssm get-parameter ...): what a command prints, other than what stands in it. */
static bool is_substitution(struct str value) {
    bool is_whole = str_starts(value, STR("$(")) && str_ends(value, STR(")"));
    struct str command = str_slice(value, 2, value.len - (is_whole ? 1 : 0));
    struct str program = first_word(command);

    return is_whole && has_only(program, "_-./") && program.len < command.len &&
           !prints_itself(command);
}

bool reference_is_command(struct str value) {
    static const struct str programs[] = {
        W("aws"),  W("vault"),   W("gcloud"),   W("az"),        W("kubectl"), W("op"),   W("pass"),
        W("cat"),  W("openssl"), W("security"), W("terraform"), W("doppler"), W("jq"),   W("sops"),
        W("head"), W("gopass"),  W("docker"),   W("bw"),        W("heroku"),  W("curl"), W("grep")};
    struct str program = first_word(value);

    return program.len < value.len &&
           word_is_exactly_one_of(program, programs, ARRAY_N(programs)) && !prints_itself(value);
}

/* NAME of a variable. */
static bool is_name(struct str name) {
    return name.len > 1 && !is_digit(name.ptr[0]) && has_only(name, "_");
}

/* ${NAME:-} of a shell, which is empty otherwise, and %NAME% of Windows. */
static bool is_expansion(struct str value) {
    bool is_empty_otherwise = str_starts(value, STR("${")) && str_ends(value, STR(":-}"));
    bool is_percent = value.len > 2 && value.ptr[0] == '%' && value.ptr[value.len - 1] == '%';

    return (is_empty_otherwise && is_name(str_slice(value, 2, value.len - 3))) ||
           (is_percent && is_name(str_slice(value, 1, value.len - 1)));
}

bool reference_is_variable(struct str value) {
    bool is_marked = value.len > 2 && is_any(value.ptr[0], "${%");

    return is_marked && !is_digit(value.ptr[1]) && key_value_is_harmless(STR(""), value);
}

/* The name of a resource of AWS. */
static bool is_arn(struct str value) {
    return str_starts(value, STR("arn:aws")) && has_only(value, ":/_-+=.@*${}");
}

/* --secret-id prod/api/db: its name in Secrets Manager. The secret_id of Vault has no slash. */
static bool is_secret_path(struct str key, struct str value) {
    static const struct str names[] = {W("secret_id"), W("secret-id"), W("secretid")};

    return word_ends_one_of(key, names, ARRAY_N(names)) && str_find(value, STR("/")) > 0 &&
           has_only(value, "/_-.") && word_digits(value) * 4 < value.len &&
           !key_path_has_secret(value);
}

/* Whether it is digits alone, `most` of them. */
static bool is_number(struct str value, size_t most) {
    return value.len > 0 && value.len <= most && word_digits(value) == value.len;
}

/* api_key_id: 1334 */
static bool is_number_of_id(struct str key, struct str value) {
    return is_number(value, ID_DIGITS) &&
           (str_ends_nocase(key, STR("_id")) || str_ends(key, STR("Id")));
}

/* /run/secrets/db_password, and GOOGLE_APPLICATION_CREDENTIALS=/etc/gcp.json: where a file is. */
static bool is_file(struct str key, struct str value) {
    static const struct str mounts[] = {W("/run/secrets/"), W("/var/run/secrets/")};
    static const struct str endings[] = {W(".json"), W(".ini"),  W(".yaml"),
                                         W(".yml"),  W(".toml"), W(".xml")};
    static const struct str names[] = {W("credentials"), W("creds")};
    bool is_of_file = word_ends_one_of(key, names, ARRAY_N(names)) &&
                      is_any(str_char(value, 0), "/.~") && str_find(value, STR("/")) >= 0 &&
                      word_ends_one_of(value, endings, ARRAY_N(endings));

    return (is_of_file || starts_with_one_of(value, mounts, ARRAY_N(mounts))) &&
           has_only(value, "/_-.~") && !key_path_has_secret(value);
}

/* --password TEXT, --password <password>, --secret-id (string), --password string   Password of the
 * user: what a manual calls the value, and says of it, but for its default. */
static bool is_called(struct str key, struct str value) {
    static const struct str types[] = {W("TEXT"),     W("STRING"), W("VALUE"),
                                       W("INTEGER"),  W("PATH"),   W("FILE"),
                                       W("FILENAME"), W("KEY"),    W("string")};
    static const struct str brackets[] = {W("(string)"), W("(boolean)"), W("(integer)"),
                                          W("(list)"),   W("(blob)"),    W("(structure)")};
    size_t to = 1;

    if (!str_starts(key, STR("-")) || str_find(value, STR("default")) >= 0) {
        return false;
    }
    if (starts_with_one_of(value, brackets, ARRAY_N(brackets))) {
        return true;
    }
    while (to < value.len && to < CALLED_MAX &&
           (is_letter(value.ptr[to]) || is_any(value.ptr[to], "_- |"))) {
        to++;
    }
    bool is_bracketed = str_char(value, 0) == '<' && to > 1 && str_char(value, to) == '>';
    if (is_bracketed) {
        return to + 1 == value.len || is_any(value.ptr[to + 1], " ]|");
    }
    struct str word = first_word(value);
    return word_is_exactly_one_of(word, types, ARRAY_N(types)) &&
           (word.len == value.len || str_starts(str_slice(value, word.len, value.len), STR("  ")));
}

/* Whether it is words alone that a capital begins: of the messages of services. */
static bool is_sentence(struct str value) {
    size_t words = 1;

    for (size_t i = 0; i < value.len; i++) {
        if (!is_letter(value.ptr[i]) && !is_any(value.ptr[i], " '.,")) {
            return false;
        }
        words += value.ptr[i] == ' ';
    }
    return value.len > 1 && is_upper(value.ptr[0]) && !is_upper(value.ptr[1]) &&
           words >= SENTENCE_WORDS;
}

/* invalid_token: The access token expired, of OAuth 2.0 (RFC 6749, 5.2), and ExpiredToken: The
 * security token included in the request is expired, of AWS. */
static bool is_error(struct str key, struct str value) {
    static const struct str begins[] = {W("invalid_"), W("unsupported_"), W("expired_"),
                                        W("missing_"), W("Invalid"),      W("Expired"),
                                        W("Missing"),  W("Malformed")};

    return starts_with_one_of(key, begins, ARRAY_N(begins)) && is_sentence(value);
}

/* auth=ok: how it went, or which one it is. */
static bool is_way_in(struct str key, struct str value) {
    static const struct str words[] = {W("ok"),      W("success"), W("succeeded"), W("failed"),
                                       W("failure"), W("denied"),  W("granted"),   W("enabled"),
                                       W("basic"),   W("bearer"),  W("digest"),    W("disabled"),
                                       W("oauth"),   W("oauth2"),  W("jwt"),       W("iam"),
                                       W("oidc"),    W("saml"),    W("ldap"),      W("kerberos")};

    return str_ends_nocase(key, STR("auth")) && word_is_one_of(value, words, ARRAY_N(words));
}

/* random_password.db: Creation complete after 0s [id=none], of Terraform. */
static bool is_progress(struct str key, struct str value) {
    static const struct str states[] = {
        W("Refreshing state..."), W("Creating..."),          W("Creation complete after "),
        W("Still creating..."),   W("Modifying..."),         W("Modifications complete after "),
        W("Still modifying..."),  W("Destroying..."),        W("Destruction complete after "),
        W("Still destroying..."), W("Reading..."),           W("Read complete after "),
        W("Still reading..."),    W("Preparing import... [")};

    return str_find(key, STR(".")) > 0 && str_find(key, STR("_")) > 0 &&
           starts_with_one_of(value, states, ARRAY_N(states));
}

/* Option<String> and Vec<u8> of Rust, and a sign behind it. */
static bool is_generic_type(struct str value) {
    enum { OPTION = 7, VEC = 4, SIGN = 1, DIGITS = 2 };
    size_t open = str_starts(value, STR("Option<")) ? OPTION
                  : str_starts(value, STR("Vec<"))  ? VEC
                                                    : 0;
    const char *close = open > 0 ? memrchr(value.ptr, '>', value.len) : NULL;
    size_t to = close == NULL ? 0 : (size_t)(close - value.ptr);
    struct str inner = str_slice(value, open, to);

    return has_only(inner, "<>:&_") && word_digits(inner) <= DIGITS && value.len - (to + 1) <= SIGN;
}

/* String? = null, string) {: types of code, and what may follow one. */
static bool is_type(struct str value) {
    static const struct str types[] = {
        W("String"),       W("string"), W("str"), W("SecretStr"), W("&str"),
        W("CharSequence"), W("[]byte"), W("int"), W("Secret"),    W("Optional<String>")};
    static const struct str ends[] = {W("? = null"), W("?,"),      W("?)"),      W("?"),
                                      W(" | null"),  W(" | None"), W(" = null"), W(" = None"),
                                      W(") {"),      W("):"),      W(") ->"),    W(" | undefined")};

    if (is_generic_type(value)) {
        return true;
    }
    for (size_t i = 0; i < ARRAY_N(types); i++) {
        if (str_starts(value, types[i])) {
            struct str end = str_slice(value, types[i].len, value.len);
            bool is_open = str_starts(end, STR(") {")) || str_starts(end, STR("):"));
            return is_open || word_is_exactly_one_of(end, ends, ARRAY_N(ends));
        }
    }
    return false;
}

bool reference_is(struct str key, struct str value) {
    switch (str_char(value, 0)) {
    case '$':
    case '%':
        return is_substitution(value) || is_expansion(value);
    case '<':
        return is_called(key, value);
    default:
        return is_arn(value) || is_secret_path(key, value) || is_number_of_id(key, value) ||
               is_file(key, value) || is_called(key, value) || is_error(key, value) ||
               is_way_in(key, value) || is_progress(key, value) || is_type(value);
    }
}

/* Digits and what parts them in a time, as 2026-11-30T11:34:29.123Z. */
static bool is_time(struct str value) {
    for (size_t i = 0; i < value.len; i++) {
        if (!is_digit(value.ptr[i]) && !is_any(value.ptr[i], "-:.+TZ ")) {
            return false;
        }
    }
    return value.len > 0 && value.len <= DATE_MAX && is_digit(value.ptr[0]);
}

/* Whether it is as the names of users are: shorter than a token, with few digits and capitals. */
static bool is_plain_word(struct str value) {
    size_t digits = word_digits(value);
    bool is_mixed = 3 * (digits + word_case_changes(value)) > value.len;
    return value.len <= TOLD_MAX && has_only(value, "_-.") &&
           (!is_mixed || (digits == value.len && digits <= ID_DIGITS));
}

/* Whether what the key tells of a secret is a word that such keys have. */
static bool is_told_word(struct str key, struct str value) {
    static const struct str types[] = {W("string"), W("integer"),  W("number"), W("boolean"),
                                       W("object"), W("array"),    W("null"),   W("bool"),
                                       W("secret"), W("password"), W("token"),  W("SecureString"),
                                       W("bearer"), W("basic"),    W("uuid"),   W("date-time")};
    static const struct str states[] = {W("active"),  W("inactive"), W("enabled"), W("disabled"),
                                        W("pending"), W("expired"),  W("revoked"), W("ok")};
    static const struct str kinds[] = {W("type"), W("format")};
    /* of OpenAPI's security schemes */
    static const struct str schemes[] = {
        W("http"),  W("apiKey"), W("oauth2"), W("openIdConnect"), W("mutualTLS"), W("bearer"),
        W("basic"), W("digest"), W("header"), W("query"),         W("cookie"),    W("JWT")};
    static const struct str scheme_names[] = {W("type"), W("scheme"), W("in"), W("bearerFormat")};
    static const struct str titles[] = {W("title"), W("description")};
    static const struct str users[] = {W("username"), W("user_name")};

    if (word_is_exactly_one_of(key, scheme_names, ARRAY_N(scheme_names)) &&
        word_is_exactly_one_of(value, schemes, ARRAY_N(schemes))) {
        return true;
    }
    if (word_ends_one_of(key, kinds, ARRAY_N(kinds))) {
        return word_is_one_of(value, types, ARRAY_N(types));
    }
    if (str_ends_nocase(key, STR("status"))) {
        return word_is_one_of(value, states, ARRAY_N(states));
    }
    if (word_is_one_of(key, titles, ARRAY_N(titles))) {
        return is_sentence(value) || word_is_one_of(value, types, ARRAY_N(types));
    }
    return word_ends_one_of(key, users, ARRAY_N(users)) && is_plain_word(value);
}

bool reference_is_told(struct str key, struct str value) {
    static const struct str times[] = {
        W("expiration"), W("expires"),   W("expiry"),    W("expiresAt"),  W("expires_at"),
        W("expires_in"), W("expiresIn"), W("createdAt"), W("created_at"), W("CreateDate")};
    static const struct str ids[] = {W("id"), W("clientId"), W("client_id")};

    if (str_eq(key, STR("name")) && word_digits(value) == 0 && has_only(value, "-_") &&
        key_is_secret(value)) {
        return true; /* "name": "X-API-Key", of OpenAPI */
    }
    if (str_eq(key, STR("file")) && (str_starts(value, STR("./")) || str_starts(value, STR("/")))) {
        return has_only(value, "/_-.") && !key_path_has_secret(value); /* of Compose */
    }

    if (str_eq(value, STR("true")) || str_eq(value, STR("false"))) {
        return true;
    }
    if (word_is_one_of(key, times, ARRAY_N(times))) {
        return is_time(value);
    }
    if (word_is_one_of(key, ids, ARRAY_N(ids))) {
        return body_is_uuid(value) || is_number_of_id(STR("_id"), value);
    }
    return is_told_word(key, value) ||
           (str_ends_nocase(key, STR("length")) && is_number(value, TOLD_MAX));
}

bool reference_is_message(struct str value) {
    static const struct str words[] = {W(" field "), W(" must "),      W(" required"),
                                       W(" least "), W(" characters"), W(" incorrect"),
                                       W(" match"),  W(" common"),     W(" invalid")};

    if (value.len == 0 || !is_upper(value.ptr[0]) || value.ptr[value.len - 1] != '.' ||
        !has_only(value, " .,'")) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_N(words); i++) {
        if (str_find(value, words[i]) > 0) {
            return true;
        }
    }
    return false;
}

bool reference_is_of_login(struct str key, struct str value) {
    static const struct str words[] = {W("user"),   W("engine"),  W("dbname"), W("database"),
                                       W("schema"), W("sslmode"), W("port"),   W("host")};

    if (!word_is_one_of(key, words, ARRAY_N(words)) || !has_only(value, "_-.")) {
        return false;
    }
    for (size_t i = 0; i < value.len; i++) {
        if (is_upper(value.ptr[i])) {
            return false; /* a host has small letters, a token has not */
        }
    }
    bool is_host = str_eq_nocase(key, STR("host")) && str_find(value, STR(".")) > 0;
    return is_host || value.len <= TOLD_MAX;
}
