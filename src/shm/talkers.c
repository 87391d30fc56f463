/* SPDX-License-Identifier: MIT */
#include "shm/talkers.h"

#include "base/util.h"

#include <stddef.h>
#include <string.h>

static bool is_source(const struct talker *talker, const struct peer_address *source)
{
    struct peer_address whatever_port = *source;

    whatever_port.port = 0;
    return talker->count > 0 && memcmp(&talker->source, &whatever_port, sizeof(whatever_port)) == 0;
}

/* The place of a source, or the one that it gets: that of the least frequent. */
static struct talker *place_of(struct talkers *talkers, const struct peer_address *source)
{
    struct talker *quietest = &talkers->list[0];

    for (size_t i = 0; i < TALKERS; i++) {
        struct talker *talker = &talkers->list[i];

        if (is_source(talker, source))
            return talker;
        if (talker->count < quietest->count)
            quietest = talker;
    }
    return quietest;
}

void talkers_add(struct talkers *talkers, const struct peer_address *source, uint64_t count)
{
    struct talker *talker = place_of(talkers, source);

    talker->source = *source;
    talker->source.port = 0;
    talker->count += count;
    talkers->count += count;
}

const struct talker *talkers_top(const struct talkers *talkers)
{
    const struct talker *loudest = NULL;

    for (size_t i = 0; i < TALKERS; i++)
        if (talkers->list[i].count > (loudest ? loudest->count : 0))
            loudest = &talkers->list[i];
    return loudest;
}

/* Checked in both directions: clocks are read at different times, and a time far ahead is forged. */
static bool is_near(int64_t time, int64_t now, int64_t distance)
{
    return time > now - distance && time < now + distance;
}

static bool begin_use(struct talkers_board *board, int64_t now)
{
    int64_t since = atomic_load(&board->used_since);

    if (since != 0 && is_near(since, now, NS_PER_S))
        return false;
    return atomic_compare_exchange_strong(&board->used_since, &since, now);
}

/* Unless another process took over because this one was slow. */
static void end_use(struct talkers_board *board, int64_t now)
{
    atomic_compare_exchange_strong(&board->used_since, &now, 0);
}

/* The part of the sum that is not in the list belongs to sources that lost their place. */
static void move(struct talkers *to, struct talkers *from)
{
    uint64_t sum = to->count + from->count;

    for (size_t i = 0; i < TALKERS; i++)
        if (from->list[i].count > 0)
            talkers_add(to, &from->list[i].source, from->list[i].count);
    to->count = sum;
    memset(from, 0, sizeof(*from));
}

bool talkers_hand_over(struct talkers *talkers, struct talkers_board *board, int64_t now)
{
    if (talkers->count == 0 || !begin_use(board, now))
        return false;
    move(&board->talkers, talkers);
    end_use(board, now);
    return true;
}

bool talkers_take(struct talkers *talkers, struct talkers_board *board, int64_t interval, int64_t now)
{
    int64_t taken_at = atomic_load(&board->taken_at);
    bool any;

    memset(talkers, 0, sizeof(*talkers));
    if (taken_at != 0 && is_near(taken_at, now, interval))
        return false;
    if (!begin_use(board, now))
        return false;
    any = board->talkers.count > 0;
    move(talkers, &board->talkers);
    if (any)
        atomic_store(&board->taken_at, now);
    end_use(board, now);
    return any;
}
