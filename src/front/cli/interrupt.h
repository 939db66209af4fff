/* front/cli/interrupt.h: Ctrl-C. The first one asks the run to stop; a second one within two
 * seconds ends the program at once, with the terminal as it was. */
#pragma once

#include <stdatomic.h>

extern atomic_bool interrupted;

/* Installs the handler, and has writes to a closed pipe fail instead of kill. */
void interrupt_watch(void);
