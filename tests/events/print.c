/* SPDX-License-Identifier: MIT */
/* Prints every event of the client, ordinary and odd, as sockgreet -j does. */
#include "base/util.h"
#include "client/mode/path_json.h"
#include "client/mode/path_socket.h"
#include "client/report/json.h"
#include "client/report/load_json.h"

#include <arpa/inet.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#define NOW INT64_C(1795850529123456789)

static char long_greeting[REPORT_JSON_GREETING_MAX + 10];

static void print(json_t *event)
{
    if (!report_json_print(stdout, event))
        exit(EXIT_FAILURE);
}

static struct address ipv4(const char *host, unsigned short port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct address address;

    inet_pton(AF_INET, host, &in.sin_addr);
    address_set(&address, (const struct sockaddr *)&in, sizeof(in));
    return address;
}

static struct address ipv6(const char *host, unsigned short port)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    struct address address;

    inet_pton(AF_INET6, host, &in6.sin6_addr);
    address_set(&address, (const struct sockaddr *)&in6, sizeof(in6));
    return address;
}

static const char object[] = "{\"hostname\":\"web-1\",\"\\u001b]0;\\u009b\\u202e\":{\"greeting\":["
                             "\"\\u0007\\u2066\",1,2.5,null,true]}}";

static void print_starts(void)
{
    static const char *const targets[] = {"tcp://localhost:12345", "unix:/run/\xff"};
    struct report_json_start start = {.targets = targets,
                                      .target_count = 2,
                                      .count = 1,
                                      .interval_ns = REPORT_JSON_UNKNOWN,
                                      .timeout_ns = 5 * NS_PER_S};

    print(report_json_start(&start, NOW));
    start.count = 0;
    start.interval_ns = NS_PER_MS;
    print(report_json_start(&start, NOW));
}

static void print_requests(const struct report_json_request *request, const struct address *local)
{
    struct report_json_answer answer = {.request = *request,
                                        .local = local,
                                        .lookup_ns = REPORT_JSON_UNKNOWN,
                                        .connect_ns = 70000,
                                        .first_ns = 140000,
                                        .last_ns = 150000,
                                        .greeting = "Thank you\r\n",
                                        .length = 11,
                                        .complete = true,
                                        .who = "web-1"};
    struct report_json_loss loss = {.answer = answer,
                                    .outcome = OUTCOME_UNEXPECTED,
                                    .phase = "end",
                                    .error = "does not contain \"x\": \"Thank you\""};

    print(report_json_answer(&answer, NOW));
    answer.greeting = long_greeting;
    answer.length = sizeof(long_greeting);
    print(report_json_answer(&answer, NOW));
    answer.whole = object;
    answer.whole_length = sizeof(object) - 1;
    print(report_json_answer(&answer, NOW));
    answer.greeting = "";
    answer.length = 0;
    answer.who = NULL;
    print(report_json_answer(&answer, NOW));
    print(report_json_loss(&loss, NOW));
    loss.answer = (struct report_json_answer){.request = *request,
                                              .lookup_ns = REPORT_JSON_UNKNOWN,
                                              .connect_ns = REPORT_JSON_UNKNOWN,
                                              .first_ns = REPORT_JSON_UNKNOWN};
    loss.outcome = OUTCOME_TIMEOUT;
    loss.phase = "connect";
    print(report_json_loss(&loss, NOW));
}

static void print_attempts(const struct report_json_request *request, const struct address *local)
{
    struct report_json_attempt attempt = {
        .request = *request, .local = local, .result = "connected", .time_ns = 70000};

    print(report_json_attempt(&attempt, NOW));
    attempt.result = "failed";
    attempt.outcome = OUTCOME_REFUSED;
    attempt.phase = "connect";
    attempt.error = "connection refused";
    print(report_json_attempt(&attempt, NOW));
}

static void print_watched(const struct report_json_request *request)
{
    static const uint64_t losses[OUTCOME_COUNT] = {[OUTCOME_TIMEOUT] = 1000, [OUTCOME_REFUSED] = 1000};
    const struct report_json_state up = {.outcome = OUTCOME_ANSWERED, .who = "web-1", .peer = request->peer};
    const struct report_json_state down = {
        .outcome = OUTCOME_REFUSED, .peer = request->peer, .error = "connection refused"};
    struct report_json_change change = {.request = *request, .before = &up, .after = &down};
    struct report_json_outage outage = {.request = *request,
                                        .start_ns = NOW - 2 * NS_PER_S,
                                        .end_ns = NOW,
                                        .length_ns = 2 * NS_PER_S,
                                        .lost = 2000,
                                        .losses = losses,
                                        .who_before = "web-1",
                                        .who_after = "web-2"};

    print(report_json_change(&change, NOW));
    change.before = NULL;
    print(report_json_change(&change, NOW));
    print(report_json_outage(&outage, NOW));
    outage.end_ns = REPORT_JSON_UNKNOWN;
    outage.who_after = NULL;
    print(report_json_outage(&outage, NOW));
}

static void print_summaries(const struct report_json_request *request)
{
    static struct statistics statistics;
    const struct report_json_who who[] = {{"web-1", 1}, {NULL, 1}};
    struct report_json_summary summary = {.target = request->target,
                                          .name = request->name,
                                          .transport = request->transport,
                                          .duration_ns = NS_PER_S,
                                          .statistics = &statistics};

    memset(&statistics, 0, sizeof(statistics));
    print(report_json_summary(&summary, NOW));
    for (int i = 0; i < 4; i++)
        statistics_add_sent(&statistics);
    statistics_add_answer(&statistics, 140000);
    statistics_add_answer(&statistics, 170000);
    statistics_add_loss(&statistics, OUTCOME_RESET);
    summary.answered_by = who;
    summary.answered_by_count = 2;
    summary.final = true;
    print(report_json_summary(&summary, NOW));
}

static struct path_leg path_leg(enum transport transport)
{
    const char greeting[] =
        "{\"schema\":1,\"greeting\":\"\",\"client_address\":\"192.0.2.1\",\"client_port\":7}";
    struct path_leg leg;
    struct address peer = ipv4("192.0.2.1", 12345);

    path_socket_begin(&leg, transport, &peer);
    leg.outcome = OUTCOME_ANSWERED;
    path_seen_parse(&leg.seen, greeting, sizeof(greeting) - 1);
    return leg;
}

static void print_paths(void)
{
    const struct target target = {.endpoint = {.host = "192.0.2.1", .port = "12345"}};
    struct path_leg legs[] = {path_leg(TRANSPORT_TCP), path_leg(TRANSPORT_UDP)};

    print(path_json_event(&target, NULL, 0, "no such host", NOW));
    print(path_json_event(&target, legs, 2, NULL, NOW));
    path_socket_fail(&legs[0], -1, ECONNREFUSED);
    legs[1].mtu = (struct path_mtu){PATH_MTU_REPORTED, 1500, 1400, ipv6("2001:db8::1", 0), 3};
    legs[1].rtt_ns = 140000;
    print(path_json_event(&target, legs, 2, NULL, NOW));
}

static void print_all(const struct report_json_request *request, const struct address *local)
{
    print_requests(request, local);
    print_attempts(request, local);
    print_watched(request);
    print_summaries(request);
}

/* A load with everything in it, and one without requests. */
static void print_loads(void)
{
    char tcp[] = "tcp://host:1", odd[] = "unix:/\x1b[31m\xd8\x9c\"\\\xc3", *operands[] = {tcp, odd};
    static struct engine_result result, nothing;
    struct plan_target found[] = {{.transport = TRANSPORT_TCP}, {.transport = TRANSPORT_UNIX}};
    struct load_plan plan = {
        .targets = found, .target_count = 2, .connections = 5, .threads = 2, .rate = 1000};
    struct limit limits[2];
    struct target_list targets;
    struct load_report report = {
        .targets = &targets, .plan = &plan, .limits = limits, .limit_count = 2, .result = &result};
    struct message error;

    found[0].address = ipv4("192.0.2.1", 1);
    address_set_unix(&found[1].address, "/\x1b[31m\xd8\x9c\"\\\xc3");
    if (target_list_parse(&targets, operands, 2, &(struct target_defaults){0}, &error) < 0 ||
        !limit_parse(&limits[0], "p99<5ms") || !limit_parse(&limits[1], "errors<1%"))
        exit(EXIT_FAILURE);
    result =
        (struct engine_result){.started = 100, .late = 3, .missed = 1, .interrupted = true, .seconds = 2};
    for (unsigned class = 0; class < TALLY_CLASSES; class ++)
        result.tally.ended[class] = 5;
    result.tally.unexpected = result.tally.unfinished = 1;
    for (int64_t ns = 1; ns < INT64_C(1) << 50; ns *= 7)
        histogram_add(&result.tally.latency, ns);
    print(load_json_event(&report, NOW));
    plan.rate = 0;
    report.result = &nothing;
    print(load_json_event(&report, NOW));
    target_list_free(&targets);
}

int main(void)
{
    struct address inet = ipv4("192.0.2.1", 12345), inet6 = ipv6("2001:db8::1", 12345), path,
                   nameless = {.length = 0};
    struct report_json_request request = {.target = "tcp://host:12345",
                                          .name = "host",
                                          .transport = TRANSPORT_TCP,
                                          .peer = &inet,
                                          .sequence = 1};

    setlocale(LC_CTYPE, "");
    memset(long_greeting, 0xff, sizeof(long_greeting));
    print_starts();
    print_loads();
    print_paths();
    print_all(&request, &inet);
    request.transport = TRANSPORT_UDP;
    request.peer = &inet6;
    request.name = "\x1b[31m\xd8\x9c\"\\\xc3";
    print_all(&request, &inet6);
    address_set_unix(&path, "/run/sockgreet/greet.sock");
    request = (struct report_json_request){.target = "unix:/run/sockgreet/greet.sock",
                                           .transport = TRANSPORT_UNIX,
                                           .peer = &path,
                                           .sequence = UINT64_C(1) << 53};
    print_all(&request, &nameless);
    request = (struct report_json_request){
        .target = "unix-dgram:@x", .transport = TRANSPORT_UNIX_DGRAM, .sequence = 1};
    print_all(&request, NULL);
    return EXIT_SUCCESS;
}
