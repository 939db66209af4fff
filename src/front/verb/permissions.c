/* permissions: the IAM policy that deploying from here needs, exactly, and who has it. */
#include <string.h>

#include "aws/endpoint.h"
#include "aws/template.h"
#include "front/verb/here.h"
#include "front/verb/run.h"
#include "guard/role/role.h"

void rights_done(struct rights *rights) {
    json_decref(rights->policy);
    json_decref(rights->bucket);
    json_decref(rights->beyond);
    json_decref(rights->missing);
    json_decref(rights->unsure);
    free(rights->deployer_arn);
    *rights = (struct rights){0};
}

/* ---- Where ---- */

/* The names of the bootstrap stack's things: its outputs, or what AWS would call them. */
static json_t *rights_bootstrap(struct cli *cli, const json_t *flags, const json_t *target,
                                bool has_aws) {
    const char *account = json_str_or(target, "account", "");
    const char *region = json_str_or(target, "region", "");
    const char *q = json_str_or(target, "qualifier", "depl");
    CLEANUP(json_decrefp) json_t *status = NULL;
    CLEANUP(freep) char *stack = mem_format("bootstrap-%s", q);
    CLEANUP(freep) char *bucket = mem_format("%s-artifacts-%s-%s-an", q, account, region);
    CLEANUP(freep)
    char *role = mem_format("arn:%s:iam::%s:role/bootstrap-%s-ExecutionRole-*",
                            aws_partition(region), account, q);
    struct err unread = {0};

    if (has_aws) {
        (void)!cli_query(cli, flags, "stack_status", agent_args("stack", stack, NULL), &status,
                         &unread);
    }
    return agent_args("bucket", json_str_or(status, "outputs.Artifacts", bucket), "role",
                      json_str_or(status, "outputs.ExecutionRole", role), "policy",
                      json_str_at(status, "outputs.DeployerPolicy"), NULL);
}

/* The deployer policy of the bootstrap stack, with everything filled in. */
static json_t *rights_deployer(const struct role_place *place) {
    CLEANUP(json_decrefp) json_t *template = template_load(TEMPLATE_BOOTSTRAP);
    CLEANUP(freep) char *bucket = mem_format("arn:%s:s3:::%s", place->partition, place->bucket);
    CLEANUP(json_decrefp)
    json_t *values =
        agent_args("Qualifier", place->qualifier, "AWS::Partition", place->partition, "AWS::Region",
                   place->region, "AWS::AccountId", place->account, "ExecutionRole.Arn",
                   place->role_arn, "Artifacts.Arn", bucket, NULL);

    return role_fill_in(json_at(template, "Resources.DeployerPolicy.Properties.PolicyDocument"),
                        values);
}

/* What IAM says of the caller. */
static void rights_ask(struct cli *cli, const json_t *flags, const json_t *identity,
                       struct rights *rights) {
    CLEANUP(json_decrefp) json_t *answer = NULL;
    json_t *args = agent_args("arn", json_str_or(identity, "arn", ""), NULL);
    struct err err = {0};

    json_put(args, "policy", json_deep_copy(rights->policy));
    if (cli_query(cli, flags, "permissions", args, &answer, &err) != ERR_NONE) {
        (void)snprintf(rights->why, sizeof rights->why, "%s", err.text);
    } else if (strcmp(json_str_or(answer, "how", "unknown"), "unknown") == 0) {
        (void)snprintf(rights->why, sizeof rights->why, "%s", json_str_or(answer, "why", ""));
    } else {
        rights->missing = json_incref(json_object_get(answer, "missing"));
        rights->unsure = json_incref(json_object_get(answer, "unsure"));
    }
}

static enum err_code rights_target(struct cli *cli, const json_t *flags, const json_t *identity,
                                   json_t **out, struct err *err) {
    json_t *target = NULL;

    if (flow_target(cli->flow, flags, &target, err) != ERR_NONE) {
        return err->code;
    }
    if (json_str_at(identity, "account") != NULL) {
        json_put_str(target, "account", json_str_at(identity, "account"));
        json_put_str(target, "region", json_str_at(identity, "region"));
    }
    if (json_str_at(target, "account") == NULL || json_str_at(target, "region") == NULL) {
        json_decref(target);
        err_set(err, ERR_MISSING, "a policy names an account and a region, and they are not known");
        return err_remedy(err, "--account 123456789012 --region eu-west-1, or credentials");
    }
    *out = target;
    return ERR_NONE;
}

enum err_code rights_here(struct cli *cli, const json_t *flags, const char *kind,
                          const json_t *identity, struct rights *out, struct err *err) {
    CLEANUP(json_decrefp) json_t *target = NULL;
    CLEANUP(json_decrefp) json_t *template = NULL;
    CLEANUP(json_decrefp) json_t *bootstrap = NULL;
    CLEANUP(json_decrefp) json_t *held = NULL;
    struct role_place place;

    if (here_template(cli, flags, &template, err) != ERR_NONE ||
        rights_target(cli, flags, identity, &target, err) != ERR_NONE) {
        return err->code;
    }
    bootstrap = rights_bootstrap(cli, flags, target, identity != NULL);
    place = (struct role_place){
        .account = json_str_or(target, "account", ""),
        .region = json_str_or(target, "region", ""),
        .partition = aws_partition(json_str_or(target, "region", "")),
        .stack = json_str_or(target, "stack", ""),
        .qualifier = json_str_or(target, "qualifier", "depl"),
        .app = json_str_or(target, "app", ""),
        .env = json_str_or(target, "env", ""),
        .bucket = json_str_or(bootstrap, "bucket", ""),
        .role_arn = json_str_or(bootstrap, "role", ""),
        .template = template,
    };
    if (place.partition == NULL) {
        return err_set(err, ERR_INVALID, "'%s' is not a region that is known here", place.region);
    }
    held = rights_deployer(&place);
    *out = (struct rights){.policy = role_policy(kind, &place)};
    out->beyond = role_missing(out->policy, held);
    if (json_str_at(bootstrap, "policy") == NULL) { /* a name that AWS will make: told by a star */
        json_decref(out->policy);
        place.is_role_guessed = true;
        out->policy = role_policy(kind, &place);
        out->is_guessed = true;
    }
    if (json_str_at(bootstrap, "policy") != NULL) {
        out->deployer_arn = mem_strdup(json_str_at(bootstrap, "policy"));
    }
    if (strcmp(kind, "approve") == 0) {
        out->bucket = role_bucket_statement(&place);
        (void)snprintf(out->why, sizeof out->why,
                       "a name that only IAM fills in, ${aws:userid}, stands in it");
    } else if (identity != NULL) {
        rights_ask(cli, flags, identity, out);
    } else {
        (void)snprintf(out->why, sizeof out->why, "there are no credentials here");
    }
    return ERR_NONE;
}

/* ---- permissions ---- */

static void say_rights(struct cli *cli, const json_t *rows) {
    const json_t *row;
    size_t i;

    json_array_foreach(rows, i, row) {
        cli_say(cli, "  %s on %s", json_str_or(row, "action", ""),
                json_str_or(row, "resource", ""));
    }
}

static void permissions_say(struct cli *cli, const struct rights *rights) {
    if (rights->is_guessed) {
        cli_say(cli,
                "! the bootstrap stack was not read, so the names of its role and bucket are what "
                "AWS would call them");
    }
    if (json_array_size(rights->beyond) > 0) {
        cli_say(cli, "the deployer policy of the bootstrap stack does not give:");
        say_rights(cli, rights->beyond);
    } else if (rights->deployer_arn != NULL) {
        cli_say(cli, "%s gives all of it, for every application here", rights->deployer_arn);
    }
    if (rights->missing == NULL) {
        cli_say(cli, "whether you have it cannot be told: %s", rights->why);
    } else if (json_array_size(rights->missing) + json_array_size(rights->unsure) == 0) {
        cli_say(cli, "you have all of it");
    } else if (json_array_size(rights->missing) > 0) {
        cli_say(cli, "you do not have:");
        say_rights(cli, rights->missing);
        cli_say(cli,
                "→ have an administrator attach this policy, or the bootstrap stack's, to you");
    }
    if (json_array_size(rights->unsure) > 0) {
        cli_say(cli,
                "by your policies, as you may read them, this is for AWS to decide at the call:");
        say_rights(cli, rights->unsure);
    }
}

/* By it the rule is IAM's: who is no approver cannot write an approval, whatever else they may. */
static void permissions_say_bucket(struct cli *cli, const struct rights *rights) {
    char *text = rights->bucket == NULL ? NULL : json_dumps(rights->bucket, JSON_INDENT(2));

    if (text != NULL) {
        cli_say(cli, "so that nobody else approves, add to the policy of the artifact bucket (with "
                     "your approvers' role for APPROVERS):");
        cli_say(cli, "%s", text);
    }
    free(text);
}

static enum err_code permissions_show(struct cli *cli, const char *kind,
                                      const struct rights *rights) {
    if (cli->is_json) {
        CLEANUP(json_decrefp) json_t *object = agent_args("kind", kind, NULL);

        json_put(object, "policy", json_incref(rights->policy));
        json_put(object, "beyond_deployer_policy", json_incref(rights->beyond));
        json_put_str(object, "deployer_policy", rights->deployer_arn);
        if (rights->bucket != NULL) {
            json_put(object, "bucket_statement", json_incref(rights->bucket));
        }
        json_put(object, "missing",
                 rights->missing == NULL ? json_null() : json_incref(rights->missing));
        json_put(object, "unsure",
                 rights->unsure == NULL ? json_null() : json_incref(rights->unsure));
        cli_print_object(cli, object);
    } else {
        char *text = json_dumps(rights->policy, JSON_INDENT(2));

        cli_print(cli, "%s\n", text == NULL ? "{}" : text);
        free(text);
        permissions_say(cli, rights);
        permissions_say_bucket(cli, rights);
    }
    if (json_array_size(rights->missing) > 0) {
        cli->exit_status = 1;
    }
    return ERR_NONE;
}

static enum err_code permissions_run(struct cli *cli, struct err *err) {
    CLEANUP(json_decrefp) json_t *flags = cli_flags(cli);
    CLEANUP(json_decrefp) json_t *identity = NULL;
    CLEANUP(rights_done) struct rights rights = {0};
    const char *kind = cli_word(cli, 0) == NULL ? "deploy" : cli_word(cli, 0);
    struct err unread = {0};

    if (!role_has_kind(kind)) {
        err_set(err, ERR_USAGE, "there is no policy for '%.40s'", kind);
        return err_remedy(err, "deploy, destroy, rollback, secrets or approve; bootstrap is an "
                               "administrator's");
    }
    if (cli_flow(cli, err) != ERR_NONE) {
        return err->code;
    }
    if (cli_query(cli, flags, "identity", json_object(), &identity, &unread) != ERR_NONE &&
        unread.code != ERR_CREDENTIALS && unread.code != ERR_MISSING) {
        *err = unread;
        return err->code;
    }
    if (rights_here(cli, flags, kind, identity, &rights, err) != ERR_NONE) {
        return err->code;
    }
    return permissions_show(cli, kind, &rights);
}

const struct verb verb_permissions = {
    .name = "permissions",
    .words = "[KIND]",
    .word_max = 1,
    .summary = "the IAM policy that deploying from here needs, and whether you have it",
    .more = "Prints the exact policy for KIND (deploy, destroy, rollback, secrets, approve) as "
            "JSON: no action and no resource more than this application's calls. Exit 1 when IAM "
            "says that you do not have all of it. With --json: one object.",
    .section = VERBS_HERE,
    .options = OPTIONS_WHERE,
    .is_one_object = true,
    .run = permissions_run,
};
