/* Credentials that another program prints: credential_process, and the AWS CLI for what only it can
 * sign in to. Their output is parsed, wiped and never shown. */
#include "aws/creds_source.h"
#include "sys/proc.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHILD_MS = 10000, WORDS_MAX = 64 };

/* Moves the next word of `*in` to `*out`, without its quotes and backslashes, and ends it. False
 * when a quote is open at the end. `*out` never overtakes `*in`. */
static bool word_take(const char **in, char **out) {
    const char *p = *in;
    char quote = '\0';

    for (; *p != '\0' && (quote != '\0' || strchr(" \t", *p) == NULL); p++) {
        if (*p == quote) {
            quote = '\0';
        } else if (quote == '\0' && (*p == '"' || *p == '\'')) {
            quote = *p;
        } else {
            p += *p == '\\' && quote != '\'' && p[1] != '\0' ? 1 : 0;
            *(*out)++ = *p;
        }
    }
    *in = *p == '\0' ? p : p + 1;
    *(*out)++ = '\0';
    return quote == '\0';
}

/* Splits a command line as a POSIX shell splits words, and does nothing else that a shell does.
 * Cuts `line` in place. False when a quote is open, there is no word or there are too many. */
static bool words_split(char *line, const char *words[WORDS_MAX + 1]) {
    const char *in = line + strspn(line, " \t");
    char *out = line;
    size_t n = 0;

    while (*in != '\0' && n < WORDS_MAX) {
        words[n++] = out;
        if (!word_take(&in, &out)) {
            return false;
        }
        in += strspn(in, " \t");
    }
    words[n] = NULL;
    return n > 0 && *in == '\0';
}

/* The child sees what a program started by hand would see, and for whom it is asked. */
static void child_fill_env(struct proc_env *env, const char *profile) {
    for (char **p = environ; *p != NULL; p++) {
        CLEANUP(freep) char *name = mem_strdup(*p);
        char *equals = strchr(name, '=');

        if (equals != NULL && equals != name) {
            *equals = '\0';
            proc_env_set(env, name, equals + 1);
        }
    }
    proc_env_set(env, creds_var_name(VAR_FOR), profile);
}

static enum err_code child_read(const struct proc_result *result, const char *source,
                                struct aws_creds **out, struct err *err) {
    CLEANUP(buf_done) struct buf how = BUF_INIT(200);

    if (proc_is_ok(result)) {
        return creds_read_json(buf_str(&result->text[PROC_OUT]), "SessionToken", source, out, err);
    }
    proc_describe_end(result, &how);
    return err_set(err, result->end == PROC_CANCELLED ? ERR_CANCELLED : ERR_CREDENTIALS,
                   "%s: the program %s", source, buf_cstr(&how));
}

static enum err_code child_run(const struct creds_lookup *lookup, const char *const *argv,
                               const char *source, struct aws_creds **out, struct err *err) {
    CLEANUP(proc_env_done) struct proc_env env = {0};
    CLEANUP(proc_result_done) struct proc_result result = {0};
    struct proc_spec spec = {.argv = argv,
                             .cwd = "/",
                             .timeout_ms = CHILD_MS,
                             .cancel = lookup->aws->cancel,
                             .filter = proc_filter_none};
    enum err_code code;

    child_fill_env(&env, lookup->profile);
    spec.env = (const char *const *)env.vars;
    if (proc_run(&spec, &result, err) != ERR_NONE) {
        err->code = ERR_CREDENTIALS;
        return err_prefix(err, "%s", source);
    }
    code = child_read(&result, source, out, err);
    for (size_t i = 0; i < PROC_STREAM_N; i++) {
        if (result.text[i].ptr != NULL) {
            mem_wipe(result.text[i].ptr, result.text[i].len);
        }
    }
    return code;
}

enum err_code creds_from_process(const struct creds_lookup *lookup, struct aws_creds **out,
                                 struct err *err) {
    const char *command =
        aws_config_of_profile(lookup->provider->config, lookup->profile, "credential_process");
    CLEANUP(freep) char *source = mem_format("profile %s, credential_process", lookup->profile);
    CLEANUP(freep) char *line = mem_strdup(command);
    CLEANUP(freep) char *program = NULL;
    const char *words[WORDS_MAX + 1];

    if (command == NULL) {
        return ERR_NONE;
    }
    if (!words_split(line, words)) {
        return err_set(err, ERR_CREDENTIALS, "%s: the command has an open quote or no words",
                       source);
    }
    program = proc_find(words[0], NULL);
    if (program == NULL) {
        return err_set(err, ERR_CREDENTIALS, "%s: there is no program '%.100s'", source, words[0]);
    }
    words[0] = program;
    return child_run(lookup, words, source, out, err);
}

/* Asks the AWS CLI, which alone can refresh these sessions. */
static enum err_code child_ask_cli(const struct creds_lookup *lookup, const char *what,
                                   const char *sign_in, struct aws_creds **out, struct err *err) {
    CLEANUP(freep) char *source = mem_format("profile %s, %s", lookup->profile, what);
    CLEANUP(freep) char *cli = proc_find("aws", NULL);
    const char *const argv[] = {
        cli,       "configure", "export-credentials", "--profile", lookup->profile, "--format",
        "process", NULL};

    if (creds_var(lookup->provider, VAR_FOR).len > 0) {
        return err_set(err, ERR_CREDENTIALS, "%s: the AWS CLI asks us while we ask it", source);
    }
    if (cli == NULL) {
        err_set(err, ERR_CREDENTIALS, "%s: this sign-in needs the AWS CLI, which is not installed",
                source);
        return err_remedy(err,
                          "install the AWS CLI, version 2.9 or newer, or set AWS_ACCESS_KEY_ID, "
                          "AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN");
    }
    if (child_run(lookup, argv, source, out, err) != ERR_NONE) {
        return err->code == ERR_CREDENTIALS
                   ? err_remedy(err,
                                "sign in with `aws %s --profile %s` (AWS CLI 2.9 or newer), then "
                                "repeat the command",
                                sign_in, lookup->profile)
                   : err->code;
    }
    return ERR_NONE;
}

enum err_code creds_from_sso(const struct creds_lookup *lookup, struct aws_creds **out,
                             struct err *err) {
    const struct aws_config *config = lookup->provider->config;

    if (aws_config_of_profile(config, lookup->profile, "sso_session") == NULL &&
        aws_config_of_profile(config, lookup->profile, "sso_start_url") == NULL) {
        return ERR_NONE;
    }
    return child_ask_cli(lookup, "IAM Identity Center", "sso login", out, err);
}

enum err_code creds_from_login(const struct creds_lookup *lookup, struct aws_creds **out,
                               struct err *err) {
    if (aws_config_of_profile(lookup->provider->config, lookup->profile, "login_session") == NULL) {
        return ERR_NONE;
    }
    return child_ask_cli(lookup, "aws login", "login", out, err);
}
