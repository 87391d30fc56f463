/* SPDX-License-Identifier: MIT */
/* accept: what an error of accept4(2) means. */
#ifndef SOCKGREET_ACCEPT_H
#define SOCKGREET_ACCEPT_H

enum accept_verdict {
    ACCEPT_NEXT,  /* this client is lost; the next one may be tried */
    ACCEPT_EMPTY, /* nobody waits, or another thread took who did */
    ACCEPT_SHUT,  /* the socket does not listen */
    ACCEPT_PAUSE  /* the error is ours, and would come again: never a busy loop */
};

/* error: errno. See accept(2) on pending network errors. */
enum accept_verdict accept_judge(int error);

#endif
