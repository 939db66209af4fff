/* guard/redact/redact_fixture.h: made-up secrets, what stands around them, and what looks like one.
 *
 * Everything is put together at run time, so that no scanner of repositories stops here. */
#pragma once

#include "base/buf.h"
#include "guard/redact/redact.h"

enum { TEXT_MAX = 8 << 20 };

extern const char alnum[];
extern const char base64s[];

/* The same row of numbers in every run, or that of AWSCOPILOT_TEST_SEED, or of random_begin(). */
uint32_t next_random(void);
void random_begin(uint32_t begin);

struct kind {
    const char *name;
    const char *parts[4]; /* written in between, so that no scanner finds a whole prefix */
    const char *alphabet;
    int body;
    const char *tail;
};
extern const struct kind kinds[];
extern const size_t kind_n;

char *secret_of(const struct kind *kind); /* the caller frees */

/* Masks a closed text; the caller frees. `len` may be NULL. */
char *mask_of(const struct redactor *redactor, struct str text, size_t *len);

/* Whether it is one JSON text. json_read() would not do: names that are masked may be alike. */
bool is_json(struct str text);

/* Whether a piece of 8 characters of the secret's inside is left. */
bool leaks(const char *masked, size_t len, const char *secret);

/* How a line is written. */
enum encoding { RAW, JSON_ESCAPED, PERCENT, BASE64, BASE64_1, BASE64_2, HEX, UTF16, ENCODING_N };

/* Whether the secret, in its context and so written, is left in what is masked or in what that
 * decodes to, or nothing was masked. */
bool is_leaking(const struct redactor *redactor, const char *context, enum encoding encoding,
                const char *secret);

extern const char *const contexts[]; /* %s is the place of a token */
extern const size_t context_n;
extern const char *const named[]; /* X is the place of a password without shape */
extern const size_t named_n;
extern const char *const harmless[]; /* what must stay as it is */
extern const size_t harmless_n;
extern const char *const known_values[];
extern const size_t known_value_n;
extern const char *const hostile_pieces[]; /* what is slow, or ends in the middle of something */
extern const size_t hostile_piece_n;

struct redactor *redactor_with_known(void); /* knows known_values */

/* What a stream put out. */
struct sink {
    struct buf out;
    size_t puts;
};
void sink_put(void *user, const struct masked *piece);

/* The same in writes of `size` bytes; 0: of random sizes. The caller frees. */
char *stream_of(const struct redactor *redactor, struct str text, size_t size, size_t *len);

/* Fails when one of the texts, whose row it names, is masked anywhere. */
void check_stays(const struct redactor *redactor, const char *const *texts, size_t n);

/* Fails when the result depends on the sizes of writes, or changes when masked again. */
void check_cuts(const struct redactor *redactor, struct str text, const char *name);
void check_fixpoint(const struct redactor *redactor, struct str text, const char *name);
