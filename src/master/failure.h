/* SPDX-License-Identifier: MIT */
/* failure: the last failure, kept until an action of the same kind succeeds. */
#ifndef SOCKGREET_FAILURE_H
#define SOCKGREET_FAILURE_H

#include <stdint.h>

enum failure_kind { FAILURE_NONE, FAILURE_START, FAILURE_WORKER, FAILURE_RELOAD, FAILURE_UPGRADE };

struct failure {
    enum failure_kind kind;
    char text[256];
    int64_t at; /* CLOCK_MONOTONIC, in nanoseconds */
};

void failure_note(struct failure *failure, enum failure_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* An action of this kind succeeded: clears the failure if it is of this kind. */
void failure_clear(struct failure *failure, enum failure_kind kind);

#endif
