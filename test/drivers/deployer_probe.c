/* test/drivers/deployer_probe.c: one operation of aws_deployer, without gate and journal, for
 * test/e2e/test_deployer.py.
 *
 *   deployer_probe OPERATION '{arguments}' ['{how}']
 *
 * Beside the tool's operations: "template" (arguments: the inputs of tool/template_op.h) tells the
 * digest of a template, "digest" (the arguments of apply) that of a change set as it is now.
 * How: {"session","key","approval":{…},"reconcile":true,"account","deadline_ms","known":"a
 * secret"}. Prints the progress events and last {"code","exit","text","remedy"} or
 * {"code":"none","out":{…}}, with "reconciled" after a reconcile. The artefact folder is
 * ./artefacts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sys/fs.h"
#include "tool/aws_deployer/deployer.h"
#include "tool/template_op.h"

static void print_line(json_t *owned) {
    CLEANUP(json_decrefp) json_t *json = owned;
    CLEANUP(freep) char *text = json_text(json);

    puts(text);
    (void)fflush(stdout);
}

static void emit(struct op *op, json_t *event) {
    (void)op;
    print_line(event);
}

static enum err_code run_template(struct op *op, json_t **out, struct err *err) {
    CLEANUP(template_text_done) struct template_text text = {0};

    if (template_op_emit(op->args, &text, err) != ERR_NONE) {
        return err->code;
    }
    *out = json_pack("{s:s, s:s}", "sha256", sha256_hex(text.sha256).text, "text", text.text);
    return ERR_NONE;
}

static enum err_code run_digest(struct op *op, json_t **out, struct err *err) {
    CLEANUP(cfn_set_done) struct cfn_set set = {0};
    bool exists = false;
    struct aws aws;
    struct sha256_hex digest;

    if (services_aws(op, &aws, err) != ERR_NONE ||
        cfn_describe_set(&aws, op->arena, deployer_arg(op, "arn"), deployer_arg(op, "stack"),
                         &exists, &set, err) != ERR_NONE) {
        return err->code;
    }
    digest =
        deployer_set_digest(set.arn, set.stack_id, set.changes, deployer_arg(op, "template_sha256"),
                            deployer_arg(op, "parameters_sha256"));
    *out = json_pack("{s:s, s:O}", "sha256", digest.text, "changes", set.changes);
    return ERR_NONE;
}

static enum err_code run_operation(struct op *op, const char *name, bool is_reconcile,
                                   enum reconciled *state, json_t **out, struct err *err) {
    const struct operation *row = tool_find("aws_deployer", name);

    if (strcmp(name, "template") == 0) {
        return run_template(op, out, err);
    }
    if (strcmp(name, "digest") == 0) {
        return run_digest(op, out, err);
    }
    if (row == NULL) {
        return err_set(err, ERR_USAGE, "there is no operation %s", name);
    }
    if (json_check(op->args, row->schema_in, err) != ERR_NONE) {
        return err->code;
    }
    if (is_reconcile && row->reconcile(op, state, out, err) != ERR_NONE) {
        return err->code;
    }
    if (!is_reconcile && row->run(op, out, err) != ERR_NONE) {
        return err->code;
    }
    return *out == NULL ? ERR_NONE : json_check(*out, row->schema_out, err);
}

static enum err_code probe_run(const char *name, const json_t *args, const json_t *how,
                               json_t *line, struct err *err) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
    CLEANUP(aws_client_freep) struct aws_client *client = NULL;
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    CLEANUP(freep) char *artefacts = fs_join(".", "artefacts");
    const struct aws_options options = {.account = json_str_at(how, "account")};
    struct store *store = NULL;
    atomic_bool cancel = false;
    enum reconciled state = RECONCILED_NOT_STARTED;
    json_t *out = NULL;
    enum err_code code;

    if (aws_client_new(&options, &client, err) != ERR_NONE ||
        store_open(&store_memory, NULL, &store, err) != ERR_NONE ||
        fs_mkdirs(artefacts, 0700, err) != ERR_NONE) {
        return err->code;
    }
    redactor_add_known(redactor, "known", str_from(json_str_or(how, "known", "")));
    struct services services = {.store = store,
                                .redactor = redactor,
                                .aws = client,
                                .profile = endpoint_profile_find("ministack"),
                                .qualifier = "depl",
                                .artefact_dir = artefacts};
    struct op op = {.services = &services,
                    .args = args,
                    .approval = json_at(how, "approval"),
                    .session = json_str_or(how, "session", "s1"),
                    .epoch = json_int_or(how, "epoch", 1),
                    .key = json_str_or(how, "key", "s1-1"),
                    .cancel = &cancel,
                    .deadline_mono_ms = clock_mono_ms() + json_int_or(how, "deadline_ms", 60000),
                    .arena = arena,
                    .emit = emit};

    code = run_operation(&op, name, json_bool_at(how, "reconcile"), &state, &out, err);
    json_put_bool(line, "reconciled", state == RECONCILED_DONE);
    if (out != NULL) {
        json_put(line, "out", out);
    }
    store_close(store);
    return code;
}

int main(int argc, char **argv) {
    CLEANUP(json_decrefp) json_t *args = NULL;
    CLEANUP(json_decrefp) json_t *how = json_object();
    json_t *line = json_object();
    struct err err = {0};
    enum err_code code = ERR_USAGE;

    if (argc < 3) {
        err_set(&err, ERR_USAGE, "deployer_probe OPERATION ARGUMENTS [HOW]");
    } else if (argc > 3) {
        json_decref(how);
        how = NULL;
        code = json_read(str_from(argv[3]), &how, &err);
    } else {
        code = ERR_NONE;
    }
    if (code == ERR_NONE) {
        code = json_read(str_from(argv[2]), &args, &err);
    }
    if (code == ERR_NONE) {
        code = probe_run(argv[1], args, how, line, &err);
    }
    json_put_str(line, "type", "end");
    json_put_str(line, "code", err_wire(code));
    json_put_int(line, "exit", err_exit(code));
    json_put_str(line, "text", code == ERR_NONE ? "" : err.text);
    json_put_str(line, "remedy", code == ERR_NONE ? "" : err.remedy);
    print_line(line);
    return code == ERR_NONE ? 0 : 1;
}
