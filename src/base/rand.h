/* base/rand.h: random bytes from the kernel. */
#pragma once

#include <stddef.h>
#include <stdint.h>

void rand_bytes(void *out, size_t n); /* ends the program if the kernel has none */
double rand_unit(void);               /* [0, 1), for jitter */
