/* SPDX-License-Identifier: MIT */
/* order: what a greeting thread has to do; the least urgent first. */
#ifndef SOCKGREET_ORDER_H
#define SOCKGREET_ORDER_H

enum order {
    ORDER_RUN,    /* serve */
    ORDER_RETIRE, /* a new generation serves: stop accepting; connected clients have timeouts.drain */
    ORDER_DRAIN,  /* keep serving until the clients connected now are done, or for timeouts.drain */
    ORDER_FINISH, /* stop accepting at once; connected clients have a tenth of a second */
    ORDER_QUIT    /* stop at once */
};

#endif
