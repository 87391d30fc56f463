/* SPDX-License-Identifier: MIT */
#include "net/binding.h"

#include "base/ascii.h"
#include "log/log.h"
#include "net/bind_error.h"
#include "net/detach.h"
#include "net/match.h"
#include "system/privs.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One endpoint whose sockets are being opened. */
struct opening {
    struct sockets *sockets;
    const struct conf *conf;
    struct message *reason;
    bool quiet;  /* do not log: the failure is the same as the last time */
    size_t room; /* of sockets->members */
    unsigned mark;
    int first_error;
};

/* --- Errors --- */

static void note_reason(struct opening *opening, const struct wanted *wanted, const char *step, int error)
{
    char where[ADDRESS_TEXT_MAX], why[128];

    if (opening->first_error)
        return;
    opening->first_error = error;
    address_text(&wanted->endpoint.address, where, sizeof(where));
    snprintf(why, sizeof(why), "%s", strerror(-error));
    why[0] = ascii_lower(why[0]);
    opening->quiet = !message_change(opening->reason, "cannot %s %s (%s)", step, where, why);
}

/* A listener of this configuration with the same socket, under another name of its file or interface. */
static const struct conf_listener *find_rival(const struct opening *opening, const struct wanted *wanted)
{
    for (size_t i = 0; i < opening->sockets->count; i++) {
        const struct sockets_member *member = &opening->sockets->members[i];

        if (member->conf != wanted->conf && match_overlaps(member->socket, wanted))
            return member->conf;
    }
    return NULL;
}

static const char *find_hint(const struct opening *opening, const struct wanted *wanted, int error,
                             struct message *hint)
{
    const struct conf_listener *rival = error == -EADDRINUSE ? find_rival(opening, wanted) : NULL;

    if (!rival)
        return bind_error_hint(opening->sockets->registry, wanted, error, hint);
    message_set(hint, ": listeners.%s has it, under another name", rival->name);
    return hint->text;
}

static void report(struct opening *opening, const struct wanted *wanted, const char *step, int error)
{
    const struct conf_listener *listener = wanted->conf;
    char where[ADDRESS_TEXT_MAX], place[256] = "";
    struct message hint;
    const char *more = find_hint(opening, wanted, error, &hint);

    address_text(&wanted->endpoint.address, where, sizeof(where));
    if (listener->place.line)
        snprintf(place, sizeof(place), "%s:%u: ", listener->place.file, listener->place.line);
    if (!listener->optional)
        note_reason(opening, wanted, step, error);
    if (opening->quiet)
        return;
    log_event(listener->optional ? LOG_WARNING : LOG_ERR, MESSAGE_LISTENER_FAILED,
              LOG_FIELDS("SOCKGREET_LISTENER", listener->name, "SOCKGREET_REASON", strerror(-error)),
              "%slisteners.%s: cannot %s %s: %s%s", place, listener->name, step, where, strerror(-error),
              more);
}

/* --- Opening --- */

static int reserve(struct opening *opening)
{
    struct sockets *sockets = opening->sockets;
    size_t room = opening->room ? 2 * opening->room : 16;
    struct sockets_member *members;

    if (sockets->count < opening->room)
        return 0;
    members = reallocarray(sockets->members, room, sizeof(*members));
    if (!members)
        return -ENOMEM;
    sockets->members = members;
    opening->room = room;
    return 0;
}

/* Adds a member; room must be reserved. */
static void add_member(struct opening *opening, struct socket *socket, const struct conf_listener *listener)
{
    struct sockets *sockets = opening->sockets;

    socket->references++;
    socket->mark = opening->mark;
    sockets->members[sockets->count++] = (struct sockets_member){
        .socket = socket,
        .conf = listener,
        .listener = (uint16_t)(listener - opening->conf->listeners),
        .any = !transport_is_unix(listener->transport) &&
               (address_is_any(&socket->address) || address_scope(&socket->address) == ADDRESS_BROADCAST ||
                address_scope(&socket->address) == ADDRESS_MULTICAST)};
}

/* Makes overlapping sockets of this service share their port. Returns whether there are any. mark: of the
 * members so far, which are skipped. */
static bool share_port(const struct registry *registry, const struct wanted *wanted, unsigned mark)
{
    struct socket *socket = NULL;
    bool any = false;

    while ((socket = registry_next_overlapping(registry, socket, wanted)))
        if (socket->owned && socket->mark != mark)
            any |= socket_lend(socket) == 0;
    return any;
}

/* Binds a Unix socket, under a temporary name if it will replace another one. */
static int make_path(struct opening *opening, const struct wanted *wanted, struct socket **made,
                     const char **step)
{
    const struct socket *own = registry_find_obstacle(opening->sockets->registry, wanted);

    *step = "bind";
    if (own && own->mark == opening->mark)
        return -EADDRINUSE;
    return socket_make(wanted, own && own->owned ? SOCKET_BESIDE : SOCKET_ALONE, made, step);
}

/* Creates a socket. Tries first without SO_REUSEPORT, so that another program's port is not shared; then, if
 * a socket of this service overlaps it, with SO_REUSEPORT. */
static int make(struct opening *opening, const struct wanted *wanted, bool another, struct socket **made,
                const char **step)
{
    const struct sockets *sockets = opening->sockets;
    int error;

    if (path_is(&wanted->endpoint.address))
        return make_path(opening, wanted, made, step);
    if (another) /* the last member is the previous shard */
        socket_lend(sockets->members[sockets->count - 1].socket);
    error = socket_make(wanted, another ? SOCKET_SHARED : SOCKET_ALONE, made, step);
    if (error == -EADDRINUSE && !transport_is_unix(wanted->conf->transport) &&
        share_port(sockets->registry, wanted, opening->mark))
        error = socket_make(wanted, SOCKET_SHARED, made, step);
    return error;
}

static int open_one(struct opening *opening, const struct wanted *wanted, bool another, const char **step)
{
    struct registry *registry = opening->sockets->registry;
    struct socket *socket = registry_find(registry, wanted, opening->mark);
    int error;

    *step = "allocate memory for";
    if ((error = reserve(opening)))
        return error;
    if (!socket) {
        if ((error = make(opening, wanted, another, &socket, step)))
            return error;
        registry_add(registry, socket);
        if (path_is(&socket->address) && path_is_private(&socket->address))
            log_warning("listeners.%s: the directory of %s is private to this service (PrivateTmp=): other "
                        "programs cannot find the socket there; use /run/sockgreet",
                        wanted->conf->name, wanted->conf->path);
    }
    add_member(opening, socket, wanted->conf);
    return 0;
}

/* Multicast and broadcast datagrams reach every socket, and every one would answer: one socket only. */
static unsigned count_sockets(const struct conf_listener *listener, const struct conf_endpoint *endpoint)
{
    enum address_scope scope = address_scope(&endpoint->address);

    return listener->transport != TRANSPORT_UDP || scope == ADDRESS_MULTICAST || scope == ADDRESS_BROADCAST
               ? 1
               : listener->shards;
}

/* Whether the shards so far came from a unit. Other sockets cannot share the port with them, so no more are
 * added. */
static bool is_complete(const struct opening *opening, const struct wanted *wanted)
{
    const struct sockets *sockets = opening->sockets;

    return !sockets->members[sockets->count - 1].socket->owned &&
           !registry_find(sockets->registry, wanted, opening->mark);
}

static void open_endpoint(struct opening *opening, const struct conf_listener *listener,
                          const struct conf_endpoint *endpoint)
{
    struct wanted wanted = wanted_make(listener, endpoint);
    unsigned count = count_sockets(listener, endpoint);

    for (unsigned i = 0; i < count; i++) {
        const char *step = "open";
        int error;

        if (i > 0 && is_complete(opening, &wanted))
            return;
        error = open_one(opening, &wanted, i > 0, &step);
        if (error) {
            report(opening, &wanted, step, error);
            return;
        }
    }
}

/* The first of count members for which compare is true with a socket; NULL if there is none. */
static const struct sockets_member *find_member(const struct sockets *sockets, size_t count,
                                                const struct socket *socket,
                                                bool (*compare)(const struct socket *, const struct wanted *))
{
    for (size_t i = 0; i < count; i++) {
        struct wanted wanted = sockets_wanted(&sockets->members[i]);

        if (compare(socket, &wanted))
            return &sockets->members[i];
    }
    return NULL;
}

/* A socket bound to an interface that cannot be detached stays, as a further socket of the listener that
 * covers it: the kernel prefers it, so its clients would otherwise not be served. */
static int keep_immovable(struct opening *opening)
{
    struct sockets *sockets = opening->sockets;
    size_t count = sockets->count;
    bool privileged = privs_have(CAP_NET_RAW);

    for (struct socket *socket = sockets->registry->first; socket; socket = socket->next) {
        const struct sockets_member *member;
        const struct conf_listener *conf;
        int error;

        if (socket->mark == opening->mark || socket->detached || !socket->owned ||
            socket->transport != TRANSPORT_TCP || detach_is_possible(socket, privileged) ||
            socket_trouble(socket))
            continue;
        member = find_member(sockets, count, socket, match_is_covered);
        if (!member)
            continue;
        conf = member->conf; /* the members may move */
        if ((error = reserve(opening)))
            return error;
        add_member(opening, socket, conf);
    }
    return 0;
}

/* Listens only when everything is bound, so that a failure before that refuses no clients. */
static void listen_all(struct opening *opening)
{
    for (size_t i = 0; i < opening->sockets->count && !opening->first_error; i++) {
        const struct sockets_member *member = &opening->sockets->members[i];
        struct wanted wanted = sockets_wanted(member);
        int error;

        /* changes to kept sockets: see sockets_apply_conf() */
        socket_observe(member->socket, member->socket->observed | (member->conf->plan->needs & PLAN_SOCKET));
        error = member->socket->references > 1 || member->socket->inherited
                    ? 0
                    : socket_listen(member->socket, member->conf);

        if (error)
            report(opening, &wanted, "listen on", error);
    }
}

static void open_endpoints(struct opening *opening, bool udp)
{
    for (size_t i = 0; i < opening->conf->listener_count; i++) {
        const struct conf_listener *listener = &opening->conf->listeners[i];

        for (size_t j = 0; (listener->transport == TRANSPORT_UDP) == udp && j < listener->endpoint_count; j++)
            open_endpoint(opening, listener, &listener->endpoints[j]);
    }
}

int binding_open(struct sockets *sockets, struct registry *registry, const struct conf *conf,
                 struct message *reason)
{
    struct opening opening = {
        .sockets = sockets, .conf = conf, .reason = reason, .mark = registry_mark(registry)};
    int error;

    *sockets = (struct sockets){.registry = registry};
    open_endpoints(&opening, false);
    /* Datagrams arrive as soon as a socket is bound, and are lost if it is closed again: datagram sockets
     * come last.
     */
    if (opening.first_error == 0 || registry->count == sockets->count)
        open_endpoints(&opening, true);
    error = opening.first_error ? opening.first_error : keep_immovable(&opening);
    if (error)
        sockets_close(sockets, false);
    return error;
}

int binding_listen(struct sockets *sockets, const struct conf *conf, struct message *reason)
{
    struct opening opening = {.sockets = sockets, .conf = conf, .reason = reason};

    listen_all(&opening);
    return opening.first_error;
}

void binding_open_leftover(struct sockets *sockets, const struct sockets *other)
{
    struct opening opening = {.sockets = sockets};

    *sockets = (struct sockets){.registry = other->registry};
    for (struct socket *socket = other->registry->first; socket; socket = socket->next) {
        const struct sockets_member *member;

        if (!socket->inherited || socket->references || !socket->owned ||
            transport_is_unix(socket->transport))
            continue;
        member = find_member(other, other->count, socket, match_overlaps);
        if (!member || reserve(&opening) < 0)
            continue;
        socket->references++;
        sockets->members[sockets->count++] = *member;
        sockets->members[sockets->count - 1].socket = socket;
        sockets->members[sockets->count - 1].any =
            socket->detached || address_is_any(&socket->address); /* detaching changed the address */
        if (!socket->detached)
            detach_socket(socket);
    }
}
