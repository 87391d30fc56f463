/* SPDX-License-Identifier: MIT */
/* TCP and Unix stream clients: greet, shut down, linger until the client has read it all, close.
 *
 * Closing a socket with unread input makes the kernel send a reset (RFC 1122 4.2.2.13), which can destroy the
 * greeting before the client has read it. So every client's input is read away, within bounds, until its end
 * of file. */
#include "serve/serve_internal.h"

#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define ACCEPT_BATCH   16 /* clients taken from one socket before others get their turn */
#define ALONE_SURE     4  /* turns with one client, after which the next is expected to be alone too */
#define ALONE_LOOK     16 /* turns after which that is looked into */
#define DISCARD_MAX    (64 * 1024) /* bytes of input read away per client */
#define DISCARD_BUFFER (16 * 1024)

enum progress { PROGRESS_DONE, PROGRESS_WAIT, PROGRESS_BROKEN };
enum input { INPUT_OPEN, INPUT_END, INPUT_RESET, INPUT_TOO_MUCH };

static void unix_peer(int fd, struct record_address *peer)
{
    struct ucred credentials = {.uid = (uid_t)-1};

    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &(socklen_t){sizeof(credentials)});
    peer->family = AF_UNIX;
    peer->uid = credentials.uid;
    peer->pid = (uint32_t)credentials.pid;
}

static void own_address(const struct client *client, struct record_address *server)
{
    struct address address = {.length = sizeof(address.un)};

    *server = client->socket->bound;
    if (client->socket->member->any && getsockname(client->fd, &address.sa, &address.length) == 0)
        record_pack(server, &address);
}

/* Who the client is costs a system call on a Unix socket, so it is asked for only where it is written down.
 */
static void fill_record(struct record *record, struct client *client)
{
    if (client->socket->conf->transport == TRANSPORT_UNIX)
        unix_peer(client->fd, &client->peer);
    record->listener = client->socket->member->listener;
    record->client = client->peer;
    own_address(client, &record->server);
}

static void finish(struct serve *serve, struct client *client, enum result result)
{
    struct record *record = account_result(&serve->account, result, client->sent, serve->now);

    if (record) {
        fill_record(record, client);
        account_publish(&serve->account);
    }
    timer_stop(&client->idle);
    timer_stop(&client->total);
    close(client->fd); /* leaves epoll by itself */
    free(client->copy);
    client_free(&serve->clients, client);
    serve_client_left(serve, client);
}

/* Closes a client whose time or whose share of input is used up. */
static void give_up(struct serve *serve, struct client *client)
{
    int waiting = 0;

    /* What the client's side has not acknowledged, the close may destroy. */
    if (client->rest_length || ioctl(client->fd, SIOCOUTQ, &waiting) < 0 || waiting > 0)
        finish(serve, client, RESULT_TIMED_OUT);
    else
        finish(serve, client, RESULT_SENT);
}

static void idle_expired(void *context, struct timer *timer)
{
    give_up(context, CONTAINER_OF(timer, struct client, idle));
}

static void total_expired(void *context, struct timer *timer)
{
    give_up(context, CONTAINER_OF(timer, struct client, total));
}

/* Reads away what the client has sent. MSG_TRUNC drops it in the kernel (tcp(7)); a Unix socket copies. */
static enum input discard(struct client *client, bool *talked)
{
    char buffer[DISCARD_BUFFER] __attribute__((uninitialized)); /* to zero it costs more than the call */

    for (;;) {
        ssize_t n = recv(client->fd, buffer, sizeof(buffer), MSG_DONTWAIT | MSG_TRUNC);

        if (n == 0)
            return INPUT_END;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN ? INPUT_OPEN : INPUT_RESET;
        *talked = true;
        client->discarded += (uint32_t)n;
        if (client->discarded > DISCARD_MAX)
            return INPUT_TOO_MUCH;
    }
}

/* MSG_MORE holds the last segment back, so that it leaves together with the end of file that shutdown() adds.
 */
static enum progress send_rest(struct client *client)
{
    while (client->rest_length) {
        ssize_t n =
            send(client->fd, client->rest, client->rest_length, MSG_MORE | MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN ? PROGRESS_WAIT : PROGRESS_BROKEN;
        client->rest += n;
        client->rest_length -= (uint32_t)n;
        client->sent += (uint32_t)n;
    }
    return PROGRESS_DONE;
}

static bool watch_client(struct serve *serve, struct client *client, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = &client->watch};
    int operation = client->in_epoll ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

    if (epoll_ctl(serve->epoll, operation, client->fd, &event) < 0)
        return false;
    client->in_epoll = true;
    return true;
}

static void linger(struct serve *serve, struct client *client)
{
    if (!watch_client(serve, client, EPOLLIN)) { /* ENOMEM, ENOSPC */
        give_up(serve, client);
        return;
    }
    timer_start(&client->idle, client->socket->linger, serve->now);
    timer_start(&client->total, serve->linger_total, serve->now);
}

/* Looks at a lingering client's input. */
static void look(struct serve *serve, struct client *client)
{
    bool talked = false;

    switch (discard(client, &talked)) {
    case INPUT_END:
        finish(serve, client, RESULT_SENT);
        break;
    case INPUT_RESET:
        finish(serve, client, RESULT_RESET);
        break;
    case INPUT_TOO_MUCH:
        give_up(serve, client);
        break;
    case INPUT_OPEN:
        if (!client->in_epoll)
            linger(serve, client);
        else if (talked)
            timer_start(&client->idle, client->socket->linger, serve->now);
        break;
    }
}

/* The greeting is out: end our side. */
static void conclude(struct serve *serve, struct client *client)
{
    if (client->socket->conf->linger_ns == 0) {
        finish(serve, client, RESULT_SENT);
        return;
    }
    shutdown(client->fd, SHUT_WR);
    client->state = CLIENT_LINGERING;
    free(client->copy);
    client->copy = NULL;
    if (client->peer_ended) {
        finish(serve, client, RESULT_SENT);
    } else if (client->deaf) {
        give_up(serve, client);
    } else if (client->in_epoll) {
        linger(serve, client);
    } else {
        client->next = serve->fresh;
        serve->fresh = client;
    }
}

/* Most clients are done by the end of the turn: one more look then saves them the way through epoll. */
void serve_stream_settle(struct serve *serve)
{
    struct client *client = serve->fresh, *next;

    serve->fresh = NULL;
    for (; client; client = next) {
        next = client->next;
        look(serve, client);
    }
}

static void wait_for_room(struct serve *serve, struct client *client)
{
    bool listen_too = !client->peer_ended && !client->deaf;

    if (!watch_client(serve, client, EPOLLOUT | (listen_too ? EPOLLIN : 0)))
        finish(serve, client, RESULT_TIMED_OUT);
    else
        timer_start(&client->idle, serve->send, serve->now);
}

/* A rendered greeting lies in the thread's buffer, which the next client needs. */
static bool keep_rest(struct client *client)
{
    if (client->socket->conf->greeting->is_static || client->copy)
        return true;
    client->copy = malloc(client->rest_length);
    if (!client->copy)
        return false;
    client->rest = memcpy(client->copy, client->rest, client->rest_length);
    return true;
}

static void advance(struct serve *serve, struct client *client)
{
    switch (send_rest(client)) {
    case PROGRESS_DONE:
        conclude(serve, client);
        break;
    case PROGRESS_BROKEN:
        finish(serve, client, RESULT_RESET);
        break;
    case PROGRESS_WAIT:
        if (keep_rest(client))
            wait_for_room(serve, client);
        else
            finish(serve, client, RESULT_TIMED_OUT);
        break;
    }
}

/* While a large greeting is on its way, the client's input is read away too, lest both sides wait for each
 * other. */
static bool hear(struct serve *serve, struct client *client)
{
    bool talked = false;

    switch (discard(client, &talked)) {
    case INPUT_OPEN:
        return true;
    case INPUT_END:
        client->peer_ended = true;
        break;
    case INPUT_TOO_MUCH:
        client->deaf = true;
        break;
    case INPUT_RESET:
        finish(serve, client, RESULT_RESET);
        return false;
    }
    if (watch_client(serve, client, EPOLLOUT))
        return true;
    finish(serve, client, RESULT_TIMED_OUT);
    return false;
}

static void client_ready(struct serve *serve, struct watch *watch, uint32_t events)
{
    struct client *client = CONTAINER_OF(watch, struct client, watch);

    if (client->state == CLIENT_LINGERING)
        look(serve, client);
    else if (((events & EPOLLIN) && !hear(serve, client)) || !(events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
        return;
    else
        advance(serve, client);
}

static void greet(struct serve *serve, struct client *client)
{
    const struct greeting *greeting = client->socket->conf->greeting;
    struct record_address server;

    if (greeting->is_static) {
        client->rest = greeting->bytes;
        client->rest_length = (uint32_t)greeting->length;
    } else {
        if (client->socket->conf->transport == TRANSPORT_UNIX)
            unix_peer(client->fd, &client->peer);
        own_address(client, &server);
        client->rest = serve->greeting;
        client->rest_length =
            (uint32_t)serve_render(serve, client->socket->conf, &client->peer, &server, serve->greeting);
    }
    advance(serve, client);
}

/* What an error of accept means: 0 try the next, else whether to pause; see accept(2) on pending network
 * errors. */
enum accept_verdict { ACCEPT_NEXT, ACCEPT_EMPTY, ACCEPT_SHUT, ACCEPT_PAUSE };

static enum accept_verdict judge_accept(int error)
{
    switch (error) {
    case EAGAIN: /* another thread took it */
        return ACCEPT_EMPTY;
    case EINVAL: /* it does not listen */
        return ACCEPT_SHUT;
    case EINTR:
    case ECONNABORTED: /* the client was gone before it was accepted, or its route */
    case EPERM:        /* a firewall forbids it */
    case ENETDOWN:
    case EPROTO:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
    case ETIMEDOUT:
        return ACCEPT_NEXT;
    default: /* EMFILE, ENFILE, ENOBUFS, ENOMEM, and what nobody foresaw: never a busy loop */
        return ACCEPT_PAUSE;
    }
}

static struct client *take(struct serve *serve, struct serve_socket *socket, int fd,
                           const struct address *peer)
{
    struct client *client = client_new(&serve->clients);

    account_taken(&serve->account, 1);
    client->watch.ready = client_ready;
    client->socket = socket;
    client->fd = fd;
    client->epoch = (uint8_t)serve->epoch;
    if (socket->conf->transport == TRANSPORT_TCP)
        record_pack(&client->peer, peer);
    return client;
}

/* To ask an empty queue costs a file made and unmade. Where clients come one by one it is asked now and then
 * only; epoll knows of the others, if there are any. */
static int most_to_take(const struct serve_socket *socket, uint32_t events)
{
    return events && socket->alone >= ALONE_SURE && socket->alone % ALONE_LOOK != 0 ? 1 : ACCEPT_BATCH;
}

static void remember_taken(struct serve_socket *socket, int taken)
{
    if (taken == 1)
        socket->alone++;
    else if (taken > 1)
        socket->alone = 0;
}

/* Greets those who wait, most at most. Returns how many there were. */
static int take_waiting(struct serve *serve, struct serve_socket *socket, int most)
{
    int taken = 0;

    for (int i = 0; i < most && serve->accepting && !serve->paused; i++) {
        struct address peer __attribute__((uninitialized));
        int fd;

        if (serve->clients.active >= serve->clients.room) {
            serve_pause(serve, 0);
            break;
        }
        peer.length = sizeof(peer.un);
        fd = accept4(socket->fd, &peer.sa, &peer.length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            greet(serve, take(serve, socket, fd, &peer));
            taken++;
            continue;
        }
        switch (judge_accept(errno)) {
        case ACCEPT_NEXT:
            break;
        case ACCEPT_EMPTY:
            return taken;
        case ACCEPT_SHUT:
            serve_report_shut(serve, socket);
            return taken;
        case ACCEPT_PAUSE:
            serve_pause(serve, errno);
            return taken;
        }
    }
    return taken;
}

void serve_stream_ready(struct serve *serve, struct watch *watch, uint32_t events)
{
    struct serve_socket *socket = CONTAINER_OF(watch, struct serve_socket, watch);

    int taken = take_waiting(serve, socket, most_to_take(socket, events));

    remember_taken(socket, taken);
    if (!socket->shut)
        serve_note_taken(serve, socket, events, taken);
}

void serve_stream_open(struct serve *serve)
{
    serve->send = timers_list(&serve->timers, serve->conf->send_ns, idle_expired);
    serve->linger_total = timers_list(&serve->timers, serve->conf->linger_total_ns, total_expired);
    for (size_t i = 0; i < serve->socket_count; i++)
        if (serve->sockets[i].stream)
            serve->sockets[i].linger =
                timers_list(&serve->timers, serve->sockets[i].conf->linger_ns, idle_expired);
}

void serve_stream_close(struct serve *serve)
{
    serve_stream_settle(serve);
    for (unsigned i = 0; i < serve->clients.touched; i++)
        if (serve->clients.clients[i].fd >= 0)
            give_up(serve, &serve->clients.clients[i]);
}
