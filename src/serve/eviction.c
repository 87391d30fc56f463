/* SPDX-License-Identifier: MIT */
#include "serve/eviction.h"

#include "base/util.h"

#define LINGER_LEAST  (100 * NS_PER_MS) /* nobody is sent away for others before */
#define SILENCE_LEAST NS_PER_S          /* likewise, who has not asked yet */

static struct timer *first_after(const struct timer_list *list, int64_t now, int64_t least)
{
    struct timer *first = list ? timer_list_first(list) : NULL;

    return first && now - timer_started_at(first) >= least ? first : NULL;
}

/* Who has lingered longest has had its greeting, who waits has not; and who has not asked for so long may not
 * mean to. */
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
