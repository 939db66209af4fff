/* Failures as a table; hints from headers. */
#include "model/failure.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"

enum { DELAY_FIRST_MS = 500, DELAY_MAX_MS = 8000, SAID_MAX = 200 };

/* clang-format off */
/* The first row that fits decides; 0 and NULL fit anything, a status below 10 its hundreds. */
static const struct {
    int status;
    const char *word; /* of error.code or error.type */
    enum err_code code;
    enum failure_next next;
    bool is_spent;
    const char *what; /* after "the model server "; %s is the model */
    const char *remedy;
} rows[] = {
    { 3,   NULL, ERR_PROTOCOL,    FAILURE_STOP,  false, "answers with a redirect, which is not followed: the key would go elsewhere",
      "give OPENAI_BASE_URL the address that it redirects to, if you trust it" },
    { 401, NULL, ERR_CREDENTIALS, FAILURE_STOP,  false, "does not accept the key",
      "check OPENAI_API_KEY and OPENAI_BASE_URL, or unset them: everything works without a model, in plain words" },
    { 403, NULL, ERR_DENIED,      FAILURE_STOP,  false, "does not allow this key the model %s",
      "allow it at the provider, or name another model in your settings" },
    { 0,   "insufficient_quota",        ERR_THROTTLED, FAILURE_OTHER, false, "says that the account's quota is used up",
      "raise the quota at the provider; until then everything works in plain words" },
    { 0,   "context_length_exceeded",   ERR_TOO_LARGE, FAILURE_STOP,  false, "says that the prompt is too long for %s",
      "give the model's real context in your settings" },
    { 0,   "exceed_context_size_error", ERR_TOO_LARGE, FAILURE_STOP,  false, "says that the prompt is too long for %s",
      "give the model's real context in your settings" },
    { 404, NULL, ERR_NOT_FOUND,   FAILURE_OTHER, false, "does not know the model %s or the address",
      "name a model that it has in your settings, and check OPENAI_BASE_URL" },
    { 413, NULL, ERR_TOO_LARGE,   FAILURE_STOP,  false, "says that the request is too large", "" },
    { 429, NULL, ERR_THROTTLED,   FAILURE_AGAIN, false, "asks for fewer calls",
      "wait a while; until then everything works in plain words" },
    { 408, NULL, ERR_SERVICE,     FAILURE_STOP,  true,  "did not get the request in time", "try again" },
    { 502, NULL, ERR_SERVICE,     FAILURE_STOP,  true,  "stands behind a gateway that got no answer", "try again" },
    { 504, NULL, ERR_SERVICE,     FAILURE_STOP,  true,  "stands behind a gateway that got no answer in time", "try again" },
    { 5,   NULL, ERR_SERVICE,     FAILURE_AGAIN, false, "reports a failure of its own",
      "look at the provider's status page; until then everything works in plain words" },
    { 4,   NULL, ERR_SERVICE,     FAILURE_STOP,  false, "does not accept the request", "" },
    { 0,   NULL, ERR_PROTOCOL,    FAILURE_STOP,  true,  "sent an answer that is not understood",
      "check OPENAI_BASE_URL: it must name an OpenAI-compatible server, with /v1" },
};
/* clang-format on */

static bool row_fits(size_t i, int status, const char *code, const char *type) {
    bool is_status = rows[i].status == 0 || rows[i].status == status ||
                     (rows[i].status < 10 && rows[i].status == status / 100);

    return is_status && (rows[i].word == NULL || strcmp(rows[i].word, code) == 0 ||
                         strcmp(rows[i].word, type) == 0);
}

/* ---- How long to wait ---- */

/* Takes a number such as "1.5" off the beginning; false: there is none, or none of a clock. */
static bool take_number(struct str *text, double *out) {
    double n = 0;
    double place = 1;
    size_t i = 0;

    for (; i < text->len && isdigit((unsigned char)text->ptr[i]); i++) {
        n = n * 10 + (text->ptr[i] - '0');
    }
    if (i < text->len && text->ptr[i] == '.') {
        for (i++; i < text->len && isdigit((unsigned char)text->ptr[i]); i++) {
            place /= 10;
            n += (text->ptr[i] - '0') * place;
        }
    }
    *text = str_slice(*text, i, text->len);
    *out = n;
    return i > 0 && i <= 12;
}

/* Takes a unit off the beginning: its milliseconds, -1 for what is none. At the end it is s. */
static double take_unit(struct str *text) {
    static const struct {
        struct str word;
        double ms;
    } units[] = {{{"ms", 2}, 1},
                 {{"s", 1}, 1000},
                 {{"m", 1}, 60e3},
                 {{"h", 1}, 3600e3},
                 {{"d", 1}, 86400e3}};

    for (size_t i = 0; i < ARRAY_N(units); i++) {
        if (str_starts(*text, units[i].word)) {
            *text = str_slice(*text, units[i].word.len, text->len);
            return units[i].ms;
        }
    }
    return text->len == 0 ? 1000 : -1;
}

/* "6m0s", "1.5s", "20ms": milliseconds, -1 for what is none. */
static int64_t read_span(struct str text) {
    double total = 0;

    if (text.len == 0) {
        return -1;
    }
    while (text.len > 0) {
        double n = 0;
        double unit = take_number(&text, &n) ? take_unit(&text) : -1;

        if (unit < 0) {
            return -1;
        }
        total += n * unit;
    }
    return total > 1e12 ? -1 : (int64_t)(total + 0.5);
}

static int64_t read_retry_after(struct str text, int64_t now_ms) {
    int64_t at_ms = 0;
    struct err unread = {0};

    if (clock_read_http(text, &at_ms, &unread) == ERR_NONE) {
        return at_ms > now_ms ? at_ms - now_ms : 0;
    }
    return read_span(text);
}

/* The reset of a budget that is empty. */
static int64_t read_reset(const struct http_reply *reply, const char *what) {
    char name[64];

    (void)snprintf(name, sizeof name, "x-ratelimit-remaining-%s", what);
    if (!str_eq(http_header(reply, name), STR("0"))) {
        return -1;
    }
    (void)snprintf(name, sizeof name, "x-ratelimit-reset-%s", what);
    return read_span(http_header(reply, name));
}

static int64_t read_wait(const struct http_reply *reply, int64_t now_ms) {
    struct str exact = http_header(reply, "retry-after-ms");
    struct str after = http_header(reply, "retry-after");
    int64_t requests = read_reset(reply, "requests");
    int64_t tokens = read_reset(reply, "tokens");
    int64_t ms = 0;
    struct err unread = {0};

    if (exact.len > 0 && str_to_i64(exact, 0, INT32_MAX, &ms, &unread) == ERR_NONE) {
        return ms;
    }
    if (after.len > 0) {
        return read_retry_after(after, now_ms);
    }
    return requests > tokens ? requests : tokens;
}

/* ---- The row ---- */

/* The server's own sentence, as far as it is printable. */
static void add_said(struct err *err, const char *said) {
    size_t n = strlen(err->text);

    if (said[0] == '\0' || n + 8 > sizeof err->text) {
        return;
    }
    n += (size_t)snprintf(err->text + n, sizeof err->text - n, ": ");
    for (size_t i = 0; said[i] != '\0' && i < SAID_MAX && n + 1 < sizeof err->text; i++) {
        if ((unsigned char)said[i] >= ' ' && (unsigned char)said[i] < 0x7f) {
            err->text[n++] = said[i];
        }
    }
    err->text[n] = '\0';
}

struct failure failure_of_reply(const struct http_reply *reply, const char *model, int64_t now_ms,
                                struct err *err) {
    CLEANUP(json_decrefp) json_t *body = NULL;
    struct err unread = {0};
    size_t i = 0;
    char what[200];

    if (json_read(buf_str(&reply->body), &body, &unread) != ERR_NONE) {
        body = json_object();
    }
    while (!row_fits(i, reply->status, json_str_or(body, "error.code", ""),
                     json_str_or(body, "error.type", ""))) {
        i++;
    }
    (void)snprintf(what, sizeof what, "%s", rows[i].what);
    if (strstr(rows[i].what, "%s") != NULL) {
        size_t at = (size_t)(strstr(rows[i].what, "%s") - rows[i].what);

        (void)snprintf(what, sizeof what, "%.*s%.60s%s", (int)at, rows[i].what, model,
                       rows[i].what + at + 2);
    }
    err_set(err, rows[i].code, "the model server %s (%d)", what, reply->status);
    if (rows[i].status != 3) {
        add_said(err, json_str_or(body, "error.message", ""));
    }
    err_remedy(err, "%s", rows[i].remedy);
    return (struct failure){rows[i].next, read_wait(reply, now_ms), rows[i].is_spent};
}

struct failure failure_of_error(const struct err *err) {
    if (err->code == ERR_UNREACHABLE) {
        return (struct failure){FAILURE_AGAIN, -1, false}; /* nothing was sent */
    }
    return (struct failure){FAILURE_STOP, -1, err->code != ERR_INVALID && err->code != ERR_CONFIG};
}

int64_t failure_delay_ms(int try, double random) {
    int64_t ms = DELAY_FIRST_MS;

    for (int i = 1; i < try && ms < DELAY_MAX_MS; i++) {
        ms *= 2;
    }
    return (int64_t)((double)(ms < DELAY_MAX_MS ? ms : DELAY_MAX_MS) * (0.5 + random / 2));
}
