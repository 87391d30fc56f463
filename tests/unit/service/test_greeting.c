/* SPDX-License-Identifier: MIT */
#include "service/greeting.h"

#include "service/metrics.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const told[] = {"GREETING_REGION", "GREETING_NOWHERE"};
static const struct host host = {.hostname = "host.example",
                                 .os = "Debian GNU/Linux 12 (bookworm)",
                                 .kernel = "6.1.0",
                                 .boot_id = "3e2c1f1e",
                                 .instance = "web-3",
                                 .environment = told,
                                 .environment_count = 2};
static const struct site known = {.host = &host, .listener = "web", .transport = TRANSPORT_TCP};
static const struct site local = {
    .host = &host, .listener = "local", .transport = TRANSPORT_UNIX, .path = "/run/greeter"};
static const struct speaker speaker = {.pid = 99, .worker = 1, .generation = 7, .id = 0xabc};
static struct arena arena;
static struct template_errors errors;

static const struct plan *compile(const char *text, const struct site *site)
{
    return service_greeting.compile(&arena, text, strlen(text), site, &errors);
}

static const struct plan *compiled_for(const struct site *site, const char *text)
{
    const struct plan *plan;

    cr_assert_eq(arena_open(&arena, 8 << 20), 0);
    plan = compile(text, site);
    cr_assert_not_null(plan, "%s", errors.list[0].text);
    cr_assert_eq(plan->service, &service_greeting);
    return plan;
}

static const struct plan *compiled(const char *text)
{
    return compiled_for(&known, text);
}

static void assert_constant(const char *text, const char *expected)
{
    const struct plan *plan = compiled(text);

    cr_assert(plan->is_constant);
    cr_assert_eq(plan->length, strlen(expected));
    cr_assert_eq(memcmp(plan->bytes, expected, plan->length), 0);
    cr_assert_eq(plan->longest, plan->length);
    arena_close(&arena);
}

static void assert_said_at(const struct site *site, const char *text, const struct occasion *occasion,
                           const char *expected)
{
    const struct plan *plan = compiled_for(site, text);
    char *out = malloc(plan->longest + 1);
    size_t length = service_greeting.answer(plan, occasion, out);

    cr_assert(!plan->is_constant);
    cr_assert_leq(length, plan->longest);
    out[length] = '\0';
    cr_assert_str_eq(out, expected);
    free(out);
    arena_close(&arena);
}

static void assert_said(const char *text, const struct occasion *occasion, const char *expected)
{
    assert_said_at(&known, text, occasion, expected);
}

static void assert_error(const char *text, const char *expected)
{
    cr_assert_eq(arena_open(&arena, 8 << 20), 0);
    cr_assert_null(compile(text, &known));
    cr_assert_str_eq(errors.list[0].text, expected);
    arena_close(&arena);
}

Test(greeting, plain_text_is_constant)
{
    assert_constant("Thank you for connecting\r\n", "Thank you for connecting\r\n");
    assert_constant("x", "x");
}

Test(greeting, constants_are_folded)
{
    assert_constant("${hostname}/${listener}/${transport}!", "host.example/web/tcp!");
    assert_constant("${hostname}${hostname}", "host.examplehost.example");
    assert_constant("${hostname:-nobody}", "host.example");
}

Test(greeting, an_empty_constant_has_its_default)
{
    const struct site nameless = {.listener = "web", .transport = TRANSPORT_TCP};
    const struct plan *plan = compiled_for(&nameless, "on ${hostname:-some host}.");

    cr_assert(plan->is_constant);
    cr_assert_eq(plan->length, strlen("on some host."));
    cr_assert_eq(memcmp(plan->bytes, "on some host.", plan->length), 0);
    arena_close(&arena);
}

Test(greeting, variables_are_rendered)
{
    const struct peer peer = {.client = {.family = AF_INET, .port = 4711, .ip = {192, 0, 2, 1}},
                              .server = {.family = AF_INET6, .port = 7, .ip = {[15] = 1}}};
    const struct moment moment = {.second = 1, .rfc3339 = "2026-11-22T12:00:00Z"};
    const struct occasion occasion = {.peer = &peer, .speaker = &speaker, .moment = &moment};

    assert_said("${client_address}:${client_port}", &occasion, "192.0.2.1:4711");
    assert_said("<${server_address}|${server_port}|${pid}|${time}>", &occasion,
                "<::1|7|99|2026-11-22T12:00:00Z>");
    assert_said("${hostname} greets ${client_address} on ${listener}.", &occasion,
                "host.example greets 192.0.2.1 on web.");
}

Test(greeting, says_of_which_machine_and_service_it_is)
{
    assert_constant("${instance} ${os}|${kernel}|${boot_id}",
                    "web-3 Debian GNU/Linux 12 (bookworm)|6.1.0|3e2c1f1e");
    assert_constant("${version}", PACKAGE_VERSION);
}

Test(greeting, tells_of_the_environment_what_it_may)
{
    setenv("GREETING_REGION", "north", 1);
    setenv("GREETING_SECRET", "hidden", 1);
    unsetenv("GREETING_NOWHERE");
    assert_constant("${env:GREETING_REGION} ${env:GREETING_NOWHERE:-nowhere}", "north nowhere");
    assert_error("${env:GREETING_SECRET}", "${env:GREETING_SECRET} cannot be used; allowed: the names in the "
                                           "setting environment: GREETING_REGION, GREETING_NOWHERE");
    assert_error("${env}", "${env} needs an argument; allowed: ${env:NAME}");
}

Test(greeting, of_an_unknown_environment_nothing_is_told)
{
    static const struct site nowhere = {.listener = "web", .transport = TRANSPORT_TCP};

    cr_assert_eq(arena_open(&arena, 8 << 20), 0);
    cr_assert_null(compile("${env:HOME}", &nowhere));
    cr_assert_str_eq(errors.list[0].text, "${env:HOME} cannot be used; allowed: the names in the setting "
                                          "environment, which is empty");
    arena_close(&arena);
}

Test(greeting, says_who_speaks)
{
    const struct peer peer = {.client = {.family = AF_INET6}};
    const struct occasion occasion = {.peer = &peer, .speaker = &speaker, .answers = 0x1f};

    assert_said("${pid} ${worker} ${generation} ${request_id}", &occasion, "99 1 7 0000000000000abc-1f");
    assert_said("${family}, ${proxied}", &occasion, "ipv6, no");
}

Test(greeting, knows_users_of_unix_sockets)
{
    const struct peer user = {.client = {.family = AF_UNIX, .uid = 1000, .gid = 100, .pid = 4711}};
    const struct peer nobody = {.client = {.family = AF_UNIX, .uid = (uint32_t)-1, .gid = (uint32_t)-1}};
    const struct peer remote = {.client = {.family = AF_INET, .ip = {192, 0, 2, 1}}};
    struct occasion occasion = {.peer = &user};

    assert_said_at(&local, "${family} ${client_uid} ${client_gid} ${client_pid}", &occasion,
                   "unix 1000 100 4711");
    occasion.peer = &nobody;
    assert_said_at(&local, "[${client_uid}${client_gid}${client_pid}]", &occasion, "[]");
    occasion.peer = &remote;
    assert_said_at(&local, "[${client_uid}${client_gid}${client_pid}]", &occasion, "[]");
}

Test(greeting, tells_the_time_as_it_is_asked_to)
{
    const struct peer peer = {.client = {.family = AF_INET}};
    struct moment moment = {0};
    const struct occasion occasion = {.peer = &peer, .moment = &moment};

    moment_set(&moment, (struct timespec){951827696, 7654321});
    assert_said("${time} ${time:ms}", &occasion, "2000-02-29T12:34:56Z 2000-02-29T12:34:56.007Z");
    assert_said("${time:%A, %-d %B %Y, %H:%M}", &occasion, "Tuesday, 29 February 2000, 12:34");
    assert_said("${unix} ${unix_us}", &occasion, "951827696 951827696007654");
}

Test(greeting, a_time_that_nobody_can_tell_is_an_error)
{
    assert_error("${time:utc}",
                 "${time:utc} contains no conversion with %; allowed: ${time:ms}, and formats of "
                 "strftime(3), such as ${time:%H:%M}");
    assert_error("${time:%Q}", "${time:%Q}: %Q is unknown; allowed: the conversions of strftime(3)");
    assert_error("${time:%H:%}", "${time:%H:%}: % is unknown; allowed: the conversions of strftime(3)");
    /* Three bytes beyond the percent sign were shown, and not escaped. */
    assert_error("${time:%H %_\x1b[2J}",
                 "${time:%H %_\\x1b[2J}: %_\\x1b is unknown; allowed: the conversions of strftime(3)");
    assert_error("${time:%A%A%A%A%A%A%A%A%A%A%A%A%A%A%A}",
                 "${time:%A%A%A%A%A%A%A%A%A%A%A%A%A%A%A} is too long; allowed: 128 bytes of text");
}

Test(greeting, unix_clients_are_users_at_a_path)
{
    const struct peer peer = {.client = {.family = AF_UNIX, .uid = 1000, .pid = 4711}};
    const struct occasion occasion = {.peer = &peer, .speaker = &speaker};

    assert_said_at(&local, "${client_address} at ${server_address}", &occasion, "uid 1000 at /run/greeter");
    assert_said_at(&local, "[${client_port}${server_port}]", &occasion, "[]");
    assert_said_at(&local, "[${client_port:-none}:${server_port:-none}]", &occasion, "[none:none]");
}

Test(greeting, whom_a_client_came_through_is_known_where_it_did)
{
    const struct site behind = {
        .host = &host, .listener = "web", .transport = TRANSPORT_TCP, .has_proxies = true};
    const struct peer direct = {.client = {.family = AF_INET, .port = 4711, .ip = {192, 0, 2, 1}}};
    const struct occasion at_once = {.peer = &direct, .speaker = &speaker};
    struct peer proxied = direct;
    struct seen seen = {0};
    const struct occasion through = {.peer = &proxied, .speaker = &speaker, .seen = &seen};

    proxied.via = (struct peer_address){.family = AF_INET, .port = 40000, .ip = {10, 0, 0, 1}};
    assert_said_at(&behind, "${client_address} by ${proxy_address:-itself}:${proxy_port}", &at_once,
                   "192.0.2.1 by itself:");
    seen.asked = (struct peer_address){.family = AF_INET, .port = 443, .ip = {198, 51, 100, 1}};
    assert_said_at(&behind, "${client_address} by ${proxy_address:-itself}:${proxy_port}", &through,
                   "192.0.2.1 by 10.0.0.1:40000");
    assert_said_at(&behind, "${original_address}:${original_port}", &through, "198.51.100.1:443");
    assert_said_at(&behind, "[${original_address}${original_port}]", &at_once, "[]");
}

/* A value longer than any that was thought of would be cut. */
Test(greeting, a_unix_socket_has_clients_of_ip_where_they_come_through_a_proxy)
{
    const struct site behind = {
        .listener = "local", .transport = TRANSPORT_UNIX, .path = "/run/greeter", .has_proxies = true};
    const struct peer peer = {.client = {.family = AF_INET6, .ip = {[0 ... 15] = 0x11}},
                              .via = {.family = AF_UNIX, .uid = 33}};
    const struct occasion occasion = {.peer = &peer};
    const struct plan *plan = compiled_for(&behind, "${client_address} by ${proxy_address}");
    char said[256];
    size_t length = service_greeting.answer(plan, &occasion, said);

    cr_assert_leq(length, plan->longest);
    cr_assert_eq(length, strlen("1111:1111:1111:1111:1111:1111:1111:1111 by uid 33"));
    cr_assert_eq(memcmp(said, "1111:1111:1111:1111:1111:1111:1111:1111 by uid 33", length), 0);
    arena_close(&arena);
}

Test(greeting, an_empty_variable_has_its_default)
{
    static const struct peer unknown;
    const struct occasion occasion = {.peer = &unknown};

    assert_said("[${client_address}${server_port}]", &occasion, "[]");
    assert_said("[${client_address:-unnamed}:${server_port:-none}]", &occasion, "[unnamed:none]");
    assert_said("a${server_port:-}b", &occasion, "ab");
    assert_said("${server_port:-:-}", &occasion, ":-");
}

/* Nobody reads the clock for a greeting that does not tell the time. */
Test(greeting, the_time_is_asked_for_where_it_is_said)
{
    cr_assert(compiled("at ${time}")->time == PLAN_SECOND);
    arena_close(&arena);
    cr_assert(compiled("by ${pid}")->time == PLAN_NO_TIME);
    arena_close(&arena);
    cr_assert(compiled("at ${unix}")->time == PLAN_SECOND);
    arena_close(&arena);
    cr_assert(compiled("at ${time:%T}")->time == PLAN_SECOND);
    arena_close(&arena);
    cr_assert(compiled("at ${time:ms}")->time == PLAN_INSTANT);
    arena_close(&arena);
    cr_assert(compiled("at ${unix_us}, ${time}")->time == PLAN_INSTANT);
    arena_close(&arena);
}

Test(greeting, the_longest_holds_the_longest_of_each_variable)
{
    const struct site unix_site = {.host = &host, .listener = "local", .transport = TRANSPORT_UNIX_DGRAM};
    size_t ip = compiled("${client_address}")->longest;
    size_t user, either;

    arena_close(&arena);
    either = compiled_for(&local, "${client_address}")->longest;
    arena_close(&arena);
    user = compiled_for(&unix_site, "${client_address}")->longest;
    arena_close(&arena);
    cr_assert_eq(ip, strlen("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%interface123456"));
    cr_assert_eq(user, strlen("uid 4294967295"));
    cr_assert_eq(either, ip, "a proxy's client");
}

/* A machine with a message of the day and one other file. */
static int read_file(void *context, const char *path, const char **content, struct message *error)
{
    cr_assert_null(context);
    *content = strcmp(path, "/etc/motd") == 0 ? "Be \"kind\".\n" : strcmp(path, "/a b:c") == 0 ? "A\n" : NULL;
    if (*content)
        return 0;
    message_set(error, "cannot be opened: No such file or directory");
    return strcmp(path, "/secret") == 0 ? -EACCES : -ENOENT;
}

Test(greeting, says_what_files_say)
{
    const struct site site = {.host = &host, .files = {.read = read_file}};
    const struct plan *plan =
        compiled_for(&site, "${motd:-none}${file:/a b:c}${file:/missing:-nothing}${file:/missing:-}");
    const char *expected = "Be \"kind\".\nA\nnothing";

    cr_assert(plan->is_constant);
    cr_assert_eq(plan->length, strlen(expected));
    cr_assert_eq(memcmp(plan->bytes, expected, plan->length), 0);
    arena_close(&arena);
}

Test(greeting, says_what_files_say_in_each_format)
{
    const struct site json = {.host = &host, .format = FORMAT_JSON, .files = {.read = read_file}};
    const struct peer peer = {.client.family = AF_UNIX};
    const struct state state = STATE_DEFAULT;
    struct moment moment = {0};
    const struct occasion occasion = {
        .peer = &peer, .speaker = &speaker, .moment = &moment, .accepted = &moment, .state = &state};
    const struct plan *plan = compiled_for(&json, "${motd}");
    char *out = calloc(1, plan->longest + 1);

    moment_set(&moment, (struct timespec){.tv_sec = 951827696});
    cr_assert_leq(service_greeting.answer(plan, &occasion, out), plan->longest);
    cr_assert_not_null(strstr(out, "\"greeting\":\"Be \\\"kind\\\".\\n\""), "%s", out);
    free(out);
    arena_close(&arena);
}

static void assert_file_error(const char *text, const char *expected)
{
    const struct site site = {.host = &host, .files = {.read = read_file}};

    cr_assert_eq(arena_open(&arena, 8 << 20), 0);
    cr_assert_null(compile(text, &site));
    cr_assert_str_eq(errors.list[0].text, expected);
    arena_close(&arena);
}

Test(greeting, files_that_cannot_be_said)
{
    assert_file_error("${file:/missing}", "${file:/missing} cannot be opened: No such file or directory");
    assert_file_error("${file:/secret:-none}", "${file:/secret} cannot be opened: No such file or directory");
    assert_file_error("${file}", "${file} needs an argument; allowed: ${file:PATH}");
    assert_file_error("${file:motd}",
                      "${file:motd} is not usable; allowed: an absolute path without quotes and backslashes");
    assert_file_error(
        "${file:/it's}",
        "${file:/it's} is not usable; allowed: an absolute path without quotes and backslashes");
    assert_error("${motd}", "${motd}: /etc/motd cannot be read here");
}

Test(greeting, quotes_that_nobody_has)
{
    assert_error("${quote}",
                 "${quote} needs quotes; allowed: only with at least one file in the setting quotes");
    assert_error(
        "${quote_of_the_day}",
        "${quote_of_the_day} needs quotes; allowed: only with at least one file in the setting quotes");
    assert_constant("${quote:-Silence.}", "Silence.");
}

static const struct quotes *told_quotes(void *context, enum format format)
{
    static const struct quote list[] = {{"One.", 4}, {"Three.", 6}};
    static const struct quotes quotes = {list, 2, 6};

    (void)context;
    cr_assert_eq(format, FORMAT_TEXT);
    return &quotes;
}

Test(greeting, says_quotes)
{
    const struct site site = {.host = &host, .transport = TRANSPORT_TCP, .files.quotes = told_quotes};
    const struct peer peer = {.client = {.family = AF_INET, .ip = {192, 0, 2, 1}}};
    const struct moment moment = {.second = 86400 * 5 + 7};
    const struct occasion occasion = {.peer = &peer, .speaker = &speaker, .moment = &moment};

    assert_said_at(&site, "${quote_of_the_day} ${client_address}", &occasion, "Three. 192.0.2.1");
    cr_assert_eq(compiled_for(&site, "${quote}")->time, PLAN_NO_TIME);
    arena_close(&arena);
    cr_assert_eq(compiled_for(&site, "${quote}")->longest, 6);
    arena_close(&arena);
    cr_assert_eq(compiled_for(&site, "${quote_of_the_day}")->time, PLAN_SECOND);
    arena_close(&arena);
}

#define NAMES                                                                                 \
    "hostname, instance, version, os, kernel, boot_id, env, file, motd, quote, "              \
    "quote_of_the_day, listener, transport, family, client_address, client_port, "            \
    "client_uid, client_gid, client_pid, client_connections, server_address, server_port, "   \
    "interface, proxied, proxy_address, proxy_port, original_address, original_port, "        \
    "proxy_authority, proxy_unique_id, ttl, hops, dscp, ecn, flow_label, mss, window_scale, " \
    "syn_options, path_mtu, rtt, pid, worker, generation, uptime, load, state, weight, "      \
    "reason, connections, greetings_total, request_id, received_bytes, accept_time, "         \
    "queue_time, time, unix, unix_us"

Test(greeting, errors_say_what_is_allowed)
{
    assert_error("$", "a lone $ at byte 1; write $$ for a dollar, ${name} for a variable");
    assert_error("costs 5$ a day", "a lone $ at byte 8; write $$ for a dollar, ${name} for a variable");
    assert_error("$pid", "a lone $ at byte 1; write $$ for a dollar, ${name} for a variable");
    assert_error("${pid", "a ${ without a }; write $$ for a dollar, ${name} for a variable");
    assert_error("${cleint_port}", "unknown variable ${cleint_port}; did you mean ${client_port}?");
    assert_error("${HOSTNAME:-here}", "unknown variable ${HOSTNAME}; did you mean ${hostname}?");
    assert_error("${colour}", "unknown variable ${colour}; allowed: " NAMES);
    assert_error("${}", "unknown variable ${}; allowed: " NAMES);
    assert_error("${a\x1b[2J}", "unknown variable ${a\\x1b[2J}; allowed: " NAMES);
    assert_error("${pid:-${time}}",
                 "a $ inside ${pid:-${time}; allowed: ${name} and ${name:-default} with a default that "
                 "has no $ or }");
}

/* Only the first mistake of a greeting was reported, so that each needed a run of its own. */
Test(greeting, every_mistake_is_reported_once)
{
    static const char text[] = "${client_adress} at ${tiem}, $pid, again ${tiem}, ${a$b} and ${pid";
    static const char *const expected[] = {
        "unknown variable ${client_adress}; did you mean ${client_address}?",
        "unknown variable ${tiem}; did you mean ${time}?",
        "a lone $ at byte 30; write $$ for a dollar, ${name} for a variable",
        "a $ inside ${a$b}; allowed: ${name} and ${name:-default} with a default that has no $ or }",
        "a ${ without a }; write $$ for a dollar, ${name} for a variable"};
    cr_assert_eq(arena_open(&arena, 8 << 20), 0);
    cr_assert_null(compile(text, &known));
    cr_assert_eq(errors.count, 5);
    for (size_t i = 0; i < 5; i++)
        cr_assert_str_eq(errors.list[i].text, expected[i]);
    arena_close(&arena);
}

Test(greeting, a_full_arena_is_an_error)
{
    cr_assert_eq(arena_open(&arena, 4096), 0);
    cr_assert_not_null(compile("${pid}", &known));
    while (arena_alloc(&arena, 16))
        continue;
    cr_assert_null(compile("${pid}", &known));
    cr_assert_str_eq(errors.list[0].text, "does not fit into the memory for the configuration");
    arena_close(&arena);
}

Test(greeting, tells_what_arrived)
{
    const struct peer peer = {.client = {.family = AF_INET}};
    struct seen seen = {.what = SEEN_TTL | SEEN_MSS | SEEN_SCALE | SEEN_SYN | SEEN_RTT | SEEN_MTU,
                        .ttl = 62,
                        .dscp = 46,
                        .asks_ecn = true,
                        .mss = 1360,
                        .window_scale = 7,
                        .options = "MSTNW",
                        .rtt_us = 12034,
                        .path_mtu = 1500};
    struct occasion occasion = {.peer = &peer, .seen = &seen};

    assert_said("${ttl} ${hops} ${dscp} ${ecn}", &occasion, "62 2 46 asked");
    assert_said("${mss} ${window_scale} ${syn_options}", &occasion, "1360 7 MSTNW");
    assert_said("${path_mtu} ${rtt} [${flow_label}]", &occasion, "1500 12.034 []");
    seen = (struct seen){.what = SEEN_TTL | SEEN_FLOW, .ttl = 255, .ecn = 3, .flow_label = 0xabc};
    assert_said("${ttl} ${hops} ${dscp} ${ecn} ${flow_label}", &occasion, "255 0 0 ce 0x00abc");
    seen.what = 0;
    assert_said(
        "[${ttl}${hops}${dscp}${ecn}${flow_label}${mss}${window_scale}${syn_options}${path_mtu}${rtt}]",
        &occasion, "[]");
    occasion.seen = NULL;
    assert_said("[${ttl}${rtt}]", &occasion, "[]");
}

Test(greeting, tells_how_the_client_came)
{
    static const struct site udp = {.listener = "udp", .transport = TRANSPORT_UDP};
    const struct peer peer = {.client = {.family = AF_INET}};
    struct seen seen = {.what = SEEN_STAMP, .stamp = INT64_C(951827696000000000)};
    struct moment moment = {0};
    struct occasion occasion = {
        .peer = &peer, .seen = &seen, .moment = &moment, .interface = "eth0", .received = 4096, .held = 3};

    moment_set(&moment, (struct timespec){951827696, 7654321});
    assert_said("${interface} ${received_bytes} ${client_connections}", &occasion, "eth0 4096 3");
    assert_said_at(&udp, "${queue_time}", &occasion, "7.654");
    seen.stamp += INT64_C(8000000); /* the clock was set back */
    assert_said_at(&udp, "[${queue_time}]", &occasion, "[]");
    seen.stamp = 0; /* it was set forward, by years */
    assert_said_at(&udp, "[${queue_time}]", &occasion, "[]");
    occasion = (struct occasion){.peer = &peer, .moment = &moment};
    assert_said("[${interface}${client_connections}${accept_time}]", &occasion, "[]");
    assert_said_at(&udp, "[${queue_time}]", &occasion, "[]");
}

Test(greeting, tells_what_service_and_machine_count)
{
    struct metrics counted = {.totals.clients = {.taken = 12, .bytes = 99, .abandoned = 1}};
    struct occasion occasion = {.metrics = &counted};

    counted.totals.clients.results[RESULT_SENT] = 5;
    counted.totals.clients.results[RESULT_TRUNCATED] = 2;
    counted.totals.clients.results[RESULT_DENIED] = 1;
    assert_said("${connections} ${greetings_total}", &occasion, "3 7");
    assert_said("${load}", &(struct occasion){.load = &(unsigned long){205}}, "2.05");
    assert_said("[${load}]", &(struct occasion){.load = NULL}, "[]");
    occasion.metrics = NULL;
    assert_said("[${connections}${greetings_total}]", &occasion, "[]");
}

/* Anybody can send what a proxy passes on. */
Test(greeting, what_a_proxy_says_cannot_end_a_string)
{
    static const char bytes[] = "a\"b'c\\d\n\0\x7f\xe9$`~";
    const struct site behind = {.listener = "web", .transport = TRANSPORT_TCP, .has_proxies = true};
    const struct peer peer = {.client = {.family = AF_INET}};
    const struct seen seen = {.authority = {bytes, sizeof(bytes) - 1}, .unique_id = {"7F000001", 8}};
    const struct occasion occasion = {.peer = &peer, .seen = &seen};

    assert_said_at(&behind, "${proxy_authority} ${proxy_unique_id}", &occasion, "a?b?c?d????$`~ 7F000001");
}

Test(greeting, says_the_state_of_the_service)
{
    struct state state = {.word = STATE_DRAIN, .weight = 50, .reason = "kernel update"};
    const struct occasion occasion = {.state = &state};

    assert_said("${state} ${weight}% (${reason:-no reason})", &occasion, "drain 50% (kernel update)");
    state = STATE_DEFAULT;
    assert_said("${state} ${weight}% (${reason:-no reason})", &occasion, "ready 100% (no reason)");
}

/* What costs a system call for each client is asked for by those alone who say it. */
Test(greeting, the_network_is_asked_about_where_it_is_said)
{
    static const struct {
        const char *text;
        unsigned needs;
    } greetings[] = {{"${client_address} ${time:ms}", 0},
                     {"${ttl}", PLAN_PACKET},
                     {"${syn_options}${mss}", PLAN_PACKET},
                     {"${rtt}", PLAN_CONNECTION},
                     {"${path_mtu} ${dscp}", PLAN_CONNECTION | PLAN_PACKET},
                     {"${interface}", PLAN_INTERFACE},
                     {"${received_bytes}", PLAN_RECEIVED},
                     {"${accept_time}", PLAN_ACCEPTED},
                     {"${client_connections}", PLAN_HELD},
                     {"${queue_time}${proxy_unique_id}", 0}, /* no client of this listener has one */
                     {"${load}", PLAN_LOAD},
                     {"${connections}", PLAN_TOTALS},
                     {"${greetings_total}", PLAN_TOTALS},
                     {"${state}", PLAN_STATE},
                     {"${weight}", PLAN_STATE},
                     {"${reason:-none}", PLAN_STATE}};

    for (size_t i = 0; i < sizeof(greetings) / sizeof(greetings[0]); i++) {
        cr_assert_eq(compiled(greetings[i].text)->needs, greetings[i].needs, "%s", greetings[i].text);
        arena_close(&arena);
    }
}

/* What is said before the uptime, which goes on, and from the request's id on. */
static void assert_formatted(enum format format, const char *text, const char *before, const char *after)
{
    static const struct host odd = {.hostname = "it's \"odd\"", .os = "a\\b", .instance = "web-3"};
    const struct site site = {
        .host = &odd, .listener = "local", .transport = TRANSPORT_UNIX, .path = "/run/x", .format = format};
    const struct peer peer = {.client = {.family = AF_UNIX, .uid = 1000, .gid = 100, .pid = 4711}};
    struct moment moment = {0}, accepted = {0};
    const struct state state = STATE_DEFAULT;
    const struct occasion occasion = {.peer = &peer,
                                      .speaker = &speaker,
                                      .answers = 1,
                                      .moment = &moment,
                                      .accepted = &accepted,
                                      .received = 5,
                                      .state = &state};
    const struct plan *plan;
    char *out;

    moment_set(&moment, (struct timespec){951827696, 7654321});
    moment_set(&accepted, (struct timespec){951827695, 900999999});
    plan = compiled_for(&site, text);
    out = calloc(1, plan->longest + 1);
    cr_assert_leq(service_greeting.answer(plan, &occasion, out), plan->longest);
    cr_assert_eq(strncmp(out, before, strlen(before)), 0, "%s", out);
    cr_assert_str_eq(strstr(out, "request_id"), after);
    free(out);
    arena_close(&arena);
}

Test(greeting, everything_is_said_as_json)
{
    assert_formatted(
        FORMAT_JSON, "\"Hi\" ${hostname}, ${client_address}: $$5\r\n",
        "{\"schema\":1,\"greeting\":\"\\\"Hi\\\" it's \\\"odd\\\", uid 1000: $5\","
        "\"hostname\":\"it's \\\"odd\\\"\",\"instance\":\"web-3\",\"version\":\"" PACKAGE_VERSION "\","
        "\"os\":\"a\\\\b\",\"kernel\":\"\",\"boot_id\":\"\",\"listener\":\"local\",\"transport\":\"unix\","
        "\"family\":\"unix\",\"client_address\":\"uid 1000\",\"client_port\":null,\"client_uid\":1000,"
        "\"client_gid\":100,\"client_pid\":4711,\"client_connections\":null,\"server_address\":\"/run/"
        "x\",\"server_port\":null,\"interface\":\"\","
        "\"proxied\":\"no\",\"proxy_address\":\"\",\"proxy_port\":null,\"original_address\":\"\",\"original_"
        "port\":null,\"proxy_authority\":\"\",\"proxy_unique_id\":\"\","
        "\"ttl\":null,\"hops\":null,\"dscp\":"
        "null,\"ecn\":\"\",\"flow_label\":\"\",\"mss\":null,"
        "\"window_scale\":null,\"syn_options\":\"\",\"path_mtu\":null,\"rtt\":null,\"pid\":99,\"worker\":1,"
        "\"generation\":7,",
        "request_id\":\"0000000000000abc-1\",\"received_bytes\":5,\"accept_time\":\"2000-02-29T12:34:55."
        "900Z\",\"queue_time\":null,\"time\":\"2000-02-29T12:34:56.007Z\",\"unix\":951827696,"
        "\"unix_us\":951827696007654}\n");
}

Test(greeting, everything_is_said_on_a_line)
{
    assert_formatted(
        FORMAT_LINE, "It's\n${hostname}\r\n",
        "hostname='it'\\''s \"odd\"' instance='web-3' version='" PACKAGE_VERSION "' os='a\\\\b' "
        "kernel='' boot_id='' listener='local' transport='unix' family='unix' "
        "client_address='uid 1000' client_port= client_uid=1000 client_gid=100 client_pid=4711 "
        "client_connections= "
        "server_address='/run/x' server_port= interface='' proxied='no' proxy_address='' proxy_port= "
        "original_address='' original_port= proxy_authority='' proxy_unique_id='' ttl= hops= "
        "dscp= ecn='' flow_label='' mss= window_scale= syn_options='' path_mtu= rtt= pid=99 "
        "worker=1 generation=7 ",
        "request_id='0000000000000abc-1' received_bytes=5 accept_time='2000-02-29T12:34:55.900Z' queue_time= "
        "time='2000-02-29T12:34:56.007Z' "
        "unix=951827696 unix_us=951827696007654 greeting='It'\\''s\\nit'\\''s \"odd\"'\n");
}

/* Of a datagram nobody wants to know a user, or a SYN. */
Test(greeting, a_datagram_does_without_what_it_never_has)
{
    const struct site site = {.listener = "udp", .transport = TRANSPORT_UDP, .format = FORMAT_LINE};
    const struct peer peer = {.client = {.family = AF_INET}};
    struct moment moment = {0};
    const struct state state = STATE_DEFAULT;
    const struct occasion occasion = {.peer = &peer, .speaker = &speaker, .moment = &moment, .state = &state};
    const struct plan *plan = compiled_for(&site, "Hi");
    char *out = calloc(1, plan->longest + 1);

    moment_set(&moment, (struct timespec){951827696, 7654321});
    service_greeting.answer(plan, &occasion, out);
    cr_assert_null(strstr(out, "client_uid="));
    cr_assert_null(strstr(out, "mss="));
    cr_assert_null(strstr(out, "original_address="));
    cr_assert_null(strstr(out, "accept_time="));
    cr_assert_not_null(strstr(out, " queue_time= "), "not known of this one, but of others");
    cr_assert_not_null(strstr(out, " ttl= "));
    free(out);
    arena_close(&arena);
}

/* An answer cut to a datagram's 512 bytes is not JSON; 1232 are enough for a short greeting over IPv6. */
Test(greeting, all_of_it_fits_into_a_datagram)
{
    static const struct host long_named = {.hostname = "a-host-with-a-name-of-forty-characters.example",
                                           .os = "Debian GNU/Linux 12 (bookworm)",
                                           .kernel = "6.1.0-42-cloud-amd64",
                                           .boot_id = "3e2c1f1e-0000-4000-8000-000000000000",
                                           .instance = "a-host-with-a-name-of-forty-characters.example"};
    struct site site = {
        .host = &long_named, .listener = "udp", .transport = TRANSPORT_UDP, .format = FORMAT_JSON};

    cr_assert_leq(compiled_for(&site, "Thank you for connecting\r\n")->longest, 1232);
    arena_close(&arena);
    site.format = FORMAT_LINE;
    cr_assert_leq(compiled_for(&site, "Thank you for connecting\r\n")->longest, 1232);
    arena_close(&arena);
}

/* They are those of the text as it was written. */
Test(greeting, mistakes_are_found_whatever_the_format)
{
    const struct site site = {
        .host = &host, .listener = "web", .transport = TRANSPORT_TCP, .format = FORMAT_JSON};

    cr_assert_eq(arena_open(&arena, 8 << 20), 0);
    cr_assert_null(compile("costs 5$ a day", &site));
    cr_assert_eq(errors.count, 1);
    cr_assert_str_eq(errors.list[0].text,
                     "a lone $ at byte 8; write $$ for a dollar, ${name} for a variable");
    arena_close(&arena);
}
