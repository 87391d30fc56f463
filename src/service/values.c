/* SPDX-License-Identifier: MIT */
#include "service/values.h"

#include "base/util.h"
#include "service/dates.h"
#include "service/digits.h"
#include "service/metrics.h"

#include <string.h>
#include <sys/socket.h>

typedef size_t writer(const struct occasion *occasion, const char *argument, char *out, size_t room);

/* Most texts have a few letters, which a loop copies faster than two function calls. */
static size_t put(char *out, size_t room, const char *text)
{
    size_t length = 0;

    for (; length < room && text[length]; length++)
        out[length] = text[length];
    return length;
}

/* --- Addresses --- */

static size_t put_host_text(char *out, size_t room, const struct peer_address *end)
{
    char text[ADDRESS_TEXT_MAX];

    peer_host(end, text);
    return put(out, room, text);
}

/* IPv4 is handled separately: it takes less time than zeroing the buffer for other addresses. */
static size_t put_host(char *out, size_t room, const struct peer_address *end)
{
    return end->family == AF_INET ? digits_write_ipv4(out, room, end->ip) : put_host_text(out, room, end);
}

static size_t put_port(char *out, size_t room, const struct peer_address *end)
{
    return end->family == AF_UNIX || end->family == AF_UNSPEC ? 0 : digits_write(out, room, end->port);
}

static size_t family_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    (void)argument;
    switch (occasion->peer->client.family) {
    case AF_INET:
        return put(out, room, "ipv4");
    case AF_INET6:
        return put(out, room, "ipv6");
    case AF_UNIX:
        return put(out, room, "unix");
    default:
        return 0;
    }
}

static size_t client_address_value(const struct occasion *occasion, const char *argument, char *out,
                                   size_t room)
{
    (void)argument;
    return put_host(out, room, &occasion->peer->client);
}

static size_t client_port_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    (void)argument;
    return put_port(out, room, &occasion->peer->client);
}

static size_t server_address_value(const struct occasion *occasion, const char *argument, char *out,
                                   size_t room)
{
    (void)argument;
    return put_host(out, room, &occasion->peer->server);
}

static size_t server_port_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    (void)argument;
    return put_port(out, room, &occasion->peer->server);
}

static size_t proxied_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    (void)argument;
    return put(out, room, peer_is_proxied(occasion->peer) ? "yes" : "no");
}

static size_t proxy_address_value(const struct occasion *occasion, const char *argument, char *out,
                                  size_t room)
{
    (void)argument;
    return peer_is_proxied(occasion->peer) ? put_host(out, room, &occasion->peer->via) : 0;
}

static size_t proxy_port_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    (void)argument;
    return peer_is_proxied(occasion->peer) ? put_port(out, room, &occasion->peer->via) : 0;
}

static size_t original_address_value(const struct occasion *occasion, const char *argument, char *out,
                                     size_t room)
{
    (void)argument;
    return occasion->seen && occasion->seen->asked.family ? put_host(out, room, &occasion->seen->asked) : 0;
}

static size_t original_port_value(const struct occasion *occasion, const char *argument, char *out,
                                  size_t room)
{
    (void)argument;
    return occasion->seen ? put_port(out, room, &occasion->seen->asked) : 0;
}

/* Text from others: bytes that could end a string of a format, or are not printable, become '?'. */
static size_t put_foreign(char *out, size_t room, const struct proxy_text *text)
{
    size_t length = text->length < room ? text->length : room;

    for (size_t i = 0; i < length; i++) {
        char c = text->bytes[i];

        out[i] = c >= ' ' && c <= '~' && c != '"' && c != '\'' && c != '\\' ? c : '?';
    }
    return length;
}

static size_t proxy_authority_value(const struct occasion *occasion, const char *argument, char *out,
                                    size_t room)
{
    (void)argument;
    return occasion->seen ? put_foreign(out, room, &occasion->seen->authority) : 0;
}

static size_t proxy_unique_id_value(const struct occasion *occasion, const char *argument, char *out,
                                    size_t room)
{
    (void)argument;
    return occasion->seen ? put_foreign(out, room, &occasion->seen->unique_id) : 0;
}

static size_t client_connections_value(const struct occasion *occasion, const char *argument, char *out,
                                       size_t room)
{
    (void)argument;
    return occasion->held ? digits_write(out, room, occasion->held) : 0;
}

/* --- Users of Unix sockets --- */

/* An id of -1 means that the kernel did not provide it. */
static size_t put_id(const struct occasion *occasion, char *out, size_t room, uint32_t id)
{
    bool known = occasion->peer->client.family == AF_UNIX && id != (uint32_t)-1;

    return known ? digits_write(out, room, id) : 0;
}

static size_t client_uid_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    (void)argument;
    return put_id(occasion, out, room, occasion->peer->client.uid);
}

static size_t client_gid_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    (void)argument;
    return put_id(occasion, out, room, occasion->peer->client.gid);
}

/* 0 means a process in another pid namespace. */
static size_t client_pid_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    uint32_t pid = occasion->peer->client.pid;

    (void)argument;
    return pid ? put_id(occasion, out, room, pid) : 0;
}

/* --- The network --- */

static size_t interface_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    (void)argument;
    return occasion->interface ? put(out, room, occasion->interface) : 0;
}

static size_t put_us(char *out, size_t room, uint32_t us)
{
    return digits_write_fixed(out, room, us, 3);
}

static bool is_seen(const struct occasion *occasion, enum seen_what what)
{
    return occasion->seen && (occasion->seen->what & what);
}

static size_t ttl_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    (void)argument;
    return is_seen(occasion, SEEN_TTL) ? digits_write(out, room, occasion->seen->ttl) : 0;
}

static size_t hops_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    (void)argument;
    return is_seen(occasion, SEEN_TTL) ? digits_write(out, room, seen_hops(occasion->seen->ttl)) : 0;
}

static size_t dscp_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    (void)argument;
    return is_seen(occasion, SEEN_TTL) ? digits_write(out, room, occasion->seen->dscp) : 0;
}

/* A SYN is not marked, but asks for ECN by its flags (RFC 3168, section 6.1.1). */
static size_t ecn_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    static const char *const marks[] = {"none", "ect1", "ect0", "ce"};

    (void)argument;
    if (is_seen(occasion, SEEN_SYN) && occasion->seen->asks_ecn)
        return put(out, room, "asked");
    return is_seen(occasion, SEEN_TTL) ? put(out, room, marks[occasion->seen->ecn & 3]) : 0;
}

static size_t flow_label_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    size_t used = is_seen(occasion, SEEN_FLOW) ? put(out, room, "0x") : 0;

    (void)argument;
    return used ? used + digits_write_hex(out + used, room - used, occasion->seen->flow_label, 5) : 0;
}

static size_t mss_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    (void)argument;
    return is_seen(occasion, SEEN_MSS) ? digits_write(out, room, occasion->seen->mss) : 0;
}

static size_t window_scale_value(const struct occasion *occasion, const char *argument, char *out,
                                 size_t room)
{
    (void)argument;
    return is_seen(occasion, SEEN_SCALE) ? digits_write(out, room, occasion->seen->window_scale) : 0;
}

static size_t syn_options_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    (void)argument;
    return is_seen(occasion, SEEN_SYN) ? put(out, room, occasion->seen->options) : 0;
}

static size_t path_mtu_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    (void)argument;
    return is_seen(occasion, SEEN_MTU) ? digits_write(out, room, occasion->seen->path_mtu) : 0;
}

static size_t rtt_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    uint32_t us = is_seen(occasion, SEEN_RTT) ? occasion->seen->rtt_us : 0;

    (void)argument;
    return us ? put_us(out, room, us) : 0;
}

/* --- The server --- */

static size_t pid_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    (void)argument;
    return digits_write(out, room, occasion->speaker->pid);
}

static size_t worker_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    (void)argument;
    return digits_write(out, room, occasion->speaker->worker);
}

static size_t generation_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    (void)argument;
    return digits_write(out, room, occasion->speaker->generation);
}

static size_t uptime_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    (void)argument;
    return digits_write(out, room, (occasion->now - occasion->speaker->service_began) / NS_PER_S);
}

static size_t load_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    (void)argument;
    return occasion->load ? digits_write_fixed(out, room, *occasion->load, 2) : 0;
}

static size_t state_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    (void)argument;
    return put(out, room, state_name(occasion->state->word));
}

static size_t weight_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    (void)argument;
    return digits_write(out, room, occasion->state->weight);
}

static size_t reason_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    (void)argument;
    return put(out, room, occasion->state->reason);
}

/* As of the last second in which they were summed; empty if they were not. */
static size_t connections_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    (void)argument;
    return occasion->metrics ? digits_write(out, room, (int64_t)metrics_connections(occasion->metrics)) : 0;
}

static size_t greetings_total_value(const struct occasion *occasion, const char *argument, char *out,
                                    size_t room)
{
    const struct tally *clients = occasion->metrics ? &occasion->metrics->totals.clients : NULL;

    (void)argument;
    if (!clients)
        return 0;
    return digits_write(out, room,
                        (int64_t)(clients->results[RESULT_SENT] + clients->results[RESULT_TRUNCATED]));
}

static size_t request_id_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    size_t used = digits_write_hex(out, room, occasion->speaker->id, 16);

    (void)argument;
    used += put(out + used, room - used, "-");
    return used + digits_write_hex(out + used, room - used, occasion->answers, 1);
}

static size_t received_bytes_value(const struct occasion *occasion, const char *argument, char *out,
                                   size_t room)
{
    (void)argument;
    return digits_write(out, room, occasion->received);
}

/* --- Time --- */

static size_t put_format(const struct moment *moment, const char *format, char *out, size_t room)
{
    char text[VARIABLES_FORMAT + 1];

    return put(out, room, dates_write(text, sizeof(text), format, &moment->broken_down) ? text : "");
}

#define SECOND (sizeof("2026-11-22T12:00:00") - 1)

_Static_assert(SECOND + sizeof(".000Z") - 1 == VARIABLES_TIME, "what it has room for");

static size_t put_milliseconds(const struct moment *moment, char *out)
{
    memcpy(out, moment->rfc3339, SECOND);
    out[SECOND] = '.';
    digits_write_padded(out + SECOND + 1, 3, (uint64_t)moment->nanosecond / NS_PER_MS, 3);
    out[VARIABLES_TIME - 1] = 'Z';
    return VARIABLES_TIME;
}

static size_t time_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    const struct moment *moment = occasion->moment;

    if (!argument)
        return put(out, room, moment->rfc3339);
    return dates_is_exact(argument) ? put_milliseconds(moment, out) : put_format(moment, argument, out, room);
}

static size_t accept_time_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    (void)argument;
    (void)room;
    return occasion->accepted ? put_milliseconds(occasion->accepted, out) : 0;
}

/* If the clock was set meanwhile, the time could be negative, or years. */
static size_t queue_time_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    const struct moment *moment = occasion->moment;
    int64_t us;

    (void)argument;
    if (!is_seen(occasion, SEEN_STAMP))
        return 0;
    us = ((int64_t)moment->second * NS_PER_S + moment->nanosecond - occasion->seen->stamp) / NS_PER_US;
    return us >= 0 && us <= UINT32_MAX ? put_us(out, room, (uint32_t)us) : 0;
}

static size_t unix_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    (void)argument;
    return put(out, room, occasion->moment->digits);
}

static size_t unix_us_value(const struct occasion *occasion, const char *argument, char *out, size_t room)
{
    const struct moment *moment = occasion->moment;
    size_t used = put(out, room, moment->digits);

    (void)argument;
    return used + digits_write_padded(out + used, room - used, (uint64_t)(moment->nanosecond / NS_PER_US), 6);
}

/* --- The table --- */

#define WRITER_AT_LOAD(name)                 NULL
#define WRITER_QUOTED(name)                  NULL
#define WRITER_PER_EPOCH(name)               name##_value
#define WRITER_PER_CLIENT(name)              name##_value
#define WRITER(identifier, name, known, ...) [VARIABLE_##identifier] = WRITER_##known(name),

size_t values_write(const void *context, unsigned variable, const char *argument, char *out, size_t room)
{
    static writer *const writers[VARIABLE_COUNT] = {VARIABLES(WRITER)};

    return writers[variable](context, argument, out, room);
}
