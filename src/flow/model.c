/* The model of a flow: from the environment and the user's settings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow/flow_room.h"

static struct model_row row_from(const struct settings_model *own) {
    struct model_row row = model_find(own->name);

    row.context = own->context > 0 ? (uint32_t)own->context : row.context;
    row.answer = own->answer > 0 ? (uint32_t)own->answer : row.answer;
    row.in_nano = own->in_nano >= 0 ? own->in_nano : row.in_nano;
    row.out_nano = own->out_nano >= 0 ? own->out_nano : row.out_nano;
    return row;
}

static struct model_row row_named(const struct settings *settings, const char *name) {
    for (size_t i = 0; i < settings->model_n; i++) {
        if (strcmp(settings->models[i].name, name) == 0) {
            return row_from(&settings->models[i]);
        }
    }
    return model_find(name);
}

/* Who names a primary of another maker has no use for OpenAI's fallback. */
static struct model_row row_fallback(const struct settings *settings) {
    if (settings->model_fallback != NULL) {
        return strcmp(settings->model_fallback, "none") == 0
                   ? (struct model_row){0}
                   : row_named(settings, settings->model_fallback);
    }
    return settings->model_primary == NULL ? row_named(settings, models[1].name)
                                           : (struct model_row){0};
}

static const char *set_variable(const char *name) {
    const char *value = getenv(name);

    return value == NULL || value[0] == '\0' ? NULL : value;
}

void flow_open_model(struct flow *flow) {
    const struct settings *settings = flow->settings;
    const char *key = set_variable("OPENAI_API_KEY");
    const char *bundle = set_variable("SSL_CERT_FILE");
    struct model_options options = {
        .base_url = set_variable("OPENAI_BASE_URL"),
        .key = str_from(key),
        .primary = row_named(settings, settings->model_primary == NULL ? models[0].name
                                                                       : settings->model_primary),
        .fallback = row_fallback(settings),
        .embedder = settings->model_embeddings,
        .ca_bundle = bundle == NULL ? set_variable("AWS_CA_BUNDLE") : bundle,
    };

    if (key == NULL && options.base_url == NULL) {
        return;
    }
    if (key != NULL) {
        redactor_add_known(flow->redactor, "OPENAI_API_KEY", str_from(key));
    }
    (void)!model_client_new(&options, &flow->model, &flow->model_problem);
}
