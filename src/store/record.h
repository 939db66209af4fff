/* store/record.h: one record as bytes: grammar, header, link to the one before. Private to store/.
 *
 * A header is: form (1), kind, flags (1: encrypted), then as LEB128 numbers seq, ts_ms, epoch,
 * call, length of the body; SHA-256 of the body when there is one; then each field that is present,
 * in the order of record.def: its number, LEB128 length, bytes. Behind the header stands the chain
 * hash, SHA-256 over the hash of the record before and the header.
 */
#pragma once

#include "store/backend.h"
#include "store/journal.h"

enum record_life { LIFE_EVER, LIFE_STATE, LIFE_LOG };

enum record_life record_life_of(enum record_kind kind);

/* Where a chain stands. */
struct record_chain {
    struct str session;
    int64_t seq; /* of the last record; 0: none yet */
    struct sha256 hash;
};

/* The chain of a session without records. */
struct record_chain record_chain_start(struct str session);

/* Checks kind, fields and size. Errors: ERR_INVALID, ERR_TOO_LARGE. */
MUST_CHECK enum err_code record_check(const struct journal_entry *entry, struct err *err);

/* Appends header and hash of the record that follows `chain`, and moves `chain` on to it. */
void record_write(struct record_chain *chain, const struct journal_entry *entry, int64_t ts_ms,
                  int64_t epoch, struct buf *out);

/* Reads a stored row that must follow `chain`, and moves `chain` on to it: NULL, or a clause that
 * says what is wrong with it. The body is not looked at. */
const char *record_read(struct record_chain *chain, const struct store_row *row,
                        struct journal_record *out);

/* Reads a stored row by itself, its place in the chain unchecked; false when it cannot be read. */
bool record_peek(const struct store_row *row, struct journal_record *out);

/* Appends the packed body of `entry` for its place. Errors: those of pack_body(). */
MUST_CHECK enum err_code record_pack(struct crypt *crypt, struct str session, int64_t seq,
                                     const struct journal_entry *entry, struct buf *out,
                                     struct err *err);

/* Unpacks the body of a record that was read, into `plain`, and compares its digest.
 * Errors: ERR_CORRUPT, those of unpack_body(). */
MUST_CHECK enum err_code record_unpack(struct crypt *crypt, struct str session,
                                       const struct store_row *row, struct journal_record *record,
                                       struct buf *plain, struct err *err);
