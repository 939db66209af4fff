/* test/support/mutate.h: texts that nobody would write, for the tests of parsers. The same ones in
 * every run, so that a failure comes again. */
#pragma once

#include "base/str.h"

/* Hands `parse` each prefix of each seed, then mutations of them (bytes changed, cut out, doubled,
 * swapped between seeds, replaced by what syntax likes) for at most a second. Behind the text
 * lies no byte, so that ASan sees who reads on. `seeds` ends with NULL. When the test fails inside
 * `parse`, the text is in the environment's file AWSCOPILOT_MUTANT, if it names one. */
void mutate(const char *const *seeds, void (*parse)(void *ctx, struct str text), void *ctx);
