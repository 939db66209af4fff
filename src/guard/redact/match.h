/* guard/redact/match.h: where a token or a text that carries one goes from and to, once its anchor
 * was found at `at`. Each returns where what it covers ends, or 0, as struct rule says. */
#pragma once

#include "guard/redact/scan.h"

/* The anchor where a word begins, and at least `min` characters of the body, of its shape. */
size_t match_token(struct scan *scan, const struct rule *rule, size_t at);

/* The same, of a key id of AWS: what AWS's secrets look like counts near it. */
size_t match_aws_id(struct scan *scan, const struct rule *rule, size_t at);

/* OpenAI, Anthropic and others. "sk-" begins many style class names too: those are lower-case
 * words. */
size_t match_sk(struct scan *scan, const struct rule *rule, size_t at);

/* header.payload.signature, the last one perhaps empty or cut off; five parts when encrypted. */
size_t match_jwt(struct scan *scan, const struct rule *rule, size_t at);

/* A private key in PEM, as far as it goes, over lines; of PuTTY. */
size_t match_pem(struct scan *scan, const struct rule *rule, size_t at);
size_t match_putty(struct scan *scan, const struct rule *rule, size_t at);

/* scheme://user:PASS@host. A password may hold / ? # unescaped: what stands where the port would
 * and is no number is read up to the last @ of the word. */
size_t match_uri(struct scan *scan, const struct rule *rule, size_t at);

/* "Bearer" and a token; prose has no digit there. */
size_t match_bearer(struct scan *scan, const struct rule *rule, size_t at);

/* ?code=VALUE of OAuth (RFC 6749), where a state or the grant's type stands beside it. */
size_t match_oauth_code(struct scan *scan, const struct rule *rule, size_t at);

/* "Basic" and what decodes to user:password. */
size_t match_basic(struct scan *scan, const struct rule *rule, size_t at);

/* A webhook's address is its secret: what follows its known beginning. */
size_t match_hook(struct scan *scan, const struct rule *rule, size_t at);

/* The same of a body that has a shape, behind any host. */
size_t match_path(struct scan *scan, const struct rule *rule, size_t at);

/* A token with its mark in the middle: at least `lead` characters, the anchor, the body. */
size_t match_infix(struct scan *scan, const struct rule *rule, size_t at);

/* Base64 with its mark at one place: exactly `lead` characters before it. */
size_t match_placed(struct scan *scan, const struct rule *rule, size_t at);

/* A seed of NATS, by its checksum: words in capitals begin like it. */
size_t match_nats(struct scan *scan, const struct rule *rule, size_t at);

/* A bot's token: the digits of an id in Base64, by what those begin with, a time and a check. */
size_t match_discord(struct scan *scan, const struct rule *rule, size_t at);

/* An app's token: its id, | and exactly `min` characters. `lead`: digits of the id, at least. */
size_t match_facebook(struct scan *scan, const struct rule *rule, size_t at);

/* "Unseal Key 1: KEY", as the server prints it, and "operator unseal KEY". */
size_t match_unseal(struct scan *scan, const struct rule *rule, size_t at);

/* What a workflow asks GitHub's runner to mask: to the end of its line or string. */
size_t match_add_mask(struct scan *scan, const struct rule *rule, size_t at);
