/* aws_deployer, what waits for a yes: the shared sessions of a stack whose last part in the
 * artifact bucket ends with an open question.
 *
 * Nothing is taken up, and nothing is checked but the paper itself: whoever answers takes the
 * session up first, record by record (share.c). */
#include <stdlib.h>
#include <string.h>

#include "aws/s3.h"
#include "base/clock.h"
#include "guard/approval.h"
#include "guard/limits.h"
#include "store/journal.h"
#include "tool/aws_deployer/deployer.h"

enum { WAITING_OBJECTS_MAX = 20000, WAITING_PART_BYTES = 64 << 20 };

/* The last part of one session. Borrowed from the list. */
struct waiting {
    struct str session;
    const struct s3_object *part;
};

/* "SESSION/part-..." behind the prefix; an empty name is none. */
static struct str waiting_session(const char *rest) {
    const char *slash = strchr(rest, '/');

    return slash != NULL && strncmp(slash + 1, "part-", 5) == 0
               ? (struct str){rest, (size_t)(slash - rest)}
               : (struct str){0};
}

/* The question that is open at the end of these records; NULL: none is. New reference. */
static json_t *waiting_question(const json_t *records) {
    json_t *question = NULL;
    const json_t *row;
    size_t i;

    json_array_foreach(records, i, row) {
        enum record_kind kind = journal_part_kind(row);
        CLEANUP(json_decrefp) json_t *body = NULL;
        struct err unread = {0};

        if (kind == RECORD_ANSWER || kind == RECORD_PHASE || kind == RECORD_END ||
            kind == RECORD_QUESTION) {
            json_decref(question);
            question = NULL;
        }
        if (kind == RECORD_QUESTION &&
            json_read(str_from(json_str_or(row, "body", "")), &body, &unread) == ERR_NONE &&
            strcmp(json_str_or(body, "kind", ""), "approval") == 0) {
            question = TAKE(body);
        }
    }
    return question;
}

/* Whether somebody said yes or no to it already. */
static enum err_code waiting_is_decided(struct op *op, const struct aws *aws, struct str session,
                                        const char *digest, bool *out, struct err *err) {
    CLEANUP(s3_list_done) struct s3_list list = {0};
    CLEANUP(freep)
    char *prefix = mem_format("approvals/%s/" STR_FMT "/%.*s/", deployer_arg(op, "stack"),
                              STR_ARG(session), DEPLOYER_DIGEST_DIGITS, digest);

    if (s3_list(aws, deployer_arg(op, "bucket"), prefix, 1, &list, err) != ERR_NONE) {
        return err->code;
    }
    *out = list.n > 0;
    return ERR_NONE;
}

/* The row of a paper that is this session's and whose time is not over; NULL: it is none. */
static json_t *waiting_row(const struct op *op, const json_t *question, struct str session,
                           int64_t now_ms) {
    CLEANUP(approval_done) struct approval paper = {0};
    struct err unread = {0};
    const char *bytes = json_str_or(question, "bytes", "");

    if (approval_read(str_from(bytes), &paper, &unread) != ERR_NONE ||
        !str_eq(session, str_from(paper.session)) || paper.expires_ms <= now_ms ||
        strcmp(sha256_hex(approval_digest(&paper)).text, json_str_or(question, "digest", "")) !=
            0) {
        return NULL;
    }
    return approval_row(&paper, deployer_arg(op, "stack"));
}

/* Looks into one part, if it is young enough to hold a question whose time is not over. */
static enum err_code waiting_look(struct op *op, const struct aws *aws,
                                  const struct waiting *waiting, json_t *rows, struct err *err) {
    int64_t now_ms = clock_now_ms() + aws_clock_offset_ms(aws, AWS_S3);
    CLEANUP(json_decrefp) json_t *part = NULL;
    CLEANUP(json_decrefp) json_t *question = NULL;
    CLEANUP(json_decrefp) json_t *row = NULL;
    bool is_decided = false;

    if (waiting->part->modified_ms + limit(LIMIT_APPROVAL_MS) + APPROVAL_CLOCKS_APART_MS < now_ms) {
        return ERR_NONE;
    }
    /* One that is no JSON is passed: whoever may write there could otherwise hide all others. */
    if (deployer_get_json(op, aws, waiting->part->key, WAITING_PART_BYTES, &part, err) !=
        ERR_NONE) {
        return err->code;
    }
    question = waiting_question(json_object_get(part, "records"));
    row = waiting_row(op, question, waiting->session, now_ms);
    if (row == NULL) {
        return ERR_NONE;
    }
    if (waiting_is_decided(op, aws, waiting->session, json_str_or(row, "digest", ""), &is_decided,
                           err) != ERR_NONE) {
        return err->code;
    }
    if (!is_decided) {
        (void)json_array_append(rows, row);
    }
    return ERR_NONE;
}

enum err_code deployer_waiting(struct op *op, json_t **out, struct err *err) {
    CLEANUP(s3_list_done) struct s3_list list = {0};
    CLEANUP(freep) char *prefix = mem_format("sessions/%s/", deployer_arg(op, "stack"));
    CLEANUP(json_decrefp) json_t *rows = json_array();
    struct waiting last = {0};
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE ||
        s3_list(&aws, deployer_arg(op, "bucket"), prefix, WAITING_OBJECTS_MAX, &list, err) !=
            ERR_NONE) {
        return err->code;
    }
    /* Sorted: the parts of a session side by side, the last one last. */
    for (size_t i = 0; i < list.n; i++) {
        struct str session = waiting_session(list.rows[i].key + strlen(prefix));

        if (session.len == 0) {
            continue;
        }
        if (last.part != NULL && !str_eq(session, last.session) &&
            waiting_look(op, &aws, &last, rows, err) != ERR_NONE) {
            return err->code;
        }
        last = (struct waiting){session, &list.rows[i]};
    }
    if (last.part != NULL && waiting_look(op, &aws, &last, rows, err) != ERR_NONE) {
        return err->code;
    }
    *out = json_pack("{s:O, s:b}", "rows", rows, "cut", list.is_cut);
    return ERR_NONE;
}
