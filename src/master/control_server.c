/* SPDX-License-Identifier: MIT */
#include "master/control_server.h"

#include "base/address.h"
#include "base/deadlines.h"
#include "base/util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#define BACKLOG         512
#define CLIENTS_MAX     256    /* of root and the service's user */
#define OTHERS_MAX      64     /* of all other users */
#define ACCEPT_INTERVAL 100000 /* us, in which at most ACCEPT_BURST are accepted */
#define ACCEPT_BURST    500
#define SWEEP_INTERVAL  500000 /* us, between two checks for connections whose time is up */

enum connection_state {
    CONNECTION_READING, /* the request */
    CONNECTION_WAITING, /* for the answer */
    CONNECTION_WRITING, /* the answer */
    CONNECTION_CLOSING  /* until the client has read it: closing with unread input would discard the answer */
};

struct control_connection {
    struct control_connection *next, **link;
    struct control_server *server;
    struct control_peer peer;
    bool privileged;
    enum connection_state state;
    int64_t deadline; /* monotonic ns */
    sd_event_source *io;
    char request[PROTOCOL_REQUEST_MAX + 1];
    size_t received;
    unsigned ticket;
    char *answer; /* owned */
    size_t length, sent;
};

bool control_peer_is_member(const struct control_peer *peer, gid_t group)
{
    socklen_t size = 0;
    gid_t *groups;
    bool member = peer->credentials.gid == group;

    if (member || getsockopt(peer->fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) == 0 || errno != ERANGE)
        return member;
    groups = malloc(size);
    if (groups && getsockopt(peer->fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) == 0)
        for (size_t i = 0; i < size / sizeof(*groups) && !member; i++)
            member = groups[i] == group;
    free(groups);
    return member;
}

static void close_connection(struct control_connection *connection)
{
    *connection->link = connection->next;
    if (connection->next)
        connection->next->link = connection->link;
    sd_event_source_disable_unref(connection->io);
    close_fd(&connection->peer.fd);
    free(connection->answer);
    free(connection);
}

static void watch(struct control_connection *connection, enum connection_state state)
{
    connection->state = state;
    sd_event_source_set_io_events(connection->io, state == CONNECTION_WAITING   ? EPOLLRDHUP
                                                  : state == CONNECTION_WRITING ? EPOLLOUT
                                                                                : EPOLLIN);
}

static void set_deadline(struct control_connection *connection)
{
    connection->deadline = monotonic_ns() + DEADLINE_CONTROL;
}

/* Returns whether the connection still exists. */
static bool write_answer(struct control_connection *connection)
{
    ssize_t n = send(connection->peer.fd, connection->answer + connection->sent,
                     connection->length - connection->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        close_connection(connection);
        return false;
    }
    connection->sent += n > 0 ? (size_t)n : 0;
    if (connection->sent < connection->length)
        return true;
    shutdown(connection->peer.fd, SHUT_WR);
    watch(connection, CONNECTION_CLOSING);
    return true;
}

static void begin_answer(struct control_connection *connection, char *answer, size_t length)
{
    if (!answer) {
        close_connection(connection);
        return;
    }
    connection->answer = answer;
    connection->length = length;
    set_deadline(connection);
    watch(connection, CONNECTION_WRITING);
    write_answer(connection);
}

static void ask(struct control_connection *connection)
{
    size_t length = 0;
    char *answer;

    connection->request[strcspn(connection->request, "\r\n")] = '\0';
    answer = connection->server->answer(connection->server->context, &connection->peer, connection->request,
                                        &length, &connection->ticket);
    if (answer || !connection->ticket) {
        begin_answer(connection, answer, length);
        return;
    }
    connection->deadline = INT64_MAX; /* the reload has its own */
    watch(connection, CONNECTION_WAITING);
}

static void read_request(struct control_connection *connection)
{
    size_t room = PROTOCOL_REQUEST_MAX - connection->received;
    ssize_t n = recv(connection->peer.fd, connection->request + connection->received, room, MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n < 0 || (n == 0 && connection->received == 0)) {
        close_connection(connection);
        return;
    }
    connection->received += (size_t)n;
    connection->request[connection->received] = '\0';
    if (n == 0 || memchr(connection->request, '\n', connection->received) || (size_t)n == room)
        ask(connection);
}

/* Input after the request is ignored. */
static void discard(struct control_connection *connection)
{
    char bytes[4096];
    ssize_t n = recv(connection->peer.fd, bytes, sizeof(bytes), MSG_DONTWAIT);

    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        close_connection(connection);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *argument)
{
    struct control_connection *connection = argument;

    (void)source;
    (void)fd;
    (void)events;
    switch (connection->state) {
    case CONNECTION_READING:
        read_request(connection);
        break;
    case CONNECTION_WAITING: /* it has closed, or only shut down its side, as socat(1) does */
        if (events & EPOLLHUP)
            close_connection(connection);
        else
            sd_event_source_set_io_events(connection->io, 0);
        break;
    case CONNECTION_WRITING:
        write_answer(connection);
        break;
    case CONNECTION_CLOSING:
        discard(connection);
        break;
    }
    return 0;
}

static int sweep(sd_event_source *source, uint64_t usec, void *argument)
{
    struct control_server *server = argument;
    struct control_connection *next;
    int64_t now = monotonic_ns();

    (void)usec;
    for (struct control_connection *c = server->first; c; c = next) {
        next = c->next;
        if (now >= c->deadline)
            close_connection(c);
    }
    sd_event_source_set_time_relative(source, SWEEP_INTERVAL);
    sd_event_source_set_enabled(source, server->first ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
    return 0;
}

/* Closes the oldest connection of the same kind to make room for a new one. */
static void make_room(struct control_server *server, bool privileged)
{
    struct control_connection *oldest = NULL;
    unsigned count = 0;

    for (struct control_connection *c = server->first; c; c = c->next)
        if (c->privileged == privileged) {
            oldest = c;
            count++;
        }
    if (count >= (privileged ? CLIENTS_MAX : OTHERS_MAX))
        close_connection(oldest);
}

static bool is_privileged(const struct ucred *credentials)
{
    return credentials->uid == 0 || credentials->uid == geteuid();
}

static struct control_connection *new_connection(struct control_server *server, int fd)
{
    struct control_connection *connection = calloc(1, sizeof(*connection));

    if (!connection)
        return NULL;
    *connection = (struct control_connection){.server = server, .peer.fd = fd, .link = &server->first};
    connection->next = server->first;
    if (connection->next)
        connection->next->link = &connection->next;
    server->first = connection;
    return connection;
}

static void begin_connection(struct control_server *server, int fd, const struct ucred *credentials)
{
    struct control_connection *connection = new_connection(server, fd);

    if (!connection) {
        close(fd);
        return;
    }
    connection->peer.credentials = *credentials;
    connection->privileged = is_privileged(credentials);
    set_deadline(connection);
    if (sd_event_add_io(server->event, &connection->io, fd, EPOLLIN, on_io, connection) < 0)
        close_connection(connection);
    sd_event_source_set_enabled(server->sweep, SD_EVENT_ONESHOT);
}

static int on_connect(sd_event_source *source, int fd, uint32_t events, void *argument)
{
    struct control_server *server = argument;
    int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct ucred credentials;
    socklen_t size = sizeof(credentials);

    (void)source;
    (void)events;
    if (client < 0)
        return 0;
    if (getsockopt(client, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0) {
        close(client);
        return 0;
    }
    make_room(server, is_privileged(&credentials));
    begin_connection(server, client, &credentials);
    return 0;
}

/* The temporary path, until the socket is published. */
static bool new_path(const struct control_server *server, char *path, size_t size)
{
    return (size_t)snprintf(path, size, "%s.new", server->path) < size;
}

static int bind_socket(struct control_server *server)
{
    char path[PROTOCOL_PATH_MAX];
    struct address address;
    mode_t mask;
    int error = 0;

    if (!protocol_path(PROTOCOL_SOCKET, server->path, sizeof(server->path)) ||
        !new_path(server, path, sizeof(path)))
        return -ENOENT;
    if (!address_set_unix(&address, path))
        return -ENAMETOOLONG;
    unlink(path);
    server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (server->fd < 0)
        return -errno;
    mask = umask(0111);
    if (bind(server->fd, &address.sa, address.length) < 0 || listen(server->fd, BACKLOG) < 0)
        error = -errno;
    umask(mask);
    return error;
}

int control_server_open(struct control_server *server)
{
    int error;

    server->fd = -1;
    error = bind_socket(server);
    if (error == 0)
        error = sd_event_add_io(server->event, &server->source, server->fd, EPOLLIN, on_connect, server);
    if (error >= 0)
        error = sd_event_add_time_relative(server->event, &server->sweep, CLOCK_MONOTONIC, SWEEP_INTERVAL,
                                           SWEEP_INTERVAL, sweep, server);
    if (error < 0) {
        server->source = sd_event_source_disable_unref(server->source);
        close_fd(&server->fd);
        return error;
    }
    /* Also limits the rate of failures, such as EMFILE. */
    sd_event_source_set_ratelimit(server->source, ACCEPT_INTERVAL, ACCEPT_BURST);
    return 0;
}

int control_server_publish(struct control_server *server)
{
    char path[PROTOCOL_PATH_MAX];
    struct stat status;

    if (server->fd < 0 || server->published || !new_path(server, path, sizeof(path)))
        return 0;
    if (lstat(path, &status) < 0 || rename(path, server->path) < 0)
        return -errno;
    server->device = status.st_dev;
    server->inode = status.st_ino;
    server->published = true;
    return 0;
}

void control_server_answer(struct control_server *server, unsigned ticket, const char *answer, size_t length)
{
    struct control_connection *next;

    for (struct control_connection *c = server->first; c; c = next) {
        char *copy;

        next = c->next;
        if (c->state != CONNECTION_WAITING || c->ticket != ticket)
            continue;
        copy = malloc(length);
        if (copy)
            memcpy(copy, answer, length);
        begin_answer(c, copy, length);
    }
}

/* Whether the path is still this socket's: after an upgrade it is the new process's. */
static bool has_name(const struct control_server *server)
{
    struct stat status;

    return server->published && lstat(server->path, &status) == 0 && status.st_dev == server->device &&
           status.st_ino == server->inode;
}

void control_server_close(struct control_server *server)
{
    char path[PROTOCOL_PATH_MAX];

    if (server->fd < 0)
        return;
    while (server->first)
        close_connection(server->first);
    if (has_name(server))
        unlink(server->path);
    else if (!server->published && new_path(server, path, sizeof(path)))
        unlink(path);
    sd_event_source_disable_unref(server->source);
    sd_event_source_disable_unref(server->sweep);
    close_fd(&server->fd);
}
