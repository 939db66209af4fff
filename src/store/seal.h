/* store/seal.h: seals of journal heads, as write-once documents. Private to store/.
 *
 * Collection "seals", id and key SESSION/SEQ with eight digits, body
 * {"hash":HEX,"mac":HEX,"seq":N,"session":ID}. The mac is HMAC-SHA-256 under the install key.
 */
#pragma once

#include "store/journal.h"

/* Sets seal->mac for seq and hash, and keeps the seal. */
MUST_CHECK enum err_code seal_write(struct store *store, struct str session,
                                    struct journal_seal *seal, struct err *err);

/* Reads the seals of a session that were made under this install key, by seq, into `arena`.
 * `*out_bad_seq` is the number of the record that the first other one claims to seal; 0: none. */
MUST_CHECK enum err_code seal_read_all(struct store *store, struct str session, struct arena *arena,
                                       struct journal_seal **out, size_t *out_n,
                                       int64_t *out_bad_seq, struct err *err);
