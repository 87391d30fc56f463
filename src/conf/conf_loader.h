/* SPDX-License-Identifier: MIT */
/* loader: builds the configuration in a forked child with limits, so that whatever the parser or a resolver
 * does is a configuration error and nothing else. */
#ifndef SOCKGREET_LOADER_H
#define SOCKGREET_LOADER_H

#include "conf/conf.h"
#include "conf/conf_messages.h"

enum loader_status {
    LOADER_LOADED,
    LOADER_REFUSED /* configuration */,
    LOADER_FAILED /* operating system */
};

struct loader; /* opaque: child, pidfd, arena */

/* Forks the child. Returns 0 or -errno. */
int loader_start(const struct conf_source *source, struct loader **loader);

/* A descriptor that becomes readable when the child has ended. */
int loader_fd(const struct loader *loader);

/* The child's process id. */
pid_t loader_pid(const struct loader *loader);

/* In a child of the caller's that is not the loader: unmaps and closes what only the caller may have. NULL is
 * allowed. */
void loader_forget(struct loader *loader);

/* Ends the child if it still runs, and says what became of it. *conf is the configuration (LOADER_LOADED;
 * free with conf_free()) or NULL; *messages are warnings and errors, which the caller frees with
 * conf_messages_free(). Frees loader. */
enum loader_status loader_finish(struct loader *loader, const struct conf **conf,
                                 struct conf_messages **messages);

/* All three at once: start, wait at most DEADLINE_LOAD_SECONDS, finish. */
enum loader_status loader_run(const struct conf_source *source, const struct conf **conf,
                              struct conf_messages **messages);

#endif
