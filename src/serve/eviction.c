/* SPDX-License-Identifier: MIT */
#include "serve/eviction.h"

#include "base/util.h"

#define LINGER_LEAST  (100 * NS_PER_MS) /* clients are not closed for others before this time */
#define SILENCE_LEAST NS_PER_S          /* the same, for clients that have not sent their request */

static struct timer *first_after(const struct timer_list *list, int64_t now, int64_t least)
{
    struct timer *first = list ? timer_list_first(list) : NULL;

    return first && now - timer_started_at(first) >= least ? first : NULL;
}

/* Clients that linger have received their greeting; then those that are held; then those that may never send
 * their request. */
struct conn *eviction_choose(const struct eviction *eviction, int64_t now)
{
    struct timer *lingers = first_after(eviction->lingering, now, LINGER_LEAST),
                 *held = first_after(eviction->held, now, LINGER_LEAST),
                 *silent = first_after(eviction->silent, now, SILENCE_LEAST);

    if (lingers)
        return CONTAINER_OF(lingers, struct conn, total);
    if (held)
        return CONTAINER_OF(held, struct conn, idle);
    return silent ? CONTAINER_OF(silent, struct conn, idle) : NULL;
}
