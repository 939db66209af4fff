/* Frameworks: what makes a site, whether it renders pages on a server, and where its files go. */
#include "repo/js.h"
#include "repo/path.h"
#include "repo/site_room.h"

#include <string.h>

/* clang-format off */
static const struct {
    const char *package;
    const char *title;
} other_tools[] = {
    { "next",                "Next.js" },          { "react-scripts", "Create React App" },
    { "@craco/craco",        "Create React App" }, { "@angular/core", "Angular" },
    { "gatsby",              "Gatsby" },           { "@vue/cli-service", "Vue CLI" },
    { "parcel",              "Parcel" },           { "@docusaurus/core", "Docusaurus" },
}, no_sites[] = {
    { "expo",                "Expo" },             { "react-native",  "React Native" },
    { "electron",            "Electron" },         { "@capacitor/core", "Capacitor" },
    { "@tauri-apps/cli",     "Tauri" },            { "@wxt-dev/module-react", "WXT" },
    { "@crxjs/vite-plugin",  "a browser extension" },
};

/* Vite underneath, but pages are made by a server unless a setting says otherwise. */
static const struct {
    const char *package;
    const char *title;
    const char *config;  /* base name of the file that decides, any extension; NULL: package.json */
    const char *key;     /* its member; "adapter" is the module of SvelteKit's */
    const char *value;   /* that makes files only */
    bool is_default;     /* also when the member is absent */
    const char *out;     /* where they go, from the folder of the site */
} servers[] = {
    { "@sveltejs/kit",         "SvelteKit",    "svelte.config",       "adapter", "@sveltejs/adapter-static", false, "build" },
    { "@react-router/dev",     "React Router as a framework", "react-router.config", "ssr", "false", false, "build/client" },
    { "@remix-run/dev",        "Remix",        "vite.config",         "ssr",     "false",  false, "build/client" },
    { "nuxt",                  "Nuxt",         "nuxt.config",         "ssr",     "false",  false, ".output/public" },
    { "astro",                 "Astro",        "astro.config",        "output",  "static", true,  "dist" },
    { "@tanstack/react-start", "TanStack Start", NULL, NULL, NULL, false, NULL },
    { "@tanstack/solid-start", "TanStack Start", NULL, NULL, NULL, false, NULL },
    { "@solidjs/start",        "SolidStart",     NULL, NULL, NULL, false, NULL },
    { "@builder.io/qwik-city", "Qwik City",      NULL, NULL, NULL, false, NULL },
    { "vike",                  "Vike",           NULL, NULL, NULL, false, NULL },
    { "vite-plugin-ssr",       "vite-plugin-ssr", NULL, NULL, NULL, false, NULL },
};
/* clang-format on */

const char *site_other_tool(const json_t *package) {
    for (size_t i = 0; i < ARRAY_N(other_tools); i++) {
        if (node_manifest_has(package, other_tools[i].package)) {
            return other_tools[i].title;
        }
    }
    return NULL;
}

const char *site_no_site(const json_t *package) {
    for (size_t i = 0; i < ARRAY_N(no_sites); i++) {
        if (node_manifest_has(package, no_sites[i].package)) {
            return no_sites[i].title;
        }
    }
    return NULL;
}

static const char *config_path(struct room *room, const char *dir, const char *name) {
    static const char *const ends[] = {".ts", ".js", ".mjs", ".mts"};

    for (size_t i = 0; name != NULL && i < ARRAY_N(ends); i++) {
        const char *path =
            path_join(room->arena, dir, arena_format(room->arena, "%s%s", name, ends[i]));

        if (tree_has_file(&room->tree, path)) {
            return path;
        }
    }
    return NULL;
}

struct sought {
    const char *module;
    bool is_there;
};

static void compare_module(void *ctx, const char *module, int line) {
    struct sought *sought = ctx;

    (void)line;
    sought->is_there = sought->is_there || strcmp(module, sought->module) == 0;
}

/* What follows `key: ` anywhere in the file: settings of plugins are not at the top. */
static const char *loose_setting(struct js *js, const struct js_file *file, const char *key) {
    struct str text = file->syntax.text;
    const char *label = arena_format(js->room->arena, "%s:", key);
    ptrdiff_t at = str_find(text, str_from(label));
    struct str rest =
        at < 0 ? (struct str){0} : str_trim(str_slice(text, (size_t)at + strlen(label), text.len));
    size_t n = 0;

    while (n < rest.len && strchr(",}\n ;", rest.ptr[n]) == NULL) {
        n++;
    }
    if (n >= 2 && (rest.ptr[0] == '"' || rest.ptr[0] == '\'')) {
        return arena_str(js->room->arena, str_slice(rest, 1, n - 1));
    }
    return n == 0 ? NULL : arena_str(js->room->arena, str_slice(rest, 0, n));
}

void site_server_find(struct room *room, const char *dir, const json_t *package,
                      struct site_server *out) {
    struct js *js = NULL;
    size_t row = 0;
    const struct js_file *file = NULL;

    *out = (struct site_server){.source = path_join(room->arena, dir, "package.json")};
    while (row < ARRAY_N(servers) && !node_manifest_has(package, servers[row].package)) {
        row++;
    }
    if (row == ARRAY_N(servers)) {
        return;
    }
    out->title = servers[row].title;
    js = ARENA_NEW(room->arena, struct js);
    js_init(js, room, dir);
    out->out = servers[row].out == NULL ? NULL : path_join(room->arena, dir, servers[row].out);
    out->is_static = servers[row].is_default;
    {
        const char *path = config_path(room, dir, servers[row].config);

        file = path == NULL ? NULL : js_open(js, path);
        out->source = file == NULL ? out->source : path;
    }
    if (file != NULL && strcmp(servers[row].key, "adapter") == 0) {
        struct sought sought = {.module = servers[row].value};
        const char *pages = loose_setting(js, file, "pages");

        js_imports(js, file, compare_module, &sought);
        out->is_static = sought.is_there;
        out->out = pages == NULL ? out->out : path_join(room->arena, dir, pages);
    } else if (file != NULL) {
        const char *value = loose_setting(js, file, servers[row].key);
        const char *to = loose_setting(js, file, "outDir");

        out->is_static =
            value == NULL ? servers[row].is_default : strcmp(value, servers[row].value) == 0;
        out->out = to == NULL || !servers[row].is_default ? out->out : js_folder(js, dir, to);
    }
    js_done(js);
}
