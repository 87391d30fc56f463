/* SPDX-License-Identifier: MIT */
/* resolve: prints what getaddrinfo, getnameinfo and gethostname return (--resolve). */
#ifndef SOCKGREET_RESOLVE_H
#define SOCKGREET_RESOLVE_H

#include "client/ask/deadline.h"
#include "client/ask/target.h"
#include "client/options/options.h"
#include "client/streams.h"

/* Prints a row for every address of every target, or of this machine if there is none; with -v also the types
 * of sockets, and the names of the addresses. CMDLINE_NO_ANSWER if a name could not be looked up. */
enum cmdline_exit resolve_run(const struct cmdline *cmdline, const struct target_list *targets,
                              const struct deadline *deadline, struct streams *streams);

#endif
