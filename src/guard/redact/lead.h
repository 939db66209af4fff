/* guard/redact/lead.h: what logs put before a line. */
#pragma once

#include "base/str.h"

/* How many bytes at the begin of a line are no part of what was written: colours, a time, the tag
 * of syslog, the container that docker compose names, the step of a build, the + of a diff. Blanks
 * that indent what follows stay with it. */
size_t lead_len(struct str line);

/* What a line of JSON says that is itself a line of a log, without the line break at its end:
 * {"log":"LINE\n","stream":"stdout"}; false when it is none. */
bool lead_payload(struct str line, size_t *from, size_t *to);

/* Where what sets a terminal's colour at `at` ends (ECMA-48: ESC [ 0 ; 31 m, also as strings write
 * the ESC); `at` when there is nothing. */
size_t lead_colour_end(struct str text, size_t at);
