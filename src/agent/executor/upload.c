/* Which bytes go where. */
#include "agent/executor/upload.h"

#include <string.h>

#define CACHE_FOREVER "public, max-age=31536000, immutable"
#define CACHE_NEVER "no-cache"

static enum outcome upload_send(struct turn *turn, const char *bucket, const char *base,
                                json_t *files, const char *member) {
    enum outcome outcome = OUTCOME_OK;
    json_t *args = agent_args("bucket", bucket, "base", base, NULL);

    json_put(args, "files", files);
    (void)agent_keep(turn, "aws_deployer", "upload", args, member, &outcome);
    return outcome;
}

enum outcome upload_backend(struct turn *turn) {
    json_t *file;

    if (json_at(turn->state, "backend") == NULL) {
        return OUTCOME_OK;
    }
    file = agent_args("path", agent_text(turn, "backend.zip"), "key",
                      agent_text(turn, "parameters.BackendKey"), "sha256",
                      agent_text(turn, "backend.sha256"), "content_type", "application/zip", NULL);
    json_put_int(file, "bytes", json_int_or(turn->state, "backend.bytes", 0));
    return upload_send(turn, agent_text(turn, "bootstrap.Artifacts"), "", json_pack("[o]", file),
                       "uploaded_backend");
}

enum outcome upload_site(struct turn *turn, const char *bucket) {
    json_t *files;
    const json_t *row;
    size_t i;

    if (json_at(turn->state, "site") == NULL) {
        return OUTCOME_OK;
    }
    files = json_array();
    json_array_foreach(json_at(turn->state, "site.files"), i, row) {
        bool is_asset = json_bool_at(row, "asset");
        const char *path = json_str_or(row, "path", "");
        CLEANUP(freep)
        char *key = is_asset ? mem_format("shared/%s", path)
                             : mem_format("releases/%s/%s", agent_text(turn, "site.release"), path);
        json_t *file = json_deep_copy(row);

        (void)json_object_del(file, "asset");
        json_put_str(file, "key", key);
        json_put_str(file, "cache_control", is_asset ? CACHE_FOREVER : CACHE_NEVER);
        (void)json_array_append_new(files, file);
    }
    return upload_send(turn, bucket, agent_text(turn, "site.dir"), files, "uploaded_site");
}
