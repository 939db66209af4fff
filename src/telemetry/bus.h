/* telemetry/bus.h: structured events on their way to the sinks, through the redactor.
 *
 * A chain on purpose: event, redactor, sinks. A sink takes only `struct masked`, so nothing reaches
 * one unredacted. Every event carries session_id, agent, phase and a time; a tool call's event also
 * status, latency_ms and error_code (null when it went well).
 * One thread emits: the one that owns the session.
 */
#pragma once

#include "base/json.h"
#include "guard/redact/redact.h"

enum event {
    EVENT_NONE = 0,
#define EVENT(name, type, level, meaning) EVENT_##name,
#include "telemetry/event.def"
#undef EVENT
    EVENT_N
};

enum event_level { LEVEL_DEBUG, LEVEL_INFO, LEVEL_ALERT };

struct sink {
    const char *name;
    enum event_level level_min; /* events below it do not come */

    /* Takes one event: a JSON object with "type" and "time" first among equals. Must not block for
     * long; a sink that fails loses the event and says so itself. */
    void (*write)(void *ctx, enum event event, const struct masked *json);
};

struct bus; /* opaque */

/* A bus over `redactor`, which must outlive it. */
struct bus *bus_new(const struct redactor *redactor);
void bus_free(struct bus *bus); /* accepts NULL; sinks are not freed */

/* Adds a sink, at most BUS_SINK_MAX; `sink` and `ctx` must outlive the bus. */
enum { BUS_SINK_MAX = 8 };
void bus_add(struct bus *bus, const struct sink *sink, void *ctx);

/* Takes a sink away again; one that is not there is fine. */
void bus_remove(struct bus *bus, const struct sink *sink, const void *ctx);

/* Sets what every later event carries. NULL leaves a member out. */
void bus_context(struct bus *bus, const char *session, const char *phase, const char *agent);

/* Sends nothing until it is called again with false: for what a run does aside, whose own journal
 * has it. Calls nest. */
void bus_quiet(struct bus *bus, bool is_quiet);

/* Tells how often each kind of secret was masked since the redactor was made, by an event MASKED:
 * {"masked":[{"kind","n"},...]}; nothing when nothing was. */
void bus_tell_masked(struct bus *bus);

/* Sends an event to all sinks. Takes over `fields` (an object, or NULL for none). */
void bus_emit(struct bus *bus, enum event event, json_t *fields);

const char *event_type(enum event event);
enum event event_from_type(const char *type); /* EVENT_NONE when unknown */
enum event_level event_level(enum event event);
