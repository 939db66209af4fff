/* flightcontrol.json. */
#include <string.h>

#include "repo/import_room.h"
#include "repo/project.h"

/* A value is text, or says where it comes from: {"fromParameterStore": "..."},
 * {"fromSecretsManager":
 * "..."}, {"fromService": {...}}. */
static void flight_variable(struct import *import, const char *env, const char *name,
                            const json_t *value) {
    bool is_secret = json_object_get(value, "fromParameterStore") != NULL ||
                     json_object_get(value, "fromSecretsManager") != NULL;

    if (is_secret) {
        import_secret(import, env, name, 0);
    } else {
        import_variable(import, env, name, json_string_value(value), 0);
    }
}

static void flight_variables(struct import *import, const char *env, const json_t *holder) {
    const char *name;
    json_t *value;

    json_object_foreach(json_object_get(holder, "envVariables"), name, value) {
        flight_variable(import, env, name, value);
    }
}

static void flight_web(struct import *import, const char *env, const json_t *service) {
    const char *command = json_str_at(service, "startCommand");

    flight_variables(import, env, service);
    import_take(import, "", "backend.health", json_str_at(service, "healthCheckPath"), 0);
    if (command != NULL) {
        import_command(import, "startCommand", command, 0);
    }
    for (size_t i = 0; i < 2; i++) {
        static const char *const sizes[] = {"cpu", "memory"};

        if (json_object_get(service, sizes[i]) != NULL) {
            import_leave(import, sizes[i], 0, "the size of a container");
        }
    }
}

static void flight_static(struct import *import, const char *env, const json_t *service) {
    const char *name;
    json_t *value;

    import_take(import, "", "frontend.out", json_str_at(service, "outputDirectory"), 0);
    json_object_foreach(json_object_get(service, "envVariables"), name, value) {
        CLEANUP(freep) char *field = mem_format("build_env.%s", name);

        if (json_is_string(value)) {
            import_take(import, env, field, json_string_value(value), 0);
        } else {
            import_leave(import, field, 0, "its value stands elsewhere");
        }
    }
}

static void flight_service(struct import *import, const char *env, const json_t *service) {
    const char *type = json_str_or(service, "type", "");
    const char *id = json_str_or(service, "id", "a service");

    if (strcmp(type, "fargate") == 0 || strcmp(type, "web") == 0) {
        flight_web(import, env, service);
    } else if (strcmp(type, "static") == 0) {
        flight_static(import, env, service);
    } else {
        CLEANUP(freep)
        char *what = mem_format("%s (%s)", id, type);

        import_leave(import, what, 0,
                     strcmp(type, "worker") == 0 || strcmp(type, "scheduler") == 0
                         ? "a process of its own needs a container"
                         : "it is not made here: give its address as a variable or a secret");
    }
}

static void flight_env(struct import *import, const json_t *environment) {
    const char *id = json_str_or(environment, "id", json_str_or(environment, "name", ""));
    const json_t *service;
    struct err err = {0};
    size_t i;

    if (project_check_answer("environment", id, &err) != ERR_NONE) {
        import_leave(import, id, 0, err.text);
        return;
    }
    import_take(import, id, "environment", id, 0);
    import_take(import, id, "region", json_str_at(environment, "region"), 0);
    flight_variables(import, id, environment);
    json_array_foreach(json_object_get(environment, "services"), i, service) {
        flight_service(import, id, service);
    }
    if (json_object_get(environment, "source") != NULL) {
        import_leave(import, "source", 0,
                     "nothing watches a branch: a pipeline runs aws-copilot deploy");
    }
}

void import_flightcontrol(struct import *import) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(IMPORT_FILE_MAX);
    CLEANUP(json_decrefp) json_t *root = NULL;
    const json_t *environment;
    struct err err = {0};
    size_t i;

    if (!import_open(import, "flightcontrol.json", &text)) {
        return;
    }
    if (json_read(buf_str(&text), &root, &err) != ERR_NONE) {
        import_leave(import, "flightcontrol.json", 0, err.text);
        return;
    }
    json_array_foreach(json_object_get(root, "environments"), i, environment) {
        flight_env(import, environment);
    }
}
