/* SPDX-License-Identifier: MIT */
/* serve_internal: what serve and its transports share. */
#ifndef SOCKGREET_SERVE_INTERNAL_H
#define SOCKGREET_SERVE_INTERNAL_H

#include "log/log.h"
#include "serve/account.h"
#include "serve/conn.h"
#include "serve/thread.h"
#include "serve/timers.h"
#include "serve/watch.h"

#include <stdbool.h>

/* A listening socket as one thread sees it. */
struct serve_socket {
    struct watch watch;
    const struct sockets_member *member;
    const struct conf_listener *conf;
    size_t position; /* in the generation's set */
    int fd;
    bool stream;
    bool left;                   /* to others, for good */
    bool shut;                   /* somebody shut it down: out of epoll until the master listens again */
    unsigned in_vain;            /* wake-ups in a row for which nobody was there */
    unsigned alone;              /* turns in a row in which one client waited and no more */
    struct record_address bound; /* the server's address, unless member->any */
    struct timer_list *linger;   /* stream */
};

struct dgram_batch;

struct serve {
    struct serve_settings settings;
    const struct conf *conf;
    struct account account;
    struct shared_thread *shared;
    int epoll;
    int64_t now; /* monotonic, read once per turn */

    struct serve_socket *sockets;
    size_t socket_count;
    struct watch announce, order, alarm;
    int alarm_fd;
    int64_t alarm_at; /* when it goes off: not after anything is due */

    struct client_pool clients;
    struct client *fresh; /* greeted in this turn, not yet in epoll */
    struct timers timers;
    struct timer_list *linger_total, *send;
    struct dgram_batch *batch;
    char *greeting; /* room for the largest rendered greeting */

    bool accepting; /* false once drained */
    bool paused;    /* stream listeners are out of epoll */
    int64_t resume_at;
    int64_t next_beat;

    bool draining;
    bool retiring;      /* a later generation greets; only sockets that it does not have are served here */
    int64_t drain_end;  /* stop accepting then at the latest */
    int64_t sweep_from; /* retiring: handshakes under way have until then to end */
    int64_t close_end;  /* close whoever is left then */
    unsigned epoch;     /* clients of an older epoch were there before the drain */
    unsigned old_clients;

    char time_text[32]; /* ${time}, made once a second */
    int64_t time_second;
    char pid_text[16];
};

/* Renders a greeting that is not static; out has room for its max_length. Addresses may be NULL if the
 * greeting does not use them. Returns the length. */
size_t serve_render(struct serve *serve, const struct conf_listener *listener,
                    const struct record_address *client, const struct record_address *server, char *out);

/* Takes a socket out of the thread's epoll. */
void serve_unwatch(struct serve *serve, const struct serve_socket *socket);

/* An order came: a watch's callback. */
void serve_ordered(struct serve *serve, struct watch *watch, uint32_t events);

/* Whether the thread has nothing more to do; ends accepting when it is time. */
bool serve_drained(struct serve *serve);

/* A thread was woken for a socket (events is not 0) and took so many there. Many times nobody in a row is
 * what a socket that was shut down looks like, if accept and recvmmsg do not say it. */
void serve_note_taken(struct serve *serve, struct serve_socket *socket, uint32_t events, int taken);

/* A listening socket listens no more, because a process that has it has shut it down: the master is told. */
void serve_report_shut(struct serve *serve, struct serve_socket *socket);

/* Stops accepting for a while: error is errno, or 0 for the limit of connections. */
void serve_pause(struct serve *serve, int error);

/* Called for each client that leaves, so that a pause or a drain can end. */
void serve_client_left(struct serve *serve, const struct client *client);

/* Transports. ready: clients wait at the socket. */
void serve_stream_ready(struct serve *serve, struct watch *watch, uint32_t events);
void serve_dgram_ready(struct serve *serve, struct watch *watch, uint32_t events);

/* Streams only: prepare timers; look after the clients greeted in this turn; close everybody who is left. */
void serve_stream_open(struct serve *serve);
void serve_stream_settle(struct serve *serve);
void serve_stream_close(struct serve *serve);

/* Datagrams only. Room for a batch; NULL on failure. */
struct dgram_batch *serve_dgram_batch_new(void);

#endif
