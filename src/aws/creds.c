/* Credentials: the order of sources, the cache, static keys, warnings and refusals. */
#include "aws/creds.h"

#include "aws/creds_source.h"
#include "base/clock.h"
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

/* AWS's access key ids have at least 16 characters; emulators take "test" and the like. */
enum { ACCESS_KEY_MIN = 16, ACCESS_KEY_MAX = 128, SECRET_KEY_MAX = 512, TOKEN_MAX = 64 << 10 };

/* With less left they are not even used while a refresh fails. */
enum { USABLE_MS = 10 * 1000 };

/* clang-format off */
static const char *const var_names[VAR_N] = {
    [VAR_ACCESS_KEY]           = "AWS_ACCESS_KEY_ID",
    [VAR_SECRET_KEY]           = "AWS_SECRET_ACCESS_KEY",
    [VAR_TOKEN]                = "AWS_SESSION_TOKEN",
    [VAR_ROLE]                 = "AWS_ROLE_ARN",
    [VAR_WEB_TOKEN_FILE]       = "AWS_WEB_IDENTITY_TOKEN_FILE",
    [VAR_SESSION_NAME]         = "AWS_ROLE_SESSION_NAME",
    [VAR_CONTAINER_PATH]       = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    [VAR_CONTAINER_URL]        = "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    [VAR_CONTAINER_TOKEN]      = "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    [VAR_CONTAINER_TOKEN_FILE] = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    [VAR_INSTANCE_OFF]         = "AWS_EC2_METADATA_DISABLED",
    [VAR_INSTANCE_URL]         = "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    [VAR_FOR]                  = "AWSCOPILOT_CREDENTIALS_FOR",
};

static creds_source *const sources[] = {
    creds_from_env, creds_from_role, creds_from_web_identity, creds_from_sso, creds_from_shared_file,
    creds_from_login, creds_from_process, creds_from_config_file, creds_from_container,
    creds_from_instance,
};
/* clang-format on */

struct aws_creds *creds_new(const char *access_key, struct secret *secret_key, struct secret *token,
                            int64_t expires_ms, const char *source) {
    struct aws_creds *creds = mem_alloc(sizeof *creds);

    atomic_init(&creds->refs, 1);
    creds->access_key = mem_strdup(access_key);
    creds->secret_key = secret_key;
    creds->token = token;
    creds->expires_ms = expires_ms;
    creds->source = mem_strdup(source);
    return creds;
}

/* Counting is the one thing that changes in a set of keys. */
static struct aws_creds *creds_counted(const struct aws_creds *creds) {
    return (struct aws_creds *)(uintptr_t)creds;
}

static const struct aws_creds *creds_keep(const struct aws_creds *creds) {
    (void)atomic_fetch_add(&creds_counted(creds)->refs, 1);
    return creds;
}

void creds_release(const struct aws_creds *creds) {
    if (creds == NULL || atomic_fetch_sub(&creds_counted(creds)->refs, 1) > 1) {
        return;
    }
    secret_free(creds->secret_key);
    secret_free(creds->token);
    free(creds->access_key);
    free(creds->source);
    free(creds_counted(creds));
}

void creds_releasep(const struct aws_creds **creds) {
    creds_release(*creds);
    *creds = NULL;
}

struct creds_provider *creds_provider_new(const struct aws_config *config,
                                          const struct aws_env *env) {
    struct creds_provider *provider = mem_alloc(sizeof *provider);

    provider->config = config;
    (void)pthread_mutex_init(&provider->lock, NULL);
    for (size_t i = 0; i < VAR_N; i++) {
        const char *value = aws_env_get(env, var_names[i]);

        provider->vars[i] = value == NULL ? NULL : secret_new(str_from(value));
    }
    return provider;
}

void creds_provider_free(struct creds_provider *provider) {
    if (provider == NULL) {
        return;
    }
    for (size_t i = 0; i < VAR_N; i++) {
        secret_free(provider->vars[i]);
    }
    creds_release(provider->cached);
    (void)pthread_mutex_destroy(&provider->lock);
    free(provider);
}

struct str creds_var(const struct creds_provider *provider, enum creds_var var) {
    return secret_str(provider->vars[var]);
}

const char *creds_var_name(enum creds_var var) { return var_names[var]; }

/* Whether every byte of `s` lies in [low, high] or, when `more` has one, is one of its bytes. */
static bool is_made_of(struct str s, char low, char high, const char *more) {
    for (size_t i = 0; i < s.len; i++) {
        if ((s.ptr[i] < low || s.ptr[i] > high) && strchr(more, s.ptr[i]) == NULL) {
            return false;
        }
    }
    return true;
}

static bool is_usable(struct str access_key, struct str secret_key, struct str token) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-";

    return access_key.len > 0 && access_key.len <= ACCESS_KEY_MAX && secret_key.len > 0 &&
           secret_key.len <= SECRET_KEY_MAX && token.len <= TOKEN_MAX &&
           is_made_of(access_key, '0', '9', letters) && is_made_of(token, '!', '~', "");
}

static enum err_code creds_make(struct str access_key, struct str secret_key, struct str token,
                                int64_t expires_ms, const char *source, struct aws_creds **out,
                                struct err *err) {
    CLEANUP(freep) char *id = NULL;

    if (!is_usable(access_key, secret_key, token)) {
        err_set(err, ERR_CREDENTIALS, "%s: the access key id or its secret is missing or malformed",
                source);
        return err_remedy(err, "look for blanks, quotes or line ends around the values");
    }
    id = str_dup(access_key);
    *out = creds_new(id, secret_new(secret_key), token.len == 0 ? NULL : secret_new(token),
                     expires_ms, source);
    return ERR_NONE;
}

enum err_code creds_from_env(const struct creds_lookup *lookup, struct aws_creds **out,
                             struct err *err) {
    return aws_config_is_profile_flag(lookup->provider->config)
               ? ERR_NONE
               : creds_from_variables(lookup, out, err);
}

enum err_code creds_from_variables(const struct creds_lookup *lookup, struct aws_creds **out,
                                   struct err *err) {
    struct str access_key = creds_var(lookup->provider, VAR_ACCESS_KEY);
    struct str secret_key = creds_var(lookup->provider, VAR_SECRET_KEY);

    if (access_key.len == 0 && secret_key.len == 0) {
        return ERR_NONE;
    }
    return creds_make(access_key, secret_key, creds_var(lookup->provider, VAR_TOKEN), 0,
                      "the environment", out, err);
}

/* Static keys of a profile, by the look-up of one of the two files. */
static enum err_code creds_from_file(const struct creds_lookup *lookup,
                                     const char *(*get)(const struct aws_config *, const char *,
                                                        const char *),
                                     const char *file, struct aws_creds **out, struct err *err) {
    const struct aws_config *config = lookup->provider->config;
    const char *access_key = get(config, lookup->profile, "aws_access_key_id");
    const char *secret_key = get(config, lookup->profile, "aws_secret_access_key");
    const char *token = get(config, lookup->profile, "aws_session_token");
    CLEANUP(freep) char *source = mem_format("profile %s, %s", lookup->profile, file);

    if (access_key == NULL && secret_key == NULL) {
        return ERR_NONE;
    }
    return creds_make(str_from(access_key), str_from(secret_key), str_from(token), 0, source, out,
                      err);
}

enum err_code creds_from_shared_file(const struct creds_lookup *lookup, struct aws_creds **out,
                                     struct err *err) {
    return creds_from_file(lookup, aws_config_of_credentials, "shared credentials file", out, err);
}

enum err_code creds_from_config_file(const struct creds_lookup *lookup, struct aws_creds **out,
                                     struct err *err) {
    return creds_from_file(lookup, aws_config_of_config, "config file", out, err);
}

/* jansson keeps what it parsed in memory that it does not wipe. */
static void json_wipe(json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);

    if (json_is_string(value)) {
        mem_wipe((void *)(uintptr_t)json_string_value(value), json_string_length(value));
    }
}

enum err_code creds_read_json(struct str text, const char *token_key, const char *source,
                              struct aws_creds **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *json = NULL;
    const char *expires;
    int64_t expires_ms = 0;
    struct err ignored = {0};
    enum err_code code;

    if (json_read(text, &json, &ignored) != ERR_NONE || !json_is_object(json)) {
        return err_set(err, ERR_CREDENTIALS, "%s: the answer is not a JSON object", source);
    }
    expires = json_str_at(json, "Expiration");
    if (expires != NULL && clock_read_iso(str_from(expires), &expires_ms, &ignored) != ERR_NONE) {
        code = err_set(err, ERR_CREDENTIALS, "%s: Expiration is not a time", source);
    } else if (expires != NULL && expires_ms <= clock_now_ms()) {
        err_set(err, ERR_CREDENTIALS, "%s: the credentials expired at %s", source,
                clock_iso(expires_ms).text);
        code = err_remedy(err, "sign in again, then repeat the command");
    } else {
        code = creds_make(str_from(json_str_at(json, "AccessKeyId")),
                          str_from(json_str_at(json, "SecretAccessKey")),
                          str_from(json_str_at(json, token_key)), expires_ms, source, out, err);
    }
    json_wipe(json, "SecretAccessKey");
    json_wipe(json, token_key);
    return code;
}

static enum err_code creds_fetch(struct creds_provider *provider, const struct aws *aws,
                                 struct aws_creds **out, struct err *err) {
    const struct creds_lookup lookup = {
        .provider = provider, .aws = aws, .profile = aws_config_profile(provider->config)};

    for (size_t i = 0; i < ARRAY_N(sources); i++) {
        if (sources[i](&lookup, out, err) != ERR_NONE) {
            return err->code;
        }
        if (*out != NULL) {
            return ERR_NONE;
        }
    }
    err_set(err, ERR_CREDENTIALS, "there are no AWS credentials for profile %s", lookup.profile);
    return err_remedy(err,
                      "`aws login` or `aws configure sso` sets them up; AWS_PROFILE chooses "
                      "another profile, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY also work");
}

static bool has_left(const struct aws_creds *creds, int64_t ms) {
    return creds != NULL && (creds->expires_ms == 0 || creds->expires_ms - clock_now_ms() > ms);
}

enum err_code creds_get(struct creds_provider *provider, const struct aws *aws,
                        const struct aws_creds **out, struct err *err) {
    struct aws_creds *fresh = NULL;
    struct err why = {0};
    enum err_code code = ERR_NONE;

    (void)pthread_mutex_lock(&provider->lock);
    if (!has_left(provider->cached, CREDS_FRESH_MS)) {
        code = creds_fetch(provider, aws, &fresh, &why);
        if (code == ERR_NONE) {
            creds_release(provider->cached);
            provider->cached = fresh;
        } else if (has_left(provider->cached, USABLE_MS)) {
            code = ERR_NONE; /* still good; the next call tries again */
        }
    }
    if (code == ERR_NONE) {
        *out = creds_keep(provider->cached);
    }
    (void)pthread_mutex_unlock(&provider->lock);
    if (code != ERR_NONE) {
        *err = why;
    }
    return code;
}

static bool is_long_lived(const struct aws_creds *creds) {
    return strncmp(creds->access_key, "AKIA", 4) == 0;
}

void creds_warn(const struct creds_provider *provider, const struct aws_creds *creds,
                struct buf *out) {
    bool is_env = strcmp(creds->source, "the environment") == 0;

    if (is_env && aws_config_has_profile(provider->config)) {
        buf_addf(out,
                 "AWS_ACCESS_KEY_ID and AWS_PROFILE are both set; the keys count and profile "
                 "%s does not\n",
                 aws_config_profile(provider->config));
    }
    if (is_long_lived(creds)) {
        buf_addf(out,
                 "%.4s...%s is a long-lived key; sign in with `aws login` or assume a role "
                 "instead\n",
                 creds->access_key, creds->access_key + strlen(creds->access_key) - 4);
    }
}

enum err_code creds_check_host(const struct aws_creds *creds, struct str host, bool is_explicit,
                               struct err *err) {
    bool is_real = creds == NULL || strlen(creds->access_key) >= ACCESS_KEY_MIN;
    bool is_aws = aws_is_aws_host(host);

    if (is_aws && !is_real) {
        err_set(err, ERR_CREDENTIALS,
                "the access key id '%.20s' is one for a local emulator, not "
                "for AWS",
                creds->access_key);
        return err_remedy(err, "set AWS_ENDPOINT_URL if a local AWS is meant; otherwise sign in "
                               "with `aws login`");
    }
    if (!is_aws && is_real && !is_explicit) {
        err_set(err, ERR_CREDENTIALS, "the keys of %s would go to " STR_FMT ", which is not AWS",
                creds == NULL ? "a role" : creds->source, STR_ARG(host));
        return err_remedy(err, "a file names this endpoint; if it is meant, say so with "
                               "--endpoint-url or AWS_ENDPOINT_URL");
    }
    return ERR_NONE;
}
