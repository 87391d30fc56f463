/* SPDX-License-Identifier: MIT */
/* result: the result of a request: its class, the server that answered, the greeting in the answer, and
 * whether it differs from the one before. */
#ifndef SOCKGREET_CLIENT_RESULT_H
#define SOCKGREET_CLIENT_RESULT_H

#include "client/answer_fields.h"
#include "client/ask/request.h"
#include "client/expect.h"
#include "client/pattern.h"
#include "client/who.h"

#include <stdbool.h>
#include <stddef.h>

/* How answers are judged. */
struct result_settings {
    const struct expect *expect; /* NULL: anything will do */
    const struct pattern *who;   /* NULL: by the fields of the answer */
    bool http;                   /* the answer has a header of HTTP */
};

/* The last answer of a target; all zero to begin with. */
struct result_memory {
    struct address peer;
    char who[WHO_MAX];
    char *greeting;
    size_t length;
    struct answer_fields fields; /* of the answer that was judged last */
};

struct result {
    enum outcome outcome;
    char text[ATTEMPT_ERROR_MAX]; /* why it is not OUTCOME_ANSWERED */
    char who[WHO_MAX];            /* "": not known */
    const char *answer;           /* NULL: there is none; without the header of HTTP */
    size_t answer_length;
    const char *greeting; /* the same, or the member of this name in a JSON answer */
    size_t length;
    bool greeting_changed; /* by more than its numbers; also the first one */
    bool address_changed;  /* another address answered than last time */
    bool who_changed;      /* another server answered than last time */
    unsigned change;       /* --watch only: enum outages_change */
};

/* Judges a request that has ended. The texts of the result are valid as long as the request, and until the
 * next call with this memory. */
void result_judge(struct result *result, struct result_memory *memory, const struct result_settings *settings,
                  const struct request *request);

/* Frees what the memory holds. */
void result_memory_free(struct result_memory *memory);

#endif
