/* SPDX-License-Identifier: MIT */
#include "serve/conn.h"

#include "base/address.h"
#include "serve/acceptor.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define TRIM_LEAST 64 /* clients; the memory of fewer is not returned */

int conn_pool_open(struct conn_pool *pool, unsigned room)
{
    memset(pool, 0, sizeof(*pool));
    if (room == 0)
        return 0;
    pool->all = mmap(NULL, room * sizeof(struct conn), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pool->all == MAP_FAILED) {
        pool->all = NULL;
        return -errno;
    }
    pool->room = room;
    return 0;
}

void conn_pool_close(struct conn_pool *pool)
{
    if (pool->all)
        munmap(pool->all, pool->room * sizeof(struct conn));
    memset(pool, 0, sizeof(*pool));
}

void conn_pool_begin_epoch(struct conn_pool *pool)
{
    pool->epoch++;
    pool->old = pool->active;
}

struct conn *conn_new(struct conn_pool *pool)
{
    struct conn *conn = pool->free;

    if (conn)
        pool->free = conn->next_free;
    else if (pool->touched < pool->room)
        conn = &pool->all[pool->touched++];
    else
        return NULL;
    memset(conn, 0, sizeof(*conn));
    conn->fd = -1;
    conn->epoch = pool->epoch;
    pool->active++;
    return conn;
}

void conn_free(struct conn_pool *pool, struct conn *conn)
{
    if (conn->epoch != pool->epoch && pool->old > 0)
        pool->old--;
    conn->fd = -1;
    conn->next_free = pool->free;
    pool->free = conn;
    pool->active--;
}

void conn_pool_trim(struct conn_pool *pool)
{
    if (pool->active > 0 || pool->touched <= TRIM_LEAST)
        return;
    madvise(pool->all, pool->touched * sizeof(struct conn), MADV_DONTNEED); /* zeros, when used again */
    pool->free = NULL;
    pool->touched = 0;
}

static void ask_credentials(struct conn *conn)
{
    struct ucred credentials = {.uid = (uid_t)-1, .gid = (gid_t)-1};

    getsockopt(conn->fd, SOL_SOCKET, SO_PEERCRED, &credentials, &(socklen_t){sizeof(credentials)});
    conn->peer.client.family = AF_UNIX;
    conn->peer.client.uid = credentials.uid;
    conn->peer.client.gid = credentials.gid;
    conn->peer.client.pid = (uint32_t)credentials.pid;
}

/* Asks the kernel for the address that the client has connected to. */
static void ask_server(struct conn *conn)
{
    struct address address = {.length = sizeof(address.un)};

    conn->peer.server = conn->acceptor->bound;
    if (conn->acceptor->member->any && getsockname(conn->fd, &address.sa, &address.length) == 0)
        peer_pack(&conn->peer.server, &address);
}

/* A link-local connection has a scope, which is not in its SYN. */
void conn_learn_server(struct conn *conn, const struct seen *seen)
{
    const struct peer_address *to = &seen->to;

    if (conn->server_known || !(seen->what & SEEN_SYN) ||
        (to->family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)to->ip)))
        return;
    conn->peer.server = *to;
    conn->server_known = true;
}

void conn_learn_client(struct conn *conn)
{
    if (!conn->client_known && conn->acceptor->conf->transport == TRANSPORT_UNIX)
        ask_credentials(conn);
    conn->client_known = true;
}

void conn_learn_peer(struct conn *conn)
{
    conn_learn_client(conn);
    if (!conn->server_known)
        ask_server(conn);
    conn->server_known = true;
}
