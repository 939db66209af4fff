/* Profile, region, endpoints: one pass over flags, environment and the two files. */
#include "aws/config.h"

#include "aws/ini.h"
#include "net/http.h"
#include "sys/fs.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ATTEMPTS = 3, ATTEMPTS_MAX = 10 };

struct aws_config {
    char *profile;
    char *region;
    char *account;
    char *ca_bundle;
    struct {
        char *url;
        bool is_explicit;
    } endpoints[AWS_SERVICE_N];
    struct ini *config;
    struct ini *credentials;
    int attempts;
    bool is_profile_flag;
    bool has_profile;
    bool is_fips;
    bool is_dualstack;
};

const char *aws_env_get(const struct aws_env *env, const char *name) {
    const char *value = env == NULL ? getenv(name) : env->get(env->ctx, name);

    return value == NULL || value[0] == '\0' ? NULL : value;
}

/* The first of two that is not NULL. */
static const char *either(const char *a, const char *b) { return a != NULL ? a : b; }

static bool is_true(const char *value) { return value != NULL && strcasecmp(value, "true") == 0; }

static enum err_code config_read_file(const struct aws_env *env, const char *variable,
                                      const char *otherwise, struct ini **out, struct err *err) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(INI_BYTES_MAX);
    const char *named = aws_env_get(env, variable);
    const char *home = aws_env_get(env, "HOME");
    CLEANUP(freep) char *path = NULL;
    struct err unread = {0};
    enum err_code code;

    if (named != NULL && named[0] != '~') {
        path = mem_strdup(named);
    } else {
        path = mem_format("%s%s", home == NULL ? "/" : home, named == NULL ? otherwise : named + 1);
    }
    code = fs_read_file(path, INI_BYTES_MAX, &text, &unread);
    if (code == ERR_NONE || code == ERR_NOT_FOUND) { /* no file is an empty one */
        code = ini_read(buf_str(&text), path, out, err);
    } else {
        *err = unread;
    }
    if (text.ptr != NULL) {
        mem_wipe(text.ptr, text.len);
    }
    return code;
}

/* The sections of the config file are "default" and "profile NAME". */
static const char *config_get(const struct ini *ini, const char *profile, const char *key) {
    CLEANUP(freep) char *section = mem_format("profile %s", profile);
    const char *value = ini_get(ini, section, key);

    return value == NULL && strcmp(profile, "default") == 0 ? ini_get(ini, profile, key) : value;
}

const char *aws_config_of_config(const struct aws_config *config, const char *profile,
                                 const char *key) {
    return config_get(config->config, profile, key);
}

const char *aws_config_of_credentials(const struct aws_config *config, const char *profile,
                                      const char *key) {
    return ini_get(config->credentials, profile, key);
}

const char *aws_config_of_profile(const struct aws_config *config, const char *profile,
                                  const char *key) {
    return either(aws_config_of_config(config, profile, key),
                  aws_config_of_credentials(config, profile, key));
}

bool aws_config_is_profile(const struct aws_config *config, const char *profile) {
    CLEANUP(freep) char *section = mem_format("profile %s", profile);

    return ini_has(config->config, section) || ini_has(config->credentials, profile) ||
           (strcmp(profile, "default") == 0 && ini_has(config->config, profile));
}

static enum err_code config_set_profile(struct aws_config *config,
                                        const struct aws_options *options, struct err *err) {
    const char *named = either(aws_env_get(options->env, "AWS_PROFILE"),
                               aws_env_get(options->env, "AWS_DEFAULT_PROFILE"));

    config->is_profile_flag = options->profile != NULL;
    config->has_profile = config->is_profile_flag || named != NULL;
    config->profile = mem_strdup(either(either(options->profile, named), "default"));
    if (config->has_profile && !aws_config_is_profile(config, config->profile)) {
        err_set(err, ERR_CONFIG, "the AWS profile '%s' does not exist", config->profile);
        return err_remedy(err, "%s names it; `aws configure list-profiles` shows those that exist",
                          config->is_profile_flag ? "the flag --profile" : "AWS_PROFILE");
    }
    return ERR_NONE;
}

static enum err_code config_set_region(struct aws_config *config, const struct aws_options *options,
                                       struct err *err) {
    const char *variable = either(aws_env_get(options->env, "AWS_REGION"),
                                  aws_env_get(options->env, "AWS_DEFAULT_REGION"));
    const char *region = either(either(options->region, variable),
                                aws_config_of_profile(config, config->profile, "region"));
    CLEANUP(buf_done) struct buf host = BUF_INIT(300);

    if (region != NULL && aws_endpoint_add(&host, AWS_STS, region, false, false, err) != ERR_NONE) {
        return err->code;
    }
    config->region = mem_strdup(region);
    return ERR_NONE;
}

static enum err_code config_set_account(struct aws_config *config, const char *account,
                                        struct err *err) {
    if (account != NULL && (strlen(account) != 12 || strspn(account, "0123456789") != 12)) {
        return err_set(err, ERR_CONFIG, "'%.40s' is not an AWS account id, which has 12 digits",
                       account);
    }
    config->account = mem_strdup(account);
    return ERR_NONE;
}

/* The host of "HOST[:PORT]" or "[V6][:PORT]". */
static struct str authority_host(struct str authority) {
    bool is_v6 = str_starts(authority, STR("["));
    ptrdiff_t end = str_find(authority, is_v6 ? STR("]") : STR(":"));

    return str_slice(authority, is_v6 ? 1 : 0, end < 0 ? authority.len : (size_t)end);
}

/* Accepts https://HOST[:PORT], and http:// for this machine. Errors: ERR_CONFIG. */
static enum err_code endpoint_check(const char *url, struct err *err) {
    bool is_plain = strncmp(url, "http://", 7) == 0;
    const char *authority = url + (is_plain ? 7 : 8);
    struct str host;

    if (!is_plain && strncmp(url, "https://", 8) != 0) {
        return err_set(err, ERR_CONFIG, "the endpoint '%s' is no http or https address", url);
    }
    if (authority[strcspn(authority, "/?#@\\ \t\r\n")] != '\0') {
        return err_set(err, ERR_CONFIG, "the endpoint '%s' is more than a host and port", url);
    }
    host = authority_host(str_from(authority));
    if (host.len == 0 || (is_plain && !http_is_loopback(host))) {
        err_set(err, ERR_CONFIG, "the endpoint '%s' would get signed requests unencrypted", url);
        return err_remedy(err, "use https; plain http is for this machine only");
    }
    return ERR_NONE;
}

/* Sets one endpoint from the first place that names it. */
static enum err_code config_set_endpoint(struct aws_config *config,
                                         const struct aws_options *options,
                                         enum aws_service service, struct err *err) {
    const struct aws_service_row *row = aws_service_row(service);
    CLEANUP(freep) char *variable = mem_format("AWS_ENDPOINT_URL_%s", row->env);
    CLEANUP(freep) char *key = mem_format("%s.endpoint_url", row->config);
    const char *services = config_get(config->config, config->profile, "services");
    CLEANUP(freep) char *section = mem_format("services %s", services == NULL ? "" : services);
    const char *said =
        either(aws_env_get(options->env, variable), aws_env_get(options->env, "AWS_ENDPOINT_URL"));
    const char *filed = either(ini_get(config->config, section, key),
                               aws_config_of_profile(config, config->profile, "endpoint_url"));
    const char *ignored =
        either(aws_env_get(options->env, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"),
               aws_config_of_profile(config, config->profile, "ignore_configured_endpoint_urls"));
    CLEANUP(freep) char *url = NULL;

    if (is_true(ignored)) {
        said = NULL;
        filed = NULL;
    }
    said = either(options->endpoint_url, said);
    url = mem_strdup(either(said, filed));
    if (url == NULL) {
        return ERR_NONE;
    }
    if (str_ends(str_from(url), STR("/"))) {
        url[strlen(url) - 1] = '\0';
    }
    if (endpoint_check(url, err) != ERR_NONE) {
        return err->code;
    }
    config->endpoints[service].url = TAKE(url);
    config->endpoints[service].is_explicit = said != NULL;
    return ERR_NONE;
}

static enum err_code config_set_rest(struct aws_config *config, const struct aws_options *options,
                                     struct err *err) {
    /* clang-format off */
    const struct { const char *variable; const char *key; const char *value; } rows[] = {
        { "AWS_USE_FIPS_ENDPOINT",      "use_fips_endpoint",      NULL },
        { "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint", NULL },
        { "AWS_CA_BUNDLE",              "ca_bundle",              NULL },
        { "AWS_MAX_ATTEMPTS",           "max_attempts",           NULL },
    };
    /* clang-format on */
    const char *values[ARRAY_N(rows)];
    int64_t attempts = ATTEMPTS;

    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        values[i] = either(aws_env_get(options->env, rows[i].variable),
                           aws_config_of_profile(config, config->profile, rows[i].key));
    }
    config->is_fips = is_true(values[0]);
    config->is_dualstack = is_true(values[1]);
    config->ca_bundle = mem_strdup(values[2]);
    if (values[3] != NULL &&
        str_to_i64(str_from(values[3]), 1, ATTEMPTS_MAX, &attempts, err) != ERR_NONE) {
        err->code = ERR_CONFIG;
        return err_prefix(err, "AWS_MAX_ATTEMPTS");
    }
    config->attempts = (int)attempts;
    return ERR_NONE;
}

enum err_code aws_config_new(const struct aws_options *options, struct aws_config **out,
                             struct err *err) {
    CLEANUP(aws_config_freep) struct aws_config *config = mem_alloc(sizeof *config);

    if (config_read_file(options->env, "AWS_CONFIG_FILE", "/.aws/config", &config->config, err) !=
            ERR_NONE ||
        config_read_file(options->env, "AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials",
                         &config->credentials, err) != ERR_NONE ||
        config_set_profile(config, options, err) != ERR_NONE ||
        config_set_region(config, options, err) != ERR_NONE ||
        config_set_account(config, options->account, err) != ERR_NONE ||
        config_set_rest(config, options, err) != ERR_NONE) {
        return err->code;
    }
    for (enum aws_service s = AWS_NO_SERVICE + 1; s < AWS_SERVICE_N; s++) {
        if (config_set_endpoint(config, options, s, err) != ERR_NONE) {
            return err->code;
        }
    }
    *out = TAKE(config);
    return ERR_NONE;
}

void aws_config_free(struct aws_config *config) {
    if (config == NULL) {
        return;
    }
    for (size_t i = 0; i < AWS_SERVICE_N; i++) {
        free(config->endpoints[i].url);
    }
    ini_free(config->config);
    ini_free(config->credentials);
    free(config->profile);
    free(config->region);
    free(config->account);
    free(config->ca_bundle);
    free(config);
}

void aws_config_freep(struct aws_config **config) {
    aws_config_free(*config);
    *config = NULL;
}

const char *aws_config_profile(const struct aws_config *config) { return config->profile; }

const char *aws_config_region(const struct aws_config *config) { return config->region; }

const char *aws_config_account(const struct aws_config *config) { return config->account; }

const char *aws_config_ca_bundle(const struct aws_config *config) { return config->ca_bundle; }

int aws_config_attempts(const struct aws_config *config) { return config->attempts; }

bool aws_config_is_profile_flag(const struct aws_config *config) { return config->is_profile_flag; }

bool aws_config_has_profile(const struct aws_config *config) { return config->has_profile; }

const char *aws_config_endpoint(const struct aws_config *config, enum aws_service service,
                                bool *out_is_explicit) {
    if (out_is_explicit != NULL) {
        *out_is_explicit = config->endpoints[service].is_explicit;
    }
    return config->endpoints[service].url;
}

bool aws_config_is_custom(const struct aws_config *config) {
    for (size_t i = 0; i < AWS_SERVICE_N; i++) {
        if (config->endpoints[i].url != NULL) {
            return true;
        }
    }
    return false;
}

enum err_code aws_config_add_url(const struct aws_config *config, enum aws_service service,
                                 const char *region, struct buf *out, struct err *err) {
    if (config->endpoints[service].url != NULL) {
        buf_add_s(out, config->endpoints[service].url);
        return ERR_NONE;
    }
    return aws_endpoint_add(out, service, region, config->is_fips, config->is_dualstack, err);
}
