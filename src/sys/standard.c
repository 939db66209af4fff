/* Standard descriptors that are not there. */
#include "sys/standard.h"

#include <fcntl.h>
#include <unistd.h>

void standard_hold(void) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0) { /* the wrong way round: nothing can be read, or written */
            (void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        }
    }
}
