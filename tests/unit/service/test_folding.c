/* SPDX-License-Identifier: MIT */
/* Greetings of a thread that keeps what its clients have in common, as far as answer() folds it. */
#include "service/folding.h"

#include "service/greeting.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct site site = {.listener = "web", .transport = TRANSPORT_TCP};
static struct arena arena;
static const struct plan *plan;
static void *kept;
static struct state state;
static struct peer peer;
static struct occasion occasion;

static void begin(void)
{
    state = STATE_DEFAULT;
    peer = (struct peer){.client = {.family = AF_INET, .port = 4711, .ip = {192, 0, 2, 1}},
                         .server = {.family = AF_INET, .port = 7, .ip = {192, 0, 2, 7}}};
    occasion = (struct occasion){.peer = &peer, .state = &state, .epoch = 1};
}

static void compile(const char *text)
{
    struct template_errors errors;

    cr_assert_eq(arena_open(&arena, 8 << 20), 0);
    plan = service_greeting.compile(&arena, text, strlen(text), &site, &errors);
    cr_assert_not_null(plan, "%s", errors.list[0].text);
    kept = plan->kept ? calloc(1, plan->kept) : NULL;
    occasion.kept = kept;
}

static void done(void)
{
    free(kept);
    arena_close(&arena);
}

static void assert_said(const char *expected)
{
    char *said = malloc(plan->longest + 1);

    said[service_greeting.answer(plan, &occasion, said)] = '\0';
    cr_assert_str_eq(said, expected);
    free(said);
}

Test(folding, what_clients_differ_in_is_always_asked_for, .init = begin, .fini = done)
{
    compile("${client_address}:${client_port} to ${server_address}:${server_port}, ${state}");
    assert_said("192.0.2.1:4711 to 192.0.2.7:7, ready");
    peer.client.ip[3] = 2;
    peer.client.port = 4712;
    assert_said("192.0.2.2:4712 to 192.0.2.7:7, ready");
}

Test(folding, what_they_have_in_common_is_asked_for_once_an_epoch, .init = begin, .fini = done)
{
    compile("${client_port}: ${state} ${weight}");
    assert_said("4711: ready 100");
    state = (struct state){.word = STATE_DRAIN, .weight = 50};
    assert_said("4711: ready 100");
    occasion.epoch++;
    assert_said("4711: drain 50");
    occasion.epoch = 1;
    assert_said("4711: drain 50");
}

Test(folding, an_exact_time_is_each_clients_own, .init = begin, .fini = done)
{
    struct moment moment = {0};

    compile("${time} ${time:%H} ${time:ms} ${unix_us}");
    occasion.moment = &moment;
    moment_set(&moment, (struct timespec){951827696, 1000000});
    assert_said("2000-02-29T12:34:56Z 12 2000-02-29T12:34:56.001Z 951827696001000");
    moment_set(&moment, (struct timespec){951827696, 2000000});
    assert_said("2000-02-29T12:34:56Z 12 2000-02-29T12:34:56.002Z 951827696002000");
}

Test(folding, a_server_can_have_several_addresses, .init = begin, .fini = done)
{
    compile("${client_port} at ${server_address}:${server_port}");
    for (int epoch = 0; epoch < 3; epoch++) {
        occasion.epoch++;
        for (int i = 0; i < 6; i++) {
            char expected[64];

            peer.server.ip[3] = (uint8_t)(7 + i / 2);
            peer.server.port = (uint16_t)(80 + i / 3);
            snprintf(expected, sizeof(expected), "4711 at 192.0.2.%d:%d", 7 + i / 2, 80 + i / 3);
            assert_said(expected);
        }
    }
}

Test(folding, clients_can_come_by_several_interfaces_and_families, .init = begin, .fini = done)
{
    struct seen seen = {.interface = 1};

    compile("${family} by ${interface}");
    occasion.seen = &seen;
    occasion.interface = "lo";
    assert_said("ipv4 by lo");
    seen.interface = 2;
    occasion.interface = "eth0";
    assert_said("ipv4 by eth0");
    occasion.epoch++;
    assert_said("ipv4 by eth0");
    peer.client.family = AF_INET6;
    assert_said("ipv6 by eth0");
}

Test(folding, without_memory_all_is_asked_for, .init = begin, .fini = done)
{
    compile("${client_port}: ${state}");
    occasion.kept = NULL;
    assert_said("4711: ready");
    state.word = STATE_MAINT;
    assert_said("4711: maint");
}

Test(folding, what_is_long_is_not_copied_once_more, .init = begin, .fini = done)
{
    char text[9000];

    memset(text, 'x', sizeof(text));
    strcpy(text + sizeof(text) - sizeof("${state}"), "${state}");
    compile(text);
    cr_assert_eq(plan->kept, 0);
}

Test(folding, a_constant_keeps_nothing, .init = begin, .fini = done)
{
    compile("hello");
    cr_assert_eq(plan->kept, 0);
}

/* Everything that there is, in each format, folded and not. */
static void assert_same(enum format format, enum transport transport, bool has_proxies)
{
    const struct site of_format = {
        .listener = "web", .transport = transport, .format = format, .has_proxies = has_proxies};
    const struct speaker speaker = {.pid = 99, .worker = 1, .generation = 7, .id = 0xabc};
    const unsigned long load = 123;
    struct template_errors errors;
    struct moment moment = {0};
    char *plain, *folded;
    size_t length;

    cr_assert_eq(arena_open(&arena, 8 << 20), 0);
    plan = service_greeting.compile(&arena, "${pid} ${client_port}\n", 22, &of_format, &errors);
    cr_assert_not_null(plan, "%s", errors.list[0].text);
    cr_assert_gt(plan->kept, 0);
    kept = calloc(1, plan->kept);
    moment_set(&moment, (struct timespec){951827696, 7654321});
    occasion.speaker = &speaker;
    occasion.moment = occasion.accepted = &moment;
    occasion.load = &load;
    occasion.now = 5000000000;
    plain = malloc(plan->longest);
    folded = malloc(plan->longest);
    occasion.kept = NULL;
    length = service_greeting.answer(plan, &occasion, plain);
    occasion.kept = kept;
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(service_greeting.answer(plan, &occasion, folded), length);
        cr_assert_eq(memcmp(folded, plain, length), 0, "%.*s", (int)length, folded);
    }
    free(plain);
    free(folded);
    done();
}

Test(folding, all_there_is_reads_as_before, .init = begin)
{
    for (enum format format = FORMAT_TEXT; format < FORMAT_COUNT; format++) {
        assert_same(format, TRANSPORT_TCP, false);
        assert_same(format, TRANSPORT_TCP, true);
        assert_same(format, TRANSPORT_UDP, false);
        assert_same(format, TRANSPORT_COUNT, false);
    }
}
