/* guard/tokens/pieces.h: what tokens.c shares with the rooms beside it. */
#pragma once

#include "guard/tokens/tokens.h"

/* tokens_count() of well-formed UTF-8. */
size_t pieces_count(enum encoding encoding, struct str text);

/* The end of the piece that begins at `at`, and in `*count` its tokens. */
size_t pieces_next(enum encoding encoding, struct str text, size_t at, size_t *count);
