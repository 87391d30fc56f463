/* SPDX-License-Identifier: MIT */
/* accept: what an error of accept4(2) means. */
#ifndef SOCKGREET_ACCEPT_H
#define SOCKGREET_ACCEPT_H

enum accept_verdict {
    ACCEPT_NEXT,  /* this client is lost; try the next one */
    ACCEPT_EMPTY, /* the queue is empty, or another thread was faster */
    ACCEPT_SHUT,  /* the socket does not listen */
    ACCEPT_PAUSE  /* a local error, which would repeat: pause, to avoid a busy loop */
};

/* error: errno. See accept(2) on pending network errors. */
enum accept_verdict accept_judge(int error);

#endif
