/* SPDX-License-Identifier: MIT */
#include "serve/door.h"

#include "base/util.h"
#include "log/log.h"

#include <poll.h>
#include <stdlib.h>

#define IN_VAIN_LOOK 64                /* wake-ups for nobody between two looks at what is the matter */
#define IN_VAIN_SURE 8                 /* times in such a look that there is somebody and then nobody */
#define PAUSE_NS     (100 * NS_PER_MS) /* without descriptors or memory */
#define FAILURES     64                /* calls in a row that may fail */
#define AWAY_NS      (10 * NS_PER_MS)  /* from a shard of another thread */

int doors_open(struct doors *doors, size_t room)
{
    doors->all = calloc(room ? room : 1, sizeof(*doors->all));
    return doors->all ? 0 : -ENOMEM;
}

void doors_close(struct doors *doors)
{
    free(doors->all);
    doors->all = NULL;
    doors->count = 0;
}

/* --- Pauses --- */

void doors_say_failure(const struct doors *doors, int error)
{
    stats_add(&doors->shared->stats.accept_pauses, 1);
    atomic_store_explicit(&doors->shared->pause_error, error, memory_order_relaxed);
    log_wake(doors->logger_asleep, doors->log_wake_fd);
}

/* Says so, once for a pause. */
static void begin_pause(struct doors *doors, int error)
{
    doors->resume_at = doors->loop->now + PAUSE_NS;
    doors->lacks_room = error == 0 && (doors->lacks_room || !doors->paused);
    if (doors->paused)
        return;
    doors->paused = true;
    doors_say_failure(doors, error);
}

static void pause_door(struct door *door)
{
    if (!door->paused)
        loop_unwatch(door->doors->loop, door->fd);
    door->paused = true;
}

static void pause_one(struct door *door, int error)
{
    begin_pause(door->doors, error);
    pause_door(door);
}

/* --- One door --- */

bool door_is_shut(const struct door *door)
{
    struct pollfd state = {.fd = door->fd, .events = POLLRDHUP};

    return poll(&state, 1, 0) == 1 && (state.revents & (POLLHUP | POLLRDHUP));
}

/* Another thread was faster, or a checksum was wrong: that happens, but not so often without a pause. */
static bool is_always_in_vain(struct door *door)
{
    struct pollfd state = {.fd = door->fd, .events = POLLIN};

    for (int i = 0; i < IN_VAIN_SURE; i++)
        if (door->paused || poll(&state, 1, 0) != 1 || door->ops->take(door, 0) > 0)
            return false;
    return true;
}

/* Many times nobody in a row is what a socket that was shut down looks like, where accept4(2) and recvmmsg(2)
 * do not say it, and what it looks like where they are forbidden to take anybody. */
static void note_in_vain(struct door *door)
{
    if (++door->in_vain % IN_VAIN_LOOK != 0)
        return;
    if (door_is_shut(door))
        door_report_shut(door);
    else if (is_always_in_vain(door))
        pause_one(door, EAGAIN);
}

static void door_ready(struct watch *watch, uint32_t events)
{
    struct door *door = CONTAINER_OF(watch, struct door, watch);

    if (door->ops->take(door, events) > 0)
        door->in_vain = 0;
    else if (events && !door->shut)
        note_in_vain(door);
}

struct door *doors_add(struct doors *doors, const struct sockets_member *member, size_t position,
                       const struct transport_ops *ops, void *transport)
{
    struct door *door = &doors->all[doors->count++];

    door->watch.ready = door_ready;
    door->doors = doors;
    door->ops = ops;
    door->transport = transport;
    door->member = member;
    door->conf = member->conf;
    door->position = position;
    door->fd = member->socket->fd;
    peer_pack(&door->bound, &member->socket->address);
    return door;
}

bool door_watch(struct door *door)
{
    if (!loop_watch(door->doors->loop, door->fd, EPOLLIN | EPOLLEXCLUSIVE, &door->watch))
        return false;
    door->away = false;
    return true;
}

void door_report_shut(struct door *door)
{
    uint64_t one = 1;

    loop_unwatch(door->doors->loop, door->fd);
    door->shut = true;
    if (write(door->doors->attention_fd, &one, sizeof(one)) < 0)
        return; /* it is readable already */
}

/* --- Shards of other threads --- */

void door_step_back(struct door *door)
{
    struct doors *doors = door->doors;

    if (door->away || door->paused)
        return;
    loop_unwatch(doors->loop, door->fd);
    door->away = true;
    if (!doors->away)
        doors->return_at = doors->loop->now + AWAY_NS;
    doors->away = true;
}

/* Returns whether the door is not away any more; what else it is not watched for has an end of its own. */
static bool come_back(struct door *door)
{
    if (door->away && !door->left && !door->paused && !door->shut)
        return door_watch(door);
    door->away = false;
    return true;
}

void doors_return(struct doors *doors)
{
    bool all = true;

    if (!doors->away || doors->loop->now < doors->return_at)
        return;
    for (size_t i = 0; i < doors->count; i++)
        all &= come_back(&doors->all[i]);
    doors->away = !all;
    doors->return_at = doors->loop->now + AWAY_NS;
}

/* --- All of them --- */

void doors_try(struct doors *doors)
{
    for (size_t i = 0; i < doors->count && !doors->closed; i++) {
        struct door *door = &doors->all[i];

        if (door->left || door->paused || (door->shut && !door_watch(door)))
            continue; /* without memory for the watch: later */
        door->shut = false;
        door_ready(&door->watch, 0);
    }
}

void doors_pause(struct doors *doors, const struct transport_ops *ops, int error)
{
    begin_pause(doors, error);
    for (size_t i = 0; i < doors->count; i++)
        if (doors->all[i].ops == ops)
            pause_door(&doors->all[i]);
}

bool door_fails(struct door *door, int error)
{
    if (++door->failures < FAILURES)
        return false;
    door->failures = 0;
    pause_one(door, error);
    return true;
}

void doors_have_room(struct doors *doors)
{
    if (doors->paused && doors->lacks_room)
        doors->resume_at = doors->loop->now;
}

/* Returns whether the door need not stay paused. */
static bool resume(struct door *door)
{
    if (!door->paused || door->left)
        return true;
    if (!door->ops->has_room(door) || !door_watch(door))
        return false;
    door->paused = door->shut = false;
    return true;
}

void doors_resume(struct doors *doors)
{
    bool all = true;

    if (!doors->paused || doors->loop->now < doors->resume_at)
        return;
    for (size_t i = 0; i < doors->count && !doors->closed; i++)
        all &= resume(&doors->all[i]);
    doors->paused = !all;
    doors->resume_at = doors->loop->now + PAUSE_NS;
}

static bool sweep(struct door *door)
{
    for (unsigned i = 0; i < door->ops->queue && !door->paused; i++)
        if (door->ops->take(door, 0) == 0)
            return !door->paused;
    return false;
}

bool doors_sweep(struct doors *doors)
{
    bool empty = true;

    for (size_t i = 0; i < doors->count; i++)
        if (!doors->all[i].left && !sweep(&doors->all[i]))
            empty = false;
    return empty;
}

void doors_unwatch(struct doors *doors)
{
    for (size_t i = 0; i < doors->count; i++)
        loop_unwatch(doors->loop, doors->all[i].fd);
}

void doors_leave(struct doors *doors, const _Atomic bool *spared)
{
    for (size_t i = 0; i < doors->count; i++) {
        struct door *door = &doors->all[i];

        if (spared && atomic_load(&spared[door->position]))
            continue;
        loop_unwatch(doors->loop, door->fd);
        door->left = true;
    }
}

bool doors_have_tcp(const struct doors *doors)
{
    for (size_t i = 0; i < doors->count; i++)
        if (!doors->all[i].left && doors->all[i].conf->transport == TRANSPORT_TCP)
            return true;
    return false;
}
