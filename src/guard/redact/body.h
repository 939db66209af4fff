/* guard/redact/body.h: what a token looks like besides, where its anchor alone says too little.
 *
 * Each is asked of a body, what stands behind the anchor, that is as long as its rule wants. */
#pragma once

#include "base/str.h"

#include <stdbool.h>

/* Small letters and capitals: digests may begin with such an anchor, files have such endings. */
bool body_is_mixed(struct str body);

/* Five digits and more, as names of functions have not. */
bool body_is_numbered(struct str body);

/* Data that begins with zero bits goes on with an A. */
bool body_is_no_zero(struct str body);

/* As 7a5a1c1e-9d1f-4e0a-8a55-1f1c2d3e4f50. */
bool body_is_uuid(struct str body);

/* pk_live_ is to be published; NUMBER_KEY (ClickUp) and hexadecimal (Klaviyo) are not. */
bool body_is_private_pk(struct str body);

/* An id of 8 and a key of 24, which re_names_of_functions have not. */
bool body_is_resend(struct str body);

/* 26 of a-z 0-9, with a digit: the hooks of Mattermost. */
bool body_is_hook_id(struct str body);

/* A whole NATS seed: Base32 (RFC 4648) of two bytes that say what it is for, 32 of the seed and
 * their CRC-16 (XMODEM), low byte first; nkeys' own documentation. */
bool body_is_nats_seed(struct str token);
