/* compose.yaml. */
#include "repo/compose.h"

#include <string.h>

#include "base/buf.h"
#include "repo/yaml_tree.h"

enum { COMPOSE_TEXT_MAX = 4096 };

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

static void read_variables(struct arena *arena, const struct yaml_node *node,
                           struct compose_service *out) {
    struct compose_variable *rows =
        ARENA_ARRAY(arena, struct compose_variable, COMPOSE_VARIABLES_MAX);

    for (const struct yaml_node *at = node == NULL || node->kind == YAML_SCALAR ? NULL
                                                                                : node->first;
         at != NULL && out->variable_n < COMPOSE_VARIABLES_MAX; at = at->next) {
        struct compose_variable row = variable(arena, at);

        if (row.name != NULL && row.name[0] != '\0') {
            rows[out->variable_n++] = row;
        }
    }
    out->variables = rows;
}

static struct compose_service service(struct arena *arena, const struct yaml_node *node) {
    const struct yaml_node *build = yaml_child(node, "build");
    struct compose_service out = {
        .name = node->key,
        .line = node->key_line,
        .image = yaml_text(yaml_child(node, "image")),
        .build = build != NULL && build->kind == YAML_MAP ? yaml_text(yaml_child(build, "context"))
                                                          : yaml_text(build),
        .command = joined(arena, yaml_child(node, "command"), " ", ""),
        .ports = joined(arena, yaml_child(node, "ports"), ", ", "target"),
        .env_files = joined(arena, yaml_child(node, "env_file"), ", ", "path"),
    };

    if (build != NULL && out.build == NULL) {
        out.build = ".";
    }
    read_variables(arena, yaml_child(node, "environment"), &out);
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
            rows[out->service_n++] = service(arena, at);
        }
    }
    return ERR_NONE;
}
