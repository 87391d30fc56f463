/* SPDX-License-Identifier: MIT */
/* client: a connected stream client while it is in a thread's hands, and the pool they come from. */
#ifndef SOCKGREET_CLIENT_H
#define SOCKGREET_CLIENT_H

#include "serve/timers.h"
#include "serve/watch.h"
#include "shm/record.h"

#include <stdbool.h>
#include <stddef.h>

struct serve_socket;

enum client_state {
    CLIENT_SENDING,  /* the socket's buffer is full, the rest of the greeting waits */
    CLIENT_LINGERING /* the greeting and our end of file are out, the client's end of file is awaited */
};

struct client {
    struct watch watch;
    struct serve_socket *socket;
    struct client *next; /* in the pool's free list, or among a turn's fresh clients */
    int fd;              /* -1: not in use */
    uint8_t state;       /* enum client_state */
    uint8_t epoch;
    bool in_epoll;
    bool peer_ended; /* the client's end of file was seen while sending */
    bool deaf;       /* it has sent more than is read away */
    uint32_t discarded;
    uint32_t sent;
    uint32_t rest_length;
    const char *rest;   /* of the greeting */
    char *copy;         /* holds rest if it was rendered for this client; malloc'ed */
    struct timer idle;  /* sending: next progress; lingering: next byte */
    struct timer total; /* lingering in all */
    struct record_address peer;
};

_Static_assert(sizeof(struct client) <= 256, "what a lingering client may cost");

/* Fixed room for clients; pages are touched only as they are needed, the lowest first. */
struct client_pool {
    struct client *clients;
    struct client *free;
    unsigned room;    /* how many fit */
    unsigned touched; /* how many were ever in use */
    unsigned active;
};

/* Reserves room. Returns 0 or -errno. */
int client_pool_open(struct client_pool *pool, unsigned room);
void client_pool_close(struct client_pool *pool);

/* A zeroed client, or NULL if all are in use. */
struct client *client_new(struct client_pool *pool);
void client_free(struct client_pool *pool, struct client *client);

#endif
