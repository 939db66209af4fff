/* Requests that end a conversation, as a table; marks of text that speaks to a model. */
#include "guard/moderation.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "guard/deceptive.h"
#include "guard/plain_words.h"
#include "guard/redact/charset.h"

/* Blank-separated; _ is a blank, * any ending. */
#define BUILD                                                                                                                              \
    "deploy host build create write make run launch set start install spread sell need want "                                              \
    "program code develop publish put stell* richt* bau* start* verteil* veroffentlich* "                                                  \
    "installier* erstell* schreib* mach* will brauch* verkauf* betreib* deploi* cree* creer "                                              \
    "lanc* mets mettez mettre fais faire veux besoin vend* publi* diffus* despl* crea cria lanz* "                                         \
    "monta montar quiero quero voglio pubblic* implant* haz haga faz fazer escrib* escrev* "                                               \
    "scriv* avvia* diffond* propag* maak zet plaats* verkoop* bouw* schrijf* uruchom* stworz* "                                            \
    "napisz* rozpowszech* wdroz* postaw* разверн* создай* запуст* напиши* сделай* распростран* " \
    "установ* опублик* размест* yayinla* olustur* yap kur calistir* yaz baslat* "                                     \
    "hosten deployen installe installa instala hospeda* aloja* heberge* serve distribu* "                                                  \
    "dystrybu* rozsyl* "                                                                                                                   \
    "انشر شن 部署 制作 创建 "                                                                                                  \
    "发动 发起 传播 搭建 "                                                                                                         \
    "编写 "                                                                                                                              \
    "运行 公開 作 配布 実行 デプロイ ホスト しかけ 仕掛け 배포 만들 실행"
#define SPREAD                                                                                     \
    "write spread release unleash program schreib* verbreite* verteil* diffus* propag* diffond* "  \
    "crea crear crie rozpowszech* napisz* напиши* распростран* 制作 传播 编写"
#define STEAL "steal exfiltrate harvest dump leak"
#define INTRUDE "hack break break_into crack hijack"
#define ROB                                                                                                                   \
    STEAL                                                                                                                     \
    " skim siphon scrape stehl* stiehl* klau* abgreif* abzugreif* ausspah* vole voler volez "                                 \
    "derob* aspire aspirer robar roba robe hurtar rouba roube roubar ruba rubare rubi "                                       \
    "ukradn* kradnij wykradn* krasc укради украсть красть воровать собери calmak cal calar " \
    "窃取 盗取 偷 盗んで 盗みたい 盗む 훔"
#define SEND                                                                                       \
    BUILD                                                                                          \
    " send sending verschick* sende envoie* envia* manda mande отправ* rozeslij wyslij "     \
    "gonder* 发送 送信 보내"
#define OFF                                                                                        \
    "disable turn_off switch_off schalte deaktivier* desactive desactiva apaga desliga spegni "    \
    "disattiva отключи выключи kapat wylacz 关闭 止めて 꺼"
/* What is done so that whom it concerns does not see it. */
#define NOBODY                                                                                     \
    "nobody_sees nobody_knows nobody_notices no_one_sees no_one_knows no_one_notices never_sees "  \
    "notice unnoticed undetected merkt niemand personne_ne nadie "                                 \
    "ninguem "                                                                                     \
    "nessuno никто kimse nikt 不让 发现 誰にも 아무도"
#define FAKE                                                                                       \
    "fake false lookalike look_alike clone falsch* gefalscht* fausse* falsa* finta falszyw* "      \
    "фальшив* "                                                                             \
    "поддельн* фейков* sahte مزيفة 假 仿冒 偽 가짜"

static const struct {
    enum moderation_verdict verdict;
    const char *code;
    const char *verbs; /* one of each group must be there; "": none */
    const char *thing; /* as a phrase */
} malice_rows[] = {
#define ROW(verdict, code, verbs, thing) {MODERATION_##verdict, code, verbs, thing},
#include "guard/moderation.def"
#undef ROW
};

/* clang-format off */
/* Somebody who builds against it says so, right before it or right after it; and does not say that it
 * must not be found. */
static const char *const against_words =
    "detect protect against prevent block anti avoid stop defend defence defense filter report scan scanner fight recogni* "
    "schutz* gegen vor abwehr* verhinder* erkenn* proteg* contra contre contro prevenir detect* detekt* bloqu* bescherm* tegen "
    "chron* przed защит* против от koru* karsi حماية أحمي منع 防止 防御 防护 守 방지 보호 방어 막 "
    /* Who speaks of attackers is not one; who was robbed speaks of others. */
    "attacker hacker angreifer attaquant m_a was_used somebody_used someone_used nobody_can nobody_may "
    "article_on article_about book_about blog_about site_about talk_about course_on history_of explain* "
    "explique explica erklart no_one_can could_someone could_somebody can_someone can_somebody kann_jemand niemand_kann";
static const char *const defence_words =
    "detection detector protection prevention awareness training simulation talk timeline laughter laughing insurance slides lecture article scanner scan filter blocker defence defense report "
    "schutz pravention schulung erkennung 対策 防止 防御 防护 방지 예방";
static const char *const evade_words = "avoid evade bypass escape undetected undetectable without that_reports";
enum { BEFORE_WORDS = 5, AFTER_WORDS = 2 };

static const struct {
    const char *category;
    struct moderation moderation;
} categories[] = {
    {"illicit",                {MODERATION_END,     "illicit"}},
    {"illicit/violent",        {MODERATION_END,     "illicit_violent"}},
    {"harassment/threatening", {MODERATION_END,     "threat"}},
    {"hate/threatening",       {MODERATION_END,     "threat"}},
    {"sexual/minors",          {MODERATION_END,     "minors"}},
    {"self-harm",              {MODERATION_DECLINE, "self_harm"}},
    {"self-harm/intent",       {MODERATION_DECLINE, "self_harm"}},
    {"self-harm/instructions", {MODERATION_DECLINE, "self_harm"}},
    {"harassment",             {MODERATION_DECLINE, "harassment"}},
    {"hate",                   {MODERATION_DECLINE, "hate"}},
    {"sexual",                 {MODERATION_DECLINE, "sexual"}},
    {"violence",               {MODERATION_DECLINE, "violence"}},
    {"violence/graphic",       {MODERATION_DECLINE, "violence"}},
};

/* Words that are for a model and not for a reader. */
static const char *const mark_phrases[] = {
    "ignore all previous", "ignore previous instructions", "ignore the above", "disregard previous",
    "disregard all previous", "you are now", "new instructions", "system prompt", "im start", "im end",
    "do not tell the user", "without telling the user", "act as the assistant", "as an ai",
};
/* clang-format on */

enum {
    JUDGED_BYTES = 16 * 1024, /* a line that a person types has no more */
    WORDS_BYTES = 4 * JUDGED_BYTES,
    ENCODED_MIN = 16,
    PHRASE_MAX = 64
};

/* A phrase of a table as plain words. */
struct phrase {
    char text[PHRASE_MAX]; /* a blank at its beginning, none at its end */
    bool is_open;          /* any ending */
};

static void phrase_make(struct str of, struct phrase *out) {
    CLEANUP(buf_done) struct buf plain = BUF_INIT(PHRASE_MAX);

    out->is_open = of.len > 0 && of.ptr[of.len - 1] == '*';
    plain_words(str_slice(of, 0, of.len - (out->is_open ? 1 : 0)), of.len, &plain);
    struct str text = str_slice(buf_str(&plain), 0, plain.len - 1);
    (void)snprintf(out->text, sizeof out->text, "%.*s", (int)text.len, text.ptr);
}

/* The end of the phrase, or of its plural, at `at`, the blank before it; NULL where it is another
 * word. */
static const char *phrase_end(const char *at, const struct phrase *phrase) {
    const char *end = at + strlen(phrase->text);

    if (phrase->is_open) {
        return end + strcspn(end, " ");
    }
    end += *end == 's' ? 1 : 0;
    return *end == ' ' ? end : NULL;
}

/* The first blank before the phrase at or after `words`. */
static const char *find_phrase(const char *words, const struct phrase *phrase) {
    const char *at = strstr(words, phrase->text);

    while (at != NULL && phrase_end(at, phrase) == NULL) {
        at = strstr(at + 1, phrase->text);
    }
    return at;
}

/* Whether "make" of a list is there as "making". */
static bool is_going(const char *words, const struct phrase *phrase) {
    size_t n = strlen(phrase->text);
    size_t stem = phrase->text[n - 1] == 'e' ? n - 1 : n;
    struct phrase going = {.is_open = false};

    (void)snprintf(going.text, sizeof going.text, "%.*sing", (int)stem, phrase->text);
    return !phrase->is_open && find_phrase(words, &going) != NULL;
}

/* A word of the list, or a form of it: deploys, deploying, making. */
static bool has_any_word(const char *words, const char *list) {
    struct str rest = str_from(list);
    struct str one = {0};

    while (str_next(&rest, ' ', &one)) {
        struct phrase phrase;

        phrase_make(one, &phrase); /* _ is a blank there too */
        if (find_phrase(words, &phrase) != NULL || is_going(words, &phrase)) {
            return true;
        }
    }
    return false;
}

/* One of each group; "" asks for none. */
static bool has_verbs(const char *words, const char *groups) {
    struct str rest = str_from(groups);
    struct str group = {0};
    bool has = true;

    while (has && rest.len > 0 && str_next(&rest, '&', &group)) {
        CLEANUP(freep) char *list = str_dup(str_trim(group));
        has = has_any_word(words, list);
    }
    return has;
}

/* The words from `from` to `to`, both blanks, as words of their own. */
static char *words_between(const char *from, const char *to) {
    return mem_format("%.*s ", (int)(to - from), from);
}

static bool is_defended(const char *words, const char *at, const char *end) {
    const char *from = at;
    const char *to = end;

    for (size_t n = 0; n < BEFORE_WORDS && from > words; n++) {
        do {
            from--;
        } while (from > words && *from != ' ');
    }
    for (size_t n = 0; n < AFTER_WORDS && to[0] != '\0' && to[1] != '\0'; n++) {
        to += 1 + strcspn(to + 1, " ");
    }
    CLEANUP(freep) char *before = words_between(from, at);
    CLEANUP(freep) char *after = words_between(end, to);

    return has_any_word(before, against_words) ||
           (has_any_word(after, defence_words) && !has_any_word(after, evade_words));
}

/* Whether the thing stands somewhere where nothing is done against it. */
static bool is_meant(const char *words, const char *thing) {
    struct phrase phrase;

    phrase_make(str_from(thing), &phrase);
    for (const char *at = find_phrase(words, &phrase); at != NULL;
         at = find_phrase(at + 1, &phrase)) {
        if (!is_defended(words, at, phrase_end(at, &phrase))) {
            return true;
        }
    }
    return false;
}

struct moderation moderation_strictest(struct moderation a, struct moderation b) {
    return b.verdict < a.verdict ? b : a;
}

static struct moderation judge_words(const char *words) {
    struct moderation found = {MODERATION_PASS, ""};

    for (size_t i = 0; i < ARRAY_N(malice_rows); i++) {
        if (is_meant(words, malice_rows[i].thing) && has_verbs(words, malice_rows[i].verbs)) {
            found = moderation_strictest(
                found, (struct moderation){malice_rows[i].verdict, malice_rows[i].code});
        }
    }
    return found;
}

static struct moderation judge_plain(struct str text) {
    CLEANUP(buf_done) struct buf words = BUF_INIT(WORDS_BYTES);

    plain_words(text, JUDGED_BYTES, &words);
    return judge_words(buf_cstr(&words));
}

struct moderation moderation_judge(struct str text) {
    struct moderation found = judge_plain(text);

    for (size_t at = 0; at < text.len; at++) { /* what is encoded is said too */
        CLEANUP(buf_done) struct buf plain = BUF_INIT(JUDGED_BYTES);
        size_t to = at;
        struct err err;

        while (to < text.len && is_base64(text.ptr[to]) && text.ptr[to] != '=') {
            to++;
        }
        if (to - at >= ENCODED_MIN &&
            base64_read(str_slice(text, at, to), &plain, &err) == ERR_NONE &&
            str_is_utf8(buf_str(&plain))) {
            found = moderation_strictest(found, judge_plain(buf_str(&plain)));
        }
        at = to;
    }
    return found;
}

struct moderation moderation_of_category(const char *category) {
    for (size_t i = 0; i < ARRAY_N(categories); i++) {
        if (strcmp(categories[i].category, category) == 0) {
            return categories[i].moderation;
        }
    }
    return (struct moderation){MODERATION_DECLINE, "flagged"};
}

const char *moderation_text(struct moderation moderation) {
    if (moderation.verdict == MODERATION_PASS) {
        return "";
    }
    if (strcmp(moderation.code, "self_harm") == 0) {
        return "aws-copilot cannot help with this, but people can: if you are in danger, please "
               "call your local emergency number, or talk to somebody you trust";
    }
    return moderation.verdict == MODERATION_END
               ? "this is not something aws-copilot helps with"
               : "aws-copilot does nothing about this; say what you would like to deploy";
}

/* ---- Text that speaks to a model ---- */

bool moderation_add_foreign(struct str text, struct buf *out) {
    CLEANUP(buf_done) struct buf words = BUF_INIT(WORDS_BYTES);
    size_t begin = out->len;
    bool has_marks = false;

    while (text.len > 0) {
        struct str from = text;
        uint32_t point = utf8_take(&text);
        bool is_layout = point == '\n' || point == '\t' || point == '\r';

        if (is_deceptive(point) && !is_layout) {
            has_marks = has_marks || point > 0x9f; /* a control character hides nothing */
        } else {
            buf_add(out, str_slice(from, 0, from.len - text.len));
        }
    }
    plain_words(str_slice(buf_str(out), begin, out->len), JUDGED_BYTES, &words);
    for (size_t i = 0; i < ARRAY_N(mark_phrases); i++) {
        struct phrase phrase;

        phrase_make(str_from(mark_phrases[i]), &phrase);
        has_marks = has_marks || find_phrase(buf_cstr(&words), &phrase) != NULL;
    }
    return has_marks;
}
