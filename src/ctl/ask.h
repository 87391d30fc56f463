/* SPDX-License-Identifier: MIT */
/* ask: finds the service that the command line names, and sends it the request. */
#ifndef SOCKGREET_CTL_ASK_H
#define SOCKGREET_CTL_ASK_H

#include "base/message.h"
#include "ctl/options.h"

#include <stddef.h>

struct ask_answer {
    char *bytes; /* NULL if there is none */
    size_t size;
};

/* Sends options->request to the service. Returns 0, or an exit status with a message. */
int ask_service(const struct options *options, struct ask_answer *answer, struct message *error);

#endif
