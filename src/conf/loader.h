/* SPDX-License-Identifier: MIT */
/* loader: builds the configuration in a forked child with limits, so that a parser or resolver that
 * hangs, exits or crashes is only an error of the configuration. */
#ifndef SOCKGREET_LOADER_H
#define SOCKGREET_LOADER_H

#include "base/child.h"
#include "conf/conf.h"
#include "conf/conf_messages.h"

enum loader_status {
    LOADER_LOADED,
    LOADER_REFUSED /* configuration */,
    LOADER_FAILED /* operating system */
};

struct loader; /* opaque */

/* Forks the child. Returns 0 or -errno. */
int loader_start(const struct conf_source *source, struct children *children, struct loader **loader);

/* Whether loader_finish() is due: the child has ended (see children_reap()), or has taken longer than
 * DEADLINE_LOAD_SECONDS and did not die of SIGKILL within DEADLINE_KILL. */
bool loader_is_over(struct loader *loader, int64_t now);

/* When to ask again at the latest (monotonic ns). */
int64_t loader_next(const struct loader *loader);

/* Returns the result, and leaves the child behind if it still runs. *conf is the configuration
 * (LOADER_LOADED; free with conf_free()) or NULL; *messages are warnings and errors, which the caller frees
 * with conf_messages_free(). Frees loader. */
enum loader_status loader_finish(struct loader *loader, const struct conf **conf,
                                 struct conf_messages **messages);

/* Kills the child and frees loader, if the result is not needed any longer. NULL is allowed. */
void loader_cancel(struct loader *loader);

/* In another child of the caller: unmaps memory that only the caller may have. NULL is allowed. */
void loader_forget(struct loader *loader);

/* Start, wait and finish in one call. */
enum loader_status loader_run(const struct conf_source *source, const struct conf **conf,
                              struct conf_messages **messages);

#endif
