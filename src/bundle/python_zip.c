/* bundle/python_zip.c: the function's zip: application, dependencies, bridge, build id. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle/python_place.h"
#include "bundle/zip.h"
#include "guard/secret_file.h"

enum {
    ZIP_SCAN_MAX = 2 << 20, /* larger files of an application are data, not code */
    ZIP_RECIPE = 2,
};

void python_zip_done(struct python_zip *zip) {
    free(zip->path);
    json_decref(zip->warnings);
    *zip = (struct python_zip){0};
}

/* --- the application's part --- */

/* The certificates of a database's authority are .pem as well: AWS hands out its own so. */
static bool is_certificate(struct str path, struct str text) {
    return str_ends_nocase(path, STR(".pem")) &&
           (str_find(text, STR("-----BEGIN CERTIFICATE-----")) >= 0 ||
            str_find(text, STR("-----BEGIN PUBLIC KEY-----")) >= 0);
}

static enum err_code app_scan(const struct build_env *env, const struct fs_root *root,
                              const struct fs_entry *entry, struct err *err) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(ZIP_SCAN_MAX);
    struct str path = str_from(entry->path);
    const char *kind = NULL;

    if (entry->size <= ZIP_SCAN_MAX) {
        if (fs_read_at(root, entry->path, ZIP_SCAN_MAX, &text, err) != ERR_NONE) {
            return err->code;
        }
        kind = build_find_secret(env->redactor, buf_str(&text));
    }
    if (kind == NULL && secret_file_of(path) == SECRET_FILE_SURE &&
        !is_certificate(path, buf_str(&text))) {
        kind = "its name";
    }
    if (kind == NULL) {
        return ERR_NONE;
    }
    err_set(err, ERR_POLICY, "%s would be shipped and looks like it holds a secret (%s)",
            entry->path, kind);
    return err_remedy(err, "move the value to a variable and store it with 'secrets set'");
}

static bool is_code(const struct fs_entry *entry) {
    return str_ends(str_from(entry->path), STR(".pyc"));
}

static enum err_code add_tree(struct zip_list *list, const struct build_env *env, const char *dir,
                              bool is_app, struct err *err) {
    CLEANUP(fs_root_done) struct fs_root root = {0};
    CLEANUP(fs_list_done) struct fs_list tree = {0};
    const struct fs_walk walk = {BUILD_DEPTH_MAX, ZIP_ENTRIES_MAX, 4 * BUILD_BYTES_MAX, NULL, NULL};

    if (fs_root_open(dir, &root, err) != ERR_NONE ||
        fs_list_tree(&root, "", &walk, &tree, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < tree.n; i++) {
        const struct fs_entry *entry = &tree.rows[i];
        CLEANUP(freep) char *path = fs_join(dir, entry->path);

        if (entry->kind != FS_FILE) {
            continue; /* a link inside the tree: Lambda gets what it names under its own name only
                       */
        }
        if (is_app && !is_code(entry) && app_scan(env, &root, entry, err) != ERR_NONE) {
            return err->code;
        }
        if (zip_add_file(list, entry->path, path, err) != ERR_NONE) {
            return err->code;
        }
    }
    return ERR_NONE;
}

/* --- the zip --- */

/* The id that the template's function has with these entries: template.h holds the formula. */
static enum err_code use_build_id(const struct python_use *use, struct sha256 entries, char out[17],
                                  struct err *err) {
    CLEANUP(buf_done) struct buf id = BUF_INIT(TEMPLATE_BUILD_ID);

    if (template_build_id(use->kind, &use->function, use->parameters, entries, &id, err) !=
        ERR_NONE) {
        return err->code;
    }
    memcpy(out, buf_cstr(&id), TEMPLATE_BUILD_ID + 1);
    return ERR_NONE;
}

static enum err_code zip_make(const struct build_env *env, const struct python_app *app,
                              const struct python_place *place, const struct python_use *use,
                              const char *work, struct python_zip *zip, struct err *err) {
    CLEANUP(zip_list_done) struct zip_list list = {0};
    CLEANUP(freep) char *stage = fs_join(work, "app");
    CLEANUP(freep) char *file = fs_join(work, "function.zip");
    CLEANUP(freep) char *zips = fs_join(env->cache_dir, "zips");
    CLEANUP(freep) char *tmp = fs_join(work, "tmp");
    CLEANUP(freep) char *broken = NULL;

    if (python_pack_copy(env, app, work, stage, err) != ERR_NONE ||
        python_compile(env, place, tmp, stage, "compiling the application", &broken, err) !=
            ERR_NONE ||
        add_tree(&list, env, stage, true, err) != ERR_NONE ||
        add_tree(&list, env, place->target_site, false, err) != ERR_NONE ||
        zip_add_text(&list, "_deploy_bridge.py", python_bridge_source, err) != ERR_NONE ||
        (place->is_resolved &&
         zip_add_file(&list, PYTHON_LIST_NAME, place->requirements, err) != ERR_NONE) ||
        zip_list_sort(&list, err) != ERR_NONE || zip_check_size(&list, err) != ERR_NONE) {
        return err->code;
    }
    if (broken != NULL) {
        build_warn(zip->warnings, "a Python file of the application does not compile: %.200s",
                   broken);
    }
    if (use_build_id(use, zip_list_hash(&list), zip->build_id, err) != ERR_NONE) {
        return err->code;
    }
    build_say(env, "packing %zu files", list.n + 1);
    if (zip_add_text(&list, "_deploy_build_id", str_from(zip->build_id), err) != ERR_NONE ||
        zip_list_sort(&list, err) != ERR_NONE || fs_mkdirs(zips, 0700, err) != ERR_NONE ||
        zip_write(&list, file, &zip->sha256, &zip->bytes, err) != ERR_NONE) {
        return err->code;
    }
    zip->entries = list.n;
    zip->unzipped = list.bytes;
    zip->path = mem_format("%s/%s.zip", zips, sha256_hex(zip->sha256).text);
    if (zip->bytes > ZIP_LARGE_BYTES) {
        build_warn(zip->warnings, "the zip has %lld MB; a cold start takes longer the larger it is",
                   (long long)(zip->bytes >> 20));
    }
    return build_publish(file, zip->path, err);
}

static struct sha256 zip_key(const struct python_app *app, const struct python_place *place,
                             const struct fs_list *tree, const char *use_id) {
    struct sha256_stream *stream = sha256_start();
    CLEANUP(freep) char *recipe = mem_format("%d", ZIP_RECIPE);
    CLEANUP(freep) char *also = app->also == NULL ? NULL : json_text(app->also);

    build_feed(stream, recipe);
    build_feed(stream, place->version);
    build_feed(stream, place->target_site);
    build_feed(stream, sha256_hex(sha256_of(python_bridge_source)).text);
    build_feed(stream, app->dir);
    build_feed(stream, app->cwd);
    build_feed(stream, app->site);
    build_feed(stream, also);
    build_feed(stream, use_id);
    build_feed(stream, sha256_hex(python_pack_hash(app, tree)).text);
    return sha256_end(stream);
}

/* What a zip was made of before is judged anew: values have become known since, and rules. */
static enum err_code app_judge(const struct build_env *env, const struct python_app *app,
                               const struct fs_list *tree, struct err *err) {
    CLEANUP(fs_root_done) struct fs_root root = {0};

    if (fs_root_open(env->root, &root, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < tree->n; i++) {
        const struct fs_entry *entry = &tree->rows[i];

        if (entry->kind == FS_FILE && !is_code(entry) && python_is_packed(app, entry->path) &&
            app_scan(env, &root, entry, err) != ERR_NONE) {
            return err->code;
        }
    }
    return ERR_NONE;
}

/* A zip made before from the same, if its file still has its digest. */
static bool zip_recall(const char *path, struct python_zip *zip) {
    CLEANUP(json_decrefp) json_t *known = build_recall(path);
    const char *file = json_str_at(known, "path");
    struct sha256 hash;
    struct err err = {0};

    if (file == NULL || fs_hash_file(file, &hash, &zip->bytes, &err) != ERR_NONE ||
        strcmp(sha256_hex(hash).text, json_str_or(known, "sha256", "")) != 0) {
        return false;
    }
    build_touch(path);
    build_touch(file);
    zip->path = mem_strdup(file);
    zip->sha256 = hash;
    snprintf(zip->build_id, sizeof zip->build_id, "%s", json_str_or(known, "build_id", ""));
    zip->unzipped = json_int_or(known, "unzipped", 0);
    zip->entries = (size_t)json_int_or(known, "entries", 0);
    zip->was_cached = true;
    json_decref(zip->warnings);
    zip->warnings = json_deep_copy(json_object_get(known, "warnings"));
    return true;
}

static enum err_code zip_remember(const char *path, const struct python_zip *zip, struct err *err) {
    CLEANUP(json_decrefp) json_t *json = json_object();

    json_put_str(json, "path", zip->path);
    json_put_str(json, "sha256", sha256_hex(zip->sha256).text);
    json_put_str(json, "build_id", zip->build_id);
    json_put_int(json, "unzipped", zip->unzipped);
    json_put_int(json, "entries", (int64_t)zip->entries);
    json_put(json, "warnings", json_incref(zip->warnings));
    return build_remember(path, json, err);
}

enum err_code python_bundle(const struct build_env *env, const struct python_app *app,
                            const struct python_use *use, struct python_zip *out, struct err *err) {
    CLEANUP(python_place_done) struct python_place place = {0};
    CLEANUP(python_zip_done) struct python_zip zip = {0};
    CLEANUP(fs_list_done) struct fs_list tree = {0};
    CLEANUP(freep) char *path = NULL;
    CLEANUP(freep) char *work = NULL;
    char use_id[TEMPLATE_BUILD_ID + 1]; /* of no entries: tells one configuration from another */

    if (use_build_id(use, (struct sha256){0}, use_id, err) != ERR_NONE ||
        python_settle(env, app, &place, err) != ERR_NONE ||
        build_digest(env, &tree, err) != ERR_NONE ||
        build_cache_path(env, "python", zip_key(app, &place, &tree, use_id), ".zip", &path, err) !=
            ERR_NONE) {
        return err->code;
    }
    zip.warnings = json_deep_copy(place.warnings);
    if (zip_recall(path, &zip)) {
        if (app_judge(env, app, &tree, err) != ERR_NONE) {
            return err->code;
        }
    } else {
        if (build_temp(env, &work, err) != ERR_NONE) {
            return err->code;
        }
        enum err_code code = zip_make(env, app, &place, use, work, &zip, err);
        build_remove(env, work);
        if (code != ERR_NONE || zip_remember(path, &zip, err) != ERR_NONE) {
            return err->code;
        }
    }
    *out = zip;
    zip = (struct python_zip){0};
    return ERR_NONE;
}
