/* SPDX-License-Identifier: MIT */
#include "client/mode/discover.h"

#include "base/address.h"
#include "base/escape.h"
#include "base/message.h"
#include "base/util.h"
#include "client/ask/broadcast.h"
#include "client/ask/greeters.h"
#include "client/ask/places.h"
#include "client/errors.h"
#include "client/report/discovery.h"
#include "client/report/stamp.h"

#include <err.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define REQUEST_SIZE 1232 /* bytes: no greeting is longer, so none is cut to the size of the request */
#define COLLECT_NS   NS_PER_S
#define ROUNDS       3 /* a datagram may be lost */

struct discovery {
    const struct cmdline *cmdline;
    struct deadline deadline;
    unsigned port;
    struct places places;
    struct greeters greeters;
    struct broadcast rounds[ROUNDS];
    unsigned round_count; /* to send */
    unsigned asked_count; /* sent */
    int64_t begun_ns, collect_ns;
    bool reached; /* a request could be sent to at least one place */
    bool failed;  /* out of memory */
};

static unsigned port_of(const struct cmdline *cmdline)
{
    const char *port = cmdline->port ? cmdline->port : ENDPOINT_DEFAULT_PORT;
    const struct servent *service;

    if (port[strspn(port, "0123456789")] == '\0')
        return (unsigned)strtoul(port, NULL, 10);
    service = getservbyname(port, "udp");
    return service ? ntohs((uint16_t)service->s_port) : 0;
}

static void print_request(void *context, const struct place *place, int error)
{
    const struct discovery *discovery = context;
    char interface[4 * IF_NAMESIZE + 1], address[ADDRESS_TEXT_MAX], words[ERRORS_MAX];

    if (!discovery->cmdline->verbose)
        return;
    escape_bytes(interface, sizeof(interface), place->name, strlen(place->name));
    address_text(&place->address, address, sizeof(address));
    errors_errno(words, sizeof(words), error);
    if (error)
        warnx("%s: cannot send to %s: %s", interface, address, words);
    else
        warnx("%s: sent to %s, request %u of %u", interface, address, discovery->asked_count,
              discovery->round_count);
}

static size_t size_of_request(const struct ask_options *ask)
{
    return ask->has_pad ? ask->pad : REQUEST_SIZE;
}

static void ask(struct discovery *discovery)
{
    const struct broadcast_request request = {.places = &discovery->places,
                                              .source = &discovery->cmdline->source,
                                              .pad = size_of_request(&discovery->cmdline->ask),
                                              .reported = print_request,
                                              .context = discovery};

    if (broadcast_send(&discovery->rounds[discovery->asked_count++], &request))
        discovery->reached = true;
}

/* When the next round is due; INT64_MAX after the last one. The last part of the time is for answers only. */
static int64_t next_round_ns(const struct discovery *discovery)
{
    if (discovery->asked_count == discovery->round_count)
        return INT64_MAX;
    return discovery->begun_ns + discovery->asked_count * (discovery->collect_ns / (ROUNDS + 1));
}

/* Waits until a datagram arrives or something is due. False after Ctrl-C. */
static bool wait(const struct discovery *discovery)
{
    struct pollfd polled[1 + ROUNDS * BROADCAST_FAMILIES] = {
        {.fd = discovery->deadline.interrupt_fd, .events = POLLIN}};
    int64_t next = next_round_ns(discovery), until = discovery->deadline.until_ns;
    int64_t left = (next < until ? next : until) - monotonic_ns();
    struct timespec timeout = {.tv_sec = left / NS_PER_S, .tv_nsec = left % NS_PER_S};
    nfds_t count = 1;

    for (unsigned i = 0; i < discovery->asked_count; i++)
        count += broadcast_polled(&discovery->rounds[i], polled + count);
    ppoll(polled, count, left > 0 ? &timeout : &(struct timespec){0}, NULL);
    return !polled[0].revents;
}

static void collect(struct discovery *discovery)
{
    int64_t now = discovery->begun_ns;
    bool going = true;

    while (going && now < discovery->deadline.until_ns && !discovery->failed) {
        if (now >= next_round_ns(discovery))
            ask(discovery);
        if (!discovery->reached)
            return;
        going = wait(discovery);
        for (unsigned i = 0; i < discovery->asked_count; i++)
            if (!broadcast_receive(&discovery->rounds[i], &discovery->greeters))
                discovery->failed = true;
        now = monotonic_ns();
    }
}

static void print_no_answer(const struct discovery *discovery)
{
    if (!discovery->cmdline->quiet)
        warnx("no answer on UDP port %u in %.1f s (sockgreetd answers a broadcast only if "
              "answer_broadcast is set)",
              discovery->port, (double)(monotonic_ns() - discovery->begun_ns) / (double)NS_PER_S);
}

static enum cmdline_exit report(struct discovery *discovery, struct streams *streams)
{
    struct greeters *greeters = &discovery->greeters;
    bool printed = true;

    if (greeters->more)
        warnx("answers came from more than %d addresses; the others are left out", GREETERS_MAX);
    if (greeters->count == 0)
        print_no_answer(discovery);
    greeters_sort(greeters);
    if (discovery->cmdline->json)
        printed = discovery_print_json(streams->output.stream, greeters, stamp_now_ns());
    else if (greeters->count > 0 && !discovery->cmdline->quiet)
        discovery_print_table(streams->output.stream, greeters);
    if (!streams_flush(streams) || !printed)
        return CMDLINE_ERROR;
    return greeters->count > 0 ? CMDLINE_ANSWERED : CMDLINE_NO_ANSWER;
}

static void print_no_place(const struct cmdline *cmdline)
{
    const struct dial_source *source = &cmdline->source;

    warnx("%s %s",
          source->interface[0] || source->address.length ? "-I: the network interface is not up, or has no"
                                                         : "no network interface is up and has a",
          cmdline->family == AF_INET    ? "broadcast address"
          : cmdline->family == AF_INET6 ? "link-local IPv6 address"
                                        : "broadcast or link-local IPv6 address");
}

static bool find_places(struct discovery *discovery)
{
    const struct cmdline *cmdline = discovery->cmdline;
    const struct places_wanted wanted = {
        .family = cmdline->family, .source = &cmdline->source, .port = discovery->port};
    struct message error;

    if (discovery->port == 0)
        warnx("-p: no UDP service %s in /etc/services; allowed: 1 to 65535, or a service name",
              cmdline->port);
    else if (places_find(&discovery->places, &wanted, &error) < 0)
        warnx("%s", error.text);
    else if (discovery->places.count == 0)
        print_no_place(cmdline);
    if (discovery->places.more)
        warnx("more than %d broadcast addresses; the others are left out", PLACES_MAX);
    return discovery->places.count > 0;
}

static enum cmdline_exit run(struct discovery *discovery, struct streams *streams)
{
    if (!find_places(discovery))
        return CMDLINE_ERROR;
    collect(discovery);
    if (discovery->failed)
        warnx("out of memory");
    else if (!discovery->reached)
        warnx("no request could be sent%s", discovery->cmdline->verbose ? "" : "; -v shows why");
    else
        return report(discovery, streams);
    return CMDLINE_ERROR;
}

enum cmdline_exit discover_run(const struct cmdline *cmdline, const struct deadline *deadline,
                               struct streams *streams)
{
    struct discovery discovery = {.cmdline = cmdline, .port = port_of(cmdline), .begun_ns = monotonic_ns()};
    enum cmdline_exit status;

    for (unsigned i = 0; i < ROUNDS; i++)
        discovery.rounds[i] = BROADCAST_NONE;
    discovery.collect_ns = cmdline->deadline_ns > 0 ? cmdline->deadline_ns : COLLECT_NS;
    discovery.deadline = deadline_at_most(deadline, discovery.collect_ns);
    /* Sockets on the same port would receive each other's answers. */
    discovery.round_count = cmdline->source.port ? 1 : ROUNDS;
    status = run(&discovery, streams);
    for (unsigned i = 0; i < ROUNDS; i++)
        broadcast_close(&discovery.rounds[i]);
    greeters_free(&discovery.greeters);
    places_free(&discovery.places);
    return status;
}
