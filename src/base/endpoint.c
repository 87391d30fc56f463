/* SPDX-License-Identifier: MIT */
#include "base/endpoint.h"
#include "base/message.h"

#include "base/ascii.h"
#include "base/escape.h"
#include "base/util.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS     "0123456789"
#define LETTERS    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define QUOTED_MAX 256

static const struct {
    const char *prefix;
    enum transport transport;
} schemes[] = {
    {"tcp://", TRANSPORT_TCP},
    {"udp://", TRANSPORT_UDP},
    {"unix:", TRANSPORT_UNIX},
    {"unix-dgram:", TRANSPORT_UNIX_DGRAM},
};

bool endpoint_port_valid(const char *text)
{
    size_t length = strlen(text);

    if (length == 0 || length >= sizeof(((struct endpoint *)0)->port))
        return false;
    if (strspn(text, DIGITS) == length) {
        unsigned long number = strtoul(text, NULL, 10);

        return number >= 1 && number <= 65535;
    }
    return text[0] != '-' && strspn(text, DIGITS LETTERS "-_.+") == length;
}

/* The name or the number of an interface; a name can have neither colon nor slash, and with a bracket it
 * could not be written in brackets. */
static bool is_scope(const char *scope)
{
    size_t length = strlen(scope);

    return length > 0 && length < IF_NAMESIZE && strcspn(scope, ":/[]") == length;
}

static bool is_ipv6(const char *host)
{
    char bare[INET6_ADDRSTRLEN];
    struct in6_addr ignored;
    size_t length = strcspn(host, "%");

    if (length >= sizeof(bare) || (host[length] == '%' && !is_scope(host + length + 1)))
        return false;
    memcpy(bare, host, length);
    bare[length] = '\0';
    return inet_pton(AF_INET6, bare, &ignored) == 1;
}

/* RFC 6874: in a URL the percent sign before an interface is written "%25". If only digits follow the percent
 * sign, they are taken as the number of an interface. */
static void unescape_scope(char *host)
{
    char *scope = strchr(host, '%');

    if (scope && strchr(host, ':') && strncmp(scope, ENDPOINT_ESCAPED_PERCENT, 3) == 0 &&
        scope[3 + strspn(scope + 3, DIGITS)])
        memmove(scope + 1, scope + 3, strlen(scope + 3) + 1);
}

/* Forms of other tools that are written differently here. */
static const char *foreign_form(const char *host, size_t length)
{
    if (host[0] == '@')
        return "a host name does not begin with @; an abstract Unix socket is written unix:@NAME";
    if (memchr(host, '#', length))
        return "a port is written HOST:PORT, not HOST#PORT";
    return NULL;
}

static const char *take_host(struct endpoint *endpoint, const char *host, size_t length)
{
    if (length == 0)
        return "the host is missing";
    if (length > ENDPOINT_HOST_MAX)
        return "the host name is too long; allowed: at most 254 characters";
    for (size_t i = 0; i < length; i++)
        if (host[i] <= ' ' || host[i] >= 0x7f)
            return "a host is a name or an address in printable ASCII without spaces";
    if (memchr(host, '/', length))
        return "nothing may follow HOST or HOST:PORT; a path is written unix:PATH or unix-dgram:PATH";
    memcpy(endpoint->host, host, length);
    endpoint->host[length] = '\0';
    unescape_scope(endpoint->host);
    return foreign_form(host, length);
}

static const char *take_port(struct endpoint *endpoint, const char *port)
{
    if (!endpoint_port_valid(port))
        return "the port must be a number from 1 to 65535 or the name of a service";
    strcpy(endpoint->port, port);
    endpoint->port_given = true;
    return NULL;
}

static const char *take_bracketed(struct endpoint *endpoint, const char *text)
{
    const char *close = strchr(text, ']');
    const char *why;

    if (!close)
        return "the closing bracket is missing; allowed: [IPV6] or [IPV6]:PORT";
    why = take_host(endpoint, text + 1, (size_t)(close - text - 1));
    if (why)
        return why;
    if (!is_ipv6(endpoint->host))
        return "the brackets must hold an IPv6 address";
    if (close[1] == '\0')
        return NULL;
    return close[1] == ':' ? take_port(endpoint, close + 2) : "only :PORT may follow the closing bracket";
}

static const char *take_host_and_port(struct endpoint *endpoint, const char *text)
{
    const char *colon = strchr(text, ':');
    const char *why;

    if (text[0] == '[')
        return take_bracketed(endpoint, text);
    if (strchr(text, ']'))
        return "the opening bracket is missing; allowed: [IPV6] or [IPV6]:PORT";
    if (colon && strchr(colon + 1, ':')) {
        why = take_host(endpoint, text, strlen(text));
        if (!why && !is_ipv6(endpoint->host))
            why = "neither HOST:PORT nor an IPv6 address; an IPv6 address with a port is written [IPV6]:PORT";
        return why;
    }
    why = take_host(endpoint, text, strcspn(text, ":"));
    return why || !colon ? why : take_port(endpoint, colon + 1);
}

static const char *take_path(struct endpoint *endpoint, const char *path)
{
    size_t length = strlen(path);

    if (length == 0 || strcmp(path, "@") == 0)
        return "the path of the socket is missing";
    if (length > ENDPOINT_PATH_MAX)
        return "the path of the socket is too long; allowed: at most 107 bytes";
    memcpy(endpoint->path, path, length + 1);
    endpoint->port[0] = '\0';
    return NULL;
}

/* Accepts a URL as browsers show it, with a slash at the end. */
static const char *take_url(struct endpoint *endpoint, const char *text)
{
    char bare[ENDPOINT_HOST_MAX + sizeof(endpoint->port) + 8];
    size_t length = strlen(text);

    if (length < 2 || text[length - 1] != '/' || length > sizeof(bare))
        return take_host_and_port(endpoint, text);
    memcpy(bare, text, length - 1);
    bare[length - 1] = '\0';
    return take_host_and_port(endpoint, bare);
}

static const char *parse(const char *text, struct endpoint *endpoint)
{
    for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
        size_t length = strlen(schemes[i].prefix);

        /* RFC 3986 3.1: schemes are case-insensitive */
        if (!ascii_same(text, schemes[i].prefix, length))
            continue;
        endpoint->transport = schemes[i].transport;
        endpoint->transport_given = true;
        return transport_is_unix(endpoint->transport) ? take_path(endpoint, text + length)
                                                      : take_url(endpoint, text + length);
    }
    if (strstr(text, "://"))
        return "the transport must be tcp://, udp://, unix: or unix-dgram:";
    return take_host_and_port(endpoint, text);
}

static int report(const char *text, const char *why, struct message *error)
{
    char quoted[QUOTED_MAX];

    escape_bytes(quoted, sizeof(quoted), text, strlen(text));
    return message_set(error, "\"%s\": %s", quoted, why);
}

int endpoint_parse(const char *text, struct endpoint *endpoint, struct message *error)
{
    const char *why;

    *endpoint = (struct endpoint){.transport = TRANSPORT_TCP, .port = ENDPOINT_DEFAULT_PORT};
    why = parse(text, endpoint);
    return why ? report(text, why, error) : 0;
}

/* Where the host begins, after a scheme if there is one. */
static const char *skip_scheme(const char *text)
{
    const char *end = strstr(text, "://");

    return end ? end + strlen("://") : text;
}

int endpoint_parse_local(const char *text, struct endpoint *endpoint, struct message *error)
{
    const char *host = skip_scheme(text);
    char any[ENDPOINT_HOST_MAX + 16];
    int result;

    if (*host && strspn(host, DIGITS) == strlen(host))
        return report(text, "could be a port or an address; a port on all addresses is written :PORT", error);
    if (host[0] != ':' || host[1] == ':') /* "::1" is an address */
        result = endpoint_parse(text, endpoint, error);
    else if ((size_t)snprintf(any, sizeof(any), "%.*s*%s", (int)(host - text), text, host) < sizeof(any))
        result = endpoint_parse(any, endpoint, error);
    else
        result = report(text, "is too long", error);
    if (result == 0 && strcmp(endpoint->host, "*") == 0)
        endpoint->host[0] = '\0';
    return result;
}
