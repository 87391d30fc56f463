/* SPDX-License-Identifier: MIT */
/* address: socket addresses of all families, printed, compared and classified. */
#ifndef SOCKGREET_ADDRESS_H
#define SOCKGREET_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

struct address {
    socklen_t length; /* of the part of the union in use */
    union {
        struct sockaddr sa;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
    };
};

/* Large enough for every text below: an escaped Unix path of 108 bytes ("\xHH" each), or
 * [IPv6%interface]:port. */
#define ADDRESS_TEXT_MAX 448

enum address_scope {
    ADDRESS_UNSPECIFIED, /* 0.0.0.0/8, ::, or not an IP address */
    ADDRESS_LOOPBACK,    /* 127.0.0.0/8 (RFC 1122 3.2.1.3), ::1 */
    ADDRESS_LINK_LOCAL,  /* 169.254.0.0/16 (RFC 3927), fe80::/10 (RFC 4291 2.5.6) */
    ADDRESS_PRIVATE,     /* RFC 1918, 100.64.0.0/10 (RFC 6598), fc00::/7 (RFC 4193) */
    ADDRESS_MULTICAST,   /* 224.0.0.0/4, ff00::/8 */
    ADDRESS_BROADCAST,   /* 255.255.255.255 */
    ADDRESS_GLOBAL
};

/* Copies a kernel-filled socket address; length is cut to what struct address holds. */
void address_set(struct address *address, const struct sockaddr *sa, socklen_t length);

/* The Unix address of path; a leading '@' names the abstract namespace. False if path is empty or too long.
 */
bool address_set_unix(struct address *address, const char *path);

/* Turns an IPv4-mapped IPv6 address (RFC 4291 2.5.5.2) into the IPv4 address it stands for. */
void address_unmap(struct address *address);

/* The host part: "192.0.2.1", "fe80::1%eth0", a mapped address as IPv4, an escaped Unix path or "@name", ""
 * for an unnamed socket. Always terminates; returns the length written. */
size_t address_host(const struct address *address, char *text, size_t size);

/* The port in host byte order; 0 for Unix addresses. */
unsigned address_port(const struct address *address);
void address_set_port(struct address *address, unsigned port);

/* Host and port as one endpoint: "192.0.2.1:80", "[::1]:80", "/run/x.sock". Always terminates; returns the
 * length. */
size_t address_text(const struct address *address, char *text, size_t size);

/* Whether it is an IPv4 address, or a mapped one. */
bool address_is_ipv4(const struct address *address);

bool address_is_ipv6(const struct address *address);

/* Whether it is a Unix name of the form that the kernel gives to sockets without one (unix(7), autobind). */
bool address_is_autobound(const struct address *address);

/* Same family, host, port and scope. */
bool address_equal(const struct address *a, const struct address *b);

/* The part of the address space that a (possibly mapped) IP address is in. */
enum address_scope address_scope(const struct address *address);

/* Sets the address to 0.0.0.0 or ::, port 0. */
void address_set_any(struct address *address, int family);

/* "IPv4", "IPv6", "Unix" or "IP". */
const char *address_family_name(int family);

/* Whether the address is 0.0.0.0 or ::. */
bool address_is_any(const struct address *address);

#endif
