/* SPDX-License-Identifier: MIT */
#include "worker/entry.h"

#include "log/log.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define FIELD_MAX  (ADDRESS_TEXT_MAX + 32)
#define FIELDS     12
#define USEC_PER_S 1000000

/* The fields of one entry, as "KEY=VALUE". */
struct fields {
    size_t count;
    const char *pointers[FIELDS];
    char text[FIELDS][FIELD_MAX];
};

__attribute__((format(printf, 2, 3))) static void add(struct fields *fields, const char *format, ...)
{
    char *text = fields->text[fields->count];
    va_list arguments;

    assert(fields->count < FIELDS);
    va_start(arguments, format);
    vsnprintf(text, FIELD_MAX, format, arguments);
    va_end(arguments);
    fields->pointers[fields->count++] = text;
}

static void add_end(struct fields *fields, const char *end, const char *host,
                    const struct peer_address *packed)
{
    add(fields, "SOCKGREET_%s_ADDRESS=%s", end, host);
    if (packed->family == AF_UNIX)
        add(fields, "SOCKGREET_%s_PORT=", end);
    else
        add(fields, "SOCKGREET_%s_PORT=%u", end, packed->port);
}

/* The clock that can be set is read here, at the entry: a change since the arrival shows. */
static void add_times(struct fields *fields, const struct record *record)
{
    struct timespec real;
    int64_t now = monotonic_ns(), arrived, duration;

    clock_gettime(CLOCK_REALTIME, &real);
    record_times(record, now, &arrived, &duration);
    add(fields, "SOCKGREET_ARRIVAL_USEC=%" PRId64,
        (int64_t)real.tv_sec * USEC_PER_S + (real.tv_nsec - (now - arrived)) / NS_PER_US);
    add(fields, "SOCKGREET_DURATION_USEC=%" PRId64, duration / NS_PER_US);
}

static void add_fields(struct fields *fields, const struct conf_listener *listener,
                       const struct record *record)
{
    char client[ADDRESS_TEXT_MAX], server[ADDRESS_TEXT_MAX];

    peer_host(&record->peer.client, client);
    peer_host(&record->peer.server, server);
    add(fields, "SOCKGREET_LISTENER=%s", listener->name);
    add(fields, "SOCKGREET_TRANSPORT=%s", transport_name(listener->transport));
    add_end(fields, "CLIENT", client, &record->peer.client);
    add_end(fields, "SERVER", listener->path ? listener->path : server, &record->peer.server);
    add(fields, "SOCKGREET_BYTES=%u", (unsigned)record->bytes);
    add(fields, "SOCKGREET_RESULT=%s", result_name((enum result)record->result));
    add_times(fields, record);
    if (record->peer.client.family == AF_UNIX) {
        add(fields, "SOCKGREET_CLIENT_UID=%u", record->peer.client.uid);
        add(fields, "SOCKGREET_CLIENT_PID=%u", record->peer.client.pid);
    }
}

/* "Got connection from 127.0.0.1:48437 on tcp, sent 26 bytes" */
static void client_message(char *text, size_t size, const struct conf_listener *listener,
                           const struct record *record)
{
    char from[ADDRESS_TEXT_MAX], outcome[32] = "";
    struct address address;

    if (record->peer.client.family == AF_UNIX) {
        snprintf(from, sizeof(from), "uid %u (pid %u)", record->peer.client.uid, record->peer.client.pid);
    } else {
        peer_unpack(&record->peer.client, &address);
        address_text(&address, from, sizeof(from));
    }
    if (record->result != RESULT_SENT)
        snprintf(outcome, sizeof(outcome), " (%s)", result_name((enum result)record->result));
    snprintf(text, size, "Got %s from %s on %s, sent %u bytes%s",
             transport_socket_type(listener->transport) == SOCK_STREAM ? "connection" : "datagram", from,
             listener->name, (unsigned)record->bytes, outcome);
}

bool entry_write(const struct conf *conf, const struct record *record)
{
    struct fields fields = {.count = 0};
    const struct conf_listener *listener;
    char message[ADDRESS_TEXT_MAX + 256];

    if (record->listener >= conf->listener_count || record->result >= RESULT_COUNT)
        return false;
    listener = &conf->listeners[record->listener];
    client_message(message, sizeof(message), listener, record);
    add_fields(&fields, listener, record);
    return log_write(LOG_INFO, MESSAGE_GREETED, message, fields.pointers, fields.count);
}
