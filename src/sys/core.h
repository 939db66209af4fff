/* sys/core.h: no core dumps of a process that holds credentials and secrets. */
#pragma once

/* From now on a crash of this process, or of its children, leaves none of its memory behind: no
 * file, and nothing but a stack-less header for a program that takes dumps by a pipe.
 * Source: core(5). */
void core_forbid(void);
