/* SPDX-License-Identifier: MIT */
#include "client/mode/path_verdicts.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct path_leg leg;
static struct path_verdicts verdicts;

static struct address ip(const char *host, unsigned port)
{
    struct path_seen seen;
    char greeting[256];

    snprintf(greeting, sizeof(greeting),
             "{\"schema\":1,\"greeting\":\"\",\"client_address\":\"%s\",\"client_port\":%u}", host, port);
    path_seen_parse(&seen, greeting, strlen(greeting));
    return seen.client;
}

/* A leg whose packets arrived, and whose answer came, as they were sent over two routers. */
static void begin(enum transport transport)
{
    bool is_tcp = transport == TRANSPORT_TCP;

    leg = (struct path_leg){.transport = transport, .outcome = OUTCOME_ANSWERED, .ttl = 64, .dscp = 46};
    leg.local = ip("10.0.0.5", 40000);
    leg.peer = ip("198.51.100.7", 80);
    leg.ecn = is_tcp ? 0 : 2;
    leg.mss = is_tcp ? 1460 : PATH_UNKNOWN;
    leg.offered = leg.agreed = is_tcp ? PATH_SCALE | PATH_SACK | PATH_TIMESTAMPS : 0;
    leg.back_ttl = is_tcp ? PATH_UNKNOWN : 62;
    leg.back_mss = leg.mss;
    leg.own_mtu = is_tcp ? 1500 : PATH_UNKNOWN;
    leg.rtt_ns = 1234567;
    leg.seen = (struct path_seen){.says = PATH_SAYS_ENOUGH, .ttl = 62, .dscp = 46, .path_mtu = -1};
    leg.seen.client = leg.local;
    leg.seen.server = leg.peer;
    leg.seen.ecn = is_tcp ? PATH_ECN_NONE : PATH_ECN_ECT0;
    leg.seen.mss = leg.mss;
    leg.seen.rtt_ms = is_tcp ? 1.5 : -1;
    if (is_tcp) {
        leg.seen.path_mtu = 1500;
        leg.seen.has_options = true;
        strcpy(leg.seen.options, "MSTNW");
    }
}

/* The text of a verdict; "" if there is none. */
static const char *verdict(enum path_topic topic, enum path_finding finding)
{
    path_verdicts_judge(&verdicts, &leg);
    for (size_t i = 0; i < verdicts.count; i++)
        if (verdicts.list[i].topic == topic) {
            cr_assert_eq(verdicts.list[i].finding, finding, "%s", verdicts.list[i].text);
            return verdicts.list[i].text;
        }
    return "";
}

static const char *all(void)
{
    static char text[4096];

    text[0] = '\0';
    path_verdicts_judge(&verdicts, &leg);
    for (size_t i = 0; i < verdicts.count; i++) {
        strcat(text, verdicts.list[i].text);
        strcat(text, "\n");
    }
    return text;
}

Test(path_verdicts, tcp)
{
    begin(TRANSPORT_TCP);
    cr_assert_str_eq(all(), "not translated: seen as 10.0.0.5:40000\n"
                            "not redirected: 198.51.100.7:80 answered\n"
                            "not proxied\n"
                            "hops: 2 there\n"
                            "DSCP: 46 sent, 46 arrived\n"
                            "MSS: 1460 sent, 1460 arrived\n"
                            "MSS back: 1460 arrived\n"
                            "TCP options: window scale, SACK, timestamps arrived both ways\n"
                            "path MTU back: 1500, as the server's kernel knows it\n"
                            "round-trip time: 1.235 ms here, 1.500 ms there\n");
}

Test(path_verdicts, udp)
{
    begin(TRANSPORT_UDP);
    cr_assert_str_eq(all(), "not translated: seen as 10.0.0.5:40000\n"
                            "not redirected: 198.51.100.7:80 answered\n"
                            "not proxied\n"
                            "hops: 2 there, 2 back\n"
                            "DSCP: 46 sent, 46 arrived\n"
                            "ECN: ect0 sent, ect0 arrived\n"
                            "round-trip time: 1.235 ms from request to answer\n");
}

Test(path_verdicts, no_answer)
{
    begin(TRANSPORT_UDP);
    leg.outcome = OUTCOME_REFUSED;
    path_seen_parse(&leg.seen, "", 0);
    leg.back_ttl = PATH_UNKNOWN;
    strcpy(leg.error, "connection refused");
    cr_assert_str_eq(all(), "no answer: connection refused\n");
}

Test(path_verdicts, translated_and_redirected)
{
    begin(TRANSPORT_TCP);
    leg.seen.client = ip("203.0.113.9", 61001);
    leg.seen.server = ip("10.1.1.1", 12345);
    cr_assert_str_eq(verdict(PATH_TOPIC_SOURCE, PATH_CHANGED),
                     "translated: 10.0.0.5:40000 seen as 203.0.113.9:61001");
    cr_assert_str_eq(verdict(PATH_TOPIC_DESTINATION, PATH_CHANGED),
                     "redirected: 198.51.100.7:80 asked, 10.1.1.1:12345 answered");
    leg.seen.client = ip("10.0.0.5", 40001);
    cr_assert_str_eq(verdict(PATH_TOPIC_SOURCE, PATH_CHANGED),
                     "translated: 10.0.0.5:40000 seen as 10.0.0.5:40001");
}

Test(path_verdicts, an_interface_is_not_translated)
{
    begin(TRANSPORT_TCP);
    leg.local = ip("fe80::5", 40000);
    leg.local.in6.sin6_scope_id = 3;
    leg.seen.client = ip("fe80::5", 40000);
    cr_assert_str_eq(verdict(PATH_TOPIC_SOURCE, PATH_KEPT), "not translated: seen as [fe80::5]:40000");
}

Test(path_verdicts, of_a_proxy_nothing_is_compared)
{
    begin(TRANSPORT_TCP);
    leg.seen.proxied = 1;
    leg.seen.proxy = ip("192.0.2.9", 0);
    leg.seen.dscp = leg.seen.ttl = 0;
    cr_assert_str_eq(all(), "not translated: seen as 10.0.0.5:40000\n"
                            "proxied: by 192.0.2.9, whose packets the server received\n"
                            "round-trip time: 1.235 ms here\n");
    leg.seen.proxy.length = 0;
    cr_assert_str_eq(verdict(PATH_TOPIC_PROXY, PATH_CHANGED),
                     "proxied: by a Unix socket, whose packets the server received");
}

struct limits {
    int sent, seen, back;
    const char *text;
};

Test(path_verdicts, hops)
{
    static const struct limits table[] = {
        {64, 64, 64, "hops: 0 there, 0 back"},    {64, 61, 64, "hops: 3 there, 0 back"},
        {255, 250, 128, "hops: 5 there, 0 back"}, {9, 7, 240, "hops: 2 there, 15 back"},
        {64, 62, PATH_UNKNOWN, "hops: 2 there"},  {64, PATH_UNKNOWN, 120, "hops: 8 back"},
        {64, PATH_UNKNOWN, PATH_UNKNOWN, ""},     {PATH_UNKNOWN, 62, PATH_UNKNOWN, ""},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        begin(TRANSPORT_UDP);
        leg.ttl = table[i].sent;
        leg.seen.ttl = table[i].seen;
        leg.back_ttl = table[i].back;
        cr_assert_str_eq(verdict(PATH_TOPIC_HOPS, PATH_FIGURE), table[i].text);
    }
}

Test(path_verdicts, a_hop_limit_that_rises)
{
    begin(TRANSPORT_UDP);
    leg.seen.ttl = 255;
    cr_assert_str_eq(verdict(PATH_TOPIC_HOPS, PATH_CHANGED),
                     "hops: not known (hop limit 64 sent, 255 arrived)");
}

Test(path_verdicts, marks_rewritten)
{
    begin(TRANSPORT_UDP);
    leg.seen.dscp = 0;
    leg.seen.ecn = PATH_ECN_CE;
    cr_assert_str_eq(verdict(PATH_TOPIC_DSCP, PATH_CHANGED), "DSCP: 46 sent, 0 arrived");
    cr_assert_str_eq(verdict(PATH_TOPIC_ECN, PATH_CHANGED), "ECN: ect0 sent, ce arrived");
    leg.ecn = 1;
    leg.seen.ecn = PATH_ECN_NONE;
    cr_assert_str_eq(verdict(PATH_TOPIC_ECN, PATH_CHANGED), "ECN: ect1 sent, none arrived");
    leg.seen.ecn = PATH_ECN_ASKED; /* a datagram cannot */
    cr_assert_str_eq(verdict(PATH_TOPIC_ECN, PATH_CHANGED), "");
}

Test(path_verdicts, marks_that_lose_packets)
{
    begin(TRANSPORT_UDP);
    leg.marks_lost = true;
    leg.lost_dscp = 46;
    leg.dscp = leg.ecn = leg.seen.dscp = leg.seen.ecn = 0;
    cr_assert_str_eq(verdict(PATH_TOPIC_DSCP, PATH_CHANGED), "DSCP: 46 sent, no answer; answered without it");
    cr_assert_str_eq(verdict(PATH_TOPIC_ECN, PATH_CHANGED), "");
}

Test(path_verdicts, ecn_of_a_connection)
{
    begin(TRANSPORT_TCP);
    leg.ecn = 1;
    cr_assert_str_eq(verdict(PATH_TOPIC_ECN, PATH_CHANGED), "ECN: requested; the request did not arrive");
    leg.seen.ecn = PATH_ECN_ASKED;
    cr_assert_str_eq(verdict(PATH_TOPIC_ECN, PATH_CHANGED),
                     "ECN: requested; the request arrived, but the server did not agree");
    leg.ecn_agreed = true;
    cr_assert_str_eq(verdict(PATH_TOPIC_ECN, PATH_KEPT), "ECN: requested and agreed");
}

Test(path_verdicts, mss)
{
    begin(TRANSPORT_TCP);
    leg.seen.mss = 1360;
    leg.back_mss = 1340;
    cr_assert_str_eq(verdict(PATH_TOPIC_MSS, PATH_CHANGED), "MSS: 1460 sent, 1360 arrived");
    cr_assert_str_eq(verdict(PATH_TOPIC_MSS_BACK, PATH_CHANGED),
                     "MSS back: 1340 arrived; a path MTU of 1500 allows 1460");
    leg.seen.path_mtu = 1380;
    cr_assert_str_eq(verdict(PATH_TOPIC_MSS_BACK, PATH_KEPT), "MSS back: 1340 arrived");
    leg.seen.path_mtu = -1;
    cr_assert_str_eq(verdict(PATH_TOPIC_MSS_BACK, PATH_KEPT), "");
    leg.own_mtu = leg.seen.path_mtu = 65536; /* half a window is less */
    cr_assert_str_eq(verdict(PATH_TOPIC_MSS_BACK, PATH_KEPT), "");
}

Test(path_verdicts, tcp_options)
{
    begin(TRANSPORT_TCP);
    strcpy(leg.seen.options, "MNNT");
    cr_assert_str_eq(verdict(PATH_TOPIC_OPTIONS, PATH_CHANGED),
                     "TCP options: window scale, SACK sent, but did not arrive");
    begin(TRANSPORT_TCP);
    leg.agreed = PATH_SCALE | PATH_SACK;
    cr_assert_str_eq(
        verdict(PATH_TOPIC_OPTIONS, PATH_CHANGED),
        "TCP options: timestamps arrived, but missing in the answer (or not used by the server)");
    leg.offered = PATH_SCALE | PATH_SACK; /* what is off here is not missed */
    cr_assert_str_eq(verdict(PATH_TOPIC_OPTIONS, PATH_KEPT),
                     "TCP options: window scale, SACK arrived both ways");
    leg.offered = 0;
    cr_assert_str_eq(verdict(PATH_TOPIC_OPTIONS, PATH_KEPT), "");
}

struct found {
    enum path_mtu_source source;
    int there;
    enum path_finding finding;
    const char *text;
};

Test(path_verdicts, path_mtu)
{
    static const struct found table[] = {
        {PATH_MTU_NOT_SEARCHED, 0, PATH_KEPT, ""},
        {PATH_MTU_OWN, 1500, PATH_KEPT, "path MTU there: 1500, the MTU of this machine's interface"},
        {PATH_MTU_REPORTED, 1400, PATH_CHANGED, "path MTU there: 1400, reported by 192.0.2.1; 1500 sent"},
        {PATH_MTU_FOUND, 1400, PATH_CHANGED,
         "path MTU there: 1400; larger packets are lost without a report"},
        {PATH_MTU_UNSURE, 1280, PATH_MISSING, "path MTU there: not known, at least 1280"},
        {PATH_MTU_UNSURE, 0, PATH_MISSING, "path MTU there: not known; no unfragmented probe arrived"},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        begin(TRANSPORT_UDP);
        leg.mtu = (struct path_mtu){.source = table[i].source, .own = 1500, .there = table[i].there};
        leg.mtu.router = ip("192.0.2.1", 0);
        cr_assert_str_eq(verdict(PATH_TOPIC_MTU, table[i].finding), table[i].text);
    }
}

Test(path_verdicts, requests_that_were_lost)
{
    begin(TRANSPORT_UDP);
    leg.sends = 1;
    cr_assert_str_eq(verdict(PATH_TOPIC_LOSS, PATH_CHANGED), "");
    leg.sends = 3;
    leg.rtt_ns = PATH_UNKNOWN;
    cr_assert_str_eq(verdict(PATH_TOPIC_LOSS, PATH_CHANGED),
                     "loss: 3 requests were sent until one was answered");
    cr_assert_str_eq(verdict(PATH_TOPIC_RTT, PATH_FIGURE), "");
    leg.outcome = OUTCOME_REFUSED;
    cr_assert_str_eq(verdict(PATH_TOPIC_LOSS, PATH_CHANGED), "");
}

Test(path_verdicts, what_a_server_does_not_know)
{
    begin(TRANSPORT_TCP);
    leg.seen.ttl = leg.seen.dscp = leg.seen.mss = -1;
    leg.seen.has_options = false;
    cr_assert_str_eq(verdict(PATH_TOPIC_NOT_SAID, PATH_MISSING),
                     "the server does not report: hop limit, DSCP, MSS, TCP options");
    cr_assert_str_eq(verdict(PATH_TOPIC_DSCP, PATH_MISSING), "");
    begin(TRANSPORT_UDP);
    leg.seen.server.length = 0;
    cr_assert_str_eq(verdict(PATH_TOPIC_NOT_SAID, PATH_MISSING),
                     "the server does not report: destination address");
}

Test(path_verdicts, an_answer_that_does_not_say)
{
    begin(TRANSPORT_UDP);
    path_seen_parse(&leg.seen, "hello", 5);
    cr_assert_str_eq(all(),
                     "the server does not say what it received; sockgreetd does if the listener has format = "
                     "\"json\"\n"
                     "hops: 2 back\n"
                     "round-trip time: 1.235 ms from request to answer\n");
}

Test(path_verdicts, words)
{
    cr_assert_str_eq(path_verdicts_topic(PATH_TOPIC_ANSWER), "answer");
    cr_assert_str_eq(path_verdicts_topic(PATH_TOPIC_NOT_SAID), "not_said");
    cr_assert_str_eq(path_verdicts_finding(PATH_KEPT), "kept");
    cr_assert_str_eq(path_verdicts_finding(PATH_MISSING), "missing");
}
