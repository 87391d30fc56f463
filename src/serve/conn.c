/* SPDX-License-Identifier: MIT */
#include "serve/conn.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

int client_pool_open(struct client_pool *pool, unsigned room)
{
    memset(pool, 0, sizeof(*pool));
    if (room == 0)
        return 0;
    pool->clients = mmap(NULL, room * sizeof(struct client), PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pool->clients == MAP_FAILED) {
        pool->clients = NULL;
        return -errno;
    }
    pool->room = room;
    return 0;
}

void client_pool_close(struct client_pool *pool)
{
    if (pool->clients)
        munmap(pool->clients, pool->room * sizeof(struct client));
    memset(pool, 0, sizeof(*pool));
}

struct client *client_new(struct client_pool *pool)
{
    struct client *client = pool->free;

    if (client)
        pool->free = client->next;
    else if (pool->touched < pool->room)
        client = &pool->clients[pool->touched++];
    else
        return NULL;
    memset(client, 0, sizeof(*client));
    client->fd = -1;
    pool->active++;
    return client;
}

void client_free(struct client_pool *pool, struct client *client)
{
    client->fd = -1;
    client->next = pool->free;
    pool->free = client;
    pool->active--;
}
