/* SPDX-License-Identifier: MIT */
/* discard: reads and discards a client's input, up to a limit.
 *
 * Closing a socket with unread input makes the kernel send a reset (RFC 1122 4.2.2.13), which can destroy the
 * greeting before the client has read it. */
#ifndef SOCKGREET_DISCARD_H
#define SOCKGREET_DISCARD_H

#include "serve/conn.h"

enum input {
    INPUT_NONE,    /* nothing new */
    INPUT_SOME,    /* discarded; there may be more later */
    INPUT_END,     /* the client's end of file */
    INPUT_RESET,   /* the connection is broken */
    INPUT_TOO_MUCH /* the client has sent more than the limit */
};

enum input discard_input(struct conn *conn);

#endif
