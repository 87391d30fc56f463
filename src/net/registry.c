/* SPDX-License-Identifier: MIT */
#include "net/registry.h"

#include "base/util.h"
#include "log/log.h"
#include "net/detach.h"
#include "net/match.h"
#include "system/notify.h"

#include <stdlib.h>
#include <systemd/sd-daemon.h>

static struct socket **bucket_of(struct registry *registry, unsigned hash)
{
    return &registry->buckets[hash % REGISTRY_BUCKETS];
}

void registry_add(struct registry *registry, struct socket *socket)
{
    struct socket **bucket = bucket_of(registry, match_hash(socket));

    socket->next = registry->first;
    socket->link = &registry->first;
    if (socket->next)
        socket->next->link = &socket->next;
    registry->first = socket;
    socket->next_same = *bucket;
    *bucket = socket;
    registry->count++;
}

/* Removes a socket and frees it (see socket_free()). */
static void drop(struct registry *registry, struct socket *socket, bool keep)
{
    struct socket **same = bucket_of(registry, match_hash(socket));

    *socket->link = socket->next;
    if (socket->next)
        socket->next->link = socket->link;
    while (*same != socket)
        same = &(*same)->next_same;
    *same = socket->next_same;
    registry->count--;
    socket_free(socket, keep);
}

/* A socket that was shut down does not serve clients, and its abstract name would stay in use. */
static void drop_broken(struct registry *registry)
{
    struct socket *next;
    bool any = false;

    for (struct socket *socket = registry->first; socket; socket = next) {
        next = socket->next;
        if (socket->broken && socket->owned) {
            drop(registry, socket, false);
            any = true;
        }
    }
    if (any)
        notify_wait();
}

int registry_inherit(struct registry *registry)
{
    char **names = NULL;
    int count = sd_listen_fds_with_names(1, &names), owned = 0, error = count < 0 ? count : 0;

    for (int i = 0; i < count; i++) {
        struct socket *socket = error ? NULL : socket_inherit(SD_LISTEN_FDS_START + i, names[i]);

        if (socket) {
            owned += socket->owned;
            socket->detached = detach_was_done(socket);
            registry_add(registry, socket);
        } else {
            error = -ENOMEM;
        }
        free(names[i]);
    }
    free(names);
    drop_broken(registry);
    return error ? error : owned;
}

unsigned registry_mark(struct registry *registry)
{
    return ++registry->marks;
}

struct socket *registry_find(const struct registry *registry, const struct wanted *wanted, unsigned mark)
{
    struct socket *socket = registry->buckets[match_wanted_hash(wanted) % REGISTRY_BUCKETS];

    while (socket && (socket->mark == mark || !match_same(socket, wanted)))
        socket = socket->next_same;
    return socket;
}

struct socket *registry_next_overlapping(const struct registry *registry, const struct socket *after,
                                         const struct wanted *wanted)
{
    struct socket *socket = after ? after->next : registry->first;

    while (socket && !match_overlaps(socket, wanted))
        socket = socket->next;
    return socket;
}

const struct socket *registry_find_obstacle(const struct registry *registry, const struct wanted *wanted)
{
    const struct socket *socket = NULL;

    while ((socket = registry_next_overlapping(registry, socket, wanted)))
        if (!path_is(&socket->address) || !socket->owned ||
            path_is_there(&socket->address, socket->beside, &socket->file))
            return socket;
    return NULL;
}

void registry_release(struct registry *registry, struct socket *socket, bool keep)
{
    if (--socket->references == 0 && !socket->inherited)
        drop(registry, socket, keep);
}

/* A unit keeps the socket that it has passed open: clients connect, and are never served. */
static void report_unwanted(const struct socket *socket, struct message *unwanted)
{
    char where[ADDRESS_TEXT_MAX];

    if (socket->owned)
        return;
    socket_text(socket, where, sizeof(where));
    message_set(unwanted, "socket %s, passed by %s, does not belong to a listener", where, socket->label);
    log_warning("%s: closed; change that unit or the configuration", unwanted->text);
}

void registry_drop_unclaimed(struct registry *registry, struct message *unwanted)
{
    struct socket *next;

    for (struct socket *socket = registry->first; socket; socket = next) {
        next = socket->next;
        if (!socket->inherited)
            continue;
        socket->inherited = false;
        if (socket->references)
            continue;
        report_unwanted(socket, unwanted);
        drop(registry, socket, false);
    }
}

void registry_close(struct registry *registry)
{
    while (registry->first)
        drop(registry, registry->first, true);
}
