/* A session's life: made, taken up again, entered phase by phase, given back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rand.h"
#include "flow/flow_room.h"

/* ---- Notes: what was shown is on record, so that another process can watch ---- */

static void session_note(void *ctx, enum event event, const struct masked *json) {
    struct session *session = ctx;

    /* A piece of an answer is on record with the whole of it. */
    if (session->gate != NULL && event != EVENT_DELTA) {
        gate_note(session->gate, json);
    }
}

static const struct sink note_sink = {"journal", LEVEL_INFO, session_note};

/* ---- The record of a phase ---- */

static const char *session_status(enum phase phase) {
    return phase == PHASE_WAIT ? "waiting" : "running";
}

enum err_code session_enter(struct session *session, enum phase phase, struct err *err) {
    CLEANUP(json_decrefp) json_t *body = json_object();
    CLEANUP(masked_done) struct masked masked = {0};
    json_t *kept = NULL;
    int64_t first_call = gate_next_call(session->gate);
    int64_t now_ms = clock_now_ms();
    struct journal_entry entry = {.kind = RECORD_PHASE, .body = &masked};

    json_put(body, "state", json_incref(session->state));
    json_put_int(body, "first_call", first_call);
    json_put_int(body, "rounds", session->rounds);
    json_put_int(body, "now_ms", now_ms);
    redact_json(session->flow->redactor, body, &masked);
    entry.fields[FIELD_PHASE] = str_from(phase_word(phase));
    entry.fields[FIELD_STATUS] = str_from(session_status(phase));
    entry.fields[FIELD_VERSION] = str_from(session->flow->version);
    if (masked_str(&masked).len > (size_t)limit(LIMIT_RECORD_BYTES)) {
        err_set(err, ERR_TOO_LARGE,
                "what this session has to remember is %zu bytes, %lld is the "
                "limit",
                masked_str(&masked).len, (long long)limit(LIMIT_RECORD_BYTES));
        return err_remedy(err, "deploy fewer files, or exclude them from the build");
    }
    if (json_read(masked_str(&masked), &kept, err) != ERR_NONE ||
        gate_record(session->gate, &entry, err) != ERR_NONE ||
        gate_settle(session->gate, err) != ERR_NONE) {
        json_decref(kept);
        return err->code;
    }
    /* The state goes on as it was journaled: a live run and a replayed one see the same. */
    json_decref(session->state);
    session->state = json_incref(json_object_get(kept, "state"));
    json_decref(kept);
    session->phase = phase;
    session->entered_ms = now_ms;
    session->first_call = first_call;
    gate_enter(session->gate, phase_word(phase), first_call);
    bus_emit(session->flow->bus, EVENT_PHASE,
             json_pack("{s:s, s:i, s:s}", "phase", phase_word(phase), "step", phase_step(phase),
                       "text", phase_sentence_of(phase, json_str_or(session->state, "kind", ""))));
    if (phase == PHASE_EXECUTE || phase == PHASE_VALIDATE || phase == PHASE_ROLLBACK) {
        share_tell(session, false);
    }
    return ERR_NONE;
}

/* The first record; it goes to the disk together with the first phase. */
static enum err_code session_record_start(struct session *session, const char *kind,
                                          struct err *err) {
    struct journal_entry entry = {.kind = RECORD_SESSION};

    entry.fields[FIELD_KIND] = str_from(kind);
    entry.fields[FIELD_PROJECT] = str_from(session->flow->project_key);
    entry.fields[FIELD_VERSION] = str_from(session->flow->version);
    return gate_record(session->gate, &entry, err);
}

/* ---- What its calls work with ---- */

static void session_services(struct session *session) {
    struct flow *flow = session->flow;

    session->services = (struct services){
        .store = flow->store,
        .redactor = flow->redactor,
        .vault = flow->vault,
        .aws = session->aws,
        .model = flow->model,
        .profile = endpoint_profile_find(getenv("AWSCOPILOT_ENDPOINT_PROFILE")),
        .qualifier = json_str_or(session->state, "fields.qualifier", "depl"),
        .root = flow->root,
        .state_dir = flow->state_dir,
        .artefact_dir = flow->artefact_dir,
        .cache_dir = flow->cache_dir,
        .project = flow->project,
        .take = session->sharing.take,
        .is_sandboxed = flow->options.is_sandboxed,
    };
}

struct turn session_turn(struct session *session, const struct agent *agent, struct arena *arena) {
    return (struct turn){
        .gate = session->gate,
        .agent = &agent->card,
        .state = session->state,
        .arena = arena,
        .now_ms = session->entered_ms,
        .session = session->id,
        .phase = phase_word(session->phase),
    };
}

enum err_code session_reach_aws(struct session *session, struct err *err) {
    struct aws_options options = {
        .profile = json_str_at(session->state, "flags.profile"),
        .region = json_str_at(session->state, "fields.region"),
        .endpoint_url = json_str_at(session->state, "flags.endpoint_url"),
        .account = json_str_at(session->state, "fields.account"),
        .user_agent = "aws-copilot/" AWSCOPILOT_VERSION,
    };

    if (session->aws != NULL) {
        return ERR_NONE;
    }
    if (session->sharing.is_foreign) { /* profiles are names of one machine */
        options.profile = json_str_at(session->flow->way, "profile");
        options.endpoint_url = json_str_at(session->flow->way, "endpoint_url");
    }
    if (endpoint_profile_find(getenv("AWSCOPILOT_ENDPOINT_PROFILE")) == NULL) {
        err_set(err, ERR_CONFIG, "AWSCOPILOT_ENDPOINT_PROFILE names no profile: '%s'",
                getenv("AWSCOPILOT_ENDPOINT_PROFILE"));
        return err_remedy(err, "use aws, ministack, moto or fake, or unset it");
    }
    if (aws_client_new(&options, &session->aws, err) != ERR_NONE) {
        return err->code;
    }
    session_services(session);
    return ERR_NONE;
}

void session_borrow_aws(struct session *session, struct aws_client *aws) {
    session->aws = aws;
    session->is_aws_lent = true;
    session_services(session);
}

/* ---- Made, taken up, given back ---- */

/* "d261124-k7m2q9x4": sorted by day, readable aloud, not guessable. */
static char *session_make_id(const char *kind) {
    static const char letters[] = "23456789abcdefghjkmnpqrstuvwxyz";
    unsigned char bytes[8];
    char day[20];
    char tail[9] = {0};

    rand_bytes(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++) {
        tail[i] = letters[bytes[i] % (sizeof letters - 1)];
    }
    (void)snprintf(day, sizeof day, "%.8s", clock_basic(clock_now_ms()).text);
    return mem_format("%c%s-%s", kind[0], day + 2, tail);
}

static enum err_code session_take(struct session *session, bool is_uncertain, struct err *err) {
    struct flow *flow = session->flow;
    struct gate_options options = {
        .services = &session->services,
        .bus = flow->bus,
        .meter = flow->meter,
        .person = flow->options.person,
        .interrupted = flow->options.interrupted,
        .deadline_mono_ms = flow->options.deadline_mono_ms,
        .session = session->id,
        .lease = &session->lease,
        .parent = flow->waiting,
        .hooks = share_hooks(session),
        .is_uncertain = is_uncertain,
    };

    if (store_take_lease(flow->store, str_from(session->id), limit(LIMIT_LEASE_MS), &session->lease,
                         err) != ERR_NONE ||
        journal_open(flow->store, &session->lease, &session->journal, err) != ERR_NONE) {
        return err->code;
    }
    options.journal = session->journal;
    session_services(session);
    if (gate_open(&options, &session->gate, err) != ERR_NONE) {
        return err->code;
    }
    bus_context(flow->bus, session->id, NULL, NULL);
    bus_add(flow->bus, &note_sink, session);
    return ERR_NONE;
}

static struct session *session_alloc(struct flow *flow, const char *id) {
    struct session *session = mem_alloc(sizeof *session);

    session->flow = flow;
    session->id = mem_strdup(id);
    session->state = json_object();
    return session;
}

void session_close(struct session *session) {
    struct err ignored = {0};

    if (session == NULL) {
        return;
    }
    elsewhere_end(session);
    bus_remove(session->flow->bus, &note_sink, session);
    if (session->gate != NULL) {
        (void)!gate_settle(session->gate,
                           &ignored); /* notes that wait; a failure loses notes only */
    }
    gate_close(session->gate);
    journal_close(session->journal);
    if (session->lease.epoch > 0 &&
        store_release_lease(session->flow->store, &session->lease, &ignored) != ERR_NONE) {
        /* it expires by itself */
    }
    if (!session->is_aws_lent) {
        aws_client_free(session->aws);
    }
    json_decref(session->state);
    free(session->id);
    free(session);
}

void session_closep(struct session **session) {
    session_close(*session);
    *session = NULL;
}

static void session_warn_of_model(struct flow *flow) {
    if (flow->model_problem.code != ERR_NONE) {
        bus_emit(flow->bus, EVENT_WARNING,
                 agent_args("code", "no_model", "text", flow->model_problem.text, "remedy",
                            flow->model_problem.remedy, NULL));
    }
}

enum err_code session_begin(struct flow *flow, const char *id, const char *kind, json_t *flags,
                            struct session **out, struct err *err) {
    CLEANUP(session_closep) struct session *session = session_alloc(flow, id);
    json_t *state = NULL;

    if (start_state(flow, kind, flags, &state, err) != ERR_NONE) {
        return err->code;
    }
    json_decref(session->state);
    session->state = state;
    if (session_take(session, false, err) != ERR_NONE ||
        session_record_start(session, kind, err) != ERR_NONE ||
        session_enter(session, PHASE_INTAKE, err) != ERR_NONE) {
        return err->code;
    }
    session_warn_of_model(flow);
    *out = TAKE(session);
    return ERR_NONE;
}

enum err_code session_new(struct flow *flow, const char *kind, json_t *flags, struct session **out,
                          struct err *err) {
    CLEANUP(freep) char *id = session_make_id(kind);

    return session_begin(flow, id, kind, flags, out, err);
}

/* ---- Taken up from the journal ---- */

struct recall {
    struct session *session;
    bool is_other_version;
};

static enum err_code recall_phase(struct session *session, const struct journal_record *record,
                                  struct err *err) {
    CLEANUP(json_decrefp) json_t *body = NULL;
    CLEANUP(freep) char *word = str_dup(record->fields[FIELD_PHASE]);

    session->phase = phase_from_word(word);
    if (!record->has_body) {
        return ERR_NONE; /* superseded: a later record carries the state */
    }
    if (json_read(record->body, &body, err) != ERR_NONE) {
        return err->code;
    }
    json_decref(session->state);
    session->state = json_incref(json_object_get(body, "state"));
    session->first_call = json_int_or(body, "first_call", 1);
    session->rounds = json_int_or(body, "rounds", 0);
    session->entered_ms = json_int_or(body, "now_ms", record->ts_ms);
    return ERR_NONE;
}

static enum err_code recall_visit(const struct journal_record *record, void *context,
                                  struct err *err) {
    struct recall *recall = context;

    gate_recall(recall->session->gate, record);
    if (record->kind == RECORD_PHASE) {
        recall->is_other_version =
            !str_eq(record->fields[FIELD_VERSION], str_from(recall->session->flow->version));
    }
    if (record->kind == RECORD_END) {
        recall->session->is_ended = true;
    }
    return record->kind == RECORD_PHASE ? recall_phase(recall->session, record, err) : ERR_NONE;
}

/* A yes that came too late is asked again in WAIT, with a new expiry. */
static bool session_has_expired_wait(const struct session *session) {
    return session->phase == PHASE_WAIT &&
           clock_now_ms() > session->entered_ms + limit(LIMIT_APPROVAL_MS);
}

enum err_code session_open(struct flow *flow, const char *id, struct session **out,
                           struct err *err) {
    CLEANUP(session_closep) struct session *session = session_alloc(flow, id);
    struct recall recall = {.session = session};
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    const struct store_session *row = NULL;
    const struct store_doc *restored = NULL; /* the journal is of a backup: AWS went on since */
    bool is_uncertain = false;

    if (share_before_open(flow, id, &session->sharing, &is_uncertain, err) != ERR_NONE ||
        store_get_session(flow->store, str_from(id), arena, &row, err) != ERR_NONE) {
        return err->code;
    }
    if (row == NULL) {
        err_set(err, ERR_NOT_FOUND, "there is no session %s", id);
        return err_remedy(err, "aws-copilot history lists them");
    }
    if (store_get_doc(flow->store, "restored", str_from(id), arena, &restored, err) != ERR_NONE ||
        session_take(session, is_uncertain || restored != NULL, err) != ERR_NONE ||
        journal_replay(flow->store, str_from(id), 1, recall_visit, &recall, err) != ERR_NONE) {
        return err->code;
    }
    if (session->is_ended) {
        err_set(err, ERR_USED, "session %s has ended (" STR_FMT ")", id, STR_ARG(row->status));
        return err_remedy(err, "aws-copilot deploy starts a new one");
    }
    gate_enter(session->gate, phase_word(session->phase), session->first_call);
    session_services(session);
    if (recall.is_other_version || session_has_expired_wait(session)) {
        /* What is open at AWS is settled first; then the phase begins anew. */
        if ((session->phase > PHASE_ASK && session_reach_aws(session, err) != ERR_NONE) ||
            gate_reconcile(session->gate, err) != ERR_NONE ||
            session_enter(session, session->phase, err) != ERR_NONE) {
            return err->code;
        }
    }
    *out = TAKE(session);
    return ERR_NONE;
}

const char *session_id(const struct session *session) { return session->id; }
enum phase session_phase(const struct session *session) { return session->phase; }
const json_t *session_state(const struct session *session) { return session->state; }
