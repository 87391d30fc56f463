/* SPDX-License-Identifier: MIT */
/* target: the servers to ask, from the operands of the command line. */
#ifndef SOCKGREET_TARGET_H
#define SOCKGREET_TARGET_H

#include "base/endpoint.h"
#include "base/message.h"

#include <stddef.h>

#define TARGET_LABEL_MAX 448 /* an escaped path ("\xHH" each), or host and port */

struct target {
    struct endpoint endpoint;
    char label[TARGET_LABEL_MAX]; /* for messages: "localhost port 12345", an escaped path */
};

/* Defaults from options, for what a target does not specify. */
struct target_defaults {
    bool udp;         /* -u */
    const char *port; /* -p, or NULL */
    bool interface;   /* -I names an interface, so that link-local addresses need none */
};

struct target_list {
    struct target *targets;
    size_t count, room;
};

/* Reads targets from operands, one from each, except that
 * - two operands of which the second is a number or the name of a service (services(5)) are a host and its
 *   port;
 * - a number alone is a port of localhost.
 * A number is never a host. Returns 0, or -1 with a message in error. Free the list in both cases. */
int target_list_parse(struct target_list *list, char *const *operands, size_t count,
                      const struct target_defaults *defaults, struct message *error);

/* Appends the targets of operands to a list. Returns as above; on failure the list is unchanged. */
int target_list_add(struct target_list *list, char *const *operands, size_t count,
                    const struct target_defaults *defaults, struct message *error);

/* Whether text is the port of the host before it: all digits, or the name of a service. */
bool target_is_port(const char *text);

/* Frees the targets. */
void target_list_free(struct target_list *list);

/* The target as an operand that can be used again: "tcp://localhost:12345". Returns the length written. */
size_t target_text(const struct target *target, char *text, size_t size);

#endif
