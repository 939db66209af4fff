/* guard/review_set.c: the compliance officer reads a change set as AWS describes it. */
#include "guard/review.h"

#include "base/json.h"
#include "guard/walk.h"

#include <string.h>

/* ---- the change set ---- */

/* clang-format off */
static const struct json_field set_fields[] = {
    {"arn", JSON_TEXT},  {"name", JSON_TEXT},   {"stack_id", JSON_TEXT}, {"stack", JSON_TEXT},
    {"type", JSON_TEXT}, {"status", JSON_TEXT}, {"changes", JSON_LIST},  {"parameters", JSON_LIST},
    {0},
};

/* What a deployment loses when one of these goes while its partner stays; without a partner, when
 * it goes. */
static const struct {
    const char *type;
    const char *partner;
    enum review_rule rule;
    const char *text;
} guard_rows[] = {
    {"AWS::ApiGatewayV2::Authorizer", "AWS::ApiGatewayV2::Api", REVIEW_ORIGIN_LOCK, "the origin's lock is taken off the API"},
    {"AWS::S3::BucketPolicy", "AWS::S3::Bucket", REVIEW_GUARD_REMOVED, "the bucket loses its policy"},
    {"AWS::CloudFront::OriginAccessControl", "AWS::S3::Bucket", REVIEW_GUARD_REMOVED, "the bucket's origin access control is taken away"},
    {"AWS::WAFv2::WebACLAssociation", NULL, REVIEW_UNFILTERED, "what the web ACL stood in front of is left without"},
    {"AWS::WAFv2::LoggingConfiguration", "AWS::WAFv2::WebACL", REVIEW_UNLOGGED, "the web ACL writes down no more what it stops"},
    {"AWS::EC2::FlowLog", NULL, REVIEW_UNWATCHED, "who talks to whom in the network is written down no more"},
    {"AWS::CloudTrail::Trail", NULL, REVIEW_UNWATCHED, "what is done in the account is written down no more"},
    {"AWS::GuardDuty::Detector", NULL, REVIEW_UNWATCHED, "nobody looks for attacks any more"},
    {"AWS::SecurityHub::Hub", NULL, REVIEW_UNWATCHED, "nobody looks for holes any more"},
    {"AWS::Config::ConfigurationRecorder", NULL, REVIEW_UNWATCHED, "changes of the account are written down no more"},
    {"AWS::AccessAnalyzer::Analyzer", NULL, REVIEW_UNWATCHED, "nobody looks any more who from outside is let in"},
    {"AWS::CloudWatch::Alarm", NULL, REVIEW_UNWATCHED, "nobody is told any more when its number is out of bounds"},
    {"AWS::CloudWatch::CompositeAlarm", NULL, REVIEW_UNWATCHED, "nobody is told any more when its alarms go off"},
    {"AWS::CloudWatch::AnomalyDetector", NULL, REVIEW_UNWATCHED, "nobody looks any more for what is unusual in its number"},
    {"AWS::Logs::MetricFilter", NULL, REVIEW_UNWATCHED, "what it counted in the log is counted no more"},
    {"AWS::Logs::SubscriptionFilter", NULL, REVIEW_UNWATCHED, "what it sent on from the log is seen there no more"},
    {"AWS::Logs::LogAnomalyDetector", NULL, REVIEW_UNWATCHED, "nobody looks any more for what is unusual in the log"},
    {"AWS::SNS::Subscription", "AWS::CloudWatch::Alarm", REVIEW_UNWATCHED, "whom the topic told hears of no alarm any more"},
    {"AWS::Route53::HealthCheck", NULL, REVIEW_UNWATCHED, "nobody looks any more whether it answers"},
    {"AWS::Synthetics::Canary", NULL, REVIEW_UNWATCHED, "nobody tries any more whether it answers"},
    {"AWS::CloudTrail::EventDataStore", NULL, REVIEW_UNWATCHED, "what is done in the account is kept there no more"},
    {"AWS::Config::ConfigRule", NULL, REVIEW_UNWATCHED, "what it looked for in the account is found no more"},
    {"AWS::Config::DeliveryChannel", NULL, REVIEW_UNWATCHED, "changes of the account are kept no more"},
    {"AWS::Macie::Session", NULL, REVIEW_UNWATCHED, "nobody looks any more for data that lies open"},
    {"AWS::Detective::Graph", NULL, REVIEW_UNWATCHED, "what belongs together in an attack is found no more"},
    {"AWS::Budgets::Budget", NULL, REVIEW_UNWATCHED, "nobody is told any more when it costs more than was meant"},
    {"AWS::CE::AnomalyMonitor", NULL, REVIEW_UNWATCHED, "nobody looks any more for costs that are unusual"},
    {"AWS::CE::AnomalySubscription", NULL, REVIEW_UNWATCHED, "nobody is told any more of costs that are unusual"},
    {"AWS::Backup::BackupPlan", NULL, REVIEW_NO_BACKUP, "no more backups are made by this plan"},
    {"AWS::Backup::BackupSelection", NULL, REVIEW_NO_BACKUP, "no more backups are made of what it names"},
};

/* What keeps data, or keeps it from being deleted, and is no more what it was. `was`: it has to
 * stay so; NULL: a number that must not become smaller. */
static const struct {
    const char *type;
    const char *path; /* below Properties */
    const char *was;
    enum review_rule rule;
    const char *text;
} kept_rows[] = {
    {"AWS::Logs::LogGroup", "RetentionInDays", NULL, REVIEW_DATA_EXPIRES, "logs that are older are deleted"},
    {"AWS::S3::Bucket", "VersioningConfiguration.Status", "Enabled", REVIEW_NO_BACKUP, "what is overwritten from now on is lost"},
    {"AWS::RDS::DBInstance", "BackupRetentionPeriod", NULL, REVIEW_NO_BACKUP, "backups that are older are deleted"},
    {"AWS::RDS::DBCluster", "BackupRetentionPeriod", NULL, REVIEW_NO_BACKUP, "backups that are older are deleted"},
    {"AWS::DocDB::DBCluster", "BackupRetentionPeriod", NULL, REVIEW_NO_BACKUP, "backups that are older are deleted"},
    {"AWS::Neptune::DBCluster", "BackupRetentionPeriod", NULL, REVIEW_NO_BACKUP, "backups that are older are deleted"},
    {"AWS::DynamoDB::Table", "DeletionProtectionEnabled", "true", REVIEW_DELETION_OPEN, "one call deletes it from now on"},
    {"AWS::Cognito::UserPool", "DeletionProtection", "ACTIVE", REVIEW_DELETION_OPEN, "one call deletes it from now on"},
};
/* clang-format on */

static bool template_has_type(const struct review *review, const char *type) {
    const char *name = NULL;
    json_t *resource = NULL;

    json_object_foreach(walk(json_object_get(review->template, "Resources")), name, resource) {
        if (strcmp(json_str_or(resource, "Type", ""), type) == 0) {
            return true;
        }
    }
    return false;
}

/* An empty store of the same type that comes at the same time: the other one under a new name. */
static const char *successor_of(const json_t *changes, const char *type) {
    size_t i = 0;
    json_t *change = NULL;

    json_array_foreach(changes, i, change) {
        if (strcmp(json_str_or(change, "action", ""), "Add") == 0 &&
            strcmp(json_str_or(change, "type", ""), type) == 0) {
            return json_str_or(change, "logical_id", "");
        }
    }
    return NULL;
}

/* What becomes of a resource that leaves the stack, by AWS's word or by the template it is in. */
static bool is_left_behind(const struct review *review, const json_t *change, const char *name) {
    const char *policy = json_str_at(change, "policy_action");

    if (policy != NULL && *policy != '\0') {
        return strstr(policy, "Retain") != NULL || strstr(policy, "Snapshot") != NULL;
    }
    return review_is_kept(json_str_or(review_before(review, name), "DeletionPolicy", "Delete"));
}

static void set_removed(struct review *review, const json_t *changes, const json_t *change,
                        const char *where) {
    const char *name = json_str_or(change, "logical_id", "");
    const char *type = json_str_or(change, "type", "");
    bool is_left = review_is_data(type) && is_left_behind(review, change, name);
    const char *successor = is_left ? successor_of(changes, type) : NULL;

    if (successor != NULL) {
        review_find(review, REVIEW_DATA_REPLACED, where,
                    "%s leaves the stack, and %s, which is empty, comes", name, successor);
    } else if (is_left) {
        review_find(review, REVIEW_LEFT_BEHIND, where,
                    "%s leaves the stack and stays in the account", name);
    } else if (review_is_data(type)) {
        review_find(review, REVIEW_DATA_REMOVED, where, "%s is deleted with all that is in it",
                    name);
    }
    for (size_t i = 0; i < ARRAY_N(guard_rows); i++) {
        const char *partner = guard_rows[i].partner;

        if (strcmp(type, guard_rows[i].type) == 0 &&
            (partner == NULL || template_has_type(review, partner))) {
            review_find(review, guard_rows[i].rule, where, "%s", guard_rows[i].text);
        }
    }
}

/* Whether one of the details can make a new resource. */
static bool may_recreate(const json_t *change) {
    const json_t *details = json_object_get(change, "details");
    size_t i = 0;
    json_t *detail = NULL;

    json_array_foreach(details, i, detail) {
        if (strcmp(json_str_or(detail, "recreation", "Always"), "Never") != 0) {
            return true;
        }
    }
    return json_array_size(details) == 0; /* nothing said: it may */
}

static void set_modified(struct review *review, const json_t *change, const char *where,
                         const char *name, const char *type) {
    const char *replacement = json_str_or(change, "replacement", "");
    /* "ReplaceAndDelete" and kin; a word that is not known may mean anything. */
    bool is_replaced = strcmp(replacement, "True") == 0 ||
                       strncmp(json_str_or(change, "policy_action", ""), "Replace", 7) == 0;
    bool is_perhaps = !is_replaced && strcmp(replacement, "False") != 0;

    if (review_is_data(type) && (is_replaced || (is_perhaps && may_recreate(change)))) {
        review_find(review, REVIEW_DATA_REPLACED, where, "%s is %sreplaced by an empty one", name,
                    is_perhaps ? "perhaps " : "");
    } else if (is_replaced || is_perhaps) {
        review_find(review, REVIEW_REPLACED, where, "%s is %sreplaced", name,
                    is_perhaps ? "perhaps " : "");
    }
    if (strncmp(type, "AWS::IAM::", 10) == 0 && review->ctx->template_before == NULL) {
        review_find(review, REVIEW_RIGHTS_CHANGED, where, "the rights of %s change", name);
    }
}

enum { SCALAR_BYTES = 40 };

/* What a property is, as text; NULL when that is not told. */
static const char *property_text(const json_t *resource, const char *path,
                                 char room[SCALAR_BYTES]) {
    return template_scalar(json_at(json_object_get(resource, "Properties"), path), room,
                           SCALAR_BYTES);
}

static bool is_word(const json_t *resource, const char *path, const char *word) {
    char room[SCALAR_BYTES];
    const char *text = property_text(resource, path, room);

    return text != NULL && str_eq_nocase(str_from(text), str_from(word));
}

static int64_t number_of(const json_t *resource, const char *path) {
    char room[SCALAR_BYTES];
    const char *text = property_text(resource, path, room);
    int64_t number = -1;
    struct err unread = {0};

    return str_to_i64(str_from(text), 0, INT32_MAX, &number, &unread) == ERR_NONE ? number : -1;
}

/* What kept data, and keeps less of it; what is new of it has its own rules. */
static void set_kept(struct review *review, const char *where, const char *name, const char *type) {
    const json_t *before = review_before(review, name);
    const json_t *after = json_object_get(json_object_get(review->template, "Resources"), name);

    for (size_t i = 0; i < ARRAY_N(kept_rows); i++) {
        const char *path = kept_rows[i].path;
        const char *was = kept_rows[i].was;
        bool is_less = was != NULL ? is_word(before, path, was) && !is_word(after, path, was)
                                   : number_of(after, path) >= 0 &&
                                         number_of(after, path) < number_of(before, path);

        if (is_less && strcmp(type, kept_rows[i].type) == 0) {
            review_find(review, kept_rows[i].rule, where, "%s (%s)", kept_rows[i].text, path);
        }
    }
}

/* Values that AWS shows: a secret among them would be in every audit. */
static void set_values(struct review *review, const json_t *change, const char *where) {
    size_t i = 0;
    json_t *detail = NULL;

    json_array_foreach(json_object_get(change, "details"), i, detail) {
        const char *path = json_str_or(detail, "path", json_str_or(detail, "name", ""));
        const char *slash = strrchr(path, '/');
        const json_t *after = json_object_get(detail, "after");
        CLEANUP(json_decrefp) json_t *member = json_object();

        if (json_is_string(after)) {
            json_put(member, slash == NULL ? path : slash + 1, json_incref(walk(after)));
            review_secrets_in(review, where, member);
            review_accounts(review, where, after);
        }
    }
}

static void set_change(struct review *review, const json_t *changes, const json_t *change) {
    const char *name = json_str_or(change, "logical_id", "");
    const char *type = json_str_or(change, "type", "");
    const char *action = json_str_or(change, "action", "");
    CLEANUP(freep) char *where = mem_format("changes.%s", name);

    if (strcmp(action, "Remove") == 0) {
        set_removed(review, changes, change, where);
    } else if (strcmp(action, "Modify") == 0) {
        set_modified(review, change, where, name, type);
        set_kept(review, where, name, type);
    } else if (strcmp(action, "Import") == 0) {
        review_find(review, REVIEW_IMPORTED, where, "%s exists already and joins the stack", name);
    } else if (strcmp(action, "Add") != 0) {
        review_find(review, REVIEW_UNRESOLVED, where, "what happens to %s cannot be told (%s)",
                    name, action);
    }
    if (strcmp(action, "Remove") != 0) {
        review_wider(review, where, name);
    }
    set_values(review, change, where);
}

/* The change set of this template brings, changes or imports what the template has, as what it is
 * there, and removes what it has not, or has by a condition only. */
static void set_fits(struct review *review, const json_t *change) {
    const char *name = json_str_or(change, "logical_id", "");
    const char *type = json_str_or(change, "type", "");
    bool is_removed = strcmp(json_str_or(change, "action", ""), "Remove") == 0;
    const json_t *written = json_object_get(json_object_get(review->written, "Resources"), name);
    const json_t *told = json_object_get(json_object_get(review->template, "Resources"), name);
    const json_t *resource = written != NULL ? written : told; /* a copy of a loop is only told */
    CLEANUP(freep) char *where = mem_format("changes.%s", name);

    if (is_removed && resource != NULL && json_object_get(resource, "Condition") == NULL) {
        review_find(review, REVIEW_OTHER_TEMPLATE, where, "%s is removed, and the template has it",
                    name);
    } else if (!is_removed && resource == NULL) {
        review_find(review, REVIEW_OTHER_TEMPLATE, where, "the template has no %s", name);
    } else if (!is_removed && strcmp(json_str_or(resource, "Type", type), type) != 0) {
        review_find(review, REVIEW_OTHER_TEMPLATE, where, "%s is %s, and %s in the template", name,
                    type, json_str_or(resource, "Type", ""));
    }
}

/* arn:partition:cloudformation:REGION:ACCOUNT:... */
static void set_place(struct review *review, const char *where, const char *arn) {
    struct str region = review_arn_part(str_from(arn), 3);
    struct str account = review_arn_part(str_from(arn), 4);

    if (!str_starts(str_from(arn), STR("arn:")) ||
        !str_eq(account, str_from(review->ctx->account))) {
        review_find(review, REVIEW_FOREIGN_ACCOUNT, where, "it is not in the account %s",
                    review->ctx->account);
    } else if (review->ctx->region != NULL && !str_eq(region, str_from(review->ctx->region))) {
        review_find(review, REVIEW_WRONG_REGION, where, "it is in the region " STR_FMT,
                    STR_ARG(region));
    }
}

enum verdict policy_review_set(const json_t *changeset, const json_t *template,
                               const struct review_ctx *ctx, json_t *findings) {
    struct str stack = str_from(json_str_or(changeset, "stack", ""));
    struct review review = {.ctx = ctx,
                            .findings = findings,
                            .verdict = VERDICT_ALLOW,
                            .is_bootstrap = str_starts(stack, STR("bootstrap-"))};
    struct err err = {0};
    size_t i = 0;
    json_t *change = NULL;

    review_begin(&review, template, ctx->parameters);
    if (json_check(changeset, set_fields, &err) != ERR_NONE) {
        review_find(&review, REVIEW_MALFORMED, "change set", "the change set cannot be read: %s",
                    err.text);
        review_end(&review);
        return review.verdict;
    }
    set_place(&review, "arn", json_str_or(changeset, "arn", ""));
    set_place(&review, "stack_id", json_str_or(changeset, "stack_id", ""));
    json_array_foreach(json_object_get(changeset, "changes"), i, change) {
        set_change(&review, json_object_get(changeset, "changes"), change);
    }
    review_template(&review);
    json_array_foreach(json_object_get(changeset, "changes"), i, change) {
        if (!review.is_made_over) {
            set_fits(&review, change);
        }
    }
    review_end(&review);
    return review.verdict;
}
