/* SPDX-License-Identifier: MIT */
/* loader: builds the configuration in a forked child with limits, so that whatever the parser or a resolver
 * does is a configuration error and nothing else. */
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
 * DEADLINE_LOAD_SECONDS and not died of SIGKILL in DEADLINE_KILL either. */
bool loader_is_over(struct loader *loader, int64_t now);

/* When to ask that again at the latest (monotonic ns). */
int64_t loader_next(const struct loader *loader);

/* Says what became of the child, which is left behind if it still runs. *conf is the configuration
 * (LOADER_LOADED; free with conf_free()) or NULL; *messages are warnings and errors, which the caller frees
 * with conf_messages_free(). Frees loader. */
enum loader_status loader_finish(struct loader *loader, const struct conf **conf,
                                 struct conf_messages **messages);

/* Nobody wants the result any more: ends the child, and frees loader. NULL is allowed. */
void loader_cancel(struct loader *loader);

/* In a child of the caller's that is not the loader: unmaps what only the caller may have. NULL is allowed.
 */
void loader_forget(struct loader *loader);

/* All at once: start, wait, finish. */
enum loader_status loader_run(const struct conf_source *source, const struct conf **conf,
                              struct conf_messages **messages);

#endif
