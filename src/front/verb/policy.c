/* policy check: judges templates by the rules that hold for our own, without AWS. */
#include <string.h>

#include "front/cli/cli_room.h"
#include "repo/template_file.h"
#include "sys/fs.h"

enum { POLICY_FILES_MAX = 64 };

static void policy_add_lines(const struct template_file *file, json_t *findings) {
    json_t *finding;
    size_t i;

    json_array_foreach(findings, i, finding) {
        int line = template_file_line(file, json_str_or(finding, "where", ""));

        if (line > 0) {
            json_put_int(finding, "line", line);
        }
    }
}

/* Whether the next finding ends with the same remedy, which is then said once, after it. */
static bool policy_goes_on(const json_t *findings, size_t i) {
    const json_t *one = json_array_get(findings, i);
    const json_t *next = json_array_get(findings, i + 1);

    return next != NULL &&
           strcmp(json_str_or(one, "remedy", ""), json_str_or(next, "remedy", "")) == 0;
}

static void policy_show(struct cli *cli, const char *name, const json_t *findings) {
    const json_t *finding;
    size_t i;

    json_array_foreach(findings, i, finding) {
        const char *remedy = json_str_or(finding, "remedy", "");

        /* A place before its text would look like a name before its value. */
        cli_print(cli, "%s:%lld: %s: %s (%s) [%s]\n", name,
                  (long long)json_int_or(finding, "line", 1), json_str_or(finding, "verdict", ""),
                  json_str_or(finding, "text", ""), json_str_or(finding, "where", ""),
                  json_str_or(finding, "code", ""));
        if (remedy[0] != '\0' && !policy_goes_on(findings, i)) {
            cli_print(cli, "    → %s\n", remedy);
        }
    }
}

/* Judges one file and adds {"file","verdict","findings"} to `files`. */
static enum err_code policy_file(struct cli *cli, const char *name, const json_t *parameters,
                                 json_t *files, enum verdict *verdict, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    CLEANUP(buf_done) struct buf text = BUF_INIT(TEMPLATE_FILE_BYTES_MAX + 1);
    CLEANUP(template_file_done) struct template_file file = {0};
    json_t *findings = json_array();
    struct review_ctx ctx = {
        .account = args_text(&cli->args, OPT_ACCOUNT),
        .region = args_text(&cli->args, OPT_REGION),
        .redactor = cli_redactor(cli),
        .parameters = parameters,
    };
    enum verdict one;

    (void)json_array_append_new(files, json_pack("{s:s, s:o}", "file", name, "findings", findings));
    if (fs_read_input(name, TEMPLATE_FILE_BYTES_MAX, &text, err) != ERR_NONE ||
        template_file_open(buf_str(&text), name, arena, &file, err) != ERR_NONE) {
        return err->code;
    }
    one = policy_review_template(file.json, &ctx, findings);
    policy_add_lines(&file, findings);
    json_put_str(json_array_get(files, json_array_size(files) - 1), "verdict", verdict_name(one));
    policy_show(cli, name, findings);
    *verdict = verdict_strictest(*verdict, one);
    return ERR_NONE;
}

static size_t policy_count(const json_t *files, const char *verdict) {
    const json_t *file, *finding;
    size_t i, k, n = 0;

    json_array_foreach(files, i, file) {
        json_array_foreach(json_object_get(file, "findings"), k, finding) {
            n += strcmp(json_str_or(finding, "verdict", ""), verdict) == 0;
        }
    }
    return n;
}

static int policy_exit(enum verdict verdict) {
    return verdict == VERDICT_ALLOW ? 0
                                    : err_exit(verdict == VERDICT_ASK ? ERR_WAITING : ERR_POLICY);
}

static enum err_code policy_run(struct cli *cli, struct err *err) {
    CLEANUP(json_decrefp) json_t *files = json_array();
    CLEANUP(json_decrefp)
    json_t *parameters = args_is(&cli->args, OPT_PARAMETER) ? cli_pairs(&cli->args) : NULL;
    enum verdict verdict = VERDICT_ALLOW;

    if (cli_word(cli, 0) != NULL && strcmp(cli_word(cli, 0), "check") != 0) {
        err_set(err, ERR_USAGE, "policy has no '%.60s'", cli_word(cli, 0));
        return err_remedy(err, "aws-copilot policy check FILE...");
    }
    if (cli_word(cli, 1) == NULL) {
        err_set(err, ERR_USAGE, "policy check: which files?");
        return err_remedy(err, "aws-copilot policy check FILE...");
    }
    for (size_t i = 1; cli_word(cli, i) != NULL; i++) {
        if (policy_file(cli, cli_word(cli, i), parameters, files, &verdict, err) != ERR_NONE) {
            return err->code;
        }
    }
    if (cli->is_json) {
        CLEANUP(json_decrefp)
        json_t *object = json_pack("{s:s, s:s, s:O}", "verdict", verdict_name(verdict),
                                   "policy_version", policy_version(), "files", files);

        cli_print_object(cli, object);
    } else {
        cli_say(cli, "%zu denied, %zu for a person to decide, in %zu file%s; policy %s",
                policy_count(files, "deny"), policy_count(files, "ask"), json_array_size(files),
                json_array_size(files) == 1 ? "" : "s", policy_version());
    }
    cli->exit_status = policy_exit(verdict);
    return ERR_NONE;
}

const struct verb verb_policy = {
    .name = "policy",
    .words = "check FILE...",
    .word_max = 1 + POLICY_FILES_MAX,
    .summary = "judge CloudFormation templates by the rules that hold for our own",
    .more = "Reads YAML or JSON (- is standard input), asks neither AWS nor a model. Each finding "
            "has its line, its rule and what to do; what cannot be told never passes. Parameters "
            "are what --parameter says, or their defaults, which decide no condition: without "
            "--parameter both branches are read. With --account other accounts are found too. Exit "
            "0: nothing found that stops; 10: a person has to decide; 5: denied; 2: not readable. "
            "With --json: one object.",
    .section = VERBS_HERE,
    .options = OPTIONS_WHERE | OPTIONS_TEMPLATE,
    .is_one_object = true,
    .run = policy_run,
};
