/* guard/redact/rules.c: tokens that tell by themselves what they are, and texts that carry one.
 *
 * A body longer than its minimum is masked to its end: an unknown, longer form of a token never
 * shows its tail. No checksum is needed for masking. Sources: the services' own pages on token
 * formats. */
#include "guard/redact/scan.h"

#include "base/encode.h"

#include <string.h>

enum {
    BLOCK_QUOTED_LINES = 200,
    LABEL_MAX = 64,
    LEAD_MAX = 80,
    BASIC_MAX = 1024,
    SK_LOOK = 256,
    SK_PLAIN = 20,
    UNSEAL_LOOK = 16
};

static size_t match_token(struct scan *scan, const struct rule *rule, size_t at) {
    size_t body = at + strlen(rule->anchor);

    if (!scan_is_start(scan, at)) {
        return 0;
    }
    size_t to = scan_run_end(scan, rule->body, body);
    if (to - body < rule->min) {
        return 0;
    }
    scan_add(scan, at, to, rule->kind, SPAN_PLAIN);
    return to;
}

static size_t match_aws_id(struct scan *scan, const struct rule *rule, size_t at) {
    size_t to = match_token(scan, rule, at);

    if (to > 0) {
        scan_hint(scan, at);
    }
    return to;
}

/* Whether SK_PLAIN letters and digits stand in a row in [from, to). */
static bool has_plain_row(const char *p, size_t from, size_t to) {
    for (size_t last = from + SK_PLAIN - 1; last < to;) {
        size_t n = 0;

        while (n < SK_PLAIN && is_alnum(p[last - n])) {
            n++;
        }
        if (n == SK_PLAIN) {
            return true;
        }
        last += SK_PLAIN - n;
    }
    return false;
}

/* OpenAI, Anthropic and others. "sk-" begins many style class names too: those are lower-case
 * words. */
static size_t match_sk(struct scan *scan, const struct rule *rule, size_t at) {
    const struct sift *sift = scan->sift;
    size_t body = at + strlen(rule->anchor);
    bool is_new = at >= scan->plain_to && scan_is_start(scan, at);
    size_t to = is_new ? scan_run_end(scan, rule->body, body) : body;
    size_t look = to - body > SK_LOOK ? body + SK_LOOK : to;
    size_t end = scan->sift_at + look;

    if (to - body < rule->min) {
        return 0;
    }
    if (bits_next(sift->uppers, sift->digits, scan->sift_at + body, end) == end &&
        !has_plain_row(scan->text.ptr, body, look)) {
        scan->plain_to = look < to ? body + SK_LOOK / 2 : to; /* no use to ask in it */
        return 0;
    }
    scan_add(scan, at, to, rule->kind, SPAN_PLAIN);
    return to;
}

/* header.payload.signature, the last one perhaps empty; five parts when encrypted. */
static size_t match_jwt(struct scan *scan, const struct rule *rule, size_t at) {
    if (!scan_is_start(scan, at)) {
        return 0;
    }
    size_t end = scan_run_end(scan, SET_TOKEN, at); /* dots included */
    ptrdiff_t first = scan_find_next(scan, &scan->dots[0], at, ".");
    if (first < 0 || (size_t)first >= end || (size_t)first - at < rule->min) {
        return 0;
    }
    ptrdiff_t second = scan_find_next(scan, &scan->dots[1], (size_t)first + 1, ".");
    if (second < 0 || (size_t)second >= end) {
        return 0;
    }
    scan_add(scan, at, end, rule->kind, SPAN_PLAIN);
    return end;
}

/* Where a key block ends that is open at `at`, or 0 when its END is not in the text. */
static size_t pem_end(struct scan *scan, size_t at) {
    ptrdiff_t end = scan_find_next(scan, &scan->pem_end, at, "-----END");

    if (end < 0) {
        return 0;
    }
    ptrdiff_t dashes = scan_find(scan, (size_t)end + 8, (size_t)end + 8 + LABEL_MAX, "-----");
    return dashes < 0 ? scan->text.len : (size_t)dashes + 5;
}

static size_t next_quote(const struct scan *scan, size_t from) {
    size_t at = from;

    while (at < scan->text.len && !is_any(scan->text.ptr[at], "\"'`")) {
        at++;
    }
    return at;
}

/* " RSA PRIVATE KEY": capitals, digits and blanks up to the dashes. */
static size_t label_end(const struct scan *scan, size_t at) {
    size_t to = at;

    while (
        to < scan->text.len && to - at < LABEL_MAX &&
        (scan->text.ptr[to] == ' ' || charset_has(&charsets[SET_CAPITALS], scan->text.ptr[to]))) {
        to++;
    }
    return scan_has(scan, to, "-----") ? to : at;
}

/* The end of the text; the end of its line where the next line is not this view's to decide. */
static size_t scan_rest(const struct scan *scan) {
    size_t to = scan->text.len;

    while (scan->carry == NULL && to > 0 && is_any(scan->text.ptr[to - 1], "\r\n")) {
        to--;
    }
    return to;
}

static size_t match_pem(struct scan *scan, const struct rule *rule, size_t at) {
    size_t label = at + strlen(rule->anchor);
    size_t dashes = label_end(scan, label);

    if (scan_find(scan, label, dashes, "PRIVATE KEY") < 0) {
        return 0;
    }
    scan_ask(scan);
    size_t body = dashes + 5;
    size_t to = pem_end(scan, body);
    size_t quote = next_quote(scan, body);
    enum block block = BLOCK_NONE;
    if (quote < scan->text.len && (to == 0 || quote < to)) {
        /* A string ends before the block does: quoted, piece by piece, or only talked about. */
        while (quote > body && scan->text.ptr[quote - 1] == '\\') {
            quote--;
        }
        to = quote;
        block = BLOCK_QUOTED;
    } else if (to == 0) {
        to = scan_rest(scan);
        block = BLOCK_PEM;
    }
    if (scan->carry != NULL && block != BLOCK_NONE) {
        scan->carry->block = block;
        scan->carry->block_lines = BLOCK_QUOTED_LINES;
    }
    scan_add(scan, at, to, rule->kind, SPAN_PLAIN);
    return to;
}

static size_t match_putty(struct scan *scan, const struct rule *rule, size_t at) {
    scan_ask(scan);
    if (scan->carry != NULL) {
        scan->carry->block = BLOCK_PUTTY;
    }
    size_t to = scan_rest(scan);
    scan_add(scan, at, to, rule->kind, SPAN_PLAIN);
    return to;
}

static inline __attribute__((always_inline)) size_t find_char(const struct scan *scan, size_t from,
                                                              size_t to, const char *chars) {
    while (from < to && scan->text.ptr[from] != '\0' && !is_any(scan->text.ptr[from], chars)) {
        from++;
    }
    return from;
}

static bool is_port(const struct scan *scan, size_t from, size_t to) {
    for (size_t i = from; i < to; i++) {
        if (!is_digit(scan->text.ptr[i])) {
            return false;
        }
    }
    return true;
}

/* scheme://user:PASS@host. A password may hold / ? # unescaped: what stands where the port would
 * and is no number is read up to the last @ of the word. */
static size_t match_uri(struct scan *scan, const struct rule *rule, size_t at) {
    size_t user = at + strlen(rule->anchor);
    size_t word = scan_word_end(scan, user);
    size_t last_at = scan->word.last_at; /* one past it */
    bool is_scheme = at > 0 && is_alnum(scan->text.ptr[at - 1]);

    if (!is_scheme || last_at <= user) {
        return 0;
    }
    size_t authority = find_char(scan, user, word, "/?#\\");
    size_t sign = authority;
    while (sign > user && scan->text.ptr[sign - 1] != '@') {
        sign--;
    }
    size_t colon = find_char(scan, user, authority, ":");
    if (sign == user) { /* no @ before the path */
        bool is_odd = colon < authority && !is_port(scan, colon + 1, authority);
        if (!is_odd || last_at <= authority) {
            return 0;
        }
        scan_add(scan, colon + 1, last_at - 1, rule->kind, SPAN_PLAIN);
        return last_at;
    }
    sign--;             /* the @ itself */
    if (colon < sign) { /* in "TOKEN:x-oauth-basic" the user is the secret */
        bool is_token = scan_has(scan, colon + 1, "x-oauth-basic@");
        scan_add(scan, is_token ? user : colon + 1, sign, rule->kind, SPAN_PLAIN);
        return sign;
    }
    bool is_public = str_eq(str_slice(scan->text, user, sign), STR("git")) ||
                     (at >= 3 && scan_has(scan, at - 3, "ssh"));
    scan_add(scan, user, is_public ? user : sign, rule->kind, SPAN_PLAIN);
    return sign;
}

static size_t skip_blanks(const struct scan *scan, size_t at) {
    while (at < scan->text.len && (scan->text.ptr[at] == ' ' || scan->text.ptr[at] == '\t')) {
        at++;
    }
    return at;
}

/* "Bearer" and a token; prose has no digit there. */
static size_t match_bearer(struct scan *scan, const struct rule *rule, size_t at) {
    size_t after = at + strlen(rule->anchor);
    size_t body = skip_blanks(scan, after);
    bool has_digit = false;

    if (body == after || !scan_is_start(scan, at)) {
        return 0;
    }
    size_t to = scan_run_end(scan, rule->body, body);
    for (size_t i = body; i < to && !has_digit; i++) {
        has_digit = is_digit(scan->text.ptr[i]);
    }
    if (to - body < rule->min || (!has_digit && to - body < 20)) {
        return 0;
    }
    scan_add(scan, body, to, rule->kind, SPAN_PLAIN);
    return to;
}

/* "Basic" and what decodes to user:password. */
static size_t match_basic(struct scan *scan, const struct rule *rule, size_t at) {
    CLEANUP(buf_done) struct buf bytes = BUF_INIT(BASIC_MAX);
    struct err err;
    size_t after = at + strlen(rule->anchor);
    size_t body = skip_blanks(scan, after);

    if (body == after || !scan_is_start(scan, at)) {
        return 0;
    }
    size_t to = scan_run_end(scan, rule->body, body);
    if (to - body < rule->min) {
        return 0;
    }
    struct str text = str_slice(scan->text, body, to);
    bool is_pair = text.len > BASIC_MAX || (base64_read(text, &bytes, &err) == ERR_NONE &&
                                            str_find(buf_str(&bytes), STR(":")) >= 0);
    mem_wipe(bytes.ptr, bytes.len);
    if (!is_pair) {
        return 0;
    }
    scan_add(scan, body, to, rule->kind, SPAN_PLAIN);
    return to;
}

/* A webhook's address is its secret: what follows its known beginning. */
static size_t match_hook(struct scan *scan, const struct rule *rule, size_t at) {
    static const char *const places[] = {"services/", "workflows/", "triggers/",
                                         "webhook/",  "webhookb2/", "api/webhooks/"};
    size_t after = at + strlen(rule->anchor);

    for (size_t i = 0; i < ARRAY_N(places); i++) {
        if (scan_has(scan, after, places[i])) {
            size_t body = after + strlen(places[i]);
            size_t to = scan_run_end(scan, rule->body, body);
            scan_add(scan, body, to - body < rule->min ? body : to, rule->kind, SPAN_PLAIN);
            return to;
        }
    }
    return 0;
}

static bool is_lead_char(const struct rule *rule, char c) {
    return rule->body == SET_AZURE ? charset_has(&charsets[SET_AZURE], c) : is_alnum(c);
}

/* A token with its mark in the middle: at least `lead` characters, the anchor, the body. */
static size_t match_infix(struct scan *scan, const struct rule *rule, size_t at) {
    size_t to = scan_run_end(scan, rule->body, at + strlen(rule->anchor));
    size_t from = at;

    while (from > 0 && at - from < LEAD_MAX && is_lead_char(rule, scan->text.ptr[from - 1])) {
        from--;
    }
    if (at - from < rule->lead || to - at < rule->min + strlen(rule->anchor)) {
        return 0;
    }
    scan->found_from = from;
    scan_add(scan, from, to, rule->kind, SPAN_PLAIN);
    return to;
}

/* "Unseal Key 1: KEY", as the server prints it, and "operator unseal KEY". */
static size_t match_unseal(struct scan *scan, const struct rule *rule, size_t at) {
    size_t after = at + strlen(rule->anchor);

    for (size_t from = after; from < scan->text.len && from - after < UNSEAL_LOOK; from++) {
        size_t to = scan_run_end(scan, rule->body, from);
        if (to - from >= rule->min) {
            scan_add(scan, from, to, rule->kind, SPAN_PLAIN);
            return to;
        }
        from = to; /* at what ended the run */
    }
    return 0;
}

bool rule_begins_word(const struct rule *rule) {
    return rule->match == match_token || rule->match == match_aws_id || rule->match == match_sk ||
           rule->match == match_jwt || rule->match == match_bearer || rule->match == match_basic;
}

/* clang-format off */
const struct rule rules[] = {
    /* kind               anchor                  body          min  fold  matcher */
    {"aws-key-id",         "AKIA",                 SET_CAPITALS,  16, false, match_aws_id},
    {"aws-key-id",         "ASIA",                 SET_CAPITALS,  16, false, match_aws_id},
    {"aws-key-id",         "ABIA",                 SET_CAPITALS,  16, false, match_aws_id},
    {"aws-key-id",         "ACCA",                 SET_CAPITALS,  16, false, match_aws_id},
    {"aws-key-id",         "A3T",                  SET_CAPITALS,  17, false, match_aws_id},
    {"aws-session-token",  "IQoJb3JpZ2lu",         SET_COOKIE,     8, false, match_token},
    {"aws-session-token",  "FwoGZXIvYXdz",         SET_COOKIE,     8, false, match_token},
    {"aws-session-token",  "FQoGZXIvYXdz",         SET_COOKIE,     8, false, match_token},
    {"ecr-authorization",  "QVdTOmV5",             SET_BASE64,    16, false, match_token},
    {"bedrock-key",        "ABSK",                 SET_BASE64,   100, false, match_token},
    {"bedrock-key",        "bedrock-api-key-",     SET_COOKIE,     8, false, match_token},
    {"github-token",       "ghp_",                 SET_TOKEN,     30, false, match_token},
    {"github-token",       "gho_",                 SET_TOKEN,     30, false, match_token},
    {"github-token",       "ghu_",                 SET_TOKEN,     30, false, match_token},
    {"github-token",       "ghs_",                 SET_TOKEN,     30, false, match_token},
    {"github-token",       "ghr_",                 SET_TOKEN,     30, false, match_token},
    {"github-token",       "github_pat_",          SET_WORD,      40, false, match_token},
    {"gitlab-token",       "glpat-",               SET_TOKEN,     20, false, match_token},
    {"gitlab-token",       "gldt-",                SET_TOKEN,     20, false, match_token},
    {"gitlab-token",       "glrt-",                SET_TOKEN,     20, false, match_token},
    {"sk-key",             "sk-",                  SET_WORD,      20, false, match_sk, .no = "sk-fading-circle-container"},
    {"slack-token",        "xoxa-",                SET_COOKIE,    10, false, match_token},
    {"slack-token",        "xoxb-",                SET_COOKIE,    10, false, match_token},
    {"slack-token",        "xoxc-",                SET_COOKIE,    10, false, match_token},
    {"slack-token",        "xoxd-",                SET_COOKIE,    10, false, match_token},
    {"slack-token",        "xoxe-",                SET_COOKIE,    10, false, match_token},
    {"slack-token",        "xoxo-",                SET_COOKIE,    10, false, match_token},
    {"slack-token",        "xoxp-",                SET_COOKIE,    10, false, match_token},
    {"slack-token",        "xoxr-",                SET_COOKIE,    10, false, match_token},
    {"slack-token",        "xoxs-",                SET_COOKIE,    10, false, match_token},
    {"slack-token",        "xapp-",                SET_WORD,      10, false, match_token},
    {"slack-webhook",      "hooks.slack.com/",     SET_BASE64,    20, false, match_hook, .yes = "hooks.slack.com/services/%", .no = "hooks.slack.com/about"},
    {"teams-webhook",      "office.com/",          SET_HOOK,      20, false, match_hook, .yes = "a.webhook.office.com/webhookb2/%", .no = "www.office.com/about"},
    {"discord-webhook",    "discord.com/",         SET_HOOK,      20, false, match_hook, .yes = "discord.com/api/webhooks/%", .no = "discord.com/channels/%"},
    {"discord-webhook",    "discordapp.com/",      SET_HOOK,      20, false, match_hook, .yes = "discordapp.com/api/webhooks/%", .no = "discordapp.com/channels/%"},
    {"npm-token",          "npm_",                 SET_ALNUM,     36, false, match_token},
    {"stripe-key",         "sk_live_",             SET_ALNUM,     10, false, match_token},
    {"stripe-key",         "sk_test_",             SET_ALNUM,     10, false, match_token},
    {"stripe-key",         "sk_prod_",             SET_ALNUM,     10, false, match_token},
    {"stripe-key",         "rk_live_",             SET_ALNUM,     10, false, match_token},
    {"stripe-key",         "rk_test_",             SET_ALNUM,     10, false, match_token},
    {"stripe-key",         "rk_prod_",             SET_ALNUM,     10, false, match_token},
    {"stripe-webhook",     "whsec_",               SET_BASE64,    20, false, match_token},
    {"google-key",         "AIza",                 SET_WORD,      30, false, match_token},
    {"google-oauth",       "GOCSPX-",              SET_WORD,      20, false, match_token},
    {"google-oauth",       "ya29.",                SET_TOKEN,     20, false, match_token},
    {"google-key",         "AQ.Ab8RN6",            SET_WORD,      20, false, match_token},
    {"sendgrid-key",       "SG.",                  SET_TOKEN,     60, false, match_token},
    {"twilio-key",         "SK",                   SET_HEXDIGITS, 32, false, match_token},
    {"mailgun-key",        "key-",                 SET_HEXDIGITS, 32, false, match_token},
    {"atlas-secret",       "mdb_sa_sk_",           SET_WORD,      30, false, match_token},
    {"supabase-key",       "sb_secret_",           SET_WORD,      20, false, match_token},
    {"supabase-key",       "sbp_",                 SET_ALNUM,     30, false, match_token},
    {"planetscale-key",    "pscale_tkn_",          SET_COOKIE,    30, false, match_token},
    {"planetscale-key",    "pscale_pw_",           SET_COOKIE,    30, false, match_token},
    {"planetscale-key",    "pscale_oauth_",        SET_COOKIE,    30, false, match_token},
    {"vercel-token",       "vck_",                 SET_ALNUM,     40, false, match_token},
    {"vercel-token",       "vcp_",                 SET_ALNUM,     40, false, match_token},
    {"vercel-token",       "vca_",                 SET_ALNUM,     40, false, match_token},
    {"vercel-token",       "vci_",                 SET_ALNUM,     40, false, match_token},
    {"vercel-token",       "vcr_",                 SET_ALNUM,     40, false, match_token},
    {"docker-token",       "dckr_pat_",            SET_WORD,      20, false, match_token},
    {"docker-token",       "dckr_oat_",            SET_WORD,      20, false, match_token},
    {"digitalocean-token", "dop_v1_",              SET_HEXDIGITS, 60, false, match_token},
    {"digitalocean-token", "doo_v1_",              SET_HEXDIGITS, 60, false, match_token},
    {"digitalocean-token", "dor_v1_",              SET_HEXDIGITS, 60, false, match_token},
    {"databricks-token",   "dapi",                 SET_HEXDIGITS, 32, false, match_token},
    {"sentry-token",       "sntryu_",              SET_HEXDIGITS, 60, false, match_token},
    {"sentry-token",       "sntrys_",              SET_BASE64,    20, false, match_token},
    {"pulumi-token",       "pul-",                 SET_HEXDIGITS, 40, false, match_token},
    {"vault-token",        "hvs.",                 SET_WORD,      24, false, match_token},
    {"vault-token",        "hvb.",                 SET_WORD,      24, false, match_token},
    {"vault-unseal-key",   "unseal",               SET_BASE64,    40, true,  match_unseal, .yes = "Unseal Key 1: %", .no = "Unseal Key 1: later"},
    {"terraform-token",    ".atlasv1.",            SET_WORD,      40, false, match_infix, .lead = 8},
    {"huggingface-token",  "hf_",                  SET_ALNUM,     30, false, match_token},
    {"groq-key",           "gsk_",                 SET_ALNUM,     40, false, match_token},
    {"xai-key",            "xai-",                 SET_ALNUM,     60, false, match_token},
    {"pypi-token",         "pypi-AgEIcHlwaS5vcmc", SET_WORD,      50, false, match_token},
    {"age-key",            "AGE-SECRET-KEY-1",     SET_CAPITALS,  50, false, match_token},
    {"gitlab-token",         "glptt-",                SET_TOKEN,       20, false, match_token},
    {"gitlab-token",         "glft-",                 SET_TOKEN,       20, false, match_token},
    {"gitlab-token",         "glimt-",                SET_TOKEN,       20, false, match_token},
    {"gitlab-token",         "glagent-",              SET_TOKEN,       20, false, match_token},
    {"gitlab-token",         "gloas-",                SET_TOKEN,       20, false, match_token},
    {"gitlab-token",         "glsoat-",               SET_TOKEN,       20, false, match_token},
    {"gitlab-token",         "glcbt-",                SET_TOKEN,       20, false, match_token},
    {"gitlab-token",         "GR1348941",             SET_WORD,        20, false, match_token},
    {"google-refresh",       "1//0",                  SET_WORD,        36, false, match_token},
    {"akamai-token",          "akab-",               SET_WORD,       30, false, match_token},
    {"cockroach-key",         "CCDB1_",              SET_WORD,       60, false, match_token},
    {"cosmo-key",             "cosmo_",              SET_HEXDIGITS,  32, false, match_token},
    {"defined-key",           "dnkey-",              SET_CAPITAL_DASH, 60, false, match_token},
    {"devin-key",             "apk_",                SET_ALNUM,      60, false, match_token},
    {"devin-key",             "apk_user_",           SET_ALNUM,      60, false, match_token},
    {"devin-key",             "cog_",                SET_ALNUM,      50, false, match_token},
    {"fly-token",             "FlyV1 ",              SET_OPAQUE,     40, false, match_token},
    {"gitlab-token",          "glffct-",             SET_TOKEN,      20, false, match_token},
    {"gitlab-token",          "glrtr-",              SET_TOKEN,      20, false, match_token},
    {"gitlab-token",          "glwt-",               SET_TOKEN,      20, false, match_token},
    {"jfrog-token",           "AKCp",                SET_ALNUM,      60, false, match_token},
    {"jfrog-token",           "cmVmdGtu",            SET_BASE64,     40, false, match_token},
    {"llamaindex-key",        "llx-",                SET_WORD,       40, false, match_token},
    {"postman-key",           "PMAT-",               SET_CAPITALS,   24, false, match_token},
    {"supabase-key",          "sbp_v0_",             SET_HEXDIGITS,  36, false, match_token},
    {"together-key",          "tgp_v1_",             SET_WORD,       36, false, match_token},
    {"dropbox-token",         "sl.",                 SET_WORD,       60, false, match_token},
    {"instagram-token",       "IGQV",                SET_ALNUM,     100, false, match_token},
    {"braintree-token",       "access_token$production$",SET_CRYPT,      20, false, match_token},
    {"1password-token",      "ops_eyJ",               SET_BASE64,      60, false, match_token},
    {"1password-key",        "A3-",                   SET_CAPITAL_DASH,  30, false, match_token},
    {"adafruit-key",         "aio_",                  SET_ALNUM,       28, false, match_token},
    {"adobe-secret",         "p8e-",                  SET_WORD,        32, false, match_token},
    {"alibaba-key-id",       "LTAI",                  SET_ALNUM,       12, false, match_token},
    {"anyscale-key",         "esecret_",              SET_ALNUM,       20, false, match_token},
    {"apify-token",          "apify_api_",            SET_ALNUM,       30, false, match_token},
    {"atlassian-token",      "ATATT3",                SET_COOKIE,      60, false, match_token},
    {"atlassian-token",      "ATCTT3",                SET_COOKIE,      60, false, match_token},
    {"bitbucket-token",      "ATBB",                  SET_COOKIE,      24, false, match_token},
    {"bitbucket-token",      "BBDC-",                 SET_BASE64,      30, false, match_token},
    {"buildkite-token",      "bkua_",                 SET_ALNUM,       40, false, match_token},
    {"circleci-token",       "CCIPAT_",              SET_WORD,        30, false, match_token},
    {"circleci-token",       "ccipat_",               SET_WORD,        30, false, match_token},
    {"clojars-token",        "CLOJARS_",              SET_ALNUM,       50, false, match_token},
    {"cloudflare-origin-key", "v1.0-",                 SET_WORD,       100, false, match_token},
    {"cloudflare-token",     "cfat_",                 SET_ALNUM,       40, false, match_token},
    {"cloudflare-token",     "cfut_",                 SET_ALNUM,       40, false, match_token},
    {"cloudflare-token",     "cfk_",                  SET_ALNUM,       40, false, match_token},
    {"contentful-token",     "CFPAT-",                SET_WORD,        40, false, match_token},
    {"doppler-token",        "dp.pt.",                SET_ALNUM,       30, false, match_token},
    {"doppler-token",        "dp.st.",                SET_TOKEN,       30, false, match_token},
    {"doppler-token",        "dp.ct.",                SET_ALNUM,       30, false, match_token},
    {"doppler-token",        "dp.sa.",                SET_ALNUM,       30, false, match_token},
    {"doppler-token",        "dp.scim.",              SET_ALNUM,       30, false, match_token},
    {"doppler-token",        "dp.audit.",             SET_ALNUM,       30, false, match_token},
    {"dependency-track-key", "odt_",                  SET_ALNUM,       32, false, match_token},
    {"duffel-token",         "duffel_",               SET_WORD,        30, false, match_token},
    {"dynatrace-token",      "dt0c01.",               SET_TOKEN,       60, false, match_token},
    {"easypost-key",         "EZAK",                  SET_ALNUM,       54, false, match_token},
    {"easypost-key",         "EZTK",                  SET_ALNUM,       54, false, match_token},
    {"facebook-token",       "EAA",                   SET_ALNUM,       90, false, match_token},
    {"figma-token",          "figd_",                 SET_WORD,        36, false, match_token},
    {"flutterwave-key",      "FLWSECK",               SET_WORD,        12, false, match_token},
    {"fly-token",            "fo1_",                  SET_WORD,        36, false, match_token},
    {"fly-token",            "fm1a_",                 SET_BASE64,      60, false, match_token},
    {"fly-token",            "fm1r_",                 SET_BASE64,      60, false, match_token},
    {"fly-token",            "fm2_",                  SET_BASE64,      60, false, match_token},
    {"grafana-token",        "glsa_",                 SET_WORD,        30, false, match_token},
    {"grafana-token",        "glc_",                  SET_BASE64,      32, false, match_token},
    {"grafana-key",          "eyJrIjoi",              SET_BASE64,      40, false, match_token},
    {"heroku-key",           "HRKU-",                 SET_WORD,        36, false, match_token},
    {"hubspot-token",        "pat-na1-",              SET_WORD,        36, false, match_token},
    {"hubspot-token",        "pat-eu1-",              SET_WORD,        36, false, match_token},
    {"huggingface-token",    "api_org_",              SET_ALNUM,       30, false, match_token},
    {"intra42-secret",       "s-s4t2ud-",             SET_HEXDIGITS,   60, false, match_token},
    {"intra42-secret",       "s-s4t2af-",             SET_HEXDIGITS,   60, false, match_token},
    {"langsmith-key",        "lsv2_pt_",              SET_WORD,        32, false, match_token},
    {"langsmith-key",        "lsv2_sk_",              SET_WORD,        32, false, match_token},
    {"linear-key",           "lin_api_",              SET_ALNUM,       32, false, match_token},
    {"mapbox-token",         "sk.eyJ",                SET_TOKEN,       40, false, match_token},
    {"netlify-token",        "nfp_",                  SET_ALNUM,       36, false, match_token},
    {"newrelic-key",         "NRAK-",                 SET_ALNUM,       27, false, match_token},
    {"newrelic-key",         "NRAA-",                 SET_ALNUM,       27, false, match_token},
    {"newrelic-key",         "NRII-",                 SET_WORD,        30, false, match_token},
    {"newrelic-key",         "NRAL",                  SET_ALNUM,        0, false, match_infix, .lead = 36, .no = "0123456789NRAL"},
    {"newrelic-key",         "px-api-",               SET_WORD,        36, false, match_token},
    {"newrelic-key",         "px-dep-",               SET_WORD,        36, false, match_token},
    {"newrelic-key",         "NRIQ-",                 SET_WORD,        30, false, match_token},
    {"newrelic-key",         "NRRA-",                 SET_ALNUM,       36, false, match_token},
    {"notion-token",         "ntn_",                  SET_ALNUM,       40, false, match_token},
    {"notion-token",         "secret_",               SET_ALNUM,       43, false, match_token},
    {"nuget-key",            "oy2",                   SET_ALNUM,       43, false, match_token},
    {"nvidia-key",           "nvapi-",                SET_WORD,        50, false, match_token},
    {"octopus-key",          "API-",                  SET_CAPITALS,    26, false, match_token},
    {"openshift-token",      "sha256~",               SET_WORD,        40, false, match_token},
    {"perplexity-key",       "pplx-",                 SET_ALNUM,       40, false, match_token},
    {"plaid-token",          "access-sandbox-",       SET_WORD,        36, false, match_token},
    {"plaid-token",          "access-production-",    SET_WORD,        36, false, match_token},
    {"plaid-token",          "access-development-",   SET_WORD,        36, false, match_token},
    {"posthog-key",           "phx_",                SET_WORD,       32, false, match_token},
    {"posthog-key",           "phs_",                SET_WORD,       32, false, match_token},
    {"posthog-key",           "phr_",                SET_WORD,       32, false, match_token},
    {"posthog-key",           "pha_",                SET_WORD,       32, false, match_token},
    {"postman-key",          "PMAK-",                 SET_WORD,        40, false, match_token},
    {"prefect-key",          "pnu_",                  SET_ALNUM,       36, false, match_token},
    {"readme-key",           "rdme_",                 SET_ALNUM,       60, false, match_token},
    {"render-key",           "rnd_",                  SET_ALNUM,       26, false, match_token},
    {"replicate-token",      "r8_",                   SET_ALNUM,       36, false, match_token},
    {"rubygems-key",         "rubygems_",             SET_HEXDIGITS,   40, false, match_token},
    {"salesforce-token",     "!A",                    SET_TOKEN,       60, false, match_infix, .lead = 15},
    {"sonar-token",          "squ_",                  SET_HEXDIGITS,   40, false, match_token},
    {"sonar-token",          "sqp_",                  SET_HEXDIGITS,   40, false, match_token},
    {"sonar-token",          "sqa_",                  SET_HEXDIGITS,   40, false, match_token},
    {"sendinblue-key",       "xkeysib-",              SET_WORD,        60, false, match_token},
    {"sendinblue-key",       "xsmtpsib-",             SET_WORD,        60, false, match_token},
    {"shippo-token",         "shippo_live_",          SET_HEXDIGITS,   32, false, match_token},
    {"shippo-token",         "shippo_test_",          SET_HEXDIGITS,   32, false, match_token},
    {"shopify-token",        "shpat_",                SET_ALNUM,       32, false, match_token},
    {"shopify-token",        "shpca_",                SET_ALNUM,       32, false, match_token},
    {"shopify-token",        "shppa_",                SET_ALNUM,       32, false, match_token},
    {"shopify-token",        "shpss_",                SET_ALNUM,       32, false, match_token},
    {"sourcegraph-token",    "sgp_",                  SET_WORD,        36, false, match_token},
    {"square-token",         "sq0atp-",               SET_WORD,        20, false, match_token},
    {"square-secret",        "sq0csp-",               SET_WORD,        30, false, match_token},
    {"tailscale-key",        "tskey-",                SET_WORD,        20, false, match_token},
    {"tavily-key",           "tvly-",                 SET_WORD,        24, false, match_token},
    {"tencent-key-id",       "AKID",                  SET_ALNUM,       28, false, match_token},
    {"password-hash",        "$2a$",                  SET_CRYPT,       40, false, match_token},
    {"password-hash",        "$2b$",                  SET_CRYPT,       40, false, match_token},
    {"password-hash",        "$2y$",                  SET_CRYPT,       40, false, match_token},
    {"password-hash",        "$1$",                   SET_CRYPT,       24, false, match_token},
    {"password-hash",        "$5$",                   SET_CRYPT,       40, false, match_token},
    {"password-hash",        "$6$",                   SET_CRYPT,       60, false, match_token},
    {"password-hash",        "$8$",                   SET_CRYPT,       50, false, match_token},
    {"password-hash",        "$9$",                   SET_CRYPT,       50, false, match_token},
    {"password-hash",        "$argon2",               SET_CRYPT,       40, false, match_token},
    {"password-hash",        "$krb5",                 SET_OPAQUE,      40, false, match_token},
    {"twitch-key",           "live_",                 SET_WORD,        34, false, match_sk, .no = "live_migration_of_the_whole_data_base_table"},
    {"harness-token",        "pat.",                  SET_TOKEN,       60, false, match_sk, .no = "pat.a.very.long.name.of.a.module.in.a.package.that.nobody.would.write"},
    {"telegram-token",       ":AA",                   SET_WORD,        30, false, match_infix, .lead = 8},
    {"mailchimp-key",        "-us",                   SET_ALNUM,        1, false, match_infix, .lead = 32},
    {"azure-devops-token",   "JQQJ9",                 SET_ALNUM,       20, false, match_infix, .lead = 52},
    {"azure-devops-token",   "AZDO",                  SET_ALNUM,        4, false, match_infix, .lead = 76},
    {"azure-secret",         "Q~",                    SET_AZURE,       30, false, match_infix, .lead = 4},
    {"jwt",                "eyJ",                  SET_TOKEN,     10, false, match_jwt, .yes = "eyJ%.%.%", .no = "eyJ%"},
    {"private-key",        "-----BEGIN",           SET_BASE64,     0, false, match_pem, .is_block = true, .yes = "-----BEGIN PRIVATE KEY-----%", .no = "-----BEGIN CERTIFICATE-----%"},
    {"private-key",        "PuTTY-User-Key-File-", SET_BASE64,     0, false, match_putty, .is_block = true, .yes = "PuTTY-User-Key-File-3: %", .no = "PuTTY is a terminal"},
    {"uri-password",       "://",                  SET_OPAQUE,     0, false, match_uri, .yes = "a://user:%@host", .no = "a://host:80/%"},
    {"bearer",             "bearer",               SET_COOKIE,     8, true,  match_bearer, .yes = "Bearer %", .no = "Bearer of news"},
    {"basic",              "basic",                SET_BASE64,     8, true,  match_basic, .yes = "Basic dXNlcjpwYXNzd29yZA==", .no = "basic knowledge of it"},
    {"argument",           "curl",                 SET_OPAQUE,     0, false, match_argument, .yes = "curl -u user:% h", .no = "curl -u user h"},
    {"argument",           "-u ",                  SET_OPAQUE,     0, false, match_curl_user, .yes = "-u user:% h", .no = "sort -u file:%"},
    {"argument",           "--user",               SET_OPAQUE,     0, false, match_curl_user, .yes = "--user user:% h", .no = "run --user name:%"},
    {"argument",           "login(",              SET_OPAQUE,     0, false, match_login, .yes = "smtp.login('a', '%')", .no = "login('%')"},
    {"argument",           "psexec",              SET_OPAQUE,     0, true,  match_argument, .yes = "PsExec64.exe \\\\h -u a -p % cmd", .no = "psexec \\\\h -u % cmd"},
    {"argument",           "sshpass",             SET_OPAQUE,     0, false, match_argument, .yes = "sshpass -p % ssh h", .no = "sshpass -f %"},
    {"argument",           "mysql",               SET_OPAQUE,     0, false, match_argument, .yes = "mysqldump -u a -p% db", .no = "mysql -p %"},
    {"argument",           "mysqladmin",          SET_OPAQUE,     0, false, match_argument, .yes = "mysqladmin -u a password %", .no = "mysqladmin -u %"},
    {"argument",           "mariadb",             SET_OPAQUE,     0, false, match_argument, .yes = "mariadb -p% db", .no = "mariadb -p %"},
    {"argument",           "redis-cli",           SET_OPAQUE,     0, false, match_argument, .yes = "redis-cli -h h -a % ping", .no = "redis-cli -h %"},
    {"argument",           "mongo",               SET_OPAQUE,     0, false, match_argument, .yes = "mongodump -u a -p % db", .no = "--name mongo -p %"},
    {"argument",           "sqlcmd",              SET_OPAQUE,     0, false, match_argument, .yes = "sqlcmd -U sa -P %", .no = "sqlcmd -U %"},
    {"argument",           "sqlplus",             SET_OPAQUE,     0, false, match_argument, .yes = "sqlplus a/%@db", .no = "sqlplus %"},
    {"argument",           "identified",          SET_OPAQUE,     0, true,  match_argument, .yes = "USER a IDENTIFIED BY '%'", .no = "identified by %"},
    {"argument",           "docker login",        SET_OPAQUE,     0, false, match_argument, .yes = "docker login -u a -p % h", .no = "docker login -u %"},
    {"argument",           "podman login",        SET_OPAQUE,     0, false, match_argument, .yes = "podman login -p % h", .no = "podman login %"},
    {"argument",           "az login",            SET_OPAQUE,     0, false, match_argument, .yes = "az login -u a -p % --tenant b", .no = "az login -u %"},
    {"argument",           "vault login",         SET_OPAQUE,     0, false, match_argument, .yes = "vault login %", .no = "vault login -method=%"},
    {"argument",           "gh secret set",       SET_OPAQUE,     0, false, match_argument, .yes = "gh secret set A --body %", .no = "gh secret set A --env %"},
    {"argument",           "create secret",       SET_OPAQUE,     0, false, match_argument, .yes = "kubectl create secret generic a --from-literal=b=%", .no = "create secret generic %"},
    {"argument",           "put-parameter",       SET_OPAQUE,     0, false, match_argument, .yes = "aws ssm put-parameter --name a --value %", .no = "aws ssm put-parameter --name %"},
    {"argument",           "ConvertTo-SecureString", SET_OPAQUE,    0, false, match_argument, .yes = "ConvertTo-SecureString -AsPlainText -Force '%'", .no = "ConvertTo-SecureString -Key %"},
    {"argument",           "openssl",             SET_OPAQUE,     0, false, match_argument, .yes = "openssl enc -k % -in f", .no = "openssl enc -in %"},
    {"argument",           "htpasswd",            SET_OPAQUE,     0, false, match_argument, .yes = "htpasswd -nb a %", .no = "htpasswd f %"},
    {"argument",           "ldap",                SET_OPAQUE,     0, false, match_argument, .yes = "ldapsearch -x -w % -b a", .no = "ldapsearch -x -b %"},
    {"argument",           "smbclient",           SET_OPAQUE,     0, false, match_argument, .yes = "smbclient -U a%%% //h/s", .no = "smbclient -U % //h/s"},
    {"argument",           "net use",             SET_OPAQUE,     0, false, match_argument, .yes = "net use X: \\\\h\\s % /user:a", .no = "net user % /delete"},
    {"argument",           "ssh-keygen",          SET_OPAQUE,     0, false, match_argument, .yes = "ssh-keygen -f k -N %", .no = "ssh-keygen -f %"},
    {"argument",           "unzip",               SET_OPAQUE,     0, false, match_argument, .yes = "unzip -P % f", .no = "unzip -d %"},
    {"argument",           "zip -",               SET_OPAQUE,     0, false, match_argument, .yes = "zip -r -P % f d", .no = "zip -r %"},
    {"aws",                "aws",                  SET_OPAQUE,     0, true,  NULL, .is_hint = true},
    {"aws",                "secret",               SET_OPAQUE,     0, true,  NULL, .is_hint = true},
    {"aws",                "access",               SET_OPAQUE,     0, true,  NULL, .is_hint = true},
    {"key",                "pass",                 SET_OPAQUE,     0, true,  match_key, .yes = "db_pass=%", .no = "passage=%"},
    {"key",                "pwd",                  SET_OPAQUE,     0, true,  match_key, .yes = "pwd=%", .no = "pwdx=%"},
    {"key",                "secret",               SET_OPAQUE,     0, true,  match_key, .yes = "secret=%", .no = "secretary=%"},
    {"key",                "token",                SET_OPAQUE,     0, true,  match_key, .yes = "token=%", .no = "tokens=%"},
    {"key",                "key",                  SET_OPAQUE,     0, true,  match_key, .yes = "api_key=%", .no = "keyboard=%"},
    {"key",                "cred",                 SET_OPAQUE,     0, true,  match_key, .yes = "creds=%", .no = "credits=%"},
    {"key",                "auth",                 SET_OPAQUE,     0, true,  match_key, .yes = "auth=%", .no = "author=%"},
    {"key",                "cookie",               SET_OPAQUE,     0, true,  match_key, .yes = "cookie=%", .no = "cookies=%"},
    {"key",                "sonar",                SET_OPAQUE,     0, true,  match_key, .yes = "-Dsonar.login=%", .no = "-Dsonar.host=%"},
    {"key",                "BUNDLE_",              SET_OPAQUE,     0, false, match_key, .yes = "BUNDLE_GEMS__EXAMPLE__COM: a:%", .no = "BUNDLE_PATH: %"},
    {"key",                "pswd",                 SET_OPAQUE,     0, true,  match_key, .yes = "X_PSWD=%", .no = "pswds=%"},
    {"key",                "pw:",                  SET_OPAQUE,     0, true,  match_key, .yes = "ID:a PW:%", .no = "pw:api"},
    {"key",                "pw=",                  SET_OPAQUE,     0, true,  match_key, .yes = "db_pw=%", .no = "xpw=%"},
    {"key",                "pw\"",                 SET_OPAQUE,     0, true,  match_key, .yes = "{\"pw\": \"%\"}", .no = "\"xpw\": \"a1b2c3d4\""},
    {"key",                "dsn",                  SET_OPAQUE,     0, true,  match_key, .yes = "dsn=%", .no = "dsns=%"},
    {"key",                "conn",                 SET_OPAQUE,     0, true,  match_key, .yes = "conn=%", .no = "connected=%"},
    {"key",                "private",              SET_OPAQUE,     0, true,  match_key, .yes = "private=%", .no = "private_subnet=%"},
    {"key",                "netrc",                SET_OPAQUE,     0, true,  match_key, .yes = "netrc=%", .no = "netrcs=%"},
    {"key",                "signature",            SET_OPAQUE,     0, true,  match_key, .yes = "signature=%", .no = "signatures=%"},
};
/* clang-format on */

const size_t rule_n = ARRAY_N(rules);
