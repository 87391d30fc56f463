/* SPDX-License-Identifier: MIT */
#include "client/mode/path_verdicts.h"

#include "base/util.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define HEADERS_IPV4     40 /* of IP and TCP */
#define HEADERS_IPV6     60
#define MSS_OF_LARGE_MTU 32767 /* above this, half of the window limits the segment size */
#define LIST_MAX         96

__attribute__((format(printf, 4, 5))) static void put(struct path_verdicts *verdicts, enum path_topic topic,
                                                      enum path_finding finding, const char *format, ...)
{
    struct path_verdict *verdict = &verdicts->list[verdicts->count++];
    va_list arguments;

    verdict->topic = topic;
    verdict->finding = finding;
    va_start(arguments, format);
    vsnprintf(verdict->text, sizeof(verdict->text), format, arguments);
    va_end(arguments);
}

/* Appends to an enumeration: "hops, DSCP". */
static void enumerate(char *list, const char *name)
{
    size_t length = strlen(list);

    snprintf(list + length, LIST_MAX - length, "%s%s", length ? ", " : "", name);
}

/* Whether the server received the packets that were sent here, not those of a proxy. */
static bool saw_own_packets(const struct path_leg *leg)
{
    return leg->seen.says == PATH_SAYS_ENOUGH && leg->seen.proxied != 1;
}

/* The same host and port; the interface of a link-local address has another name there. */
static bool is_same(const struct address *here, const struct address *there)
{
    struct address a = *here, b = *there;

    address_unmap(&a);
    address_unmap(&b);
    if (a.sa.sa_family == AF_INET6)
        a.in6.sin6_scope_id = 0;
    if (b.sa.sa_family == AF_INET6)
        b.in6.sin6_scope_id = 0;
    return address_equal(&a, &b);
}

static void judge_answer(struct path_verdicts *verdicts, const struct path_leg *leg)
{
    if (leg->outcome != OUTCOME_ANSWERED) /* the text of a timeout needs no "no answer" */
        put(verdicts, PATH_TOPIC_ANSWER, PATH_MISSING, "%s%s",
            leg->outcome == OUTCOME_TIMEOUT ? "" : "no answer: ", leg->error);
}

static void judge_says(struct path_verdicts *verdicts, const struct path_leg *leg)
{
    static const char *const texts[] = {
        [PATH_SAYS_NOTHING] =
            ("the server does not say what it received; sockgreetd does if the listener has "
             "format = \"json\""),
        [PATH_SAYS_CUT] =
            "the greeting is truncated: part of what the server received is missing (see --pad)",
        [PATH_SAYS_OTHER] =
            "the server does not say what it received: its JSON is not a greeting of sockgreetd",
        [PATH_SAYS_LATER] = "the schema of the greeting is newer than this client",
    };

    if (leg->outcome == OUTCOME_ANSWERED && leg->seen.says != PATH_SAYS_ENOUGH)
        put(verdicts, PATH_TOPIC_SAYS, PATH_MISSING, "%s", texts[leg->seen.says]);
}

static void judge_who(struct path_verdicts *verdicts, const struct path_leg *leg)
{
    if (leg->seen.instance[0])
        put(verdicts, PATH_TOPIC_WHO, PATH_FIGURE, "answered by: %s", leg->seen.instance);
}

static void judge_source(struct path_verdicts *verdicts, const struct path_leg *leg)
{
    char here[ADDRESS_TEXT_MAX], there[ADDRESS_TEXT_MAX];

    if (leg->seen.client.length == 0)
        return;
    address_text(&leg->local, here, sizeof(here));
    address_text(&leg->seen.client, there, sizeof(there));
    if (is_same(&leg->local, &leg->seen.client))
        put(verdicts, PATH_TOPIC_SOURCE, PATH_KEPT, "not translated: seen as %s", there);
    else
        put(verdicts, PATH_TOPIC_SOURCE, PATH_CHANGED, "translated: %s seen as %s", here, there);
}

/* Behind a proxy the address differs anyway. */
static void judge_destination(struct path_verdicts *verdicts, const struct path_leg *leg)
{
    char here[ADDRESS_TEXT_MAX], there[ADDRESS_TEXT_MAX];

    if (leg->seen.server.length == 0 || !saw_own_packets(leg))
        return;
    address_text(&leg->peer, here, sizeof(here));
    address_text(&leg->seen.server, there, sizeof(there));
    if (is_same(&leg->peer, &leg->seen.server))
        put(verdicts, PATH_TOPIC_DESTINATION, PATH_KEPT, "not redirected: %s answered", there);
    else
        put(verdicts, PATH_TOPIC_DESTINATION, PATH_CHANGED, "redirected: %s asked, %s answered", here, there);
}

static void judge_proxy(struct path_verdicts *verdicts, const struct path_leg *leg)
{
    char proxy[ADDRESS_TEXT_MAX] = "a Unix socket";

    if (leg->seen.says != PATH_SAYS_ENOUGH)
        return;
    if (leg->seen.proxy.length > 0)
        address_host(&leg->seen.proxy, proxy, sizeof(proxy));
    if (leg->seen.proxied == 1)
        put(verdicts, PATH_TOPIC_PROXY, PATH_CHANGED, "proxied: by %s, whose packets the server received",
            proxy);
    else if (leg->seen.proxied == 0)
        put(verdicts, PATH_TOPIC_PROXY, PATH_KEPT, "not proxied");
}

/* The usual first hop limits are 64, 128 and 255. */
static int hops_back(int limit)
{
    return (limit <= 64 ? 64 : limit <= 128 ? 128 : 255) - limit;
}

static void judge_hops(struct path_verdicts *verdicts, const struct path_leg *leg)
{
    int there =
        saw_own_packets(leg) && leg->seen.ttl >= 0 && leg->ttl >= 0 ? leg->ttl - leg->seen.ttl : PATH_UNKNOWN;
    bool raised = saw_own_packets(leg) && leg->ttl >= 0 && leg->seen.ttl > leg->ttl;

    if (raised)
        put(verdicts, PATH_TOPIC_HOPS, PATH_CHANGED, "hops: not known (hop limit %d sent, %d arrived)",
            leg->ttl, leg->seen.ttl);
    else if (there >= 0 && leg->back_ttl > 0)
        put(verdicts, PATH_TOPIC_HOPS, PATH_FIGURE, "hops: %d there, %d back", there,
            hops_back(leg->back_ttl));
    else if (there >= 0)
        put(verdicts, PATH_TOPIC_HOPS, PATH_FIGURE, "hops: %d there", there);
    else if (leg->back_ttl > 0)
        put(verdicts, PATH_TOPIC_HOPS, PATH_FIGURE, "hops: %d back", hops_back(leg->back_ttl));
}

static enum path_finding kept(bool same)
{
    return same ? PATH_KEPT : PATH_CHANGED;
}

static void judge_dscp(struct path_verdicts *verdicts, const struct path_leg *leg)
{
    if (leg->marks_lost)
        put(verdicts, PATH_TOPIC_DSCP, PATH_CHANGED, "DSCP: %d sent, no answer; answered without it",
            leg->lost_dscp);
    else if (saw_own_packets(leg) && leg->dscp >= 0 && leg->seen.dscp >= 0)
        put(verdicts, PATH_TOPIC_DSCP, kept(leg->dscp == leg->seen.dscp), "DSCP: %d sent, %d arrived",
            leg->dscp, leg->seen.dscp);
}

/* A connection request asks for ECN by flags of TCP. */
static void judge_ecn_of_tcp(struct path_verdicts *verdicts, const struct path_leg *leg)
{
    bool arrived = leg->seen.ecn == PATH_ECN_ASKED;

    if (leg->ecn <= 0)
        return;
    put(verdicts, PATH_TOPIC_ECN, kept(arrived && leg->ecn_agreed), "ECN: requested%s",
        !arrived          ? "; the request did not arrive"
        : leg->ecn_agreed ? " and agreed"
                          : "; the request arrived, but the server did not agree");
}

static void judge_ecn(struct path_verdicts *verdicts, const struct path_leg *leg)
{
    static const char *const words[] = {"none", "ect1", "ect0", "ce"}; /* enum path_ecn */

    if (!saw_own_packets(leg) || leg->seen.ecn < 0 || leg->ecn < 0 || leg->marks_lost)
        return;
    if (leg->transport == TRANSPORT_TCP)
        judge_ecn_of_tcp(verdicts, leg);
    else if (leg->seen.ecn < (int)ARRAY_SIZE(words))
        put(verdicts, PATH_TOPIC_ECN, kept(leg->ecn == leg->seen.ecn), "ECN: %s sent, %s arrived",
            words[leg->ecn & 3], words[leg->seen.ecn]);
}

static void judge_mss(struct path_verdicts *verdicts, const struct path_leg *leg)
{
    if (saw_own_packets(leg) && leg->mss > 0 && leg->seen.mss >= 0)
        put(verdicts, PATH_TOPIC_MSS, kept(leg->mss == leg->seen.mss), "MSS: %d sent, %d arrived", leg->mss,
            leg->seen.mss);
}

/* The server does not say what it sent, so compare with what the path MTU of both sides allows. */
static void judge_mss_back(struct path_verdicts *verdicts, const struct path_leg *leg)
{
    int mtu = leg->own_mtu < leg->seen.path_mtu ? leg->own_mtu : leg->seen.path_mtu;
    int allowed = mtu - (leg->peer.sa.sa_family == AF_INET6 ? HEADERS_IPV6 : HEADERS_IPV4);

    if (!saw_own_packets(leg) || leg->back_mss <= 0 || allowed <= 0 || allowed > MSS_OF_LARGE_MTU)
        return;
    if (leg->back_mss >= allowed)
        put(verdicts, PATH_TOPIC_MSS_BACK, PATH_KEPT, "MSS back: %d arrived", leg->back_mss);
    else
        put(verdicts, PATH_TOPIC_MSS_BACK, PATH_CHANGED, "MSS back: %d arrived; a path MTU of %d allows %d",
            leg->back_mss, mtu, allowed);
}

static const char *names_of(int options, char list[LIST_MAX])
{
    list[0] = '\0';
    if (options & PATH_SCALE)
        enumerate(list, "window scale");
    if (options & PATH_SACK)
        enumerate(list, "SACK");
    if (options & PATH_TIMESTAMPS)
        enumerate(list, "timestamps");
    return list;
}

static int options_seen(const struct path_seen *seen)
{
    return (strchr(seen->options, 'W') ? PATH_SCALE : 0) | (strchr(seen->options, 'S') ? PATH_SACK : 0) |
           (strchr(seen->options, 'T') ? PATH_TIMESTAMPS : 0);
}

static void judge_options(struct path_verdicts *verdicts, const struct path_leg *leg)
{
    int arrived = leg->offered & options_seen(&leg->seen);
    int removed = leg->offered & ~arrived, unused = arrived & ~leg->agreed;
    char list[LIST_MAX];

    if (!saw_own_packets(leg) || !leg->seen.has_options || leg->offered == 0)
        return;
    if (removed)
        put(verdicts, PATH_TOPIC_OPTIONS, PATH_CHANGED, "TCP options: %s sent, but did not arrive",
            names_of(removed, list));
    else if (unused)
        put(verdicts, PATH_TOPIC_OPTIONS, PATH_CHANGED,
            "TCP options: %s arrived, but missing in the answer (or not used by the server)",
            names_of(unused, list));
    else
        put(verdicts, PATH_TOPIC_OPTIONS, PATH_KEPT, "TCP options: %s arrived both ways",
            names_of(arrived, list));
}

static void judge_mtu(struct path_verdicts *verdicts, const struct path_leg *leg)
{
    const struct path_mtu *mtu = &leg->mtu;
    enum path_finding finding = kept(mtu->there >= mtu->own);
    char router[ADDRESS_TEXT_MAX] = "a router";

    if (mtu->router.length > 0)
        address_host(&mtu->router, router, sizeof(router));
    if (mtu->source == PATH_MTU_OWN)
        put(verdicts, PATH_TOPIC_MTU, finding, "path MTU there: %d, the MTU of this machine's interface",
            mtu->there);
    else if (mtu->source == PATH_MTU_REPORTED)
        put(verdicts, PATH_TOPIC_MTU, finding, "path MTU there: %d, reported by %s; %d sent", mtu->there,
            router, mtu->own);
    else if (mtu->source == PATH_MTU_FOUND)
        put(verdicts, PATH_TOPIC_MTU, finding, "path MTU there: %d; larger packets are lost without a report",
            mtu->there);
    else if (mtu->source == PATH_MTU_UNSURE && mtu->there > 0)
        put(verdicts, PATH_TOPIC_MTU, PATH_MISSING, "path MTU there: not known, at least %d", mtu->there);
    else if (mtu->source == PATH_MTU_UNSURE)
        put(verdicts, PATH_TOPIC_MTU, PATH_MISSING,
            "path MTU there: not known; no unfragmented probe arrived");
}

static void judge_mtu_back(struct path_verdicts *verdicts, const struct path_leg *leg)
{
    if (saw_own_packets(leg) && leg->seen.path_mtu > 0)
        put(verdicts, PATH_TOPIC_MTU_BACK, PATH_FIGURE, "path MTU back: %d, as the server's kernel knows it",
            leg->seen.path_mtu);
}

static void judge_loss(struct path_verdicts *verdicts, const struct path_leg *leg)
{
    if (leg->outcome == OUTCOME_ANSWERED && leg->sends > 1)
        put(verdicts, PATH_TOPIC_LOSS, PATH_CHANGED, "loss: %d requests were sent until one was answered",
            leg->sends);
}

static double ms(int64_t nanoseconds)
{
    return (double)nanoseconds / (double)NS_PER_MS;
}

static void judge_rtt(struct path_verdicts *verdicts, const struct path_leg *leg)
{
    if (leg->outcome != OUTCOME_ANSWERED || leg->rtt_ns < 0)
        return;
    if (leg->transport != TRANSPORT_TCP)
        put(verdicts, PATH_TOPIC_RTT, PATH_FIGURE, "round-trip time: %.3f ms from request to answer",
            ms(leg->rtt_ns));
    else if (saw_own_packets(leg) && leg->seen.rtt_ms >= 0)
        put(verdicts, PATH_TOPIC_RTT, PATH_FIGURE, "round-trip time: %.3f ms here, %.3f ms there",
            ms(leg->rtt_ns), leg->seen.rtt_ms);
    else
        put(verdicts, PATH_TOPIC_RTT, PATH_FIGURE, "round-trip time: %.3f ms here", ms(leg->rtt_ns));
}

static void judge_not_said(struct path_verdicts *verdicts, const struct path_leg *leg)
{
    const struct path_seen *seen = &leg->seen;
    char list[LIST_MAX] = "";

    if (!saw_own_packets(leg))
        return;
    if (seen->server.length == 0)
        enumerate(list, "destination address");
    if (seen->ttl < 0)
        enumerate(list, "hop limit");
    if (seen->dscp < 0)
        enumerate(list, "DSCP");
    if (leg->transport == TRANSPORT_TCP && seen->mss < 0)
        enumerate(list, "MSS");
    if (leg->transport == TRANSPORT_TCP && !seen->has_options)
        enumerate(list, "TCP options");
    if (list[0])
        put(verdicts, PATH_TOPIC_NOT_SAID, PATH_MISSING, "the server does not report: %s", list);
}

void path_verdicts_judge(struct path_verdicts *verdicts, const struct path_leg *leg)
{
    verdicts->count = 0;
    judge_answer(verdicts, leg);
    judge_says(verdicts, leg);
    judge_who(verdicts, leg);
    judge_source(verdicts, leg);
    judge_destination(verdicts, leg);
    judge_proxy(verdicts, leg);
    judge_hops(verdicts, leg);
    judge_dscp(verdicts, leg);
    judge_ecn(verdicts, leg);
    judge_mss(verdicts, leg);
    judge_mss_back(verdicts, leg);
    judge_options(verdicts, leg);
    judge_mtu(verdicts, leg);
    judge_mtu_back(verdicts, leg);
    judge_loss(verdicts, leg);
    judge_rtt(verdicts, leg);
    judge_not_said(verdicts, leg);
}

#define PATH_TOPIC_WORD(id, word) word,

const char *path_verdicts_topic(enum path_topic topic)
{
    static const char *const words[] = {PATH_TOPICS(PATH_TOPIC_WORD)};

    return words[topic];
}

const char *path_verdicts_finding(enum path_finding finding)
{
    static const char *const words[] = {"kept", "changed", "figure", "missing"}; /* enum path_finding */

    return words[finding];
}
