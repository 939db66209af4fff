/* guard/redact/redact.h: the one mask. What is stored, logged, shown, emitted or sent to a model
 * passes here first, and `struct masked` is the proof: only this room makes one.
 *
 * A masked piece is replaced by exactly ***, whatever its length. Masking again changes nothing.
 * Nothing here can fail: what is not understood is masked.
 */
#pragma once

#include <jansson.h>

#include "base/buf.h"

/* Text without secrets. Owned; made by the functions below and by nobody else: only their file may
 * name the members (maker.h), the first is of a type that no text has, and what comes to be one
 * otherwise, by a cast or copied bytes, has no seal and ends the program where it is read.
 * {0} is empty. Well-formed input stays UTF-8. */
struct masked {
    struct masked_bytes *masked_ptr; /* NUL-terminated, or NULL while empty */
    size_t masked_len;               /* bytes, without the NUL */
    uintptr_t masked_seal;           /* of the two above */
};
#ifndef REDACT_MAKER
#pragma GCC poison masked_ptr masked_len masked_seal masked_bytes
#endif

/* Takes back what was masked when it was recorded, byte for byte: only for the journal, whose
 * hashes tell whether it is still that. `out` as below. */
void masked_of_record(struct str text, struct masked *out);

/* Makes `out` a copy. `out` is overwritten without being freed: give it {0}. */
void masked_copy(const struct masked *masked, struct masked *out);
void masked_done(struct masked *masked);              /* frees; empty and usable again */
struct str masked_str(const struct masked *masked);   /* borrows */
const char *masked_cstr(const struct masked *masked); /* borrows; "" while empty */

/* The known values and the rules. Any thread may scan and any thread may add a value at any time;
 * what is scanned after redactor_add_known() returned is masked by it. */
struct redactor; /* opaque */

struct redactor *redactor_new(void) __attribute__((returns_nonnull));
void redactor_free(struct redactor *redactor); /* wipes; accepts NULL */
void redactor_freep(struct redactor **redactor);

/* Makes `value`, the secret called `name`, known: from now on it is masked wherever it stands, raw
 * or JSON-escaped, percent-encoded, in Base64 (either alphabet, any alignment) or hexadecimal, and
 * each of its lines; whatever stands under the key `name` is masked as well. A value of less than 6
 * bytes, or a plain word such as "production", is masked only under its name.
 * `name` may be NULL or "". Copies both; the copy is wiped by redactor_free(). */
void redactor_add_known(struct redactor *redactor, const char *name, struct str value);

/* Makes the values of the lines NAME=value of `text` known, as an .env file has them, with "export
 * " and quotes; of all names, or only of those that name secrets. In UTF-8, or in UTF-16 behind a
 * byte order mark, as Windows' editors and PowerShell's > write it. */
void redactor_add_env(struct redactor *redactor, struct str text, bool is_all);

/* From now on, what tells who a person is is masked too: e-mail addresses, telephone numbers,
 * cards, IBANs, national numbers; with `has_addresses` IP addresses as well. For what is kept, sent
 * to a model or told to telemetry. */
void redactor_mask_persons(struct redactor *redactor, bool has_addresses);

/* Masks one closed text. `out` is overwritten without being freed: give it {0}.
 * JSON in it stays JSON: only what is inside the quotes is replaced. Linear time. */
void redact_text(const struct redactor *redactor, struct str text, struct masked *out);

/* Masks the values of a tree and writes canonical bytes (as json_text()). Every leaf below a key
 * that names a secret becomes "***"; null, true and false stay; keys stay, but for the secrets in
 * them; what redact_text() would mask of these bytes is masked too. What is deeper than
 * LIMIT_JSON_DEPTH is masked. `out` as above. */
void redact_json(const struct redactor *redactor, const json_t *json, struct masked *out);

/* Whether masking would change nothing of a text that was masked before. Of JSON each text is
 * looked at by itself: a name that was learnt since makes no secret of a flag or a plain word below
 * it. */
bool redact_is_clean(const struct redactor *redactor, struct str text);

/* How many places were masked, by kind, since the redactor was made; sorted by kind. What open
 * streams have done counts when they end. Returns how many rows are in `rows`. */
enum { REDACT_KINDS_MAX = 256 }; /* more than there are */
struct redact_count {
    const char *kind; /* a constant, see redact_hit */
    size_t n;
};
size_t redactor_counts(const struct redactor *redactor, struct redact_count *rows, size_t rows_max);

/* The same as [{"kind","n"},...]: a kind is called like a secret, and as a member's name would have
 * its number masked. New reference. */
json_t *redactor_counts_json(const struct redactor *redactor);

/* A row of the rule table, for people. */
struct redact_rule {
    const char *kind;
    const char *anchor; /* what it begins with, or what stands in its middle */
    const char *body;   /* the characters that follow */
    size_t min;         /* of them */
    size_t lead;        /* letters and digits before the anchor */
    const char *yes;    /* what is masked, and what stays; '%' stands for 40 characters. NULL: */
    const char *no;     /* `min` characters after the anchor, and one less */
    bool is_hint;       /* masks nothing by itself */
};
size_t redact_rule_count(void);
void redact_rule_describe(size_t i, struct redact_rule *out);

/* Appends a text in which row `i` masks something, or one in which it does not. */
void redact_rule_example(size_t i, bool is_counter, struct buf *out);

/* One place where something would be masked. */
struct redact_hit {
    const char *kind; /* a constant such as "aws-key-id", "known" or "key" */
    size_t at;        /* byte offset in the text */
    size_t len;       /* bytes */
};

/* Finds up to `hits_max` secrets in an artefact, which is refused and not masked; returns how many
 * there are in `hits`, in order of their offsets. `hits_max` of 1 answers "is there one". */
size_t redact_find(const struct redactor *redactor, struct str text, struct redact_hit *hits,
                   size_t hits_max);

/* Whether `key` names a secret by its words: "db_password", "apiKey", "X-Auth-Token". */
bool redact_is_secret_key(struct str key);

/* Masks a stream of bytes, such as a child's output, however it is cut: the result does not depend
 * on the sizes of the writes. Words that nothing that follows can make part of a secret come out at
 * once, others with the end of their line, or at 64 KiB, or at the end.
 * One stream, one thread at a time. */
struct redact_stream; /* opaque */

/* `put` gets each masked piece, borrowed for the call, on the thread that writes. `redactor` must
 * outlive the stream. */
struct redact_stream *redact_stream_new(const struct redactor *redactor,
                                        void (*put)(void *user, const struct masked *piece),
                                        void *user) __attribute__((returns_nonnull));

void redact_stream_write(struct redact_stream *stream, struct str piece);

/* Gives out what is held back and frees the stream. Accepts NULL. */
void redact_stream_end(struct redact_stream *stream);

/* Frees the stream of a text that was cut off: what is held back may be the half of a secret, and
 * is not given out. Accepts NULL. */
void redact_stream_drop(struct redact_stream *stream);
