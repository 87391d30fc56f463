/* SPDX-License-Identifier: MIT */
/* What a thread knows and tells its clients: whatever changes is in the next answer. */
#include "serve/render.h"

#include "base/util.h"
#include "service/greeting.h"
#include "service/metrics.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define LISTENERS 2
#define BEGAN     (1000 * NS_PER_S + 300)

static struct arena arena;
static struct conf_listener listeners[LISTENERS];
static struct notice notice;
static struct shared shared;
static struct conf conf = {.listeners = listeners, .listener_count = LISTENERS};
static struct render render;
static struct peer peer = {.client = {.family = AF_INET, .port = 4711, .ip = {192, 0, 2, 1}},
                           .server = {.family = AF_INET, .port = 7, .ip = {192, 0, 2, 7}}};

static const struct plan *compiled(const char *text)
{
    static const struct site site = {.listener = "web", .transport = TRANSPORT_TCP};
    struct template_errors errors;
    const struct plan *plan = service_greeting.compile(&arena, text, strlen(text), &site, &errors);

    cr_assert_not_null(plan, "%s", errors.list[0].text);
    return plan;
}

static void open_with(const char *first, const char *second)
{
    cr_assert_eq(arena_open(&arena, 1 << 20), 0);
    listeners[0].plan = compiled(first);
    listeners[1].plan = compiled(second);
    memset(&notice, 0, sizeof(notice));
    memset(&render, 0, sizeof(render));
    shared = (struct shared){.notice = &notice, .service = shared_service_open()};
    cr_assert_not_null(shared.service);
    cr_assert_eq(render_open(&render, &conf, &(struct speaker){.service_began = BEGAN}, &shared), 0);
}

static void done(void)
{
    render_close(&render);
    shared_service_close(shared.service);
    arena_close(&arena);
}

/* In the moment of the last one. */
static const char *said_next(const struct conf_listener *listener, int64_t now)
{
    struct occasion occasion = {.peer = &peer, .needs = listener->plan->needs, .now = now, .arrived = now};
    static char said[256];

    cr_assert_lt(listener->plan->longest, sizeof(said));
    said[render_answer(&render, listener, &occasion, said)] = '\0';
    return said;
}

static const char *said_at(const struct conf_listener *listener, int64_t now)
{
    render_begin(&render);
    return said_next(listener, now);
}

Test(render, a_state_is_told_as_soon_as_it_is_posted, .fini = done)
{
    open_with("${client_port} ${state} ${weight} ${reason:-none}", "${client_port} ${state}");
    cr_assert_str_eq(said_at(&listeners[0], BEGAN), "4711 ready 100 none");
    notice_post(&notice, &(struct state){.word = STATE_DRAIN, .weight = 50, .reason = "disk"});
    cr_assert_str_eq(said_at(&listeners[1], BEGAN), "4711 drain");
    cr_assert_str_eq(said_at(&listeners[0], BEGAN), "4711 drain 50 disk");
    notice_post(&notice, &STATE_DEFAULT);
    cr_assert_str_eq(said_at(&listeners[0], BEGAN), "4711 ready 100 none");
}

Test(render, uptime_is_exact_to_the_second, .fini = done)
{
    open_with("${client_port} ${uptime}", "up ${uptime}, ${client_port}");
    cr_assert_str_eq(said_at(&listeners[0], BEGAN + NS_PER_S - 1), "4711 0");
    cr_assert_str_eq(said_at(&listeners[1], BEGAN + NS_PER_S - 1), "up 0, 4711");
    cr_assert_str_eq(said_at(&listeners[0], BEGAN + NS_PER_S), "4711 1");
    cr_assert_str_eq(said_at(&listeners[1], BEGAN + NS_PER_S), "up 1, 4711");
    cr_assert_str_eq(said_at(&listeners[0], BEGAN + 7200 * NS_PER_S - 1), "4711 7199");
    cr_assert_str_eq(said_at(&listeners[0], BEGAN + 7200 * NS_PER_S), "4711 7200");
}

static time_t coarse_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return now.tv_sec;
}

/* Until the second has changed at least once. */
Test(render, the_second_is_that_of_the_clock, .fini = done)
{
    time_t first = coarse_now(), told = first;

    open_with("${unix}", "${client_port}");
    while (told == first) {
        time_t before = coarse_now();

        told = (time_t)strtoll(said_at(&listeners[0], BEGAN), NULL, 10);
        cr_assert_leq(before, told);
        cr_assert_leq(told, coarse_now());
    }
}

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / NS_PER_US;
}

/* After one that tells the time by the second, for which a clock suffices that can be milliseconds late. */
Test(render, the_time_is_read_as_exactly_as_an_answer_tells_it, .fini = done)
{
    open_with("${unix} ${client_port}", "${unix_us}");
    for (int i = 0; i < 100; i++) {
        int64_t before = now_us(), told;

        said_at(&listeners[0], BEGAN);
        told = strtoll(said_next(&listeners[1], BEGAN), NULL, 10);
        cr_assert_leq(before, told);
        cr_assert_leq(told, now_us());
    }
}

static void post_sent(uint64_t sent)
{
    struct metrics metrics = {.totals.clients.results[RESULT_SENT] = sent};

    snapshot_write(&shared.service->metrics, &metrics, sizeof(metrics));
}

Test(render, sums_are_told_when_they_are_new, .fini = done)
{
    open_with("${client_port} ${greetings_total:-unknown}", "${client_port}");
    cr_assert_str_eq(said_at(&listeners[0], BEGAN), "4711 unknown");
    post_sent(7);
    cr_assert_str_eq(said_at(&listeners[0], BEGAN), "4711 7");
    cr_assert_str_eq(said_at(&listeners[0], BEGAN), "4711 7");
    post_sent(8);
    cr_assert_str_eq(said_at(&listeners[1], BEGAN), "4711");
    cr_assert_str_eq(said_at(&listeners[0], BEGAN), "4711 8");
}
