/* SPDX-License-Identifier: MIT */
#include "client/mode/path.h"

#include "base/util.h"
#include "client/errors.h"
#include "client/mode/path_json.h"
#include "client/mode/path_mtu.h"
#include "client/mode/path_tcp.h"
#include "client/mode/path_text.h"
#include "client/mode/path_udp.h"
#include "client/report/json.h"
#include "client/report/phrases.h"
#include "client/report/stamp.h"

#include <err.h>

#define LEGS 2
#define PLAIN_PART \
    3 /* 1/3 of the time: for packets without DSCP and ECN, if those with them are not answered */

/* The defaults of --dscp and --ecn: expedited forwarding, since routers that rewrite DSCP rewrite it, and
 * ECT(0), which routers may change to CE. */
#define DSCP_DEFAULT 46
#define ECN_DEFAULT  2

struct path {
    const struct cmdline *cmdline;
    const struct deadline *deadline; /* of the whole run */
    struct streams *streams;
    struct dial_source source;
    const struct target *target;
    struct path_leg legs[LEGS]; /* in the order in which they were asked */
    size_t count;
};

static struct dial_source source_of(const struct cmdline *cmdline)
{
    struct dial_source source = cmdline->source;

    if (!source.has_class) {
        source.has_class = true;
        source.dscp = DSCP_DEFAULT;
        source.ecn = ECN_DEFAULT;
    }
    return source;
}

static bool wants(const struct path *path, enum transport transport)
{
    const struct endpoint *endpoint = &path->target->endpoint;

    return endpoint->transport == transport || (!endpoint->transport_given && !path->cmdline->udp);
}

static void ask_once(struct path *path, struct path_leg *leg, enum transport transport,
                     const struct address *peer, int64_t share_ns)
{
    struct deadline share = deadline_at_most(path->deadline, share_ns);
    size_t size = path->cmdline->ask.pad > PATH_UDP_SIZE ? path->cmdline->ask.pad : PATH_UDP_SIZE;

    if (transport == TRANSPORT_TCP)
        path_tcp_ask(leg, peer, &path->source, &share);
    else
        path_udp_ask(leg, peer, size, &path->source, &share);
}

/* Finds out whether packets are lost because of their DSCP or ECN. */
static void ask_without_marks(struct path *path, struct path_leg *leg, enum transport transport,
                              const struct address *peer, int64_t share_ns)
{
    static struct path_leg plain;
    struct dial_source marked = path->source;

    path->source.dscp = path->source.ecn = 0;
    ask_once(path, &plain, transport, peer, share_ns);
    path->source = marked;
    if (plain.outcome == OUTCOME_TIMEOUT) /* with the time of both requests */
        path_socket_fail(leg, -1, ETIMEDOUT);
    if (plain.outcome != OUTCOME_ANSWERED)
        return;
    plain.marks_lost = true;
    plain.lost_dscp = marked.dscp;
    *leg = plain;
}

static void ask(struct path *path, enum transport transport, const struct address *peer, int64_t share_ns)
{
    struct path_leg *leg = &path->legs[path->count++];
    struct dial_source source = path->source;
    struct deadline share;

    ask_once(path, leg, transport, peer, share_ns - share_ns / PLAIN_PART);
    if (leg->outcome == OUTCOME_TIMEOUT && (source.dscp || source.ecn))
        ask_without_marks(path, leg, transport, peer, share_ns / PLAIN_PART);
    if (leg->outcome != OUTCOME_ANSWERED || transport != TRANSPORT_UDP)
        return;
    if (leg->marks_lost)
        source.dscp = source.ecn = 0;
    share = deadline_at_most(path->deadline, path->cmdline->timeout_ns);
    path_mtu_search(&leg->mtu, peer, &source, leg->rtt_ns, &share);
}

/* Returns whether the address answered, or this machine cannot send. */
static bool ask_address(struct path *path, const struct address *peer, int64_t share_ns)
{
    bool ended = false;

    path->count = 0;
    if (wants(path, TRANSPORT_TCP))
        ask(path, TRANSPORT_TCP, peer, share_ns);
    if (wants(path, TRANSPORT_UDP) && !(path->count > 0 && path->legs[0].outcome == OUTCOME_LOCAL))
        ask(path, TRANSPORT_UDP, peer, share_ns);
    for (size_t i = 0; i < path->count; i++) {
        ended |= path->legs[i].outcome == OUTCOME_ANSWERED || path->legs[i].outcome == OUTCOME_LOCAL;
        if (path->cmdline->verbose)
            path_text_details(&path->legs[i]);
    }
    return ended;
}

static enum cmdline_exit status_of(const struct path *path)
{
    enum cmdline_exit status = CMDLINE_NO_ANSWER;

    for (size_t i = 0; i < path->count; i++) {
        if (path->legs[i].outcome == OUTCOME_LOCAL)
            return CMDLINE_ERROR;
        if (path->legs[i].seen.says == PATH_SAYS_ENOUGH)
            status = CMDLINE_ANSWERED;
    }
    return status;
}

static bool print_event(struct path *path, const char *error)
{
    return report_json_print(path->streams->output.stream,
                             path_json_event(path->target, path->legs, path->count, error, stamp_now_ns()));
}

static bool print(struct path *path)
{
    if (path->cmdline->json)
        return print_event(path, NULL);
    if (!path->cmdline->quiet)
        path_text_print(path->streams->output.stream, path->target, path->legs, path->count);
    return true;
}

/* In the form of all failed requests. leg: NULL without an address. */
static bool print_error(struct path *path, const struct path_leg *leg, enum outcome outcome,
                        const char *error)
{
    char place[PHRASES_PLACE_MAX];

    if (path->cmdline->json)
        return print_event(path, error);
    if (leg)
        address_text(&leg->peer, place, sizeof(place));
    else
        phrases_target(place, path->target);
    warnx("%s%s%s: %s: %s", place, leg ? " " : "", leg ? transport_name(leg->transport) : "",
          outcome_word(outcome), error);
    return true;
}

/* The leg that this machine could not send; NULL: none. */
static const struct path_leg *local_failure(const struct path *path)
{
    for (size_t i = 0; i < path->count; i++)
        if (path->legs[i].outcome == OUTCOME_LOCAL)
            return &path->legs[i];
    return NULL;
}

static enum cmdline_exit report(struct path *path)
{
    const struct path_leg *failed = local_failure(path);
    bool printed = failed ? print_error(path, failed, failed->outcome, failed->error) : print(path);

    return printed && streams_flush(path->streams) ? status_of(path) : CMDLINE_ERROR;
}

static enum cmdline_exit report_no_address(struct path *path, int code, int64_t started_ns)
{
    struct errors_lookup lookup = {
        .host = path->target->endpoint.host, .code = code, .error = errno, .family = path->cmdline->family};
    char words[ERRORS_MAX];

    lookup.nanoseconds = monotonic_ns() - started_ns;
    errors_lookup(words, sizeof(words), &lookup);
    path->count = 0;
    return print_error(path, NULL, OUTCOME_DNS, words) && streams_flush(path->streams) ? CMDLINE_NO_ANSWER
                                                                                       : CMDLINE_ERROR;
}

static enum cmdline_exit ask_target(struct path *path)
{
    struct deadline share = deadline_at_most(path->deadline, path->cmdline->timeout_ns);
    int64_t started_ns = monotonic_ns();
    struct dial_list list;
    int code = dial_lookup(&list, &path->target->endpoint, path->cmdline->family, &share);

    if (code)
        return report_no_address(path, code, started_ns);
    for (size_t i = 0; i < list.count; i++)
        if (ask_address(path, &list.addresses[i], path->cmdline->timeout_ns / (int64_t)list.count))
            break;
    dial_list_free(&list);
    return report(path);
}

static void refuse_unix(const struct target_list *targets)
{
    for (size_t i = 0; i < targets->count; i++)
        if (transport_is_unix(targets->targets[i].endpoint.transport))
            errx(CMDLINE_ERROR, "%s: --path needs TCP or UDP, and this is a Unix socket",
                 targets->targets[i].label);
}

enum cmdline_exit path_run(const struct cmdline *cmdline, const struct target_list *targets,
                           const struct deadline *deadline, struct streams *streams)
{
    static struct path path;
    enum cmdline_exit worst = CMDLINE_ANSWERED;

    refuse_unix(targets);
    path = (struct path){
        .cmdline = cmdline, .deadline = deadline, .streams = streams, .source = source_of(cmdline)};
    for (size_t i = 0; i < targets->count; i++) {
        enum cmdline_exit status;

        path.target = &targets->targets[i];
        status = ask_target(&path);
        worst = status > worst ? status : worst;
    }
    return worst;
}
