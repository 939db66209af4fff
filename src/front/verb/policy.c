/* policy check: judges templates by the rules that hold for our own, without AWS. */
#include <string.h>

#include "front/verb/template.h"

enum { POLICY_FILES_MAX = ARGS_WORDS_MAX - 2 };

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

/* A finding is one line, whatever line ends a template or a file has in its names: a name could
 * write a line of its own. */
static void policy_show(struct cli *cli, const char *name, const json_t *findings) {
    const json_t *finding;
    size_t i;

    json_array_foreach(findings, i, finding) {
        const char *remedy = json_str_or(finding, "remedy", "");
        /* A place before its text would look like a name before its value. */
        CLEANUP(freep)
        char *told = mem_format(
            "%s:%lld: %s: %s (%s) [%s]", name, (long long)json_int_or(finding, "line", 1),
            json_str_or(finding, "verdict", ""), json_str_or(finding, "text", ""),
            json_str_or(finding, "where", ""), json_str_or(finding, "code", ""));

        for (char *end = told; (end = strpbrk(end, "\n\t")) != NULL;) {
            *end = ' ';
        }
        cli_print(cli, "%s\n", told);
        if (remedy[0] != '\0' && !policy_goes_on(findings, i)) {
            cli_print(cli, "    → %s\n", remedy);
        }
    }
}

/* What is judged: files, as many as were named, of which some could not be read. */
struct policy_papers {
    struct template_file rows[POLICY_FILES_MAX]; /* {0}: not read */
    size_t n, unread_n;
    int exit_status; /* of the first that could not be read */
};

static void policy_papers_done(struct policy_papers *papers) {
    for (size_t i = 0; i < papers->n; i++) {
        template_file_done(&papers->rows[i]);
    }
}

/* Reads all and gives each a row {"file"}. One among several that cannot be read is told, its row
 * has "error", and the others are judged. Errors: those of template_named() for the only one,
 * ERR_INTERRUPTED. */
static enum err_code policy_read(struct cli *cli, struct arena *arena, struct policy_papers *papers,
                                 json_t *files, struct err *err) {
    for (const char *name; (name = cli_word(cli, papers->n + 1)) != NULL; papers->n++) {
        json_t *file = json_pack("{s:s}", "file", name);
        struct err one = {0};

        (void)json_array_append_new(files, file);
        if (template_named(cli, name, arena, &papers->rows[papers->n], &one) == ERR_NONE) {
            continue;
        }
        if (one.code == ERR_INTERRUPTED || cli->args.word_n == 3) {
            *err = one;
            return err->code;
        }
        papers->exit_status = papers->unread_n++ == 0 ? err_exit(one.code) : papers->exit_status;
        json_put(file, "error", cli_error_json(&one));
        if (!cli->is_json) {
            cli_complain(cli, &one);
        }
    }
    return ERR_NONE;
}

/* Where the template is meant for: what --account and --region say, else the environment that -e
 * names; {} where nothing does. Errors: ERR_CONFIG (no such environment), those of cli_flow(). */
static enum err_code policy_place(struct cli *cli, json_t **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *flags = cli_flags(cli);

    if (!cli->args.is_typed[OPT_ENV]) {
        *out = json_incref(flags);
        return ERR_NONE;
    }
    if (cli_flow(cli, err) != ERR_NONE || flow_place(cli->flow, flags, out, err) != ERR_NONE) {
        return err->code;
    }
    if (json_str_at(*out, "account") == NULL) {
        err_set(err, ERR_CONFIG, "-e %.60s: nothing here says which account that is",
                args_text(&cli->args, OPT_ENV));
        return err_remedy(err, "go to the folder of aws-copilot.yml, or give --account ID");
    }
    return ERR_NONE;
}

/* Judges one file and adds "verdict" and "findings" to its row. */
static enum verdict policy_judge_file(struct cli *cli, const struct template_file *paper,
                                      const json_t *place, const json_t *parameters, json_t *file) {
    struct review_ctx ctx = {
        .account = json_str_at(place, "account"),
        .region = json_str_at(place, "region"),
        .redactor = cli_redactor(cli),
        .parameters = parameters,
        .comments = paper->comments,
    };
    json_t *findings = json_array();
    enum verdict verdict = policy_review_template(paper->json, &ctx, findings);

    json_put(file, "findings", findings);
    policy_add_lines(paper, findings);
    json_put_str(file, "verdict", verdict_name(verdict));
    policy_show(cli, json_str_or(file, "file", ""), findings);
    return verdict;
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
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    CLEANUP(policy_papers_done) struct policy_papers papers = {0};
    CLEANUP(json_decrefp) json_t *files = json_array();
    CLEANUP(json_decrefp) json_t *parameters = NULL;
    CLEANUP(json_decrefp) json_t *place = NULL;
    enum verdict verdict = VERDICT_ALLOW;

    if (cli_word(cli, 0) != NULL && strcmp(cli_word(cli, 0), "check") != 0) {
        err_set(err, ERR_USAGE, "policy has no '%.60s'", cli_word(cli, 0));
        return err_remedy(err, "aws-copilot policy check FILE...");
    }
    if (cli_word(cli, 1) == NULL) {
        err_set(err, ERR_USAGE, "policy check: which files?");
        return err_remedy(err, "aws-copilot policy check FILE...");
    }
    if (policy_read(cli, arena, &papers, files, err) != ERR_NONE ||
        template_parameters(cli, papers.rows, papers.n, &parameters, err) != ERR_NONE ||
        policy_place(cli, &place, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < papers.n; i++) {
        /* What is not read does not pass. */
        enum verdict one = papers.rows[i].json == NULL
                               ? VERDICT_DENY
                               : policy_judge_file(cli, &papers.rows[i], place, parameters,
                                                   json_array_get(files, i));

        verdict = verdict_strictest(verdict, one);
    }
    if (cli->is_json) {
        CLEANUP(json_decrefp)
        json_t *object = json_pack("{s:s, s:s, s:O}", "verdict", verdict_name(verdict),
                                   "policy_version", policy_version(), "files", files);

        cli_print_object(cli, object);
    } else {
        CLEANUP(freep)
        char *unread =
            papers.unread_n == 0 ? mem_strdup("") : mem_format(", %zu not read", papers.unread_n);

        cli_say(cli, "%zu denied, %zu for a person to decide, in %zu file%s%s; policy %s",
                policy_count(files, "deny"), policy_count(files, "ask"), papers.n - papers.unread_n,
                papers.n - papers.unread_n == 1 ? "" : "s", unread, policy_version());
    }
    cli->exit_status = papers.unread_n > 0 ? papers.exit_status : policy_exit(verdict);
    return ERR_NONE;
}

const struct verb verb_policy = {
    .name = "policy",
    .words = "check FILE...",
    .word_max = 1 + POLICY_FILES_MAX,
    .summary = "judge CloudFormation templates by the rules that hold for our own",
    .more =
        "Reads YAML or JSON (- is standard input), asks neither AWS nor a model. Each finding "
        "has its line, its rule and what to do; what cannot be told never passes. Parameters "
        "are what --parameter says, or their defaults, which decide no condition: without "
        "--parameter both branches are read. With --account, or the environment that -e names, "
        "other accounts are found too. Exit "
        "0: nothing found that stops; 10: a person has to decide; 5: denied; 2: no template, 6: "
        "no such file, 1: not readable; the other files are judged all the same. With --json: "
        "one object.",
    .section = VERBS_HERE,
    .options = OPTIONS_ENV | OPTIONS_ACCOUNT | OPTIONS_REGION | OPTIONS_TEMPLATE,
    .is_one_object = true,
    .run = policy_run,
};
