/* SPDX-License-Identifier: MIT */
/* conf: the configuration as one immutable value, and the table that says what it may be. */
#ifndef SOCKGREET_CONF_H
#define SOCKGREET_CONF_H

#include "base/address.h"
#include "base/arena.h"
#include "base/prefixes.h"
#include "base/transport.h"
#include "service/service.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <time.h>

#define CONF_NAME_MAX      64
#define CONF_PATH_MAX      640           /* of a setting in its groups; longer ones are cut */
#define CONF_FILE_MAX      (1024 * 1024) /* bytes of all files of a configuration */
#define CONF_CONTENT_MAX   (1024 * 1024) /* bytes of a file whose content is said */
#define CONF_TEXT_MAX      255           /* bytes of a text in a list */
#define CONF_DATAGRAM_MAX  1232          /* IPv6's smallest MTU (RFC 8200 5), less IPv6 and UDP headers */
#define CONF_LISTENERS_MAX 1024
#define CONF_NETWORKS_MAX  1024
#define CONF_PREFIXES_MAX  65536         /* entries of a list of networks */
#define CONF_RULES_MAX     (1024 * 1024) /* of an access list, with those of its networks */
#define CONF_ARENA_SIZE    (64u << 20)   /* bytes that a configuration can need at most */
#define CONF_FILTER_PID    0x7ffffff0  /* in the filter: the worker's own pid, which the loader cannot know */
#define CONF_DEFAULT_USER  "sockgreet" /* and group; where it does not exist, nobody */

enum conf_sandbox { CONF_SANDBOX_AUTO, CONF_SANDBOX_STRICT, CONF_SANDBOX_OFF };
enum conf_log_target { CONF_LOG_AUTO, CONF_LOG_JOURNAL, CONF_LOG_STDERR };
enum conf_log_greetings { CONF_GREETINGS_EACH, CONF_GREETINGS_SUMMARY, CONF_GREETINGS_OFF };

/* Where something is set. */
struct conf_place {
    const char *file;
    unsigned line; /* 0: it stands in no file */
};

/* What a setting that is a list of texts has come to. */
struct conf_list {
    const char *const *texts;
    size_t count;
};

/* A list that has a name, for access lists to share. */
struct conf_network {
    const char *name;
    struct conf_list list;
};

/* Who is served, by the client's address. */
struct conf_access {
    struct conf_list allow, deny;    /* as configured: networks, and names of lists of them */
    const struct prefixes *prefixes; /* what they come to; NULL: everybody */
};

/* A file whose content is said, as it was when it was read. */
struct conf_content {
    const struct conf_content *next;
    const char *path;
    struct timespec modified;
    bool missing;
};

enum conf_quote { CONF_QUOTE_RANDOM, CONF_QUOTE_DAILY };

enum conf_refusal { CONF_REFUSE_CLOSE, CONF_REFUSE_RESET };
enum conf_end { CONF_END_CLOSE, CONF_END_RESET, CONF_END_HOLD };

/* One address to bind. */
struct conf_endpoint {
    struct address address;
    bool dual_stack; /* [::] that also serves IPv4; 0.0.0.0 where there is no IPv6 */
    bool broadcast;  /* the IPv4 broadcast address */
};

/* Clients a second, and at once after a rest, of one source and of its network; a rate of 0 is no limit. And
 * how many a source may hold. */
struct conf_rates {
    double rate, net_rate;
    unsigned burst, net_burst;
    unsigned per_source; /* streams: clients at once; 0: any number */
};

struct conf_listener {
    const char *name;
    struct conf_place place; /* of its name */
    bool optional;           /* a built-in default that may be missing */
    enum transport transport;

    const char *address; /* as configured; NULL for Unix */
    const char *port;    /* as configured; NULL for Unix */
    const char *path;    /* Unix; '@' first for the abstract namespace */
    const struct conf_endpoint *endpoints;
    size_t endpoint_count; /* at least 1 */

    int service; /* row of the table of services */
    enum format format;
    enum conf_quote quote;     /* which one is said, by a service that says quotes */
    const char *greeting_text; /* as configured; "" of a service that takes none */
    const struct plan *plan;   /* what the service makes of it */
    bool weight_by_load;       /* the weight that an agent tells depends on the machine's load */

    int64_t linger_ns; /* 0: close at once */
    int64_t delay_ns;  /* before the greeting */
    unsigned chunk;    /* bytes of a piece of it; 0: it is not sent in pieces */
    int64_t chunk_pause_ns;
    enum conf_end end; /* what comes after it */
    int backlog;
    const char *interface; /* "" for none */
    bool free_bind;
    unsigned shards_given;          /* udp: as configured; 0: see shards */
    unsigned shards;                /* udp: sockets per endpoint */
    unsigned max_datagram;          /* datagram types: bytes of a greeting at most */
    double max_amplification;       /* udp: reply to request, in bytes of IP packet */
    struct conf_list proxy_from;    /* as configured: whom headers of the PROXY protocol are believed */
    const struct prefixes *proxies; /* IP: what it comes to; NULL without */
    bool low_ports;                 /* udp: ports below 1024 are answered */
    bool answer_broadcast;          /* udp: what was sent to everybody is answered */
    struct conf_rates rates; /* the service's if not rates_given; none of a Unix socket without proxies */
    bool rates_given;
    struct conf_access access; /* likewise */
    bool access_given;
    enum conf_refusal on_refuse; /* tcp */

    const char *mode; /* Unix: octal digits */
    const char *owner;
    const char *group;
    mode_t mode_bits;
    uid_t owner_id; /* (uid_t)-1: leave */
    gid_t group_id; /* (gid_t)-1: leave */
};

struct conf {
    const char *file;              /* NULL: built-in defaults */
    unsigned file_count;           /* it and those in its directory */
    struct timespec file_modified; /* when what was read had been written: the newest of them */

    const char *greeting;
    const char *instance;         /* what the service is called; "": as the host */
    struct conf_list environment; /* variables of the environment that a greeting may tell */
    const char *maintenance_file; /* while it exists the service is in maintenance; "": there is none */
    struct conf_list quotes;      /* files with them */
    const struct conf_content *contents; /* files whose content is said, with those of quotes */
    unsigned processes;
    unsigned threads; /* as configured; 0: see thread_count */
    unsigned thread_count;

    const char *user;
    const char *group;
    bool user_given;  /* set in the file */
    bool change_user; /* started as root: workers become uid and gid */
    uid_t uid;
    gid_t gid;

    enum conf_sandbox sandbox;
    const struct sock_filter *filter; /* of system calls, see conf_syscalls; NULL without a sandbox */
    unsigned filter_length;

    enum conf_log_target log_target;
    int log_level; /* LOG_ERR .. LOG_DEBUG */
    enum conf_log_greetings log_greetings;
    unsigned log_max_per_second;
    int64_t log_summary_interval_ns;

    int64_t linger_ns;
    int64_t linger_total_ns;
    int64_t send_ns;
    int64_t send_total_ns; /* at least send_ns */
    int64_t proxy_ns;      /* until the header is whole */
    int64_t request_ns;    /* until a request is whole */
    int64_t drain_ns;
    int64_t drain_delay_ns;

    struct conf_rates rates;
    bool dry_run; /* who is over a limit is counted, and served all the same */
    unsigned connections;
    bool connections_given; /* set in the file */

    const struct conf_network *networks;
    size_t network_count;
    struct conf_access access;
    enum conf_refusal on_refuse;

    const char *control_group; /* whose members may change the running service; "": nobody's */
    gid_t control_gid;         /* (gid_t)-1: nobody's */

    int64_t heartbeat_ns;
    unsigned stuck_after; /* heartbeats; 0: never */

    const struct conf_listener *listeners;
    size_t listener_count;
    const uint64_t *udp_ports; /* bit per port that a UDP listener of ours has; 1024 words */

    struct arena arena;   /* holds all of it */
    unsigned *references; /* how often conf_free() has yet to be called; NULL: once */
};

/* Where the configuration comes from. */
struct conf_source {
    const char *path;       /* the file */
    bool path_given;        /* -c: a missing file is an error; otherwise it means built-in defaults */
    char *const *endpoints; /* -l: replace the configured listeners */
    size_t endpoint_count;
    bool log_to_stderr; /* -f */
    bool alone;         /* the file has no directory of files that add to it */
};

/* Collects messages about a configuration; each line is "file:line: setting: what, and what is allowed". */
struct conf_report;
void conf_error(struct conf_report *report, unsigned line, const char *setting, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void conf_warning(struct conf_report *report, unsigned line, const char *setting, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Prints the effective configuration as a file that can be used again. */
void conf_print(const struct conf *conf, FILE *out);

/* The same, with what the configuration leaves to the service as it has come out: threads, shards, and
 * connections as given here. */
void conf_print_resolved(const struct conf *conf, unsigned connections, FILE *out);

/* The listener of a UDP port test in the hot path. */
static inline bool conf_has_udp_port(const struct conf *conf, unsigned port)
{
    return conf->udp_ports[port / 64] >> (port % 64) & 1;
}

/* Whether clients come through proxies, which send headers. */
static inline bool conf_is_proxied(const struct conf_listener *listener)
{
    return listener->proxy_from.count > 0;
}

/* One more user of the configuration, who calls conf_free() too. */
void conf_hold(const struct conf *conf);

/* Unmaps the configuration when its last user calls this; NULL is allowed. */
void conf_free(const struct conf *conf);

#endif
