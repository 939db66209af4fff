/* Moderation of a person's text: local rows, the filter, the record. */
#include "agent/moderate.h"

#include <string.h>

#include "agent/ask_model.h"

/* The categories that the filter named, as one judgement. */
static struct moderation judge_categories(const json_t *categories) {
    struct moderation found = {MODERATION_DECLINE, "flagged"};
    const json_t *category;
    size_t i;

    json_array_foreach(categories, i, category) {
        struct moderation one = moderation_of_category(json_string_value(category));

        found = i == 0 ? one : moderation_strictest(found, one);
    }
    return found;
}

static enum err_code ask_filter(struct turn *turn, const char *text, struct moderation *out,
                                char **unknown, json_t **categories, struct err *err) {
    CLEANUP(json_decrefp) json_t *answer = NULL;
    const char *word;
    struct err why = {0};

    if (tool_call(turn, "openai_llm", "moderate", agent_args("text", text, NULL), &answer, &why) !=
        ERR_NONE) {
        if (gate_fault(turn->gate) != NULL) {
            *err = why;
            return err->code;
        }
        if (why.code != ERR_UNSUPPORTED) { /* that is: there is no model any more */
            *unknown = mem_strdup(why.text);
        }
        return ERR_NONE;
    }
    word = json_str_or(answer, "answer", "unknown");
    if (strcmp(word, "unknown") == 0) {
        *unknown = mem_strdup(json_str_or(answer, "why", ""));
    }
    if (strcmp(word, "flagged") == 0) {
        *categories = json_incref(json_object_get(answer, "categories"));
        *out = judge_categories(*categories);
    }
    return ERR_NONE;
}

/* The verdict over the text that the digest stands for. */
static enum err_code keep_verdict(struct turn *turn, const char *text, struct moderation found,
                                  json_t *categories, struct err *err) {
    json_t *finding = agent_args("code", found.code, "verdict", "deny", "where", "request", "text",
                                 moderation_text(found), "remedy", "", NULL);
    struct sha256_hex digest;

    if (categories != NULL) {
        json_put(finding, "categories", json_incref(categories));
    }
    if (turn_text_digest(turn, text, &digest, err) != ERR_NONE) {
        json_decref(finding);
        return err->code;
    }
    return turn_verdict(turn, "request", digest.text, VERDICT_DENY, found.code,
                        json_pack("[o]", finding), err);
}

enum err_code moderate(struct turn *turn, const char *text, struct moderation *out, char **unknown,
                       struct err *err) {
    CLEANUP(json_decrefp) json_t *categories = NULL;
    struct moderation found = moderation_judge(str_from(text));

    if (found.verdict == MODERATION_PASS && has_model(turn) &&
        ask_filter(turn, text, &found, unknown, &categories, err) != ERR_NONE) {
        return err->code;
    }
    if (found.verdict != MODERATION_PASS &&
        keep_verdict(turn, text, found, categories, err) != ERR_NONE) {
        return err->code;
    }
    *out = found;
    return ERR_NONE;
}
