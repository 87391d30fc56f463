/* SPDX-License-Identifier: MIT */
/* Stream clients from the acceptor to their end, by a clock that a test moves. */
#include "fixtures.h"

#include <sys/resource.h>

#define LARGE      (1024 * 1024)
#define COPIES_MAX (16 * 1024 * 1024)
#define CROWD      40

static char large[LARGE];

static void open_small(struct fixture *f, unsigned room)
{
    fixture_prepare(f);
    f->room = room;
    fixture_open(f);
}

static void open_large(struct fixture *f, bool is_constant, int64_t send_total_ns)
{
    memset(large, 'x', sizeof(large));
    fixture_prepare(f);
    fixture_greet_with(f, large, sizeof(large), is_constant);
    f->room = CROWD + 8;
    f->conf.send_total_ns = send_total_ns;
    fixture_open(f);
}

static void hang_up(int fd)
{
    char byte;

    cr_assert_eq(recv(fd, &byte, 1, 0), 0, "the server's end of file");
    close(fd);
}

/* --- After the greeting --- */

Test(stream, a_client_that_has_ended_is_closed_at_the_first_look)
{
    struct fixture f;
    int client;

    open_small(&f, 8);
    client = fixture_connect(&f);
    cr_assert_eq(fixture_turn(&f), 1);
    cr_assert_eq(f.stream.pool.active, 1);
    cr_assert_eq(stream_next(&f.stream), f.loop.now + 4 * NS_PER_MS, "the alarm may be late");
    cr_assert_eq(fixture_read(client, 100), 6);
    hang_up(client);
    fixture_pass(&f, 3 * NS_PER_MS - 1);
    cr_assert_eq(f.stream.pool.active, 1);
    f.loop.now += 1;
    stream_due(&f.stream);
    cr_assert_eq(f.stream.pool.active, 0);
    cr_assert_eq(fixture_result(&f, RESULT_SENT), 1);
    cr_assert_eq(stream_next(&f.stream), LOOP_NEVER);
    cr_assert_eq(f.stream.deferred.read_at, 0, "no client was ever deferred");
    fixture_close(&f);
}

Test(stream, without_lingering_a_client_is_closed_at_once)
{
    struct fixture f;
    int client;

    fixture_prepare(&f);
    f.listener.linger_ns = 0;
    fixture_open(&f);
    client = fixture_connect(&f);
    fixture_turn(&f);
    cr_assert_eq(f.stream.pool.active, 0);
    cr_assert_eq(fixture_result(&f, RESULT_SENT), 1);
    cr_assert_eq(fixture_read(client, 100), 6);
    cr_assert(fixture_is_gone(client));
    fixture_close(&f);
    close(client);
}

Test(stream, a_client_that_stays_is_deferred_until_its_idle_time_is_over)
{
    struct fixture f;
    int client;

    open_small(&f, 8);
    client = fixture_lingering(&f);
    cr_assert_eq(f.stream.deferred.count, 1);
    cr_assert_eq(stream_next(&f.stream), f.loop.now + 2 * NS_PER_MS, "the set is read in a moment");
    fixture_pass(&f, 2 * NS_PER_S - 1);
    cr_assert_eq(f.stream.pool.active, 1);
    fixture_pass(&f, 1);
    cr_assert_eq(f.stream.pool.active, 0);
    cr_assert_eq(f.stream.deferred.count, 0);
    cr_assert_eq(fixture_result(&f, RESULT_SENT), 1);
    fixture_close(&f);
    close(client);
}

Test(stream, a_deferred_client_does_not_wake_the_thread)
{
    struct fixture f;
    int client;

    open_small(&f, 8);
    client = fixture_lingering(&f);
    fixture_say(client);
    cr_assert_eq(fixture_turn(&f), 0);
    close(client);
    cr_assert_eq(fixture_turn(&f), 0);
    cr_assert_eq(f.stream.pool.active, 1);
    f.loop.now = deferred_next(&f.stream.deferred);
    stream_due(&f.stream);
    cr_assert_eq(f.stream.pool.active, 0);
    cr_assert_eq(fixture_result(&f, RESULT_SENT), 1);
    fixture_close(&f);
}

Test(stream, a_client_that_did_not_read_its_greeting_has_timed_out)
{
    struct fixture f;
    int client;

    open_small(&f, 8);
    client = fixture_connect(&f);
    fixture_turn(&f);
    fixture_pass(&f, 3 * NS_PER_MS);
    fixture_pass(&f, 2 * NS_PER_S);
    cr_assert_eq(fixture_result(&f, RESULT_TIMED_OUT), 1);
    fixture_close(&f);
    close(client);
}

Test(stream, a_client_that_talks_begins_its_idle_time_anew_and_no_more)
{
    struct fixture f;
    int client;

    open_small(&f, 8);
    client = fixture_lingering(&f);
    for (int i = 0; i < 4; i++) {
        fixture_pass(&f, 1200 * NS_PER_MS);
        fixture_say(client);
    }
    fixture_pass(&f, 200 * NS_PER_MS - 1);
    cr_assert_eq(f.stream.pool.active, 1, "5 s are not over");
    fixture_pass(&f, 1);
    cr_assert_eq(f.stream.pool.active, 0);
    cr_assert_eq(fixture_result(&f, RESULT_SENT), 1);
    fixture_close(&f);
    close(client);
}

/* The set was read up to 64 ms before, or the thread was held up: who has spoken since was given up for
 * silence. */
Test(stream, a_client_that_spoke_in_time_is_heard_before_its_time_is_up)
{
    struct fixture f;
    int client;

    open_small(&f, 8);
    client = fixture_lingering(&f);
    fixture_pass(&f, 1980 * NS_PER_MS);
    fixture_say(client);
    fixture_step(&f, 20 * NS_PER_MS);
    cr_assert_eq(f.stream.pool.active, 1);
    fixture_step(&f, 1999 * NS_PER_MS);
    close(client);
    fixture_step(&f, 10 * NS_PER_S);
    cr_assert_eq(f.stream.pool.active, 0);
    cr_assert_eq(fixture_result(&f, RESULT_SENT), 1);
    fixture_close(&f);
}

Test(stream, who_lingers_is_given_up_and_counted_at_the_end)
{
    struct fixture f;
    int lingering, looked_at, ended;

    open_small(&f, 8);
    lingering = fixture_lingering(&f);
    looked_at = fixture_connect(&f);
    ended = fixture_connect(&f);
    fixture_turn(&f);
    cr_assert_eq(fixture_read(looked_at, 6), 6);
    cr_assert_eq(fixture_read(ended, 6), 6);
    close(ended);
    stream_finish(&f.stream);
    cr_assert_eq(fixture_result(&f, RESULT_SENT), 3);
    fixture_close(&f);
    close(lingering);
    close(looked_at);
}

/* --- Access lists --- */

/* Clients of a listener that refuses 127.0.0.0/8; the second one has said something that was not read. */
static void open_denied(struct fixture *f, struct arena *arena, int clients[2], enum conf_refusal on_refuse)
{
    const struct prefix_rule rule = {{.family = AF_INET, .length = 8, .ip = {127}}, false, 0};

    cr_assert_eq(arena_open(arena, 4096), 0);
    f->listener.transport = TRANSPORT_TCP;
    f->listener.access.prefixes = prefixes_build(arena, &rule, 1, true);
    f->listener.on_refuse = on_refuse;
    fixture_open(f);
    clients[0] = fixture_connect(f);
    clients[1] = fixture_connect(f);
    fixture_say(clients[1]);
    fixture_turn(f);
}

static void close_denied(struct fixture *f, struct arena *arena, const int clients[2])
{
    cr_assert_eq(fixture_result(f, RESULT_DENIED), 2);
    cr_assert_eq(f->stream.pool.active, 0);
    fixture_close(f);
    arena_close(arena);
    close(clients[0]);
    close(clients[1]);
}

Test(stream, who_is_denied_sees_the_end_of_file)
{
    struct arena arena;
    struct fixture f;
    int clients[2];
    char byte;

    fixture_prepare(&f);
    open_denied(&f, &arena, clients, CONF_REFUSE_CLOSE);
    for (int i = 0; i < 2; i++)
        cr_expect_eq(recv(clients[i], &byte, 1, 0), 0, "client %d: %s", i, strerror(errno));
    close_denied(&f, &arena, clients);
}

Test(stream, who_is_denied_sees_a_reset_where_it_is_to)
{
    struct arena arena;
    struct fixture f;
    int clients[2];
    char byte;

    fixture_prepare(&f);
    open_denied(&f, &arena, clients, CONF_REFUSE_RESET);
    for (int i = 0; i < 2; i++)
        cr_expect(recv(clients[i], &byte, 1, 0) < 0 && errno == ECONNRESET, "client %d", i);
    close_denied(&f, &arena, clients);
}

/* A source that is not admitted uses up nothing of a limit, and a dry run does not admit it. */
Test(stream, access_lists_come_before_limits)
{
    struct arena arena;
    struct fixture f;
    int clients[2];

    fixture_prepare(&f);
    f.conf.dry_run = true;
    f.limits.source = (struct limit){.interval_us = 1000000, .burst = 1};
    open_denied(&f, &arena, clients, CONF_REFUSE_CLOSE);
    cr_expect_eq(atomic_load(&f.shared.stats.spared), 0);
    for (size_t i = 0; i < ARRAY_SIZE(f.sources); i++)
        cr_expect_eq(atomic_load(&f.sources[i]), 0);
    close_denied(&f, &arena, clients);
}

/* --- Limits --- */

/* Clients of one source, which may be three. */
static void open_limited(struct fixture *f, int *clients, size_t count, bool dry_run)
{
    fixture_prepare(f);
    f->listener.transport = TRANSPORT_TCP;
    f->limits.source = (struct limit){.interval_us = 1000000, .burst = 3};
    f->conf.dry_run = dry_run;
    fixture_open(f);
    for (size_t i = 0; i < count; i++)
        clients[i] = fixture_connect(f);
    fixture_turn(f);
}

static void close_limited(struct fixture *f, const int *clients, size_t count)
{
    fixture_close(f);
    for (size_t i = 0; i < count; i++)
        close(clients[i]);
}

Test(stream, who_is_over_a_limit_is_refused_and_counted)
{
    struct fixture f;
    int clients[5];

    open_limited(&f, clients, ARRAY_SIZE(clients), false);
    for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
        cr_expect_eq(fixture_read(clients[i], 6), i < 3 ? 6 : 0, "client %zu", i);
    cr_assert_eq(fixture_result(&f, RESULT_RATE_LIMITED), 2);
    cr_assert_eq(f.stream.pool.active, 3, "a refused client holds no place");
    close_limited(&f, clients, ARRAY_SIZE(clients));
}

Test(stream, in_a_dry_run_who_is_over_a_limit_is_greeted_and_counted)
{
    struct fixture f;
    int clients[5];

    open_limited(&f, clients, ARRAY_SIZE(clients), true);
    for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
        cr_expect_eq(fixture_read(clients[i], 6), 6, "client %zu", i);
    cr_assert_eq(atomic_load(&f.shared.stats.spared), 2);
    close_limited(&f, clients, ARRAY_SIZE(clients));
}

/* --- Slow readers --- */

Test(stream, a_client_that_reads_nothing_is_given_up_after_its_idle_time)
{
    struct fixture f;
    int client;

    open_large(&f, true, 60 * NS_PER_S);
    client = fixture_connect(&f);
    fixture_turn(&f);
    fixture_pass(&f, 5 * NS_PER_S - 1);
    cr_assert_eq(f.stream.pool.active, 1);
    fixture_pass(&f, 1);
    cr_assert_eq(f.stream.pool.active, 0);
    cr_assert_eq(fixture_result(&f, RESULT_TIMED_OUT), 1);
    fixture_close(&f);
    close(client);
}

/* Reads a little each second. Returns after how many the client was done with. */
static int read_slowly(struct fixture *f, int client, size_t bytes)
{
    int seconds = 0;

    for (; fixture_served(f) == 0; seconds++) {
        fixture_read(client, bytes);
        fixture_pass(f, NS_PER_S);
    }
    return seconds;
}

/* Each byte began timeouts.send anew, so a client could keep its place for days. */
Test(stream, a_slow_reader_is_given_up_in_the_end_though_it_makes_progress)
{
    struct fixture f;
    int client;

    open_large(&f, true, 10 * NS_PER_S);
    client = fixture_connect(&f);
    fixture_turn(&f);
    cr_assert_eq(read_slowly(&f, client, 64 * 1024), 10);
    cr_assert_eq(fixture_result(&f, RESULT_TIMED_OUT), 1);
    cr_assert_gt(atomic_load(&f.clients.bytes), 300 * 1024, "it did make progress");
    fixture_close(&f);
    close(client);
}

Test(stream, a_slow_reader_is_served_if_there_is_time)
{
    struct fixture f;
    int client;

    open_large(&f, true, 60 * NS_PER_S);
    client = fixture_connect(&f);
    fixture_turn(&f);
    cr_assert_gt(read_slowly(&f, client, 64 * 1024), 10);
    cr_assert_eq(fixture_result(&f, RESULT_SENT), 1);
    cr_assert_eq(atomic_load(&f.clients.bytes), LARGE);
    fixture_close(&f);
    close(client);
}

/* By the clock of the turn, so that who is greeted in the turn in which he came took no time. */
Test(stream, the_time_until_the_greeting_was_sent_is_counted_once)
{
    struct fixture f;
    int client;

    open_small(&f, 3);
    client = fixture_lingering(&f);
    cr_expect_eq(atomic_load(&f.shared.stats.times[0]), 1);
    fixture_close(&f);
    close(client);
    open_large(&f, true, 60 * NS_PER_S);
    client = fixture_connect(&f);
    fixture_turn(&f);
    fixture_pass(&f, 2 * NS_PER_S);
    cr_expect_eq(atomic_load(&f.shared.stats.times[times_range(2 * NS_PER_S)]), 0, "it is not sent yet");
    for (size_t length = 0; length < LARGE; fixture_turn(&f))
        length += fixture_read(client, LARGE);
    cr_expect_eq(atomic_load(&f.shared.stats.times[times_range(2 * NS_PER_S)]), 1);
    cr_expect_eq(atomic_load(&f.shared.stats.times[0]), 0);
    fixture_close(&f);
    close(client);
}

/* --- At the limit --- */

Test(stream, at_the_limit_who_lingers_longest_gives_way)
{
    struct fixture f;
    int clients[3], next;

    open_small(&f, 3);
    for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
        clients[i] = fixture_lingering(&f);
    fixture_say(clients[0]); /* that does not help */
    fixture_pass(&f, 100 * NS_PER_MS);
    next = fixture_connect(&f);
    fixture_turn(&f);
    cr_assert_eq(fixture_read(next, 6), 6, "the client that waits is greeted at once");
    cr_assert(fixture_is_gone(clients[0]));
    cr_assert_not(fixture_is_gone(clients[1]));
    cr_assert_not(fixture_is_gone(clients[2]));
    cr_assert_eq(fixture_result(&f, RESULT_SENT), 1);
    cr_assert_eq(atomic_load(&f.shared.stats.accept_pauses), 0);
    fixture_close(&f);
    for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
        close(clients[i]);
    close(next);
}

/* All places taken within 100 ms by clients that linger: whoever waits then is greeted 100 ms later, and not
 * when the first of them has used up its time. */
Test(stream, at_the_limit_nobody_gives_way_sooner_than_after_100_ms)
{
    struct fixture f;
    int clients[3], next;

    open_small(&f, 3);
    for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
        clients[i] = fixture_lingering(&f); /* the first for 6 ms now */
    next = fixture_connect(&f);
    fixture_pass(&f, 95 * NS_PER_MS);
    cr_assert_eq(fixture_read(next, 6), 0);
    cr_assert(f.acceptors.paused);
    cr_assert_eq(atomic_load(&f.shared.stats.accept_pauses), 1);
    fixture_pass(&f, 100 * NS_PER_MS);
    cr_assert_eq(fixture_read(next, 6), 6);
    cr_assert(fixture_is_gone(clients[0]));
    cr_assert_not(fixture_is_gone(clients[1]));
    fixture_close(&f);
    for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
        close(clients[i]);
    close(next);
}

/* The last place was taken and another client awaited in one go, so that somebody gave way, or accepting
 * paused, for a client that was not there. */
Test(stream, at_the_limit_nobody_gives_way_to_nobody)
{
    struct fixture f;
    int clients[3];

    open_small(&f, 3);
    for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
        clients[i] = fixture_lingering(&f);
        fixture_pass(&f, 200 * NS_PER_MS);
    }
    acceptors_try(&f.acceptors);
    cr_assert_eq(f.stream.pool.active, 3);
    cr_assert_eq(atomic_load(&f.shared.stats.accept_pauses), 0);
    fixture_close(&f);
    for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
        close(clients[i]);
}

Test(stream, at_the_limit_who_has_ended_gives_way_first)
{
    struct fixture f;
    int first, second, next;

    open_small(&f, 2);
    first = fixture_lingering(&f);
    second = fixture_lingering(&f);
    f.loop.now += 200 * NS_PER_MS; /* nobody has looked since */
    close(second);
    next = fixture_connect(&f);
    fixture_turn(&f);
    cr_assert_eq(fixture_read(next, 6), 6);
    cr_assert_not(fixture_is_gone(first));
    cr_assert_eq(f.stream.pool.active, 2);
    fixture_close(&f);
    close(first);
    close(next);
}

/* A client that does not have its greeting yet keeps its place. */
Test(stream, at_the_limit_nobody_gives_way_before_the_end_of_its_greeting)
{
    struct fixture f;
    int clients[2], next;

    memset(large, 'x', sizeof(large));
    fixture_prepare(&f);
    fixture_greet_with(&f, large, sizeof(large), true);
    f.room = 2;
    fixture_open(&f);
    for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
        clients[i] = fixture_connect(&f);
    fixture_turn(&f);
    next = fixture_connect(&f);
    for (int i = 0; i < 49; i++)
        fixture_pass(&f, 100 * NS_PER_MS);
    cr_assert_eq(fixture_served(&f), 0);
    cr_assert_eq(fixture_read(next, 1), 0);
    cr_assert_eq(atomic_load(&f.shared.stats.accept_pauses), 1);
    fixture_pass(&f, 100 * NS_PER_MS); /* timeouts.send is over */
    cr_assert_eq(fixture_result(&f, RESULT_TIMED_OUT), 2);
    cr_assert_eq(fixture_read(next, 1), 1);
    fixture_close(&f);
    for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
        close(clients[i]);
    close(next);
}

/* --- Without descriptors --- */

Test(stream, without_descriptors_the_acceptor_pauses_and_resumes)
{
    struct rlimit before, none = {.rlim_cur = 3};
    struct fixture f;
    int client, later;

    open_small(&f, 8);
    client = fixture_connect(&f);
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none.rlim_max = before.rlim_max;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    for (int i = 0; i < 10; i++)
        fixture_turn(&f);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    cr_assert(f.acceptors.paused);
    cr_assert_eq(atomic_load(&f.shared.stats.accept_pauses), 1);
    cr_assert_eq(atomic_load(&f.shared.pause_error), EMFILE);
    cr_assert_eq(fixture_read(client, 6), 0);
    fixture_pass(&f, 100 * NS_PER_MS);
    cr_assert_not(f.acceptors.paused);
    /* The one after it: valgrind, which keeps the limit itself, closes whom accept4() refuses. */
    later = fixture_connect(&f);
    fixture_pass(&f, 100 * NS_PER_MS);
    cr_assert_eq(fixture_read(later, 6), 6);
    fixture_close(&f);
    close(client);
    close(later);
}

/* --- Copies of rendered greetings --- */

static bool is_held(const struct fixture *f, unsigned place)
{
    return f->stream.pool.all[place].fd >= 0;
}

/* Clients that read nothing, so many that one more copy does not fit. The first has place 0. Returns how
 * many. */
static unsigned fill_with_copies(struct fixture *f, int clients[CROWD])
{
    unsigned count = 0;
    size_t each;

    do {
        cr_assert_lt(count, CROWD);
        f->loop.now += NS_PER_MS;
        clients[count++] = fixture_connect(f);
        fixture_turn(f);
        cr_assert_eq(f->stream.pool.active, count);
        each = f->stream.copies.copied / count;
    } while (f->stream.copies.copied + each <= COPIES_MAX);
    cr_assert_gt(count, 8);
    return count;
}

static void close_all(const int clients[], unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        close(clients[i]);
}

Test(stream, copies_are_bounded_and_who_is_longest_without_progress_gives_way)
{
    struct fixture f;
    int clients[CROWD], next;
    unsigned count;

    open_large(&f, false, 60 * NS_PER_S);
    count = fill_with_copies(&f, clients);
    f.loop.now += NS_PER_MS;
    cr_assert_gt(fixture_read(clients[0], LARGE), 0); /* progress: the second is the first now */
    fixture_turn(&f);
    next = fixture_connect(&f);
    fixture_turn(&f);
    cr_assert_leq(f.stream.copies.copied, COPIES_MAX);
    cr_assert_eq(fixture_result(&f, RESULT_TIMED_OUT), 1);
    cr_assert(is_held(&f, 0));
    cr_assert_not(is_held(&f, 1));
    for (unsigned i = 2; i < count; i++)
        cr_assert(is_held(&f, i));
    cr_assert_gt(fixture_read(next, LARGE), 0);
    fixture_close(&f);
    close_all(clients, count);
    close(next);
}

Test(stream, a_copy_is_forgotten_with_its_client)
{
    struct fixture f;
    int clients[CROWD];
    unsigned count;

    open_large(&f, false, 60 * NS_PER_S);
    count = fill_with_copies(&f, clients);
    close_all(clients, count);
    fixture_turn(&f);
    cr_assert_eq(f.stream.pool.active, 0);
    cr_assert_eq(f.stream.copies.copied, 0);
    fixture_close(&f);
}

Test(stream, static_greetings_are_not_copied)
{
    struct fixture f;
    int clients[CROWD];

    open_large(&f, true, 60 * NS_PER_S);
    for (size_t i = 0; i < CROWD; i++) {
        clients[i] = fixture_connect(&f);
        fixture_turn(&f);
    }
    cr_assert_eq(f.stream.copies.copied, 0);
    cr_assert_eq(f.stream.pool.active, CROWD);
    fixture_close(&f);
    close_all(clients, CROWD);
}

/* --- Events that come too late --- */

/* The acceptor and a client are ready in one turn, the acceptor first: the client has to give way to the one
 * who waits, and its own event is for nobody then. */
Test(stream, an_event_for_a_client_closed_in_the_same_turn_does_nothing)
{
    struct fixture f;
    int clients[CROWD], next;
    unsigned count;

    open_large(&f, false, 60 * NS_PER_S);
    count = fill_with_copies(&f, clients);
    next = fixture_connect(&f);
    fixture_say(clients[0]);
    cr_assert_eq(fixture_turn(&f), 2, "both are ready");
    cr_assert_not(is_held(&f, 0));
    cr_assert_eq(fixture_result(&f, RESULT_TIMED_OUT), 1);
    cr_assert_eq(fixture_served(&f), 1, "it is counted once");
    cr_assert_eq(f.stream.pool.active, count);
    fixture_close(&f);
    close_all(clients, count);
    close(next);
}

/* With two who wait, the second gets the place of the one that gave way to the first, and its event. */
Test(stream, an_event_for_the_one_before_does_not_harm_its_successor)
{
    struct fixture f;
    int clients[CROWD], next[2];
    unsigned count;

    open_large(&f, false, 60 * NS_PER_S);
    count = fill_with_copies(&f, clients);
    next[0] = fixture_connect(&f);
    next[1] = fixture_connect(&f);
    close(clients[0]);     /* its end and its hang-up */
    f.acceptor->alone = 0; /* both are taken in one turn */
    cr_assert_eq(fixture_turn(&f), 2);
    cr_assert(is_held(&f, 0), "the successor");
    cr_assert_eq(fixture_result(&f, RESULT_TIMED_OUT), 2);
    cr_assert_eq(fixture_served(&f), 2);
    cr_assert_eq(f.stream.pool.active, count);
    fixture_close(&f);
    close_all(clients + 1, count - 1);
    close_all(next, 2);
}
