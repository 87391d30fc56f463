/* SPDX-License-Identifier: MIT */
#include "client/ask/greeters.h"

#include <stdlib.h>
#include <string.h>

static bool make_room(struct greeters *greeters)
{
    size_t room = greeters->room ? 2 * greeters->room : 16;
    struct greeter *list;

    if (greeters->count < greeters->room)
        return true;
    list = reallocarray(greeters->list, room, sizeof(struct greeter));
    if (!list)
        return false;
    greeters->list = list;
    greeters->room = room;
    return true;
}

bool greeters_add(struct greeters *greeters, const struct greeter *greeter)
{
    for (size_t i = 0; i < greeters->count; i++)
        if (address_equal(&greeters->list[i].address, &greeter->address))
            return true;
    if (greeters->count == GREETERS_MAX) {
        greeters->more = true;
        return true;
    }
    if (!make_room(greeters))
        return false;
    greeters->list[greeters->count++] = *greeter;
    return true;
}

static int compare_addresses(const void *left, const void *right)
{
    const struct address *a = &((const struct greeter *)left)->address;
    const struct address *b = &((const struct greeter *)right)->address;
    int order;

    if (a->sa.sa_family != b->sa.sa_family)
        return a->sa.sa_family == AF_INET ? -1 : 1;
    if (a->sa.sa_family == AF_INET)
        return memcmp(&a->in.sin_addr, &b->in.sin_addr, sizeof(a->in.sin_addr));
    order = memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof(a->in6.sin6_addr));
    return order ? order
                 : (a->in6.sin6_scope_id > b->in6.sin6_scope_id) -
                       (a->in6.sin6_scope_id < b->in6.sin6_scope_id);
}

static int compare_servers(const void *left, const void *right)
{
    const struct greeter *a = left, *b = right;

    return a->server != b->server ? (a->server > b->server) - (a->server < b->server)
                                  : compare_addresses(a, b);
}

static size_t server_of(const struct greeters *greeters, size_t which)
{
    for (size_t i = 0; i < which; i++)
        if (identity_same(&greeters->list[i].identity, &greeters->list[which].identity))
            return greeters->list[i].server;
    return which;
}

void greeters_sort(struct greeters *greeters)
{
    greeters->servers = 0;
    if (greeters->count == 0)
        return;
    qsort(greeters->list, greeters->count, sizeof(struct greeter), compare_addresses);
    for (size_t i = 0; i < greeters->count; i++) {
        greeters->list[i].server = server_of(greeters, i);
        greeters->servers += greeters->list[i].server == i;
    }
    qsort(greeters->list, greeters->count, sizeof(struct greeter), compare_servers);
}

void greeters_free(struct greeters *greeters)
{
    free(greeters->list);
    *greeters = (struct greeters){0};
}
