/* The change set: the table that users of SAM know, what would be lost, and why. */
#include "front/render/render.h"

#include <string.h>

/* clang-format off */
/* What goes when a resource is removed or replaced; and what it is for, where the template does not say. */
static const struct resource_row {
    const char *type;
    const char *purpose;
    const char *loss; /* NULL: nothing that is not made again at once */
    bool is_data;     /* what is lost is data: also when the resource is removed on purpose */
} resources[] = {
    { "AWS::Lambda::Function",                 "runs code",                                              "its address inside AWS; requests fail until the new one is in place", false },
    { "AWS::Lambda::Version",                  "pins the code of one release, so that going back is quick", NULL, false },
    { "AWS::Lambda::Alias",                    "says which version answers",                             "requests fail until it is there again", false },
    { "AWS::Lambda::Permission",               "lets the API call the function",                         NULL, false },
    { "AWS::ApiGatewayV2::Api",                "receives the requests for the back end",                 "its address; requests fail until CloudFront knows the new one", false },
    { "AWS::ApiGatewayV2::Authorizer",         "lets only CloudFront in",                                NULL, false },
    { "AWS::ApiGatewayV2::Integration",        "connects the API to the function",                       NULL, false },
    { "AWS::ApiGatewayV2::Route",              "says which requests go to the function",                 NULL, false },
    { "AWS::ApiGatewayV2::Stage",              "publishes the API",                                      NULL, false },
    { "AWS::CloudFront::Distribution",         "the public address of the application",                  "the public address itself: links and DNS entries break", false },
    { "AWS::CloudFront::Function",             "sends paths of the site to its index page",              NULL, false },
    { "AWS::CloudFront::OriginAccessControl",  "lets only CloudFront read the site's bucket",            NULL, false },
    { "AWS::CloudFront::ResponseHeadersPolicy","adds the security headers",                              NULL, false },
    { "AWS::IAM::Role",                        "says what a function or a deployment may do",            NULL, false },
    { "AWS::IAM::ManagedPolicy",               "a list of permissions",                                  NULL, false },
    { "AWS::Logs::LogGroup",                   "keeps what the application writes",                      "the log lines in it", true },
    { "AWS::S3::Bucket",                       "holds the files of the site, or the artefacts",          "every file in it that is not uploaded again", true },
    { "AWS::S3::BucketPolicy",                 "says who may read the bucket",                           NULL, false },
    { "AWS::SSM::Parameter",                   "a secret that the back end reads at its start",          "its value, with all its versions", true },
    { "AWS::CloudFormation::Stack",            "holds what the application consists of",                 NULL, false },
    { "AWS::CloudFormation::ChangeSet",        "a plan that nobody executed",                            NULL, false },
    { "AWS::DynamoDB::Table",                  "holds data",                                             "all data in it", true },
    { "AWS::RDS::DBInstance",                  "is a database",                                          "all data in it", true },
};

/* No action of AWS: a removal by which the resource leaves the stack and stays, as its DeletionPolicy says. */
#define DETACH "Detach"

static const struct operation_row {
    const char *action;
    const char *label;
    const char *count; /* "3 to add" */
    enum style style;
} operations[] = {
    { "Add",    "+ Add",    "to add",    STYLE_GOOD },
    { "Import", "+ Import", "to import", STYLE_GOOD },
    { "Modify", "* Modify", "to change", STYLE_WARN },
    { "Remove", "- Remove", "to remove", STYLE_BAD  },
    { DETACH,   "- Detach", "to detach and keep", STYLE_WARN },
    { "Restore", "< Back",  "to put back", STYLE_WARN },
    { "Skip",   "! Skip",   "to leave as it is now", STYLE_BAD },
    { "Retain", "= Keep",   "to keep",   STYLE_DIM  },
    { "",       "? Other",  "unknown",   STYLE_WARN },
};
/* clang-format on */

enum {
    OPERATION_COLUMNS = 10,
    REPLACEMENT_COLUMNS = 11,
    ID_COLUMNS_MAX = 44,
    TYPE_COLUMNS_MIN = 12
};

static const struct resource_row *resource_of(const char *type) {
    static const struct resource_row unknown = {"", "a resource of this stack", "whatever it holds",
                                                true};

    for (size_t i = 0; i < ARRAY_N(resources); i++) {
        if (strcmp(resources[i].type, type) == 0) {
            return &resources[i];
        }
    }
    return &unknown;
}

static bool is_action(const json_t *change, const char *action) {
    return strcmp(json_str_or(change, "action", ""), action) == 0;
}

/* "Retain": RetainExceptOnCreate too. */
static bool has_policy(const json_t *change, const char *policy) {
    return strncmp(json_str_or(change, "policy_action", ""), policy, strlen(policy)) == 0;
}

/* A resource that leaves the stack and stays in the account. */
static bool is_detached(const json_t *change) {
    return is_action(change, "Remove") && has_policy(change, "Retain");
}

static const struct operation_row *operation_of(const json_t *change) {
    const char *action = is_detached(change) ? DETACH : json_str_or(change, "action", "");
    size_t i = 0;

    while (operations[i].action[0] != '\0' && strcmp(operations[i].action, action) != 0) {
        i++;
    }
    return &operations[i];
}

static const char *replacement_of(const json_t *change) {
    return is_action(change, "Modify") ? json_str_or(change, "replacement", "False") : "N/A";
}

/* What it holds stays, in the resource or in a snapshot of it. */
static bool is_kept(const json_t *change) {
    return has_policy(change, "Retain") || has_policy(change, "Snapshot");
}

/* What the change would cost that cannot be had back; NULL: nothing. */
static const char *loss_of(const json_t *change) {
    const struct resource_row *resource = resource_of(json_str_or(change, "type", ""));
    bool is_replaced = is_action(change, "Modify") && strcmp(replacement_of(change), "False") != 0;
    bool is_removed = is_action(change, "Remove") && resource->is_data;

    return (is_replaced || is_removed) && !is_kept(change) ? resource->loss : NULL;
}

/* ---- The table ---- */

struct columns {
    int id;
    int type;
};

static struct columns columns_of(const struct screen *screen, const json_t *changes) {
    struct columns columns = {.id = (int)strlen("LogicalResourceId"),
                              .type = (int)strlen("ResourceType")};
    int room = screen_width(screen) - 2 - OPERATION_COLUMNS - REPLACEMENT_COLUMNS - 3;
    const json_t *change;
    size_t i;

    json_array_foreach(changes, i, change) {
        int id = (int)strlen(json_str_or(change, "logical_id", ""));
        int type = (int)strlen(json_str_or(change, "type", ""));

        columns.id = id > columns.id ? id : columns.id;
        columns.type = type > columns.type ? type : columns.type;
    }
    columns.id = columns.id > ID_COLUMNS_MAX ? ID_COLUMNS_MAX : columns.id;
    if (room - columns.id >= TYPE_COLUMNS_MIN) {
        columns.type = columns.id + columns.type > room ? room - columns.id : columns.type;
    } else { /* the narrowest screens do without the type */
        columns.type = 0;
        columns.id = columns.id > room + 1 ? room + 1 : columns.id;
    }
    return columns;
}

static void table_row(struct buf *out, struct columns columns, const char *id, const char *type,
                      const char *replacement) {
    buf_add_c(out, ' ');
    screen_cell(out, id, columns.id);
    buf_add_c(out, ' ');
    if (columns.type > 0) {
        screen_cell(out, screen_type(type, columns.type), columns.type);
        buf_add_c(out, ' ');
    }
    screen_word(out, replacement);
    buf_add_c(out, '\n');
}

/* Only the operation is coloured: what it is about can be read on any background. */
static void table_change(const struct screen *screen, struct buf *out, struct columns columns,
                         const json_t *change) {
    CLEANUP(buf_done) struct buf cell = BUF_INIT(8192);
    const struct operation_row *operation = operation_of(change);

    screen_cell(&cell, operation->label, OPERATION_COLUMNS);
    buf_add_s(out, "  ");
    screen_styled(screen, out, operation->style, buf_cstr(&cell));
    table_row(out, columns, json_str_or(change, "logical_id", ""), json_str_or(change, "type", ""),
              replacement_of(change));
}

/* ---- Values before and after ---- */

enum { VALUES_SHOWN = 4, VALUE_COLUMNS_MAX = 60 };

/* "/Properties/Environment/Variables/LEVEL" is Environment.Variables.LEVEL. */
static void value_add_name(struct buf *out, const json_t *detail) {
    struct str rest = str_from(json_str_or(detail, "path", ""));
    struct str part = {0};
    bool is_first = true;

    if (rest.len == 0) {
        const char *name = json_str_or(detail, "name", "");

        buf_add_s(out, name[0] == '\0' ? json_str_or(detail, "attribute", "") : name);
        return;
    }
    while (str_next(&rest, '/', &part)) {
        if (part.len == 0 || str_eq(part, STR("Properties"))) {
            continue;
        }
        buf_addf(out, "%s" STR_FMT, is_first ? "" : ".", STR_ARG(part));
        is_first = false;
    }
}

static void value_add(struct buf *out, const char *value) {
    int columns = (int)strlen(value);

    if (value[0] == '\0') {
        buf_add_s(out, "nothing");
        return;
    }
    screen_cell(out, value, columns < VALUE_COLUMNS_MAX ? columns : VALUE_COLUMNS_MAX);
}

static bool has_values(const json_t *detail) {
    return json_str_or(detail, "before", "")[0] != '\0' ||
           json_str_or(detail, "after", "")[0] != '\0';
}

/* Under a row: what its values were and would be. AWS names a value once for each cause. */
static void table_values(const struct screen *screen, struct buf *out, const json_t *change) {
    CLEANUP(json_decrefp) json_t *seen = json_object();
    const json_t *detail;
    size_t left = 0;
    size_t i;

    json_array_foreach(json_object_get(change, "details"), i, detail) {
        CLEANUP(buf_done) struct buf line = BUF_INIT(8192);

        if (!has_values(detail)) {
            continue;
        }
        value_add_name(&line, detail);
        if (json_object_get(seen, buf_cstr(&line)) != NULL) {
            continue;
        }
        json_put(seen, buf_cstr(&line), json_true());
        if (json_object_size(seen) > VALUES_SHOWN) {
            left++;
            continue;
        }
        buf_add_s(&line, ": ");
        value_add(&line, json_str_or(detail, "before", ""));
        buf_add_s(&line, " → ");
        value_add(&line, json_str_or(detail, "after", ""));
        screen_text(screen, out, 6, buf_cstr(&line));
    }
    if (left > 0) {
        CLEANUP(freep) char *more = mem_format("and %zu more values", left);

        screen_text(screen, out, 6, more);
    }
}

static void table_counts(const struct screen *screen, struct buf *out, const json_t *changes) {
    CLEANUP(buf_done) struct buf line = BUF_INIT(512);
    const json_t *change;
    size_t counts[ARRAY_N(operations)] = {0};
    size_t i;

    json_array_foreach(changes, i, change) { counts[operation_of(change) - operations]++; }
    for (size_t k = 0; k < ARRAY_N(operations); k++) {
        if (counts[k] > 0) {
            buf_addf(&line, "%s%zu %s", line.len == 0 ? "  " : ", ", counts[k],
                     operations[k].count);
        }
    }
    buf_add_c(&line, '\n');
    screen_styled(screen, out, STYLE_DIM, buf_cstr(&line));
}

static void table_losses(const struct screen *screen, struct buf *out, const json_t *changes) {
    const json_t *change;
    size_t i;

    json_array_foreach(changes, i, change) {
        const char *loss = loss_of(change);
        CLEANUP(freep) char *text = NULL;

        if (loss == NULL) {
            continue;
        }
        text = mem_format("%s would be %s. Lost: %s", json_str_or(change, "logical_id", ""),
                          is_action(change, "Remove") ? "removed" : "replaced", loss);
        screen_bullet(screen, out, STYLE_WARN, "!", text);
    }
}

static bool is_all(const json_t *changes, const char *action, const char *other) {
    const json_t *change;
    size_t i;

    json_array_foreach(changes, i, change) {
        if (!is_action(change, action) && !is_action(change, other)) {
            return false;
        }
    }
    return true;
}

static const char *set_title(const json_t *change_set) {
    const json_t *changes = json_object_get(change_set, "changes");

    if (json_str_at(change_set, "cure") != NULL && !is_all(changes, "Remove", "Retain")) {
        return "What would be put back";
    }
    if (strcmp(json_str_or(json_array_get(changes, 0), "type", ""), "AWS::SSM::Parameter") == 0) {
        return is_all(changes, "Remove", "Remove") ? "Secrets to be removed from Parameter Store"
                                                   : "Secrets to be stored in Parameter Store";
    }
    if (is_all(changes, "Remove", "Retain")) {
        return "What would be deleted";
    }
    return is_all(changes, "Add", "Import") ? "Change set that creates" : "Change set that updates";
}

void render_changes(const struct screen *screen, struct buf *out, const json_t *change_set) {
    const json_t *changes = json_object_get(change_set, "changes");
    struct columns columns = columns_of(screen, changes);
    CLEANUP(buf_done) struct buf head = BUF_INIT(4096);
    const json_t *change;
    size_t i;

    if (json_bool_at(change_set, "no_change")) {
        screen_text(screen, out, 2,
                    strcmp(json_str_or(change_set, "kind", ""), "rollback") == 0
                        ? "No change: that release is what is deployed."
                        : "No change: what is deployed is what you have here.");
        return;
    }
    buf_addf(&head, "  %s: ", set_title(change_set));
    screen_word(&head, json_str_or(change_set, "stack", ""));
    buf_add_c(&head, '\n');
    screen_styled(screen, out, STYLE_BOLD, buf_cstr(&head));
    buf_clear(&head);
    screen_cell(&head, "Operation", OPERATION_COLUMNS);
    table_row(&head, columns, "LogicalResourceId", "ResourceType", "Replacement");
    buf_add_s(out, "  ");
    screen_styled(screen, out, STYLE_DIM, buf_cstr(&head));
    for (size_t k = 0; k < ARRAY_N(operations); k++) {
        json_array_foreach(changes, i, change) {
            if (operation_of(change) == &operations[k]) {
                table_change(screen, out, columns, change);
                table_values(screen, out, change);
            }
        }
    }
    table_counts(screen, out, changes);
    table_losses(screen, out, changes);
    if (json_str_or(change_set, "loses", "")[0] != '\0') {
        CLEANUP(freep) char *text = mem_format("Lost: %s", json_str_or(change_set, "loses", ""));

        screen_bullet(screen, out, STYLE_WARN, "!", text);
    }
}

/* ---- Why ---- */

enum { WHY_PARTS = 4 };

/* What changes in a resource, each thing once with all its causes: {"Code": ["parameter X"]}. AWS
 * names a property by itself and anything else by its kind, such as Tags. */
static json_t *why_parts(const json_t *details) {
    json_t *parts = json_object();
    const json_t *detail;
    size_t i;

    json_array_foreach(details, i, detail) {
        const char *name = json_str_or(detail, "name", "");
        const char *source = json_str_or(detail, "source", "");
        const char *part = name[0] == '\0' ? json_str_or(detail, "attribute", "?") : name;
        bool is_parameter = strcmp(source, "ParameterReference") == 0;
        bool is_caused = is_parameter || strcmp(source, "ResourceReference") == 0 ||
                         strcmp(source, "ResourceAttribute") == 0;

        if (json_object_get(parts, part) == NULL) {
            json_put(parts, part, json_object());
        }
        if (is_caused) {
            CLEANUP(freep)
            char *cause = mem_format("%s%s", is_parameter ? "the parameter " : "",
                                     json_str_or(detail, "causing", "?"));

            json_put(json_object_get(parts, part), cause, json_true());
        }
    }
    return parts;
}

static void why_causes(struct buf *text, const json_t *causes) {
    const char *cause;
    json_t *unused;
    bool is_first = true;

    json_object_foreach((json_t *)(uintptr_t)causes, cause, unused) {
        (void)unused;
        buf_addf(text, "%s%s", is_first ? ", because of " : " and ", cause);
        is_first = false;
    }
}

static void why_modified(struct buf *text, const json_t *change) {
    CLEANUP(json_decrefp) json_t *parts = why_parts(json_object_get(change, "details"));
    const char *part;
    json_t *causes;
    size_t shown = 0;

    json_object_foreach(parts, part, causes) {
        if (shown == WHY_PARTS) {
            buf_addf(text, "; and %zu more", json_object_size(parts) - shown);
            break;
        }
        buf_addf(text, "%s%s", shown == 0 ? " What changes: " : "; ", part);
        why_causes(text, causes);
        shown++;
    }
    buf_add_s(text, shown > 0 ? "." : "");
    if (strcmp(replacement_of(change), "True") == 0) {
        buf_add_s(text, " It cannot be changed in place: a new one is made, the old one removed.");
    } else if (strcmp(replacement_of(change), "Conditional") == 0) {
        buf_add_s(text, " It may have to be made anew.");
    }
}

static void why_change(const struct screen *screen, struct buf *out, const json_t *change) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(16384);
    const struct resource_row *resource = resource_of(json_str_or(change, "type", ""));
    const char *loss = loss_of(change);

    buf_addf(&text, "%s %s: %s.", operation_of(change)->label,
             json_str_or(change, "logical_id", ""),
             json_str_or(change, "purpose", resource->purpose));
    if (is_action(change, "Add")) {
        buf_add_s(&text, " It is new.");
    } else if (is_action(change, "Modify")) {
        why_modified(&text, change);
    } else if (is_action(change, "Restore")) {
        buf_add_s(&text, " It goes back to what it was before the failed change.");
    } else if (is_action(change, "Skip")) {
        buf_add_s(&text, " It stays as it is now, and counts as put back; put it right by hand.");
    } else if (is_action(change, "Retain")) {
        buf_add_s(&text, " It stays, and goes on costing what it costs.");
    } else if (is_action(change, "Remove")) {
        buf_add_s(&text, is_detached(change) ? " It leaves the stack and stays in the account."
                         : is_kept(change)   ? " It is deleted, and a snapshot of it stays."
                                             : " It is not wanted any more.");
    }
    if (loss != NULL) {
        buf_addf(&text, " Lost by this: %s.", loss);
    }
    screen_text(screen, out, 2, buf_cstr(&text));
}

/* Whether a word of the question is part of the resource's name: "the authorizer" is Authorizer,
 * OriginAuthorizer, InvokeAuthorizer. */
static bool why_is_about(const char *question, const json_t *change) {
    enum { LETTERS_MIN = 4 };
    const char *id = json_str_or(change, "logical_id", "");

    for (const char *p = question; *p != '\0';) {
        size_t n = strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
        CLEANUP(freep) char *word = str_dup((struct str){p, n});

        if (n >= LETTERS_MIN && strcasestr(id, word) != NULL) {
            return true;
        }
        p += n > 0 ? n : 1;
    }
    return false;
}

void render_why(const struct screen *screen, struct buf *out, const json_t *change_set,
                const char *question) {
    const json_t *changes = json_object_get(change_set, "changes");
    const json_t *change;
    size_t about = 0;
    size_t i;

    if (json_array_size(changes) == 0) {
        screen_text(screen, out, 2, "No change set was shown in this conversation.");
        return;
    }
    json_array_foreach(changes, i, change) { about += why_is_about(question, change) ? 1 : 0; }
    json_array_foreach(changes, i, change) {
        if (about == 0 || why_is_about(question, change)) {
            why_change(screen, out, change);
        }
    }
    if (about > 0 && about < json_array_size(changes)) {
        CLEANUP(freep)
        char *rest = mem_format("why, alone, explains all %zu changes.", json_array_size(changes));

        screen_text(screen, out, 2, rest);
    }
    screen_text(screen, out, 2,
                "A yes executes exactly this change set, once, before it expires; a no changes "
                "nothing and takes the change set away.");
}
