/* Templates that a person names on the command line, and what their parameters are. */
#include "front/verb/template.h"

#include <string.h>

#include "front/cli/interrupt.h"
#include "front/cli/suggest.h"
#include "sys/fs.h"

enum { TEMPLATE_PARAMETERS_MAX = 256 };

enum err_code template_named(struct cli *cli, const char *name, struct arena *arena,
                             struct template_file *out, struct err *err) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(TEMPLATE_FILE_BYTES_MAX + 1);
    enum err_code code;

    if (strcmp(name, "-") == 0) {
        cli_say_typed(cli);
    }
    code = fs_read_input(name, TEMPLATE_FILE_BYTES_MAX, &interrupted, &text, err);
    if (code == ERR_TOO_LARGE) {
        return err_remedy(err, "CloudFormation takes no larger one either: name one template");
    }
    return code != ERR_NONE ? code : template_file_open(buf_str(&text), name, arena, out, err);
}

static enum err_code parameter_unknown(const char *name, const struct template_file *files,
                                       size_t n, struct err *err) {
    const char *names[TEMPLATE_PARAMETERS_MAX];
    size_t name_n = 0;
    const char *near;

    for (size_t i = 0; i < n; i++) {
        const char *key;
        json_t *row;

        json_object_foreach(json_object_get(files[i].json, "Parameters"), key, row) {
            if (name_n < ARRAY_N(names)) {
                names[name_n++] = key;
            }
        }
    }
    err_set(err, ERR_USAGE, "--parameter: the template has no parameter '%.60s'", name);
    near = suggest_nearest(name, names, name_n);
    return near != NULL ? err_remedy(err, "did you mean %s?", near)
                        : err_remedy(err, "give one that stands under Parameters");
}

enum err_code template_parameters(struct cli *cli, const struct template_file *files, size_t n,
                                  json_t **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *given = NULL;
    const char *name;
    json_t *value;

    if (!args_is(&cli->args, OPT_PARAMETER)) {
        *out = NULL;
        return ERR_NONE;
    }
    given = cli_pairs(&cli->args);
    json_object_foreach(given, name, value) {
        bool is_there = false;

        for (size_t i = 0; i < n && !is_there; i++) {
            is_there = json_object_get(json_object_get(files[i].json, "Parameters"), name) != NULL;
        }
        if (!is_there) {
            return parameter_unknown(name, files, n, err);
        }
    }
    *out = TAKE(given);
    return ERR_NONE;
}
