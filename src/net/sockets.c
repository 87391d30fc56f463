/* SPDX-License-Identifier: MIT */
#include "net/sockets.h"

#include "base/util.h"
#include "log/log.h"
#include "net/socket.h"
#include "system/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

/* All sockets that a set has. */
static struct bound_socket *all;

static struct {
    struct bound_socket **sockets; /* NULL: adopted */
    size_t count;
} inherited;

static struct bound_socket *bound_new(int fd, const char *label)
{
    struct bound_socket *bound = calloc(1, sizeof(*bound));

    if (!bound)
        return NULL;
    bound->fd = fd;
    bound->owned = strncmp(label, LISTENER_LABEL_PREFIX, strlen(LISTENER_LABEL_PREFIX)) == 0;
    snprintf(bound->label, sizeof(bound->label), "%s", label);
    return bound;
}

int listener_inherit(void)
{
    char **names = NULL;
    int count = sd_listen_fds_with_names(1, &names), owned = 0;

    if (count <= 0)
        return count;
    inherited.sockets = calloc((size_t)count, sizeof(*inherited.sockets));
    for (int i = 0; i < count; i++) {
        struct bound_socket *bound = inherited.sockets ? bound_new(SD_LISTEN_FDS_START + i, names[i]) : NULL;

        if (bound) {
            bound->stored = bound->owned && notify_enabled();
            owned += bound->owned;
            inherited.sockets[inherited.count++] = bound;
        }
        free(names[i]);
    }
    free(names);
    return inherited.count == (size_t)count ? owned : -ENOMEM;
}

static void bound_hold(struct bound_socket *bound)
{
    if (bound->references++ > 0)
        return;
    bound->next = all;
    all = bound;
}

static void bound_release(struct bound_socket *bound, bool keep)
{
    struct bound_socket **link = &all;

    if (--bound->references > 0)
        return;
    while (*link != bound)
        link = &(*link)->next;
    *link = bound->next;
    if (bound->owned && !keep && bind_is_path(&bound->address))
        unlink(bound->address.un.sun_path);
    if (bound->stored && !keep)
        notify_unstore(bound->label);
    close_fd(&bound->fd);
    free(bound);
}

void listener_forget_inherited(void)
{
    for (size_t i = 0; i < inherited.count; i++) {
        struct bound_socket *bound = inherited.sockets[i];

        if (!bound)
            continue;
        if (!bound->owned)
            log_warning("file descriptor %d (%s) that was passed belongs to no configured listener: closed",
                        bound->fd, bound->label);
        bound_hold(bound);
        bound->address.length = sizeof(bound->address.un);
        if (getsockname(bound->fd, &bound->address.sa, &bound->address.length) < 0)
            bound->owned = false; /* no path of ours to remove */
        bound_release(bound, false);
    }
    free(inherited.sockets);
    inherited.sockets = NULL;
    inherited.count = 0;
}

/* A socket that an earlier life, or systemd, had for this endpoint. */
static struct bound_socket *adopt_inherited(const struct conf_listener *conf,
                                            const struct conf_endpoint *endpoint)
{
    for (size_t i = 0; i < inherited.count; i++) {
        struct bound_socket *bound = inherited.sockets[i];

        if (!bound || !bind_matches(bound->fd, conf, endpoint) ||
            bind_adopted(bound->fd, conf, &endpoint->address) < 0)
            continue;
        inherited.sockets[i] = NULL;
        bound->address = endpoint->address;
        return bound;
    }
    return NULL;
}

bool listener_has(const struct listener_set *set, const struct bound_socket *bound)
{
    for (size_t i = 0; set && i < set->count; i++)
        if (set->sockets[i].bound == bound)
            return true;
    return false;
}

/* Whether a socket of some generation is the one meant. One whose path was removed cannot come back. */
static bool is_shareable(const struct bound_socket *bound, const struct conf_listener *conf,
                         const struct conf_endpoint *endpoint)
{
    return !(bound->retired && bind_is_path(&bound->address)) && bind_matches(bound->fd, conf, endpoint);
}

/* A socket that some generation has, unless this set has it already. */
static struct bound_socket *share(const struct listener_set *set, const struct conf_listener *conf,
                                  const struct conf_endpoint *endpoint)
{
    for (struct bound_socket *bound = all; bound; bound = bound->next)
        if (bound->newest != set && is_shareable(bound, conf, endpoint))
            return bound;
    return NULL;
}

/* "sockgreet/tcp/127.0.0.1/12345/0": no colon may be in it, so an IPv6 address has dots in their place. */
static void make_label(char label[LISTENER_LABEL_MAX + 1], const struct conf_listener *conf,
                       const struct address *address, unsigned shard)
{
    char host[ADDRESS_TEXT_MAX];

    address_host(address, host, sizeof(host));
    snprintf(label, LISTENER_LABEL_MAX + 1, LISTENER_LABEL_PREFIX "%s/%.160s/%u/%u%s%s",
             transport_name(conf->transport), host, address_port(address), shard, *conf->interface ? "/" : "",
             conf->interface);
    for (char *p = label; *p; p++)
        if (*p == ':')
            *p = '.';
}

/* A new socket for the endpoint, or for its IPv4 half where there is no IPv6. Returns 0 or -errno. */
static int bind_endpoint(struct bound_socket **bound, const struct conf_listener *conf,
                         struct conf_endpoint *endpoint, unsigned shard, const char **step)
{
    char label[LISTENER_LABEL_MAX + 1];
    int fd = bind_new(conf, endpoint, shard > 0, step);

    if (fd == -EAFNOSUPPORT && endpoint->dual_stack) {
        struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = endpoint->address.in6.sin6_port};

        address_set(&endpoint->address, (const struct sockaddr *)&any, sizeof(any));
        endpoint->dual_stack = false;
        fd = bind_new(conf, endpoint, shard > 0, step);
    }
    if (fd < 0)
        return fd;
    make_label(label, conf, &endpoint->address, shard);
    *bound = bound_new(fd, label);
    if (!*bound) {
        if (bind_is_path(&endpoint->address))
            unlink(endpoint->address.un.sun_path);
        close(fd);
        return -ENOMEM;
    }
    (*bound)->address = endpoint->address;
    return 0;
}

static int open_shard(struct listener_set *set, const struct conf *conf, size_t index,
                      const struct conf_endpoint *wanted, unsigned shard, const char **step)
{
    const struct conf_listener *listener = &conf->listeners[index];
    struct conf_endpoint endpoint = *wanted;
    struct bound_socket *bound = share(set, listener, &endpoint);
    bool unix_socket = transport_is_unix(listener->transport);
    int error;

    if (!bound)
        bound = adopt_inherited(listener, &endpoint);
    if (!bound && (error = bind_endpoint(&bound, listener, &endpoint, shard, step)) < 0)
        return error;
    bound_hold(bound);
    bound->newest = set;
    set->sockets[set->count++] = (struct listener_socket){
        .bound = bound,
        .fd = bound->fd,
        .index = (uint16_t)index,
        .conf = listener,
        .address = bound->address,
        .any = !unix_socket && (address_is_any(&bound->address) || endpoint.broadcast)};
    *step = "share";
    return listener->transport == TRANSPORT_UDP && listener->shards > 1 ? bind_allow_sharing(bound->fd) : 0;
}

static void report(const struct conf *conf, const struct conf_listener *listener,
                   const struct address *address, const char *step, int error)
{
    char where[ADDRESS_TEXT_MAX], place[256] = "";
    const char *hint = "";

    address_text(address, where, sizeof(where));
    if (conf->file && listener->line)
        snprintf(place, sizeof(place), "%s:%u: ", conf->file, listener->line);
    if (error == -EADDRINUSE)
        hint = address->sa.sa_family == AF_UNIX ? ": another program listens there (ss -lxp shows which)"
                                                : ": another program listens there (ss -lntup shows which)";
    if (error == -EACCES && address_port(address) && address_port(address) < 1024)
        hint = ": ports under 1024 need CAP_NET_BIND_SERVICE";
    if (error == -EADDRNOTAVAIL)
        hint = ": no interface has this address (free_bind = true binds it all the same)";
    log_event(LOG_ERR, MESSAGE_LISTENER_FAILED,
              LOG_FIELDS("SOCKGREET_LISTENER", listener->name, "SOCKGREET_REASON", strerror(-error)),
              "%slisteners.%s: cannot %s %s: %s%s", place, listener->name, step, where, strerror(-error),
              hint);
}

/* How many sockets a UDP endpoint has is fixed while it is bound: the kernel spreads senders over them by
 * their number, and lets only sockets of the same user share a port. */
static unsigned count_shards(const struct conf_listener *listener, const struct conf_endpoint *endpoint)
{
    unsigned bound = 0;

    if (listener->transport != TRANSPORT_UDP)
        return 1;
    for (const struct bound_socket *b = all; b; b = b->next)
        bound += bind_matches(b->fd, listener, endpoint);
    for (size_t i = 0; i < inherited.count; i++)
        bound += inherited.sockets[i] && bind_matches(inherited.sockets[i]->fd, listener, endpoint);
    if (bound && bound != listener->shards && listener->shards_given)
        log_warning(
            "listeners.%s.shards: stays %u, as many sockets as there are, until the service is stopped",
            listener->name, bound);
    return bound ? bound : listener->shards;
}

static int open_endpoint(struct listener_set *set, const struct conf *conf, size_t index,
                         const struct conf_endpoint *endpoint)
{
    const struct conf_listener *listener = &conf->listeners[index];
    unsigned shards = count_shards(listener, endpoint);

    for (unsigned shard = 0; shard < shards; shard++) {
        const char *step = "open";
        int error = open_shard(set, conf, index, endpoint, shard, &step);

        if (error < 0) {
            report(conf, listener, &endpoint->address, step, error);
            return error;
        }
    }
    return 0;
}

/* Room enough, also for endpoints that keep more shards than are configured now. */
static size_t count_sockets(const struct conf *conf)
{
    size_t count = 1;

    for (const struct bound_socket *bound = all; bound; bound = bound->next)
        count++;
    for (size_t i = 0; i < conf->listener_count; i++)
        count += conf->listeners[i].endpoint_count *
                 (conf->listeners[i].transport == TRANSPORT_UDP ? conf->listeners[i].shards : 1);
    return count;
}

int listener_open(struct listener_set *set, const struct conf *conf)
{
    int first = 0;

    set->count = 0;
    set->sockets = calloc(count_sockets(conf), sizeof(*set->sockets));
    if (!set->sockets) {
        log_error("cannot open the listeners: %s", strerror(ENOMEM));
        return -ENOMEM;
    }
    for (size_t i = 0; i < conf->listener_count; i++)
        for (size_t j = 0; j < conf->listeners[i].endpoint_count; j++) {
            int error = open_endpoint(set, conf, i, &conf->listeners[i].endpoints[j]);

            first = first ? first : error;
        }
    if (first)
        listener_close(set, false);
    return first;
}

void listener_store(const struct listener_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        struct bound_socket *bound = set->sockets[i].bound;

        /* What a .socket unit passed it passes again; stored too, it would come twice. */
        if (bound->stored || !bound->owned || !notify_enabled())
            continue;
        notify_store(bound->fd, bound->label);
        bound->stored = true;
    }
}

void listener_settle(const struct listener_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct listener_socket *s = &set->sockets[i];
        int error = bind_adopted(s->fd, s->conf, &s->address);

        s->bound->retired = false;
        if (error == 0 && s->bound->owned && bind_is_path(&s->address))
            error = bind_set_mode(s->address.un.sun_path, s->conf);
        if (error < 0)
            log_warning("listeners.%s: cannot change the socket's settings: %s", s->conf->name,
                        strerror(-error));
    }
}

void listener_retire(const struct listener_set *set, const struct listener_set *other, _Atomic bool *retired)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct listener_socket *s = &set->sockets[i];

        if (listener_has(other, s->bound))
            continue;
        s->bound->retired = true;
        atomic_store(&retired[i], true);
        if (s->conf->transport == TRANSPORT_TCP)
            bind_refuse_new(s->fd);
        if (s->bound->owned && bind_is_path(&s->address)) {
            unlink(s->address.un.sun_path);
            s->bound->owned = false; /* the path may be somebody else's from now on */
        }
    }
}

void listener_close_others(const struct listener_set *set)
{
    for (struct bound_socket *bound = all; bound; bound = bound->next)
        if (!listener_has(set, bound))
            close_fd(&bound->fd);
}

void listener_close(struct listener_set *set, bool keep)
{
    for (size_t i = 0; i < set->count; i++) {
        set->sockets[i].bound->newest = NULL; /* a later set may be at the same address */
        bound_release(set->sockets[i].bound, keep);
    }
    free(set->sockets);
    set->sockets = NULL;
    set->count = 0;
}
