/* CloudFormation: what differs between a stack's template and what is there. */
#include "aws/cfn.h"

#include <string.h>

#include "aws/cfn_room.h"

enum { DRIFT_PAGES_MAX = 50 };

enum err_code cfn_detect_drift(const struct aws *aws, struct arena *arena, const char *stack,
                               const char **out_id, struct err *err) {
    struct form form = {.arena = arena};
    struct cfn_reply reply = {0};

    form_add(&form, "StackName", stack);
    if (cfn_call(aws, arena, "DetectStackDrift", &form,
                 (const char *const[]){"ValidationError", NULL}, &reply, err) != ERR_NONE) {
        return err->code;
    }
    if (reply.root == NULL && str_find(str_from(reply.message), STR("already in progress")) >= 0) {
        err_set(err, ERR_LOCKED, "CloudFormation looks for drift already: %s", reply.message);
        return err_remedy(err, "somebody else asked for it; run this again when that has ended");
    }
    if (reply.root == NULL && !cfn_is_absent(&reply)) {
        err_set(err, ERR_STALE, "CloudFormation does not look for drift now: %s", reply.message);
        return err_remedy(err, "aws-copilot recover shows what the stack needs first");
    }
    if (reply.root == NULL) {
        return cfn_refuse("DetectStackDrift", &reply, err);
    }
    *out_id = cfn_text(reply.root, "DetectStackDriftResult/StackDriftDetectionId");
    return ERR_NONE;
}

enum err_code cfn_drift_status(const struct aws *aws, struct arena *arena, const char *id,
                               struct cfn_drift_look *out, struct err *err) {
    struct form form = {.arena = arena};
    struct cfn_reply reply = {0};
    const struct xml_node *m;

    form_add(&form, "StackDriftDetectionId", id);
    if (cfn_call(aws, arena, "DescribeStackDriftDetectionStatus", &form, NULL, &reply, err) !=
        ERR_NONE) {
        return err->code;
    }
    m = xml_at(reply.root, "DescribeStackDriftDetectionStatusResult");
    *out = (struct cfn_drift_look){
        .detection = cfn_text(m, "DetectionStatus"),
        .drift = cfn_text(m, "StackDriftStatus"),
        .reason = cfn_sentence(arena, cfn_text(m, "DetectionStatusReason")),
        .began_ms = cfn_time(m, "Timestamp"),
    };
    return ERR_NONE;
}

static json_t *drift_difference(const struct xml_node *m) {
    static const char *const rows[][2] = {{"path", "PropertyPath"},
                                          {"kind", "DifferenceType"},
                                          {"expected", "ExpectedValue"},
                                          {"actual", "ActualValue"}};
    json_t *row = json_object();

    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        json_put_strn(row, rows[i][0], str_from(cfn_text(m, rows[i][1])));
    }
    return row;
}

static json_t *drift_row(const struct xml_node *m) {
    static const char *const rows[][2] = {{"logical_id", "LogicalResourceId"},
                                          {"physical_id", "PhysicalResourceId"},
                                          {"type", "ResourceType"},
                                          {"status", "StackResourceDriftStatus"}};
    json_t *row = json_object();
    json_t *differences = json_array();

    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        json_put_strn(row, rows[i][0], str_from(cfn_text(m, rows[i][1])));
    }
    for (const struct xml_node *d = xml_at(m, "PropertyDifferences/member"); d != NULL;
         d = xml_next(d)) {
        (void)json_array_append_new(differences, drift_difference(d));
    }
    json_put_int(row, "at_ms", cfn_time(m, "Timestamp"));
    json_put(row, "differences", differences);
    return row;
}

enum err_code cfn_list_drifts(const struct aws *aws, const char *stack, json_t **out,
                              struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    CLEANUP(json_decrefp) json_t *list = json_array();
    const char *next = NULL;

    for (int pages = 0; pages < DRIFT_PAGES_MAX; pages++) {
        struct form form = {.arena = arena};
        struct cfn_reply reply = {0};
        const struct xml_node *first;

        form_add(&form, "StackName", stack);
        form_add(&form, "NextToken", next);
        if (cfn_call(aws, arena, "DescribeStackResourceDrifts", &form, NULL, &reply, err) !=
            ERR_NONE) {
            return err->code;
        }
        first = xml_at(reply.root, "DescribeStackResourceDriftsResult/StackResourceDrifts/member");
        for (const struct xml_node *m = first; m != NULL; m = xml_next(m)) {
            (void)json_array_append_new(list, drift_row(m));
        }
        next = cfn_text(reply.root, "DescribeStackResourceDriftsResult/NextToken");
        if (next[0] == '\0') {
            break;
        }
    }
    *out = TAKE(list);
    return ERR_NONE;
}
