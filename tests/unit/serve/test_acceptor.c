/* SPDX-License-Identifier: MIT */
#include "serve/acceptor.h"

#include "base/util.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#define ACCEPTORS 3
#define FAILURES  64
#define PAUSE     (100 * NS_PER_MS)
#define AWAY      (10 * NS_PER_MS)

/* A transport that takes whom a test says. */
struct counter {
    unsigned calls;
    int waiting; /* clients still to come, one a call */
    bool full;
    int fails; /* errno, or 0 */
};

struct setup {
    struct loop loop;
    struct shared_thread shared;
    struct acceptors acceptors;
    struct conf_listener conf;
    struct socket sockets[ACCEPTORS];
    struct sockets_member members[ACCEPTORS];
    struct counter counters[ACCEPTORS];
    _Atomic uint32_t logger_asleep;
};

static int take(struct acceptor *acceptor, uint32_t events)
{
    struct counter *counter = acceptor->transport;

    (void)events;
    counter->calls++;
    if (counter->fails)
        acceptor_fails(acceptor, counter->fails);
    return counter->waiting > 0 ? counter->waiting-- > 0 : 0;
}

static bool has_room(const struct acceptor *acceptor)
{
    const struct counter *counter = acceptor->transport;

    return !counter->full;
}

/* Two of one kind and one of the other. */
static const struct transport_ops some = {.take = take, .has_room = has_room, .queue = 8};
static const struct transport_ops other = {.take = take, .has_room = has_room, .queue = 8};

static int listening(void)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    cr_assert_eq(bind(fd, (struct sockaddr *)&un, sizeof(sa_family_t)), 0);
    cr_assert_eq(listen(fd, 16), 0);
    return fd;
}

static void setup_open(struct setup *setup)
{
    memset(setup, 0, sizeof(*setup));
    cr_assert_eq(loop_open(&setup->loop), 0);
    setup->conf.transport = TRANSPORT_UNIX;
    setup->acceptors = (struct acceptors){.loop = &setup->loop,
                                          .shared = &setup->shared,
                                          .attention_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
                                          .logger_asleep = &setup->logger_asleep,
                                          .log_wake_fd = -1};
    cr_assert_eq(acceptors_open(&setup->acceptors, ACCEPTORS), 0);
    for (size_t i = 0; i < ACCEPTORS; i++) {
        setup->sockets[i].fd = listening();
        setup->sockets[i].address.un.sun_family = AF_UNIX;
        setup->members[i] = (struct sockets_member){.socket = &setup->sockets[i], .conf = &setup->conf};
        cr_assert(acceptor_watch(acceptors_add(&setup->acceptors, &setup->members[i], i,
                                               i < 2 ? &some : &other, &setup->counters[i])));
    }
}

static void setup_close(struct setup *setup)
{
    for (size_t i = 0; i < ACCEPTORS; i++)
        close(setup->sockets[i].fd);
    close(setup->acceptors.attention_fd);
    acceptors_close(&setup->acceptors);
    loop_close(&setup->loop);
}

static struct acceptor *acceptor(struct setup *setup, size_t i)
{
    return &setup->acceptors.all[i];
}

/* A client that waits at an acceptor. */
static int knock(const struct setup *setup, size_t i)
{
    struct sockaddr_un un;
    socklen_t length = sizeof(un);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    cr_assert_eq(getsockname(setup->sockets[i].fd, (struct sockaddr *)&un, &length), 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&un, length), 0);
    return fd;
}

/* What loop_turn() does, but for the clock. */
static void turn(struct setup *setup)
{
    struct epoll_event events[ACCEPTORS];
    int count = epoll_wait(setup->loop.epoll, events, ACCEPTORS, 0);

    for (int i = 0; i < count; i++) {
        struct watch *watch = events[i].data.ptr;

        watch->ready(watch, events[i].events);
    }
}

static void pass(struct setup *setup, int64_t ns)
{
    setup->loop.now += ns;
    acceptors_resume(&setup->acceptors);
    acceptors_return(&setup->acceptors);
}

static bool is_watched(struct setup *setup, size_t i)
{
    unsigned before = setup->counters[i].calls;
    int client = knock(setup, i);

    turn(setup);
    close(client);
    return setup->counters[i].calls > before;
}

static uint64_t pauses(const struct setup *setup)
{
    return atomic_load(&setup->shared.stats.accept_pauses);
}

static bool has_attention(const struct setup *setup)
{
    uint64_t count;

    return read(setup->acceptors.attention_fd, &count, sizeof(count)) == (ssize_t)sizeof(count);
}

static void fail(struct setup *setup, size_t i, unsigned times)
{
    for (unsigned n = 0; n < times; n++)
        cr_assert_not(acceptor_fails(acceptor(setup, i), EPROTO), "after %u", n + 1);
}

/* An error of accept(2) that means "the next one, please" and never ends kept a thread busy for ever. */
Test(acceptor, pauses_after_64_failing_calls_in_a_row)
{
    struct setup setup;

    setup_open(&setup);
    fail(&setup, 0, FAILURES - 1);
    cr_assert_not(setup.acceptors.paused);
    cr_assert(acceptor_fails(acceptor(&setup, 0), EPROTO));
    cr_assert(setup.acceptors.paused);
    cr_assert_eq(pauses(&setup), 1);
    cr_assert_eq(atomic_load(&setup.shared.pause_error), EPROTO);
    cr_assert_not(is_watched(&setup, 0));
    cr_assert(is_watched(&setup, 1), "the others go on");
    cr_assert(is_watched(&setup, 2));
    setup_close(&setup);
}

Test(acceptor, is_watched_again_after_a_pause)
{
    struct setup setup;

    setup_open(&setup);
    fail(&setup, 0, FAILURES - 1);
    cr_assert(acceptor_fails(acceptor(&setup, 0), EPROTO));
    pass(&setup, PAUSE - 1);
    cr_assert_not(is_watched(&setup, 0));
    pass(&setup, 1);
    cr_assert_not(setup.acceptors.paused);
    cr_assert(is_watched(&setup, 0));
    fail(&setup, 0, FAILURES - 1); /* it counts from the beginning */
    cr_assert(acceptor_fails(acceptor(&setup, 0), EPROTO));
    cr_assert_eq(pauses(&setup), 2);
    setup_close(&setup);
}

/* However often the thread looks at it. */
Test(acceptor, does_not_spin_on_calls_that_fail)
{
    struct setup setup;
    int client;

    setup_open(&setup);
    setup.counters[0].fails = EPROTO;
    client = knock(&setup, 0);
    for (int i = 0; i < 1000; i++)
        turn(&setup);
    cr_assert_eq(setup.counters[0].calls, FAILURES);
    setup.counters[0].fails = 0;
    pass(&setup, PAUSE);
    turn(&setup);
    cr_assert_eq(setup.counters[0].calls, FAILURES + 1);
    setup_close(&setup);
    close(client);
}

/* A security module that forbids accept4(2) with EAGAIN, which says that nobody waits, kept a thread busy for
 * ever: epoll said that somebody does. */
Test(acceptor, does_not_spin_where_somebody_waits_and_nobody_can_be_taken)
{
    struct setup setup;
    unsigned calls;
    int client;

    setup_open(&setup);
    client = knock(&setup, 0);
    for (int i = 0; i < 1000; i++)
        turn(&setup);
    calls = setup.counters[0].calls;
    cr_assert_leq(calls, 2 * FAILURES);
    cr_assert_eq(atomic_load(&setup.shared.pause_error), EAGAIN);
    cr_assert_eq(pauses(&setup), 1);
    cr_assert(is_watched(&setup, 1), "the others go on");
    pass(&setup, PAUSE);
    setup.counters[0].waiting = 1;
    turn(&setup);
    cr_assert_eq(setup.counters[0].waiting, 0);
    setup_close(&setup);
    close(client);
}

/* Other threads are faster now and then, however often. */
Test(acceptor, does_not_pause_while_somebody_is_taken)
{
    struct setup setup;
    int client;

    setup_open(&setup);
    client = knock(&setup, 0);
    for (int i = 0; i < 1000; i++) {
        setup.counters[0].waiting = i % FAILURES == 0;
        turn(&setup);
    }
    cr_assert_not(setup.acceptors.paused);
    cr_assert_eq(setup.counters[0].calls, 1000);
    setup_close(&setup);
    close(client);
}

Test(acceptor, a_pause_is_of_one_transport)
{
    struct setup setup;

    setup_open(&setup);
    acceptors_pause(&setup.acceptors, &some, 0);
    acceptors_pause(&setup.acceptors, &some, 0);
    cr_assert_eq(pauses(&setup), 1, "one pause, however often it is asked for");
    cr_assert_not(is_watched(&setup, 0));
    cr_assert_not(is_watched(&setup, 1));
    cr_assert(is_watched(&setup, 2));
    acceptors_try(&setup.acceptors);
    cr_assert_eq(setup.counters[0].calls, 0);
    setup_close(&setup);
}

Test(acceptor, stays_paused_while_there_is_no_room)
{
    struct setup setup;

    setup_open(&setup);
    acceptors_pause(&setup.acceptors, &some, 0);
    setup.counters[0].full = true;
    pass(&setup, PAUSE);
    cr_assert_not(is_watched(&setup, 0));
    cr_assert(is_watched(&setup, 1));
    cr_assert(setup.acceptors.paused);
    setup.counters[0].full = false;
    pass(&setup, PAUSE - 1);
    cr_assert_not(is_watched(&setup, 0), "it is not looked at in every turn");
    pass(&setup, 1);
    cr_assert(is_watched(&setup, 0));
    cr_assert_not(setup.acceptors.paused);
    cr_assert_eq(pauses(&setup), 1);
    setup_close(&setup);
}

Test(acceptor, room_ends_a_pause_at_once)
{
    struct setup setup;

    setup_open(&setup);
    acceptors_have_room(&setup.acceptors); /* no pause, nothing to end */
    cr_assert_not(setup.acceptors.paused);
    acceptors_pause(&setup.acceptors, &some, 0);
    acceptors_have_room(&setup.acceptors);
    pass(&setup, 0);
    cr_assert(is_watched(&setup, 0));
    setup_close(&setup);
}

Test(acceptor, a_foreign_one_is_left_to_its_thread_for_a_while)
{
    struct setup setup;

    setup_open(&setup);
    acceptor_step_back(acceptor(&setup, 0));
    pass(&setup, AWAY - 1);
    acceptor_step_back(acceptor(&setup, 1)); /* comes back with the first */
    acceptor_step_back(acceptor(&setup, 0));
    cr_assert_not(is_watched(&setup, 0));
    cr_assert_not(is_watched(&setup, 1));
    cr_assert(is_watched(&setup, 2));
    pass(&setup, 1);
    cr_assert(is_watched(&setup, 0));
    cr_assert(is_watched(&setup, 1));
    cr_assert_not(setup.acceptors.away);
    setup_close(&setup);
}

Test(acceptor, one_that_is_away_is_not_watched_again_while_it_is_paused_or_left)
{
    struct setup setup;

    setup_open(&setup);
    for (size_t i = 0; i < ACCEPTORS; i++)
        acceptor_step_back(acceptor(&setup, i));
    acceptors_pause(&setup.acceptors, &some, 0);
    setup.counters[0].full = true;
    acceptors_leave(&setup.acceptors, (_Atomic bool[ACCEPTORS]){true, true, false});
    pass(&setup, AWAY);
    cr_assert_not(setup.acceptors.away);
    cr_assert_not(is_watched(&setup, 0));
    cr_assert_not(is_watched(&setup, 1));
    cr_assert_not(is_watched(&setup, 2));
    pass(&setup, PAUSE);
    cr_assert_not(is_watched(&setup, 0));
    cr_assert(is_watched(&setup, 1));
    cr_assert_not(is_watched(&setup, 2));
    setup_close(&setup);
}

Test(acceptor, one_that_is_away_comes_back_when_there_is_memory_to_watch_it)
{
    struct setup setup;
    int fd;

    setup_open(&setup);
    acceptor_step_back(acceptor(&setup, 0));
    fd = acceptor(&setup, 0)->fd;
    acceptor(&setup, 0)->fd = -1;
    pass(&setup, AWAY);
    cr_assert(setup.acceptors.away);
    acceptor(&setup, 0)->fd = fd;
    pass(&setup, AWAY);
    cr_assert(is_watched(&setup, 0));
    cr_assert_not(setup.acceptors.away);
    setup_close(&setup);
}

/* accept4(2) does not say that a socket was shut down if nobody waits; that it always seems ready does. */
/* On a busy service somebody leaves all the time, and each would have given an acceptor that fails 64 calls
 * more.
 */
Test(acceptor, room_does_not_end_a_pause_that_is_for_something_else)
{
    struct setup setup;

    setup_open(&setup);
    fail(&setup, 0, FAILURES - 1);
    cr_assert(acceptor_fails(acceptor(&setup, 0), EPROTO));
    acceptors_have_room(&setup.acceptors);
    acceptors_resume(&setup.acceptors);
    cr_assert(setup.acceptors.paused);
    cr_assert_not(is_watched(&setup, 0));
    setup_close(&setup);
}

Test(acceptor, a_socket_that_was_shut_down_is_reported_and_tried_again)
{
    struct setup setup;

    setup_open(&setup);
    cr_assert_eq(shutdown(setup.sockets[0].fd, SHUT_RDWR), 0);
    for (int i = 0; i < 63; i++)
        turn(&setup);
    cr_assert_not(has_attention(&setup));
    turn(&setup);
    cr_assert(has_attention(&setup));
    turn(&setup);
    cr_assert_eq(setup.counters[0].calls, 64, "it is not watched meanwhile");
    acceptors_try(&setup.acceptors); /* the master listens again */
    cr_assert_eq(setup.counters[0].calls, 65);
    cr_assert_not(acceptor(&setup, 0)->shut);
    turn(&setup);
    cr_assert_eq(setup.counters[0].calls, 66);
    setup_close(&setup);
}

Test(acceptor, wake_ups_in_vain_are_forgotten_when_somebody_comes)
{
    struct setup setup;

    setup_open(&setup);
    cr_assert_eq(shutdown(setup.sockets[0].fd, SHUT_RDWR), 0);
    for (int i = 0; i < 200; i++) {
        setup.counters[0].waiting = i % 50 == 0;
        turn(&setup);
    }
    cr_assert_not(has_attention(&setup));
    setup_close(&setup);
}

Test(acceptor, a_sweep_takes_everybody_up_to_a_full_queue)
{
    struct setup setup;

    setup_open(&setup);
    setup.counters[0].waiting = 5;
    cr_assert(acceptors_sweep(&setup.acceptors));
    cr_assert_eq(setup.counters[0].calls, 6);
    setup.counters[0].waiting = 100;
    cr_assert_not(acceptors_sweep(&setup.acceptors));
    cr_assert_eq(setup.counters[0].calls, 6 + 8);
    setup_close(&setup);
}

Test(acceptor, a_sweep_does_not_call_a_paused_acceptor_empty)
{
    struct setup setup;

    setup_open(&setup);
    acceptors_pause(&setup.acceptors, &some, 0);
    cr_assert_not(acceptors_sweep(&setup.acceptors));
    cr_assert_eq(setup.counters[0].calls, 0);
    setup_close(&setup);
}

Test(acceptor, is_left_to_others_for_good)
{
    _Atomic bool spared[ACCEPTORS] = {false, true, false};
    struct setup setup;

    setup_open(&setup);
    acceptors_pause(&setup.acceptors, &some, 0);
    acceptors_leave(&setup.acceptors, spared);
    setup.counters[0].waiting = 5;
    pass(&setup, PAUSE);
    cr_assert_not(setup.acceptors.paused);
    cr_assert_not(is_watched(&setup, 0));
    cr_assert(is_watched(&setup, 1));
    cr_assert_not(is_watched(&setup, 2));
    acceptors_try(&setup.acceptors);
    cr_assert(acceptors_sweep(&setup.acceptors));
    cr_assert_eq(setup.counters[0].calls, 0);
    acceptors_leave(&setup.acceptors, NULL);
    cr_assert_not(is_watched(&setup, 1));
    setup_close(&setup);
}

Test(acceptor, knows_whether_a_tcp_socket_is_left)
{
    _Atomic bool spared[ACCEPTORS] = {true, false, false};
    struct setup setup;
    struct conf_listener tcp = {.transport = TRANSPORT_TCP};

    setup_open(&setup);
    cr_assert_not(acceptors_have_tcp(&setup.acceptors));
    acceptor(&setup, 0)->conf = &tcp;
    acceptors_leave(&setup.acceptors, spared);
    cr_assert(acceptors_have_tcp(&setup.acceptors));
    acceptors_leave(&setup.acceptors, NULL);
    cr_assert_not(acceptors_have_tcp(&setup.acceptors));
    setup_close(&setup);
}
