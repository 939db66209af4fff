/* sys/keeper.h: what the keeper and those who start it agree on. Without a C library: constants. */
#pragma once

enum {
    KEEPER_REPORT_FD = 3, /* the socket to report to */
    /* The parent's end, as the keeper asks for it (PR_SET_PDEATHSIG): one that nobody else sends.
     */
    KEEPER_PARENT_GONE = 40
};
