/* compose.yaml. */
#include "repo/compose.h"

#include <string.h>

#include "base/buf.h"
#include "repo/yaml_tree.h"

enum { COMPOSE_TEXT_MAX = 4096, COMPOSE_EXTENDS_MAX = 8 };

const char *const compose_names[] = {"compose.yaml", "compose.yml", "docker-compose.yaml",
                                     "docker-compose.yml", NULL};

/* A scalar, or the items of a list with `between` among them; NULL: there is none. An item that is
 * a map is told by its member `member`. */
static const char *joined(struct arena *arena, const struct yaml_node *node, const char *between,
                          const char *member) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(COMPOSE_TEXT_MAX);

    if (node == NULL || node->kind != YAML_LIST) {
        return yaml_text(node);
    }
    for (const struct yaml_node *at = node->first; at != NULL; at = at->next) {
        const char *item = at->kind == YAML_MAP ? yaml_text(yaml_child(at, member)) : yaml_text(at);

        if (item != NULL) {
            buf_addf(&text, "%s%s", text.len == 0 ? "" : between, item);
        }
    }
    return text.len == 0 ? NULL : arena_str(arena, buf_str(&text));
}

/* "NAME=value", "NAME", or the entry NAME: value of a map. */
static struct compose_variable variable(struct arena *arena, const struct yaml_node *node) {
    struct compose_variable out = {.name = node->key, .value = yaml_text(node), .line = node->line};
    const char *equals = out.name != NULL || out.value == NULL ? NULL : strchr(out.value, '=');

    if (out.name != NULL) {
        return out;
    }
    out.name = equals == NULL
                   ? out.value
                   : arena_str(arena, (struct str){out.value, (size_t)(equals - out.value)});
    out.value = equals == NULL ? NULL : equals + 1;
    return out;
}

static bool has_variable(const struct compose_service *service, const char *name) {
    for (size_t i = 0; i < service->variable_n; i++) {
        if (strcmp(service->variables[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Adds those that are not there yet to `rows`, which are the variables of `out`. */
static void read_variables(struct arena *arena, const struct yaml_node *node,
                           struct compose_variable *rows, struct compose_service *out) {
    for (const struct yaml_node *at = node == NULL || node->kind == YAML_SCALAR ? NULL
                                                                                : node->first;
         at != NULL && out->variable_n < COMPOSE_VARIABLES_MAX; at = at->next) {
        struct compose_variable row = variable(arena, at);

        if (row.name != NULL && row.name[0] != '\0' && !has_variable(out, row.name)) {
            rows[out->variable_n++] = row;
        }
    }
}

/* The service of this file that another one extends, or NULL. */
static const struct yaml_node *extended(const struct yaml_node *services,
                                        const struct yaml_node *node) {
    const struct yaml_node *extends = yaml_child(node, "extends");
    const struct yaml_node *name =
        extends != NULL && extends->kind == YAML_MAP ? yaml_child(extends, "service") : extends;

    return yaml_text(name) == NULL || yaml_child(extends, "file") != NULL
               ? NULL
               : yaml_child(services, yaml_text(name));
}

/* What the service says itself, or the first of those that it extends. */
static const struct yaml_node *member_of(const struct yaml_node *services,
                                         const struct yaml_node *node, const char *member) {
    const struct yaml_node *found = NULL;

    for (int i = 0; node != NULL && found == NULL && i < COMPOSE_EXTENDS_MAX; i++) {
        found = yaml_child(node, member);
        node = extended(services, node);
    }
    return found;
}

static struct compose_service service(struct arena *arena, const struct yaml_node *services,
                                      const struct yaml_node *node) {
    const struct yaml_node *build = member_of(services, node, "build");
    struct compose_variable *rows =
        ARENA_ARRAY(arena, struct compose_variable, COMPOSE_VARIABLES_MAX);
    struct compose_service out = {
        .name = node->key,
        .line = node->key_line,
        .image = yaml_text(member_of(services, node, "image")),
        .build = build != NULL && build->kind == YAML_MAP ? yaml_text(yaml_child(build, "context"))
                                                          : yaml_text(build),
        .command = joined(arena, member_of(services, node, "command"), " ", ""),
        .ports = joined(arena, member_of(services, node, "ports"), ", ", "target"),
        .env_files = joined(arena, member_of(services, node, "env_file"), ", ", "path"),
        .variables = rows,
    };

    if (build != NULL && out.build == NULL) {
        out.build = ".";
    }
    for (int i = 0; node != NULL && i < COMPOSE_EXTENDS_MAX; i++) {
        read_variables(arena, yaml_child(node, "environment"), rows, &out);
        node = extended(services, node);
    }
    return out;
}

enum err_code compose_read(struct str text, const char *file, struct arena *arena,
                           struct compose *out, struct err *err) {
    struct compose_service *rows = ARENA_ARRAY(arena, struct compose_service, COMPOSE_SERVICES_MAX);
    struct yaml_node *root = NULL;
    const struct yaml_node *services;

    if (yaml_read_foreign(text, file, arena, &root, err) != ERR_NONE) {
        return err->code;
    }
    *out = (struct compose){.services = rows};
    services = yaml_child(root, "services");
    for (const struct yaml_node *at =
             services == NULL || services->kind != YAML_MAP ? NULL : services->first;
         at != NULL && out->service_n < COMPOSE_SERVICES_MAX; at = at->next) {
        if (at->kind == YAML_MAP) {
            rows[out->service_n++] = service(arena, services, at);
        }
    }
    return ERR_NONE;
}
