/* SPDX-License-Identifier: MIT */
#include "net/sockets.h"

#include "base/util.h"
#include "log/log.h"
#include "net/bind_error.h"
#include "net/detach.h"
#include "net/match.h"
#include "system/notify.h"
#include "system/privs.h"

#include <ctype.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STORE_AT_ONCE    64
#define STORE_LEAST_NS   (10 * NS_PER_MS)
#define STORE_COMPARE_NS 2500 /* what systemd 252 takes to compare two descriptors */

/* One endpoint on its way to its sockets. */
struct opening {
    struct sockets *sockets;
    const struct conf *conf;
    struct message *reason;
    bool quiet;  /* what is in the way is what was in the way the last time */
    size_t room; /* of sockets->members */
    unsigned mark;
    int first_error;
};

/* --- Errors --- */

static void remember(struct opening *opening, const struct wanted *wanted, const char *step, int error)
{
    char where[ADDRESS_TEXT_MAX], why[128];

    if (opening->first_error)
        return;
    opening->first_error = error;
    address_text(&wanted->endpoint.address, where, sizeof(where));
    snprintf(why, sizeof(why), "%s", strerror(-error));
    why[0] = (char)tolower((unsigned char)why[0]);
    opening->quiet = !message_change(opening->reason, "cannot %s %s (%s)", step, where, why);
}

/* A listener of this configuration that has the same place, by another name of its file or interface. */
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
    message_set(hint, ": listeners.%s has it, by another name", rival->name);
    return hint->text;
}

static void report(struct opening *opening, const struct wanted *wanted, const char *step, int error)
{
    const struct conf_listener *listener = wanted->conf;
    char where[ADDRESS_TEXT_MAX], place[256] = "";
    struct message hint;
    const char *more = find_hint(opening, wanted, error, &hint);

    address_text(&wanted->endpoint.address, where, sizeof(where));
    if (opening->conf->file && listener->line)
        snprintf(place, sizeof(place), "%s:%u: ", opening->conf->file, listener->line);
    if (!listener->optional)
        remember(opening, wanted, step, error);
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

/* There is room. */
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

/* Lets the port of those that are in the way be shared. Returns whether there are any of ours. The members so
 * far are another listener's. */
static bool share_port(const struct registry *registry, const struct wanted *wanted, unsigned mark)
{
    struct socket *socket = NULL;
    bool any = false;

    while ((socket = registry_next_overlapping(registry, socket, wanted)))
        if (socket->owned && socket->mark != mark)
            any |= socket_lend(socket) == 0;
    return any;
}

/* A file is bound beside the one that it will replace. */
static int make_path(struct opening *opening, const struct wanted *wanted, struct socket **made,
                     const char **step)
{
    const struct socket *own = registry_find_obstacle(opening->sockets->registry, wanted);

    *step = "bind";
    if (own && own->mark == opening->mark)
        return -EADDRINUSE;
    return socket_make(wanted, own && own->owned ? SOCKET_BESIDE : SOCKET_ALONE, made, step);
}

/* A new socket. It is bound alone first, so that another program's port is not shared; where a socket of ours
 * is in the way, beside that. */
static int make(struct opening *opening, const struct wanted *wanted, bool another, struct socket **made,
                const char **step)
{
    const struct sockets *sockets = opening->sockets;
    int error;

    if (path_is(&wanted->endpoint.address))
        return make_path(opening, wanted, made, step);
    if (another) /* the last member is the shard before, which has what those before it had */
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

    *step = "make room for";
    if ((error = reserve(opening)))
        return error;
    if (!socket) {
        if ((error = make(opening, wanted, another, &socket, step)))
            return error;
        registry_add(registry, socket);
        if (path_is(&socket->address) && path_is_private(&socket->address))
            log_warning(
                "listeners.%s: the directory of %s is private to this service (PrivateTmp=): no other "
                "program finds the socket there; use /run/sockgreet",
                wanted->conf->name, wanted->conf->path);
    }
    add_member(opening, socket, wanted->conf);
    return 0;
}

/* What is sent to a group or to everybody reaches each socket, and would be answered by each. */
static unsigned count_sockets(const struct conf_listener *listener, const struct conf_endpoint *endpoint)
{
    enum address_scope scope = address_scope(&endpoint->address);

    return listener->transport != TRANSPORT_UDP || scope == ADDRESS_MULTICAST || scope == ADDRESS_BROADCAST
               ? 1
               : listener->shards;
}

/* Whether the shards so far came from a unit: others cannot share the port with them, so they stay as they
 * are. */
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

/* A member as it would be wanted. */
static struct wanted wanted_of(const struct sockets_member *member)
{
    const struct socket *socket = member->socket;

    return (struct wanted){.conf = member->conf,
                           .endpoint = {.address = socket->address, .dual_stack = !socket->v6only},
                           .interface = socket->interface,
                           .directory = socket->directory};
}

/* The first of count members that has to do with a socket, as compare says; NULL if none has. */
static const struct sockets_member *find_member(const struct sockets *sockets, size_t count,
                                                const struct socket *socket,
                                                bool (*compare)(const struct socket *, const struct wanted *))
{
    for (size_t i = 0; i < count; i++) {
        struct wanted wanted = wanted_of(&sockets->members[i]);

        if (compare(socket, &wanted))
            return &sockets->members[i];
    }
    return NULL;
}

/* A socket of an interface that cannot be taken out of the way stays, as one more of the listener that covers
 * it: the kernel prefers it, so its clients would not be served otherwise. */
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

/* Clients come only when everything is bound, so that a failure on the way refuses none. */
static void listen_all(struct opening *opening)
{
    for (size_t i = 0; i < opening->sockets->count && !opening->first_error; i++) {
        const struct sockets_member *member = &opening->sockets->members[i];
        struct wanted wanted = wanted_of(member);
        int error = member->socket->references > 1 || member->socket->inherited
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

int sockets_open(struct sockets *sockets, struct registry *registry, const struct conf *conf,
                 struct message *reason)
{
    struct opening opening = {
        .sockets = sockets, .conf = conf, .reason = reason, .mark = registry_mark(registry)};
    int error;

    *sockets = (struct sockets){.registry = registry};
    open_endpoints(&opening, false);
    /* Datagrams come as soon as a socket is bound, and would be lost in one that is closed again. */
    if (opening.first_error == 0 || registry->count == sockets->count)
        open_endpoints(&opening, true);
    error = opening.first_error ? opening.first_error : keep_immovable(&opening);
    if (error)
        sockets_close(sockets, false);
    return error;
}

int sockets_listen(struct sockets *sockets, const struct conf *conf, struct message *reason)
{
    struct opening opening = {.sockets = sockets, .conf = conf, .reason = reason};

    listen_all(&opening);
    return opening.first_error;
}

void sockets_open_leftover(struct sockets *sockets, const struct sockets *other)
{
    struct opening opening = {.sockets = sockets, .mark = registry_mark(other->registry)};

    *sockets = (struct sockets){.registry = other->registry};
    for (struct socket *socket = other->registry->first; socket; socket = socket->next) {
        const struct sockets_member *member;

        if (!socket->inherited || socket->references || !socket->owned ||
            transport_is_unix(socket->transport))
            continue;
        member = find_member(other, other->count, socket, match_overlaps);
        if (!member || reserve(&opening) < 0)
            continue;
        opening.conf = NULL;
        socket->references++;
        sockets->members[sockets->count++] = *member;
        sockets->members[sockets->count - 1].socket = socket;
        sockets->members[sockets->count - 1].any =
            socket->detached || address_is_any(&socket->address); /* detaching changed the address */
        if (!socket->detached)
            detach_socket(socket);
    }
}

/* --- While they serve --- */

/* The socket of ours that has the name which another one is to have; NULL if none has. */
static struct socket *find_holder(const struct sockets_member *member, const struct registry *registry)
{
    struct wanted wanted = wanted_of(member);
    struct socket *socket = NULL;

    while ((socket = registry_next_overlapping(registry, socket, &wanted)))
        if (socket != member->socket && !socket->beside && socket->owned &&
            path_is_there(&socket->address, false, &socket->file))
            return socket;
    return NULL;
}

/* All of them, or none. replaced has room for each; NULL where there was nothing to replace. */
static int publish_all(const struct sockets *sockets, struct socket **replaced)
{
    size_t i;
    int error = 0;

    for (i = 0; i < sockets->count && error == 0; i++) {
        const struct sockets_member *member = &sockets->members[i];

        if (!member->socket->beside)
            continue;
        replaced[i] = find_holder(member, sockets->registry);
        error = socket_publish(member->socket, replaced[i]);
        if (error) {
            replaced[i] = NULL;
            log_error("listeners.%s: cannot put the new socket at %s: %s", member->conf->name,
                      member->conf->path, strerror(-error));
        }
    }
    while (error && i-- > 0)
        if (replaced[i])
            socket_unpublish(sockets->members[i].socket);
    return error;
}

int sockets_publish(const struct sockets *sockets)
{
    struct socket **replaced = calloc(sockets->count + 1, sizeof(struct socket *));
    int error = replaced ? publish_all(sockets, replaced) : -ENOMEM;

    for (size_t i = 0; error == 0 && i < sockets->count; i++)
        if (replaced[i])
            path_remove(&replaced[i]->address, true, &replaced[i]->file);
    free(replaced);
    return error;
}

void sockets_settle(const struct sockets *sockets)
{
    for (size_t i = 0; i < sockets->count; i++) {
        const struct sockets_member *member = &sockets->members[i];
        const char *step = "";
        int error;
        char where[ADDRESS_TEXT_MAX];

        detach_undo(member->socket);
        error = socket_settle(member->socket, member->conf, &step);
        if (!transport_is_unix(member->conf->transport) && member->socket->owned)
            socket_share(member->socket,
                         member->conf->transport == TRANSPORT_UDP && member->conf->shards > 1);
        if (error == 0)
            continue;
        socket_text(member->socket, where, sizeof(where));
        log_warning("listeners.%s: cannot %s %s: %s", member->conf->name, step, where, strerror(-error));
    }
}

int64_t sockets_store(const struct sockets *sockets)
{
    size_t told = 0;

    for (size_t i = 0; i < sockets->count && notify_enabled(); i++) {
        struct socket *socket = sockets->members[i].socket;

        /* What a .socket unit passed it passes again; stored too, it would come twice. */
        if (socket->stored || !socket->owned)
            continue;
        socket->stored = told < STORE_AT_ONCE && notify_store(socket->fd, socket->label);
        if (!socket->stored) /* half of the manager's time is enough */
            return STORE_LEAST_NS + (int64_t)(2 * told * i) * STORE_COMPARE_NS;
        told++;
    }
    return -1;
}

void sockets_store_all(const struct sockets *sockets, int64_t longest_ns)
{
    int64_t end = monotonic_ns() + longest_ns, pause;

    while ((pause = sockets_store(sockets)) >= 0 && monotonic_ns() + pause < end)
        nanosleep(&(struct timespec){.tv_sec = pause / NS_PER_S, .tv_nsec = pause % NS_PER_S}, NULL);
}

static void mark_all(const struct sockets *sockets, unsigned mark)
{
    for (size_t i = 0; i < sockets->count; i++)
        sockets->members[i].socket->mark = mark;
}

void sockets_retire(const struct sockets *sockets, const struct sockets *other, _Atomic bool *retired)
{
    unsigned mark = registry_mark(sockets->registry);

    mark_all(other, mark);
    for (size_t i = 0; i < sockets->count; i++) {
        struct socket *socket = sockets->members[i].socket;

        if (socket->mark == mark)
            continue;
        atomic_store(&retired[i], true);
        detach_socket(socket);
    }
}

/* The name stays taken as long as any process has the socket (unix(7)). */
static bool is_abstract(const struct address *address)
{
    return address->sa.sa_family == AF_UNIX && !path_is(address);
}

/* Only a TCP socket can listen again (tcp(7)); the others stay as they are until a new one is made. */
static void listen_again(const struct sockets_member *member)
{
    struct socket *socket = member->socket;
    char where[ADDRESS_TEXT_MAX];

    socket_text(socket, where, sizeof(where));
    socket->broken = socket_listen(socket, member->conf) < 0 || socket_is_shut(socket);
    if (socket->broken)
        log_error("listeners.%s: %s was shut down by one of the workers and cannot be opened again; a %s "
                  "makes a new one",
                  member->conf->name, where, is_abstract(&socket->address) ? "restart" : "reload");
    else
        log_warning("listeners.%s: %s was shut down by one of the workers; listening again",
                    member->conf->name, where);
}

bool sockets_listen_again(const struct sockets *sockets)
{
    bool any = false;

    for (size_t i = 0; i < sockets->count; i++) {
        const struct sockets_member *member = &sockets->members[i];

        if (member->socket->broken || !socket_is_shut(member->socket))
            continue;
        listen_again(member);
        any |= !member->socket->broken;
    }
    return any;
}

/* Whether the member before is another shard of the same endpoint. */
static bool is_shard_of_last(const struct sockets *sockets, size_t i)
{
    return i > 0 && sockets->members[i - 1].conf == sockets->members[i].conf &&
           address_equal(&sockets->members[i - 1].socket->address, &sockets->members[i].socket->address);
}

unsigned sockets_down(const struct sockets *sockets, struct message *first)
{
    unsigned count = 0;

    first->text[0] = '\0';
    for (size_t i = 0; i < sockets->count; i++) {
        const char *trouble =
            is_shard_of_last(sockets, i) ? NULL : socket_trouble(sockets->members[i].socket);

        if (trouble && count++ == 0)
            message_set(first, "%s: %s", sockets->members[i].conf->name, trouble);
    }
    return count;
}

void sockets_close_others(const struct sockets *sockets)
{
    unsigned mark = registry_mark(sockets->registry);

    mark_all(sockets, mark);
    for (struct socket *socket = sockets->registry->first; socket; socket = socket->next)
        if (socket->mark != mark)
            close_fd(&socket->fd);
}

/* Where another socket was to be bound beside ours and was not, in the end. */
static void unshare_all(const struct registry *registry)
{
    for (struct socket *socket = registry->first; socket; socket = socket->next)
        if (socket->lent)
            socket_share(socket, false);
}

void sockets_close(struct sockets *sockets, bool keep)
{
    for (size_t i = 0; i < sockets->count; i++)
        registry_release(sockets->registry, sockets->members[i].socket, keep);
    if (sockets->registry)
        unshare_all(sockets->registry);
    free(sockets->members);
    sockets->members = NULL;
    sockets->count = 0;
}
