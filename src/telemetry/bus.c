/* Structured events on their way to the sinks, through the redactor. */
#include "telemetry/bus.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static const struct {
    const char *type;
    enum event_level level;
} events[EVENT_N] = {
    [EVENT_NONE] = {"none", LEVEL_DEBUG},
#define EVENT(name, type, level, meaning) [EVENT_##name] = {type, LEVEL_##level},
#include "telemetry/event.def"
#undef EVENT
};

struct bus {
    const struct redactor *redactor;
    struct {
        const struct sink *sink;
        void *ctx;
    } sinks[BUS_SINK_MAX];
    size_t sink_n;
    char *session;
    char *phase;
    char *agent;
    int quiet; /* > 0: nothing is sent */
};

struct bus *bus_new(const struct redactor *redactor) {
    struct bus *bus = mem_alloc(sizeof *bus);

    bus->redactor = redactor;
    return bus;
}

void bus_free(struct bus *bus) {
    if (bus == NULL) {
        return;
    }
    free(bus->session);
    free(bus->phase);
    free(bus->agent);
    free(bus);
}

void bus_add(struct bus *bus, const struct sink *sink, void *ctx) {
    if (bus->sink_n == BUS_SINK_MAX) {
        abort(); /* the program adds its sinks itself: a defect */
    }
    bus->sinks[bus->sink_n].sink = sink;
    bus->sinks[bus->sink_n++].ctx = ctx;
}

void bus_remove(struct bus *bus, const struct sink *sink, const void *ctx) {
    for (size_t i = 0; i < bus->sink_n; i++) {
        if (bus->sinks[i].sink == sink && bus->sinks[i].ctx == ctx) {
            memmove(&bus->sinks[i], &bus->sinks[i + 1],
                    (bus->sink_n - i - 1) * sizeof bus->sinks[0]);
            bus->sink_n--;
            return;
        }
    }
}

static void bus_replace(char **slot, const char *value) {
    free(*slot);
    *slot = mem_strdup(value);
}

void bus_context(struct bus *bus, const char *session, const char *phase, const char *agent) {
    bus_replace(&bus->session, session);
    bus_replace(&bus->phase, phase);
    bus_replace(&bus->agent, agent);
}

void bus_quiet(struct bus *bus, bool is_quiet) { bus->quiet += is_quiet ? 1 : -1; }

static bool bus_is_wanted(const struct bus *bus, enum event event) {
    if (bus->quiet > 0) {
        return false;
    }
    for (size_t i = 0; i < bus->sink_n; i++) {
        if (bus->sinks[i].sink->level_min <= events[event].level) {
            return true;
        }
    }
    return false;
}

void bus_emit(struct bus *bus, enum event event, json_t *fields) {
    CLEANUP(json_decrefp) json_t *whole = fields == NULL ? json_object() : fields;
    CLEANUP(masked_done) struct masked masked = {0};

    if (!bus_is_wanted(bus, event)) {
        return;
    }
    json_put_str(whole, "type", events[event].type);
    json_put_str(whole, "time", clock_iso(clock_now_ms()).text);
    json_put_str(whole, "session_id", bus->session);
    if (json_object_get(whole, "phase") == NULL) {
        json_put_str(whole, "phase", bus->phase);
    }
    json_put_str(whole, "agent", bus->agent);
    redact_json(bus->redactor, whole, &masked);
    for (size_t i = 0; i < bus->sink_n; i++) {
        if (bus->sinks[i].sink->level_min <= events[event].level) {
            bus->sinks[i].sink->write(bus->sinks[i].ctx, event, &masked);
        }
    }
}

void bus_tell_masked(struct bus *bus) {
    CLEANUP(json_decrefp) json_t *list = redactor_counts_json(bus->redactor);

    if (json_array_size(list) > 0) {
        bus_emit(bus, EVENT_MASKED, json_pack("{s:O}", "masked", list));
    }
}

const char *event_type(enum event event) { return events[event].type; }

enum event event_from_type(const char *type) {
    for (enum event e = EVENT_NONE + 1; e < EVENT_N; e++) {
        if (type != NULL && strcmp(events[e].type, type) == 0) {
            return e;
        }
    }
    return EVENT_NONE;
}

enum event_level event_level(enum event event) { return events[event].level; }
