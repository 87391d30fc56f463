/* SPDX-License-Identifier: MIT */
/* conf: the configuration as one immutable value. */
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
#define CONF_CONTENT_MAX   (1024 * 1024) /* bytes of a file whose content is sent */
#define CONF_TEXT_MAX      255           /* bytes of a string in a list */
#define CONF_DATAGRAM_MAX  1232          /* IPv6's smallest MTU (RFC 8200 5), less IPv6 and UDP headers */
#define CONF_LISTENERS_MAX 1024
#define CONF_NETWORKS_MAX  1024
#define CONF_PREFIXES_MAX  65536         /* entries of a list of networks */
#define CONF_RULES_MAX     (1024 * 1024) /* of an access list, with those of its networks */
#define CONF_ARENA_SIZE    (64u << 20)   /* the most bytes that a configuration can need */
#define CONF_FILTER_PID    0x7ffffff0  /* in the filter: the worker's own pid, which the loader cannot know */
#define CONF_DEFAULT_USER  "sockgreet" /* and group; "nobody" if it does not exist */

enum conf_sandbox { CONF_SANDBOX_AUTO, CONF_SANDBOX_STRICT, CONF_SANDBOX_OFF };
enum conf_log_target { CONF_LOG_AUTO, CONF_LOG_JOURNAL, CONF_LOG_STDERR };
enum conf_log_greetings { CONF_GREETINGS_EACH, CONF_GREETINGS_SUMMARY, CONF_GREETINGS_OFF };

/* Where something is set. */
struct conf_place {
    const char *file;
    unsigned line; /* 0: not in a file */
};

/* The value of a setting that is a list of strings. */
struct conf_list {
    const char *const *texts;
    size_t count;
};

/* A named list, for access lists to share. */
struct conf_network {
    const char *name;
    struct conf_list list;
};

/* Which clients are served, by their address. */
struct conf_access {
    struct conf_list allow, deny;    /* as configured: networks, and names of lists of them */
    const struct prefixes *prefixes; /* the lists compiled; NULL: all clients */
};

/* A file whose content is sent, as it was when it was read. */
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
};

/* Limits of one source and of its network: clients per second, and at once after a rest; rate 0: no limit.
 * And how many clients a source may hold. */
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

    int service; /* row in the table of services */
    enum format format;
    enum conf_quote quote;     /* which quote is sent, by a service that sends quotes */
    const char *greeting_text; /* as configured; "" if the service has none */
    const struct plan *plan;   /* the answer, compiled by the service */
    bool weight_by_load;       /* an agent reports a weight that depends on the machine's load */

    int64_t linger_ns; /* 0: close at once */
    int64_t delay_ns;  /* before the greeting */
    unsigned chunk;    /* bytes of a piece of the greeting; 0: sent whole */
    int64_t chunk_pause_ns;
    enum conf_end end; /* what follows the greeting */
    int backlog;
    const char *interface; /* "" for none */
    bool free_bind;
    unsigned shards_given;          /* udp: as configured; 0: automatic */
    unsigned shards;                /* udp: sockets per endpoint */
    unsigned max_datagram;          /* datagram types: the most bytes of a greeting */
    double max_amplification;       /* udp: reply to request, in bytes of IP packet */
    struct conf_list proxy_from;    /* as configured: the proxies whose PROXY headers are trusted */
    const struct prefixes *proxies; /* IP: the list compiled; NULL if there is none */
    bool low_ports;                 /* udp: ports below 1024 are answered */
    bool answer_broadcast;          /* udp: datagrams to broadcast and multicast addresses are answered */
    struct conf_rates rates; /* the service's if not rates_given; none for a Unix socket without proxies */
    bool rates_given;
    struct conf_access access; /* the service's if not access_given */
    bool access_given;
    enum conf_refusal on_refuse; /* tcp */

    const char *mode; /* Unix: octal digits */
    const char *owner;
    const char *group;
    mode_t mode_bits;
    uid_t owner_id; /* (uid_t)-1: not changed */
    gid_t group_id; /* (gid_t)-1: not changed */
};

struct conf {
    const char *file;              /* NULL: built-in defaults */
    unsigned file_count;           /* the file and those in its directory */
    struct timespec file_modified; /* modification time of the newest file */

    const char *greeting;
    const char *instance;                /* name of the service; "": the host name */
    struct conf_list environment;        /* environment variables that a greeting may contain */
    const char *maintenance_file;        /* while it exists the service is in maintenance; "": none */
    struct conf_list quotes;             /* files with quotes */
    const struct conf_content *contents; /* files whose content is sent, with those of quotes */
    unsigned processes;
    unsigned threads; /* as configured; 0: automatic */
    unsigned thread_count;

    const char *user;
    const char *group;
    bool change_user; /* started as root: workers switch to uid and gid */
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
    bool dry_run; /* clients over a limit are counted, but served */
    unsigned connections;
    bool connections_given; /* set in the file */

    const struct conf_network *networks;
    size_t network_count;
    struct conf_access access;
    enum conf_refusal on_refuse;

    const char *control_group; /* whose members may change the running service; "": none */
    gid_t control_gid;         /* (gid_t)-1: none */

    int64_t heartbeat_ns;
    unsigned stuck_after; /* heartbeats; 0: never */

    const struct conf_listener *listeners;
    size_t listener_count;
    const uint64_t *udp_ports; /* a bit for each port that one of our UDP listeners has; 1024 words */

    struct arena arena;   /* holds all of it */
    unsigned *references; /* how many calls of conf_free() are still to come; NULL: one */
};

/* Where the configuration comes from. */
struct conf_source {
    const char *path;       /* the file */
    bool path_given;        /* -c: a missing file is an error; otherwise it means built-in defaults */
    char *const *endpoints; /* -l: replace the configured listeners */
    size_t endpoint_count;
    bool log_to_stderr; /* -f */
    bool alone;         /* without the files in its directory */
};

/* Collects messages about a configuration; each line is "file:line: setting: what, and what is allowed". */
struct conf_report;
void conf_error(struct conf_report *report, unsigned line, const char *setting, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void conf_warning(struct conf_report *report, unsigned line, const char *setting, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Prints the effective configuration as a file that can be used again. */
void conf_print(const struct conf *conf, FILE *out);

/* The same with the values that the service has chosen itself: threads, shards, and the given number of
 * connections. */
void conf_print_resolved(const struct conf *conf, unsigned connections, FILE *out);

/* Whether one of our UDP listeners has the port; called for each datagram. */
static inline bool conf_has_udp_port(const struct conf *conf, unsigned port)
{
    return conf->udp_ports[port / 64] >> (port % 64) & 1;
}

/* Whether clients come through proxies, which send PROXY headers. */
static inline bool conf_is_proxied(const struct conf_listener *listener)
{
    return listener->proxy_from.count > 0;
}

/* Adds a user of the configuration, which calls conf_free() as well. */
void conf_hold(const struct conf *conf);

/* Unmaps the configuration when its last user calls this; NULL is allowed. */
void conf_free(const struct conf *conf);

#endif
