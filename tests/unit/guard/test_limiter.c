/* SPDX-License-Identifier: MIT */
#include "base/util.h"
#include "guard/limiter.h"

#include "../random.h"

#include <criterion/criterion.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define WORDS   (64 * 1024)
#define THREADS 4
#define WORKERS 4
#define STEPS   200
#define STEP    (5 * NS_PER_MS)

static _Alignas(64) _Atomic uint64_t words[WORDS];
static const struct table table = {.words = words, .count = WORDS, .key = {{1, 2}}};
static struct limits limits;
static int64_t now;

static void set_up(void)
{
    memset((void *)words, 0, sizeof(words));
    limits = (struct limits){.source = {.interval_us = 10000, .burst = 50}};
    now = 1000 * NS_PER_S;
}

static struct peer_address v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
    return (struct peer_address){.family = AF_INET, .port = 4711, .ip = {a, b, c, d}};
}

static struct peer_address v6(uint8_t first, uint8_t second, uint8_t eighth, uint8_t last)
{
    return (struct peer_address){
        .family = AF_INET6, .port = 4711, .ip = {first, second, [7] = eighth, [15] = last}};
}

/* Asks so often, and returns how often it was let pass. */
static unsigned passed(struct peer_address who, unsigned times, int64_t pause)
{
    unsigned count = 0;

    for (unsigned i = 0; i < times; i++) {
        count += limiter_take(&table, &limits, &who, now) == LIMITER_PASS;
        now += pause;
    }
    return count;
}

Test(limiter, without_limits_everybody_passes, .init = set_up)
{
    limits = (struct limits){0};
    cr_assert_eq(passed(v4(192, 0, 2, 1), 100000, 0), 100000);
    cr_assert_eq(words[0], 0, "and nothing is remembered");
}

Test(limiter, a_burst_passes_and_then_the_rate, .init = set_up)
{
    cr_assert_eq(passed(v4(192, 0, 2, 1), 1000, 0), 50);
    now += 10 * NS_PER_MS;
    cr_assert_eq(passed(v4(192, 0, 2, 1), 10000, NS_PER_MS), 1000, "10 s at 100 a second");
    now += 10 * NS_PER_S;
    cr_assert_eq(passed(v4(192, 0, 2, 1), 1000, 0), 50, "after a rest");
}

Test(limiter, who_keeps_to_the_rate_is_never_refused, .init = set_up)
{
    cr_assert_eq(passed(v4(192, 0, 2, 1), 10000, 10 * NS_PER_MS), 10000);
}

/* Being refused costs nothing: who slows down is heard again. */
Test(limiter, what_is_refused_is_not_counted, .init = set_up)
{
    passed(v4(192, 0, 2, 1), 100000, 0);
    now += 10 * NS_PER_MS;
    cr_assert_eq(passed(v4(192, 0, 2, 1), 1, 0), 1);
}

Test(limiter, one_source_suffers_and_no_other, .init = set_up)
{
    passed(v4(192, 0, 2, 1), 1000, 0);
    cr_assert_eq(passed(v4(192, 0, 2, 1), 1, 0), 0);
    cr_assert_eq(passed(v4(192, 0, 2, 2), 50, 0), 50);
    cr_assert_eq(passed(v6(0x20, 0x01, 1, 1), 50, 0), 50);
}

Test(limiter, a_source_is_an_address_or_a_64, .init = set_up)
{
    cr_assert_eq(passed(v6(0x20, 0x01, 1, 1), 30, 0) + passed(v6(0x20, 0x01, 1, 2), 30, 0), 50, "one /64");
    cr_assert_eq(passed(v6(0x20, 0x01, 2, 1), 30, 0), 30, "another");
    cr_assert_eq(passed(v6(0xfe, 0x80, 0, 1), 50, 0) + passed(v6(0xfe, 0x80, 0, 2), 50, 0), 100, "on a link");
}

Test(limiter, a_network_is_a_24_or_a_56, .init = set_up)
{
    limits = (struct limits){.net = {.interval_us = 10000, .burst = 50}};
    cr_assert_eq(passed(v4(192, 0, 2, 1), 30, 0) + passed(v4(192, 0, 2, 200), 30, 0), 50);
    cr_assert_eq(passed(v4(192, 0, 3, 1), 50, 0), 50);
    cr_assert_eq(passed(v6(0x20, 0x01, 1, 1), 30, 0) + passed(v6(0x20, 0x01, 2, 1), 30, 0), 50);
}

/* A source that floods does not use up what its network may have. */
Test(limiter, who_is_over_its_own_limit_is_not_charged_to_its_network, .init = set_up)
{
    struct peer_address loud = v4(192, 0, 2, 1);

    limits.net = (struct limit){.interval_us = 1000, .burst = 200};
    passed(loud, 100000, 0);
    cr_assert_eq(limiter_take(&table, &limits, &loud, now), LIMITER_SOURCE);
    for (uint8_t host = 2; host < 5; host++)
        cr_assert_eq(passed(v4(192, 0, 2, host), 50, 0), 50);
    loud = v4(192, 0, 2, 5);
    cr_assert_eq(limiter_take(&table, &limits, &loud, now), LIMITER_NET);
}

/* Its neighbours used up what the network may have; it comes into its own as soon as they are quiet. */
Test(limiter, who_is_refused_for_its_network_is_not_charged_itself, .init = set_up)
{
    struct peer_address quiet = v4(192, 0, 2, 9);

    limits.source = (struct limit){.interval_us = 1000000, .burst = 2};
    limits.net = (struct limit){.interval_us = 1000, .burst = 10};
    for (uint8_t host = 1; host <= 5; host++)
        cr_assert_eq(passed(v4(192, 0, 2, host), 2, 0), 2);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(limiter_take(&table, &limits, &quiet, now), LIMITER_NET);
    now += NS_PER_S;
    cr_assert_eq(passed(quiet, 2, 0), 2);
}

/* Anybody can forge a datagram's source; that must not keep the real one from connecting. */
Test(limiter, datagrams_and_streams_count_apart, .init = set_up)
{
    limits.is_dgram = true;
    passed(v4(192, 0, 2, 1), 1000, 0);
    cr_assert_eq(passed(v4(192, 0, 2, 1), 1, 0), 0);
    limits.is_dgram = false;
    cr_assert_eq(passed(v4(192, 0, 2, 1), 50, 0), 50);
}

Test(limiter, one_address_on_two_links_is_two_sources, .init = set_up)
{
    struct peer_address east = v6(0xfe, 0x80, 0, 1), west = east;

    east.scope = 2;
    west.scope = 3;
    cr_assert_eq(passed(east, 100, 0) + passed(west, 100, 0), 100);
}

/* From a slow one, of which a source had used up an hour. */
Test(limiter, a_limit_that_has_changed_begins_anew, .init = set_up)
{
    limits.source = (struct limit){.interval_us = 100000000, .burst = 36};
    cr_assert_eq(passed(v4(192, 0, 2, 1), 100, 0), 36);
    limits.source = (struct limit){.interval_us = 10000, .burst = 5};
    cr_assert_eq(passed(v4(192, 0, 2, 1), 100, 0), 5);
}

static struct limits limits_of(const char *name, bool given, double rate, unsigned burst)
{
    const struct conf_listener listener = {.name = name,
                                           .transport = TRANSPORT_UDP,
                                           .rates = {.rate = rate, .burst = burst},
                                           .rates_given = given};

    return limiter_limits(&listener);
}

Test(limiter, settings_become_limits)
{
    cr_assert_eq(limits_of("a", false, 0, 50).source.interval_us, 0);
    cr_assert_eq(limits_of("a", false, 100, 50).source.interval_us, 10000);
    cr_assert_eq(limits_of("a", false, 100, 50).source.burst, 50);
    cr_assert_eq(limits_of("a", false, 0.01, 100000).source.burst, 36, "what an hour brings");
    cr_assert_eq(limits_of("a", false, 0.0001, 100000).source.burst, 1);
    cr_assert_eq(limits_of("a", false, 1, 1).scope, 0);
    cr_assert_neq(limits_of("a", true, 1, 1).scope, 0);
    cr_assert_neq(limits_of("a", true, 1, 1).scope, limits_of("b", true, 1, 1).scope);
    cr_assert(limits_of("a", true, 1, 1).is_dgram);
}

Test(limiter, listeners_with_limits_of_their_own_count_apart, .init = set_up)
{
    passed(v4(192, 0, 2, 1), 1000, 0);
    limits.scope = 1;
    cr_assert_eq(passed(v4(192, 0, 2, 1), 50, 0), 50);
}

/* A worker's thread reads its clock and is held up, while others go on: such a clock was taken for a new day,
 * and let thousands pass. */
Test(limiter, clocks_of_threads_may_differ, .init = set_up)
{
    unsigned count = 0;

    for (int i = 0; i < 10000; i++) {
        now += i % 2 ? 40 * NS_PER_MS : -40 * NS_PER_MS;
        count += passed(v4(192, 0, 2, 1), 1, 0);
    }
    cr_assert_leq(count, 50 + 4);
}

static void *ask(void *result)
{
    *(unsigned *)result = 0;
    for (int i = 0; i < 100000; i++) {
        struct peer_address who = v4(192, 0, 2, 1);

        *(unsigned *)result += limiter_take(&table, &limits, &who, now) == LIMITER_PASS;
    }
    return NULL;
}

Test(limiter, is_exact_between_threads, .init = set_up)
{
    pthread_t threads[THREADS];
    unsigned counts[THREADS], sum = 0;

    for (size_t i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, ask, &counts[i]), 0);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        sum += counts[i];
    }
    cr_assert_eq(sum, 50);
}

/* What workers share: one table, and the clock, which the test sets. */
struct stage {
    _Alignas(64) _Atomic uint64_t words[WORDS];
    _Atomic int64_t clock; /* 0: it is over */
    _Atomic int64_t seen[WORKERS * THREADS];
    _Atomic unsigned loud, honest, asked; /* who passed; how often an honest one has asked */
};

struct part {
    struct stage *stage;
    uint8_t number; /* of the thread, among all of them */
};

/* In a moment: the loud source asks again and again, and one of the thread's own as often as it may. */
static void ask_at(const struct part *part, int64_t at)
{
    struct stage *stage = part->stage;
    const struct table shared = {.words = stage->words, .count = WORDS, .key = {{1, 2}}};
    struct peer_address loud = v4(192, 0, 2, 1), honest = v4(198, 51, 100, part->number);

    for (int i = 0; i < 20; i++)
        stage->loud += limiter_take(&shared, &limits, &loud, at) == LIMITER_PASS;
    if (at / STEP % 2 == 0) {
        stage->asked++;
        stage->honest += limiter_take(&shared, &limits, &honest, at) == LIMITER_PASS;
    }
    stage->seen[part->number] = at;
}

static void *play(void *argument)
{
    const struct part *part = argument;
    int64_t at;

    while ((at = part->stage->clock) != 0) {
        if (part->stage->seen[part->number] == at)
            sched_yield();
        else
            ask_at(part, at);
    }
    return NULL;
}

static void be_worker(struct stage *stage, unsigned worker)
{
    pthread_t threads[THREADS];
    struct part parts[THREADS];

    for (unsigned i = 0; i < THREADS; i++) {
        parts[i] = (struct part){stage, (uint8_t)(worker * THREADS + i)};
        if (pthread_create(&threads[i], NULL, play, &parts[i]) != 0)
            _exit(1);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    _exit(0);
}

static void await_all(const struct stage *stage, int64_t at)
{
    for (unsigned i = 0; i < WORKERS * THREADS; i++)
        while (stage->seen[i] != at)
            sched_yield();
}

/* One second of the clock, in which every thread of every worker has asked in every moment: the burst of 50
 * and then 100 a second, as if there were one thread. */
Test(limiter, is_exact_between_workers, .init = set_up, .timeout = 120)
{
    struct stage *stage =
        mmap(NULL, sizeof(*stage), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pids[WORKERS];
    unsigned limit = 50 + (STEPS - 1) * STEP / (10 * NS_PER_MS);
    int status;

    cr_assert_neq(stage, MAP_FAILED);
    stage->clock = now;
    for (unsigned i = 0; i < WORKERS; i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            be_worker(stage, i);
    }
    for (int i = 0; i < STEPS; i++) {
        stage->clock = now + i * STEP;
        await_all(stage, stage->clock);
    }
    stage->clock = 0;
    for (unsigned i = 0; i < WORKERS; i++)
        cr_assert(waitpid(pids[i], &status, 0) == pids[i] && status == 0);
    cr_assert_geq(stage->loud, limit - 1, "%u", stage->loud);
    cr_assert_leq(stage->loud, limit + WORKERS * THREADS - 1, "%u", stage->loud);
    cr_assert_geq(stage->asked, WORKERS * THREADS * STEPS / 2);
    cr_assert_eq(stage->honest, stage->asked, "the others are not refused");
    munmap(stage, sizeof(*stage));
}

/* Bytes that were allocated; where a sanitizer or valgrind allocates, 0. */
static size_t allocated(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

/* An address that nobody has asked from, in IPv4 or a /64 of IPv6. */
static struct peer_address anybody(uint64_t *random)
{
    uint64_t bits = random_next(random);
    struct peer_address who = {.family = bits & 1 ? AF_INET : AF_INET6, .port = 4711, .ip = {0x20}};

    memcpy(who.ip + 1, &bits, sizeof(bits) - 1);
    return who;
}

/* Half a million a second: ten million with SOCKGREET_LONG=1, and else a million. A thousand hosts that keep
 * to their rate are heard, and nothing grows. */
Test(limiter, a_flood_costs_no_memory_and_no_host_its_greeting, .init = set_up, .timeout = 300)
{
    uint64_t random = random_seed(), asked = 0, heard = 0;
    const char *is_long = getenv("SOCKGREET_LONG");
    long most = is_long && *is_long == '1' ? 10000000 : 1000000;
    size_t before = allocated();

    limits = (struct limits){.source = {.interval_us = 100000, .burst = 2}};
    for (long i = 0; i < most; i++) {
        passed(anybody(&random), 1, 2 * NS_PER_US);
        if (i % 50 == 0) { /* each of a thousand in its turn, every tenth of a second */
            asked++;
            heard += passed(v4(192, 0, (uint8_t)(i / 50 % 1000 / 250), (uint8_t)(i / 50 % 250)), 1, 0);
        }
    }
    cr_assert_geq(heard * 1000, asked * 999, "%lu of %lu", (unsigned long)heard, (unsigned long)asked);
    cr_assert_leq(allocated(), before);
}

/* 20 s of a million random sources; those who keep to their rate are heard, and who does not is held to it.
 */
Test(limiter, a_flood_of_sources_hides_nobody, .init = set_up)
{
    uint32_t random = 1;
    unsigned honest = 0, loud = 0;

    limits.source = (struct limit){.interval_us = 50000, .burst = 20};
    for (int i = 0; i < 1000000; i++) {
        random = random * 1664525 + 1013904223;
        passed(v4((uint8_t)(random >> 24 | 1), (uint8_t)(random >> 16), (uint8_t)(random >> 8),
                  (uint8_t)(random)),
               1, 0);
        if (i % 5000 == 0)
            honest += passed(v4(192, 0, 2, 1), 1, 0);
        if (i % 250 == 0)
            loud += passed(v4(192, 0, 2, 2), 1, 0);
        now += 20 * NS_PER_US;
    }
    cr_assert_eq(honest, 200);
    cr_assert_leq(loud, 20 + 20 * 20 + 4, "%u", loud);
}
