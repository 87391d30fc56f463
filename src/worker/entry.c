/* SPDX-License-Identifier: MIT */
#include "worker/entry.h"

#include "base/util.h"
#include "log/log.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define FIELD_MAX  (ADDRESS_TEXT_MAX + 32)
#define FIELDS     14
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

/* The wall clock is read when the entry is written: if it was set since the arrival, the times show that. */
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
                       const struct record *record, const struct peer_address *proxy)
{
    char client[ADDRESS_TEXT_MAX], server[ADDRESS_TEXT_MAX], via[ADDRESS_TEXT_MAX];

    peer_host(&record->client, client);
    peer_host(&record->server, server);
    add(fields, "SOCKGREET_LISTENER=%s", listener->name);
    add(fields, "SOCKGREET_TRANSPORT=%s", transport_name(listener->transport));
    add_end(fields, "CLIENT", client, &record->client);
    add_end(fields, "SERVER", listener->path ? listener->path : server, &record->server);
    add(fields, "SOCKGREET_BYTES=%u", (unsigned)record->bytes);
    add(fields, "SOCKGREET_RESULT=%s", result_name((enum result)record->result));
    add_times(fields, record);
    if (record->client.family == AF_UNIX) {
        add(fields, "SOCKGREET_CLIENT_UID=%u", record->client.uid);
        add(fields, "SOCKGREET_CLIENT_PID=%u", record->client.pid);
    }
    if (record->proxied) {
        peer_host(proxy, via);
        add_end(fields, "PROXY", via, proxy);
    }
}

/* "192.0.2.1:48437", "uid 1000 (pid 4711)" */
static void name_end(char text[ADDRESS_TEXT_MAX], const struct peer_address *packed)
{
    struct address address;

    if (packed->family == AF_UNIX) {
        snprintf(text, ADDRESS_TEXT_MAX, "uid %u (pid %u)", packed->uid, packed->pid);
        return;
    }
    peer_unpack(packed, &address);
    address_text(&address, text, ADDRESS_TEXT_MAX);
}

/* "Got connection from 192.0.2.1:48437 through 10.0.0.1:40000 on tcp, sent 26 bytes" */
static void client_message(char *text, size_t size, const struct conf_listener *listener,
                           const struct record *record, const struct peer_address *proxy)
{
    char from[ADDRESS_TEXT_MAX], via[ADDRESS_TEXT_MAX] = "", outcome[32] = "";

    name_end(from, &record->client);
    if (record->proxied)
        name_end(via, proxy);
    if (record->result != RESULT_SENT)
        snprintf(outcome, sizeof(outcome), " (%s)", result_name((enum result)record->result));
    snprintf(text, size, "Got %s from %s%s%s on %s, sent %u byte%s%s",
             transport_is_stream(listener->transport) ? "connection" : "datagram", from,
             *via ? " through " : "", via, listener->name, (unsigned)record->bytes, plural(record->bytes),
             outcome);
}

bool entry_write(const struct conf *conf, const struct record *record, const struct peer_address *proxy)
{
    struct fields fields = {.count = 0};
    const struct conf_listener *listener;
    char message[2 * ADDRESS_TEXT_MAX + 256];

    if (record->listener >= conf->listener_count || record->result >= RESULT_COUNT)
        return false;
    listener = &conf->listeners[record->listener];
    client_message(message, sizeof(message), listener, record, proxy);
    add_fields(&fields, listener, record, proxy);
    return log_write(LOG_INFO, MESSAGE_GREETED, message, fields.pointers, fields.count);
}
