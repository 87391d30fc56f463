/* SPDX-License-Identifier: MIT */
#include "net/sockets.h"

#include "base/util.h"
#include "log/log.h"
#include "net/detach.h"

#include <stdlib.h>
#include <string.h>

bool sockets_is_shard(const struct sockets *sockets, size_t index)
{
    const struct sockets_member *member = &sockets->members[index];

    return index > 0 && member[-1].conf == member->conf &&
           address_equal(&member[-1].socket->address, &member->socket->address);
}

size_t sockets_endpoints(const struct sockets *sockets)
{
    size_t count = 0;

    for (size_t i = 0; i < sockets->count; i++)
        count += !sockets_is_shard(sockets, i);
    return count;
}

struct wanted sockets_wanted(const struct sockets_member *member)
{
    const struct socket *socket = member->socket;

    return (struct wanted){.conf = member->conf,
                           .endpoint = {.address = socket->address, .dual_stack = !socket->v6only},
                           .interface = socket->interface,
                           .directory = socket->directory};
}

/* The socket of this service that has the path which a member will get; NULL if there is none. */
static struct socket *find_holder(const struct sockets_member *member, const struct registry *registry)
{
    struct wanted wanted = sockets_wanted(member);
    struct socket *socket = NULL;

    while ((socket = registry_next_overlapping(registry, socket, &wanted)))
        if (socket != member->socket && !socket->beside && socket->owned &&
            path_is_there(&socket->address, false, &socket->file))
            return socket;
    return NULL;
}

/* Publishes all sockets, or none. replaced has room for each; NULL: there was nothing to replace. */
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

void sockets_apply_conf(const struct sockets *sockets)
{
    for (size_t i = 0; i < sockets->count; i++) {
        const struct sockets_member *member = &sockets->members[i];
        const char *step = "";
        int error;
        char where[ADDRESS_TEXT_MAX];

        detach_undo(member->socket);
        socket_observe(member->socket, member->conf->plan->needs & PLAN_SOCKET);
        error = socket_apply_conf(member->socket, member->conf, &step);
        if (!transport_is_unix(member->conf->transport) && member->socket->owned)
            socket_share(member->socket,
                         member->conf->transport == TRANSPORT_UDP && member->conf->shards > 1);
        if (error == 0)
            continue;
        socket_text(member->socket, where, sizeof(where));
        log_warning("listeners.%s: cannot %s %s: %s", member->conf->name, step, where, strerror(-error));
    }
}

unsigned sockets_mark(const struct sockets *sockets)
{
    unsigned mark = registry_mark(sockets->registry);

    for (size_t i = 0; i < sockets->count; i++)
        sockets->members[i].socket->mark = mark;
    return mark;
}
void sockets_retire(const struct sockets *sockets, const struct sockets *other, _Atomic bool *retired)
{
    unsigned mark = sockets_mark(other);

    for (size_t i = 0; i < sockets->count; i++) {
        struct socket *socket = sockets->members[i].socket;

        if (socket->mark == mark)
            continue;
        atomic_store(&retired[i], true);
        detach_socket(socket);
    }
}

/* An abstract name stays in use as long as any process has the socket (unix(7)). */
static bool is_abstract(const struct address *address)
{
    return address->sa.sa_family == AF_UNIX && !path_is(address);
}

/* Only a TCP socket can listen again (tcp(7)); others stay broken until they are replaced. */
static void listen_again(const struct sockets_member *member)
{
    struct socket *socket = member->socket;
    char where[ADDRESS_TEXT_MAX];

    socket_text(socket, where, sizeof(where));
    socket->broken = socket_listen(socket, member->conf) < 0 || socket_is_shut(socket);
    if (socket->broken)
        log_error("listeners.%s: %s was shut down by one of the workers and cannot be opened again; a %s "
                  "creates a new one",
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

unsigned sockets_down(const struct sockets *sockets, struct message *first)
{
    unsigned count = 0;

    first->text[0] = '\0';
    for (size_t i = 0; i < sockets->count; i++) {
        const char *trouble =
            sockets_is_shard(sockets, i) ? NULL : socket_trouble(sockets->members[i].socket);

        if (trouble && count++ == 0)
            message_set(first, "%s: %s", sockets->members[i].conf->name, trouble);
    }
    return count;
}

/* Undoes the sharing of ports where the overlapping socket was not bound in the end. */
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
