/* SPDX-License-Identifier: MIT */
/* target: what to ask, from the operands of the command line. */
#ifndef SOCKGREET_TARGET_H
#define SOCKGREET_TARGET_H

#include "base/endpoint.h"
#include "base/message.h"

#define TARGET_LABEL_MAX 448 /* an escaped path ("\xHH" each), or host and port */

struct target {
    struct endpoint endpoint;
    char label[TARGET_LABEL_MAX]; /* for messages: "localhost port 12345", an escaped path */
};

/* What options say about targets that do not say it themselves. */
struct target_defaults {
    bool udp;         /* -u */
    const char *port; /* -p, or NULL */
    bool interface;   /* -I names one, so that link-local addresses need none */
};

struct target_list {
    struct target *targets;
    size_t count, room;
};

/* Makes targets of operands: one of each, except that
 * - two operands of which the second is a number or the name of a service (services(5)) are a host and its
 *   port;
 * - a number alone is a port of localhost.
 * A number is never a host. Returns 0, or -1 with a message in error. Free the list in both cases. */
int target_list_parse(struct target_list *list, char *const *operands, size_t count,
                      const struct target_defaults *defaults, struct message *error);

/* Appends what operands are to a list that may have targets already. Returns as above; on failure the list is
 * as it was. */
int target_list_add(struct target_list *list, char *const *operands, size_t count,
                    const struct target_defaults *defaults, struct message *error);

/* Whether text is the port of the host before it: all digits, or the name of a service. */
bool target_is_port(const char *text);

/* Frees what target_list_parse built. */
void target_list_free(struct target_list *list);

/* The target as an operand that can be used again: "tcp://localhost:12345". Returns the length written. */
size_t target_text(const struct target *target, char *text, size_t size);

#endif
