/* SPDX-License-Identifier: MIT */
#include "conf/conf_resolve.h"
#include "base/ascii.h"
#include "base/message.h"

#include "base/util.h"
#include "conf/conf_advice.h"
#include "conf/conf_report.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <net/if.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOST_MAX 253 /* RFC 1035 2.3.4, without the bytes that only packets need */

struct answer {
    struct arena *arena;
    enum transport transport;
    unsigned port;
    struct conf_endpoint *endpoints;
    size_t count;
    struct message *error;
    struct message *left_out; /* addresses of a name that this host cannot have */
};

#define FAIL(answer, ...) message_set((answer)->error, __VA_ARGS__)

/* Whether text is digits, and if so their value; false for more than max. */
static bool whole_number(const char *text, unsigned long long max, unsigned long long *number)
{
    if (!*text || text[strspn(text, "0123456789")] || (text[0] == '0' && text[1]) || strlen(text) > 18)
        return false;
    *number = strtoull(text, NULL, 10);
    return *number <= max;
}

static bool is_digits(const char *text)
{
    return *text && !text[strspn(text, "0123456789")];
}

static int reserve(struct answer *answer, size_t count)
{
    answer->endpoints = arena_alloc(answer->arena, count * sizeof(*answer->endpoints));
    return answer->endpoints ? 0 : FAIL(answer, "does not fit into the memory for the configuration");
}

/* Adds the address with the port, unless it is there already. */
static struct conf_endpoint *add(struct answer *answer, const struct sockaddr *sa, socklen_t length)
{
    struct conf_endpoint *endpoint = &answer->endpoints[answer->count];

    address_set(&endpoint->address, sa, length);
    address_unmap(&endpoint->address);
    address_set_port(&endpoint->address, answer->port);
    for (size_t i = 0; i < answer->count; i++)
        if (address_equal(&answer->endpoints[i].address, &endpoint->address))
            return endpoint;
    answer->count++;
    return endpoint;
}

static int add_ipv4(struct answer *answer, struct in_addr ipv4)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = ipv4};

    if (answer->transport != TRANSPORT_UDP && ntohl(ipv4.s_addr) == INADDR_BROADCAST)
        return FAIL(answer, "is the broadcast address; allowed: only in listeners of type udp");
    if (reserve(answer, 1) < 0)
        return -1;
    add(answer, (struct sockaddr *)&in, sizeof(in));
    return 0;
}

static int add_any(struct answer *answer)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT};

    if (reserve(answer, 1) < 0)
        return -1;
    add(answer, (struct sockaddr *)&in6, sizeof(in6))->dual_stack = true;
    return 0;
}

/* An IPv4 address written as a number, in host byte order. */
static int add_integer(struct answer *answer, const char *word)
{
    unsigned long long number;

    if (!whole_number(word, UINT32_MAX, &number))
        return FAIL(
            answer,
            "%s is not an IPv4 address written as a number; allowed: 0 to 4294967295, without leading zeros",
            conf_quote(word).text);
    return add_ipv4(answer, (struct in_addr){htonl((uint32_t)number)});
}

static int scope_of(struct answer *answer, const char *word, const char *scope, uint32_t *id)
{
    unsigned long long number;

    if (whole_number(scope, UINT32_MAX, &number) && number > 0) {
        *id = (uint32_t)number;
        return 0;
    }
    *id = if_nametoindex(scope);
    if (*id == 0)
        return FAIL(answer, "%s: there is no interface %s", conf_quote(word).text, conf_quote(scope).text);
    return 0;
}

static int add_ipv6(struct answer *answer, const char *word)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    char text[INET6_ADDRSTRLEN + 1 + IFNAMSIZ] = "";
    size_t length = strlen(word);
    char *scope;

    if (word[0] == '[' && word[length - 1] == ']') {
        word++;
        length -= 2;
    }
    if (length < sizeof(text))
        memcpy(text, word, length);
    scope = strchr(text, '%');
    if (scope)
        *scope++ = '\0';
    if (inet_pton(AF_INET6, text, &in6.sin6_addr) != 1 && conf_advice_port(word, answer->error))
        return -1;
    if (inet_pton(AF_INET6, text, &in6.sin6_addr) != 1)
        return FAIL(answer, "%s is not an IPv6 address; allowed: for example \"::1\", \"fe80::1%%eth0\"",
                    conf_quote(word).text);
    if (scope && scope_of(answer, word, scope, &in6.sin6_scope_id) < 0)
        return -1;
    if (reserve(answer, 1) < 0)
        return -1;
    add(answer, (struct sockaddr *)&in6, sizeof(in6));
    return 0;
}

/* Whether the word could be read as an IPv4 address: its last part is a number (as in the URL standard). */
static bool looks_like_ipv4(const char *word)
{
    const char *dot = strrchr(word, '.');
    const char *last = dot ? dot + 1 : word;

    if (ascii_same(last, "0x", 2))
        return !last[2 + strspn(last + 2, "0123456789abcdefABCDEF")];
    return is_digits(last) || (dot && !*last && strspn(word, "0123456789.") == strlen(word));
}

static int add_dotted(struct answer *answer, const char *word)
{
    struct in_addr ipv4;

    if (inet_pton(AF_INET, word, &ipv4) != 1)
        return FAIL(answer,
                    "%s is not an IPv4 address; allowed: four numbers from 0 to 255 without leading zeros",
                    conf_quote(word).text);
    return add_ipv4(answer, ipv4);
}

static bool is_host_name(const char *word)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

    return *word != '-' && *word != '.' && strlen(word) <= HOST_MAX && !word[strspn(word, allowed)];
}

static bool can_bind(const struct addrinfo *found)
{
    struct address address;
    int fd = socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool can;

    address_set(&address, found->ai_addr, found->ai_addrlen);
    address_set_port(&address, 0);
    can = fd >= 0 && bind(fd, &address.sa, address.length) == 0;
    close_fd(&fd);
    return can;
}

/* Whether any interface has an IPv6 address; true if that cannot be read. */
static bool has_ipv6(void)
{
    FILE *list = fopen("/proc/net/if_inet6", "re");
    bool has = !list || fgetc(list) != EOF;

    if (list)
        fclose(list);
    return has;
}

static bool is_loopback(const struct addrinfo *found)
{
    struct address address;

    address_set(&address, found->ai_addr, found->ai_addrlen);
    return address_scope(&address) == ADDRESS_LOOPBACK;
}

/* Whether a listener can ever have this address. An address of an interface that may come up later counts;
 * one of a family that this host does not have, or a loopback address that it lacks, does not. */
static bool is_usable(const struct addrinfo *found)
{
    if (can_bind(found))
        return true;
    if (is_loopback(found))
        return false;
    return found->ai_family == AF_INET || (found->ai_family == AF_INET6 && has_ipv6());
}

static void note_left_out(struct answer *answer, const struct addrinfo *found)
{
    struct address address;
    char text[ADDRESS_TEXT_MAX];

    address_set(&address, found->ai_addr, found->ai_addrlen);
    address_host(&address, text, sizeof(text));
    message_add(answer->left_out, "%s%s", *answer->left_out->text ? ", " : "", text);
}

static int add_found(struct answer *answer, const char *word, const struct addrinfo *found)
{
    size_t count = 0;

    for (const struct addrinfo *one = found; one; one = one->ai_next)
        count++;
    if (reserve(answer, count) < 0)
        return -1;
    for (const struct addrinfo *one = found; one; one = one->ai_next)
        if (is_usable(one))
            add(answer, one->ai_addr, one->ai_addrlen);
        else
            note_left_out(answer, one);
    return answer->count ? 0
                         : FAIL(answer, "%s resolves to %s, which this host does not have",
                                conf_quote(word).text, answer->left_out->text);
}

static int add_host(struct answer *answer, const char *word)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = transport_socket_type(answer->transport)};
    struct addrinfo *found = NULL;
    int result;

    if (!is_host_name(word))
        return FAIL(
            answer,
            "%s is not an address; allowed: \"\" or \"*\" for any, \"<broadcast>\", a host name, an IPv4 "
            "or IPv6 address, "
            "an IPv4 address as a number",
            conf_quote(word).text);
    result = getaddrinfo(word, NULL, &hints, &found);
    if (result != 0) {
        FAIL(answer, "the host %s cannot be found: %s", conf_quote(word).text,
             result == EAI_SYSTEM ? strerror(errno) : gai_strerror(result));
        return result == EAI_AGAIN || result == EAI_SYSTEM || result == EAI_MEMORY ? -EAGAIN : -1;
    }
    result = add_found(answer, word, found);
    freeaddrinfo(found);
    return result;
}

static int add_word(struct answer *answer, const char *word)
{
    if (strcmp(word, "") == 0 || strcmp(word, "*") == 0)
        return add_any(answer);
    if (strcmp(word, "<broadcast>") == 0)
        return add_ipv4(answer, (struct in_addr){htonl(INADDR_BROADCAST)});
    if (is_digits(word) || (word[0] == '-' && is_digits(word + 1)))
        return add_integer(answer, word);
    if (strchr(word, ':') || word[0] == '[')
        return add_ipv6(answer, word);
    if (looks_like_ipv4(word))
        return add_dotted(answer, word);
    return add_host(answer, word);
}

int conf_resolve_address(struct arena *arena, const char *word, enum transport transport, unsigned port,
                         const struct conf_endpoint **endpoints, size_t *count, struct message *left_out,
                         struct message *error)
{
    struct answer answer = {
        .arena = arena, .transport = transport, .port = port, .error = error, .left_out = left_out};

    int result;

    left_out->text[0] = '\0';
    result = add_word(&answer, word);
    if (result < 0)
        return result;
    *endpoints = answer.endpoints;
    *count = answer.count;
    return 0;
}

int conf_resolve_port(const char *word, enum transport transport, unsigned *port, struct message *error)
{
    const char *protocol = transport == TRANSPORT_UDP ? "udp" : "tcp";
    const struct servent *service;
    unsigned long long number;

    if (is_digits(word) || word[0] == '-') {
        if (!whole_number(word, 65535, &number) || number == 0)
            return message_set(error, "%s is not a port; allowed: 1 to 65535, or a service name",
                               conf_quote(word).text);
        *port = (unsigned)number;
        return 0;
    }
    service = *word ? getservbyname(word, protocol) : NULL;
    if (!service)
        return message_set(
            error, "there is no %s service %s in /etc/services; allowed: 1 to 65535, or a service name",
            protocol, conf_quote(word).text);
    *port = ntohs((uint16_t)service->s_port);
    return 0;
}

/* If an NSS module failed (getpwnam(3), ERRORS), it is not known whether there is such a user or group. */
static int report_missing(const char *kind, const char *word, int lookup_error, struct message *error)
{
    if (!conf_report_is_temporary(lookup_error))
        return message_set(error, "there is no %s %s", kind, conf_quote(word).text);
    message_set(error, "the %s %s cannot be looked up: %s", kind, conf_quote(word).text,
                strerror(lookup_error));
    return -EAGAIN;
}

int conf_resolve_user(const char *word, uid_t *user, gid_t *group, struct message *error)
{
    unsigned long long number;
    /* (uid_t)-1 means "no change" to chown() and setresuid() */
    bool is_number = whole_number(word, UINT32_MAX - 1ull, &number);
    const struct passwd *entry;

    errno = 0;
    entry = is_number ? getpwuid((uid_t)number) : getpwnam(word);
    if (!entry && !is_number)
        return report_missing("user", word, errno, error);
    *user = is_number ? (uid_t)number : entry->pw_uid;
    *group = entry ? entry->pw_gid : (gid_t)-1;
    return 0;
}

int conf_resolve_group(const char *word, gid_t *group, struct message *error)
{
    unsigned long long number;
    const struct group *entry;

    if (whole_number(word, UINT32_MAX - 1ull, &number)) {
        *group = (gid_t)number;
        return 0;
    }
    errno = 0;
    entry = getgrnam(word);
    if (!entry)
        return report_missing("group", word, errno, error);
    *group = entry->gr_gid;
    return 0;
}
