/* SPDX-License-Identifier: MIT */
#include "master/listening.h"

#include "log/log.h"

#include <string.h>

#define NAMED_MAX 32

/* The endpoints of one set that another one does not have. */
struct difference {
    const struct sockets_member *members[NAMED_MAX];
    size_t count; /* including those for which there was no room */
};

static void name_member(const struct sockets_member *member, const char *what)
{
    char where[ADDRESS_TEXT_MAX];

    address_text(&member->socket->address, where, sizeof(where));
    log_info("%s %s (%s, %s)", what, where, member->conf->name, transport_name(member->conf->transport));
}

void listening_report(const struct sockets *sockets)
{
    if (sockets_endpoints(sockets) > NAMED_MAX) {
        log_info("Listening on %zu sockets", sockets->count);
        return;
    }
    for (size_t i = 0; i < sockets->count; i++)
        if (!sockets_is_shard(sockets, i))
            name_member(&sockets->members[i], "Listening on");
}

static bool is_same(const struct sockets_member *a, const struct sockets_member *b)
{
    return a->conf->transport == b->conf->transport &&
           address_equal(&a->socket->address, &b->socket->address) &&
           strcmp(a->socket->interface_name, b->socket->interface_name) == 0;
}

static void collect_difference(const struct sockets *sockets, const struct sockets *other,
                               struct difference *difference)
{
    unsigned mark = sockets_mark(other);

    for (size_t i = 0; i < sockets->count; i++)
        if (sockets->members[i].socket->mark != mark && !sockets_is_shard(sockets, i) &&
            difference->count++ < NAMED_MAX)
            difference->members[difference->count - 1] = &sockets->members[i];
}

/* A new socket at the same endpoint is not a change. */
static bool is_in(const struct difference *difference, const struct sockets_member *member)
{
    for (size_t i = 0; i < difference->count; i++)
        if (is_same(difference->members[i], member))
            return true;
    return false;
}

static void name_all(const struct difference *difference, const struct difference *other, const char *what)
{
    for (size_t i = 0; i < difference->count; i++)
        if (!is_in(other, difference->members[i]))
            name_member(difference->members[i], what);
}

void listening_report_changes(const struct sockets *old, const struct sockets *new)
{
    struct difference gone = {.count = 0}, fresh = {.count = 0};

    collect_difference(old, new, &gone);
    collect_difference(new, old, &fresh);
    if (gone.count > NAMED_MAX || fresh.count > NAMED_MAX) {
        log_info("Listening on %zu new endpoints, no longer on %zu", fresh.count, gone.count);
        return;
    }
    name_all(&gone, &fresh, "No longer listening on");
    name_all(&fresh, &gone, "Listening on");
}
