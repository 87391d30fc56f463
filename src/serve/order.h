/* SPDX-License-Identifier: MIT */
/* order: what a greeting thread is told to do next, the least urgent first. */
#ifndef SOCKGREET_ORDER_H
#define SOCKGREET_ORDER_H

enum order {
    ORDER_RUN,    /* greet */
    ORDER_RETIRE, /* others greet now: stop accepting, and give those connected timeouts.drain */
    ORDER_DRAIN,  /* greet on until those connected now are done or timeouts.drain ends, then stop */
    ORDER_FINISH, /* stop accepting at once, and give those connected a tenth of a second */
    ORDER_QUIT    /* stop at once */
};

#endif
