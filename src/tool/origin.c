/* Where the arguments of a call come from: each is looked up in the slot that it is filled from,
 * and has the label of that slot only if it is what stands there. A text that a model wrote has no
 * slot; where it stands in one, the slot says so. What an agent asks for a model is the model's,
 * whole. */
#include <string.h>

#include "tool/gate_room.h"

/* What a slot is. */
enum slot_kind {
    SLOT_STATE = 0, /* a member of the session's state */
    SLOT_NAMED,     /* made of the names that the stack is made of, and has their labels */
    SLOT_FIELD,     /* one of the state's fields, whose labels whoever filled it has kept */
    SLOT_PLAN,      /* a member of the state that belongs to the plan, once that is reviewed */
    SLOT_YES,       /* a member of what the person said yes to */
    SLOT_DIGEST,    /* what a member of that is the digest of */
    SLOT_PROGRAM,   /* this program makes it, whatever the session is about */
};

/* clang-format off */
static const struct slot {
    const char *arg;
    enum slot_kind kind;
    const char *path;
    enum origin origin; /* of SLOT_STATE */
} slots[] = {
    /* argument           kind           path                              origin */
    {"approval",          SLOT_YES,      "digest",                         ORIGIN_NONE},
    {"arn",               SLOT_YES,      "change_set",                     ORIGIN_NONE},
    {"arn",               SLOT_STATE,    "preview.arn",                    ORIGIN_TOOL},
    {"stack_id",          SLOT_YES,      "stack_id",                       ORIGIN_NONE},
    {"stack_id",          SLOT_STATE,    "preview.stack_id",               ORIGIN_TOOL},
    {"account",           SLOT_YES,      "account",                        ORIGIN_NONE},
    {"account",           SLOT_FIELD,    "account",                        ORIGIN_NONE},
    {"region",            SLOT_FIELD,    "region",                         ORIGIN_NONE},
    {"stack",             SLOT_FIELD,    "stack",                          ORIGIN_NONE},
    {"role_arn",          SLOT_PLAN,     "plan.role_arn",                  ORIGIN_NONE},
    {"template_sha256",   SLOT_YES,      "template_sha256",                ORIGIN_NONE},
    {"template_sha256",   SLOT_PLAN,     "plan.template.sha256",           ORIGIN_NONE},
    {"template_sha256",   SLOT_STATE,    "last_release.template_sha256",   ORIGIN_PLAN},
    {"parameters_sha256", SLOT_YES,      "parameters_sha256",              ORIGIN_NONE},
    {"set_sha256",        SLOT_STATE,    "preview.sha256",                 ORIGIN_TOOL},
    {"template",          SLOT_PLAN,     "template",                       ORIGIN_NONE},
    {"parameters",        SLOT_PLAN,     "parameters",                     ORIGIN_NONE},
    {"parameters",        SLOT_STATE,    "last_release.parameters",        ORIGIN_PLAN},
    {"cure",              SLOT_DIGEST,   "parameters_sha256",              ORIGIN_NONE},
    {"release",           SLOT_YES,      "release",                        ORIGIN_NONE},
    {"alias_version",     SLOT_STATE,    "last_release.version",           ORIGIN_PLAN},
    {"alias_version",     SLOT_STATE,    "target_release.version",         ORIGIN_PLAN},
    {"function",          SLOT_STATE,    "before.outputs.BackendFunction", ORIGIN_TOOL},
    {"bucket",            SLOT_STATE,    "bootstrap.Artifacts",            ORIGIN_TOOL},
    {"bucket",            SLOT_STATE,    "before.outputs.SiteBucket",      ORIGIN_TOOL},
    {"bucket",            SLOT_STATE,    "applied.outputs.SiteBucket",     ORIGIN_TOOL},
    {"path",              SLOT_NAMED,    "preview.path",                   ORIGIN_NONE},
    {"kind",              SLOT_PROGRAM,  NULL,                             ORIGIN_NONE},
    {"capabilities",      SLOT_PROGRAM,  NULL,                             ORIGIN_NONE},
};
/* clang-format on */

static bool is_text(const json_t *value, const char *text) {
    return text != NULL && text[0] != '\0' && json_is_string(value) &&
           strcmp(json_string_value(value), text) == 0;
}

static bool is_digest_of(const json_t *value, const char *digest) {
    return digest != NULL && strcmp(sha256_hex(json_hash(value)).text, digest) == 0;
}

/* What the person's yes says of an argument; NULL where nothing, or nobody said yes. */
static const char *yes_of(const struct gate *gate, const char *path) {
    const struct approval *yes = &gate->approved;
    const struct {
        const char *path;
        const char *text;
    } members[] = {
        {"digest", gate->approval_state.digest},
        {"change_set", yes->change_set},
        {"stack_id", yes->stack_id},
        {"account", yes->account},
        {"template_sha256", yes->template_sha256},
        {"parameters_sha256", yes->parameters_sha256},
        {"release", yes->on_failure != NULL && strncmp(yes->on_failure, "restore:", 8) == 0
                        ? yes->on_failure + 8
                        : NULL},
    };

    for (size_t i = 0; gate->approval_state.is_given && i < ARRAY_N(members); i++) {
        if (strcmp(members[i].path, path) == 0) {
            return members[i].text;
        }
    }
    return NULL;
}

/* Whether the value is what stands there; where nothing stands, an object without members is. */
static bool is_in(const json_t *state, const char *path, const json_t *value) {
    const json_t *there = json_at(state, path);

    return there == NULL ? json_is_object(value) && json_object_size(value) == 0
                         : json_equal(there, value);
}

/* The labels of a slot when the argument is what stands there; 0 when it is not. */
static int64_t slot_origin(const struct turn *turn, const struct slot *slot, const json_t *value) {
    const json_t *state = turn->state;
    const char *reviewed = turn->gate->plan_reviewed;

    switch (slot->kind) {
    case SLOT_STATE:
        return is_in(state, slot->path, value) ? slot->origin : ORIGIN_NONE;
    case SLOT_NAMED:
        return is_in(state, slot->path, value) ? json_int_or(state, "origins.stack", ORIGIN_MODEL)
                                               : ORIGIN_NONE;
    case SLOT_FIELD:
        return json_equal(json_object_get(json_object_get(state, "fields"), slot->path), value)
                   ? json_int_or(json_object_get(state, "origins"), slot->path, ORIGIN_MODEL)
                   : ORIGIN_NONE;
    case SLOT_PLAN:
        if (!is_in(state, slot->path, value)) {
            return ORIGIN_NONE;
        }
        return reviewed[0] != '\0' && strcmp(reviewed, json_str_or(state, "plan_sha256", "")) == 0
                   ? ORIGIN_PLAN
                   : ORIGIN_REPO;
    case SLOT_YES:
        return is_text(value, yes_of(turn->gate, slot->path)) ? ORIGIN_PLAN : ORIGIN_NONE;
    case SLOT_DIGEST:
        return is_digest_of(value, yes_of(turn->gate, slot->path)) ? ORIGIN_PLAN : ORIGIN_NONE;
    case SLOT_PROGRAM:
        return ORIGIN_CONFIG;
    }
    return ORIGIN_NONE;
}

/* The first slot that holds the value says where it comes from; none: a model may have written it.
 */
static int64_t origin_of(const struct turn *turn, const char *arg, const json_t *value) {
    if (json_is_string(value) && json_string_length(value) == 0) {
        return ORIGIN_CONFIG; /* nothing is said */
    }
    for (size_t i = 0; i < ARRAY_N(slots); i++) {
        int64_t origin =
            strcmp(slots[i].arg, arg) == 0 ? slot_origin(turn, &slots[i], value) : ORIGIN_NONE;

        if (origin != ORIGIN_NONE) {
            return origin;
        }
    }
    return ORIGIN_MODEL;
}

json_t *gate_origins(const struct turn *turn, const json_t *args) {
    json_t *origins = json_object();
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)args, key, value) {
        json_put_int(origins, key,
                     turn->origin == ORIGIN_NONE ? origin_of(turn, key, value) : turn->origin);
    }
    return origins;
}
