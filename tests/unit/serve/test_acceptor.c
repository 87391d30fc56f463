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

struct house {
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

static void house_open(struct house *house)
{
    memset(house, 0, sizeof(*house));
    cr_assert_eq(loop_open(&house->loop), 0);
    house->conf.transport = TRANSPORT_UNIX;
    house->acceptors = (struct acceptors){.loop = &house->loop,
                                          .shared = &house->shared,
                                          .attention_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
                                          .logger_asleep = &house->logger_asleep,
                                          .log_wake_fd = -1};
    cr_assert_eq(acceptors_open(&house->acceptors, ACCEPTORS), 0);
    for (size_t i = 0; i < ACCEPTORS; i++) {
        house->sockets[i].fd = listening();
        house->sockets[i].address.un.sun_family = AF_UNIX;
        house->members[i] = (struct sockets_member){.socket = &house->sockets[i], .conf = &house->conf};
        cr_assert(acceptor_watch(acceptors_add(&house->acceptors, &house->members[i], i,
                                               i < 2 ? &some : &other, &house->counters[i])));
    }
}

static void house_close(struct house *house)
{
    for (size_t i = 0; i < ACCEPTORS; i++)
        close(house->sockets[i].fd);
    close(house->acceptors.attention_fd);
    acceptors_close(&house->acceptors);
    loop_close(&house->loop);
}

static struct acceptor *acceptor(struct house *house, size_t i)
{
    return &house->acceptors.all[i];
}

/* A client that waits at an acceptor. */
static int knock(const struct house *house, size_t i)
{
    struct sockaddr_un un;
    socklen_t length = sizeof(un);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    cr_assert_eq(getsockname(house->sockets[i].fd, (struct sockaddr *)&un, &length), 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&un, length), 0);
    return fd;
}

/* What loop_turn() does, but for the clock. */
static void turn(struct house *house)
{
    struct epoll_event events[ACCEPTORS];
    int count = epoll_wait(house->loop.epoll, events, ACCEPTORS, 0);

    for (int i = 0; i < count; i++) {
        struct watch *watch = events[i].data.ptr;

        watch->ready(watch, events[i].events);
    }
}

static void pass(struct house *house, int64_t ns)
{
    house->loop.now += ns;
    acceptors_resume(&house->acceptors);
    acceptors_return(&house->acceptors);
}

static bool is_watched(struct house *house, size_t i)
{
    unsigned before = house->counters[i].calls;
    int client = knock(house, i);

    turn(house);
    close(client);
    return house->counters[i].calls > before;
}

static uint64_t pauses(const struct house *house)
{
    return atomic_load(&house->shared.stats.accept_pauses);
}

static bool has_attention(const struct house *house)
{
    uint64_t count;

    return read(house->acceptors.attention_fd, &count, sizeof(count)) == (ssize_t)sizeof(count);
}

static void fail(struct house *house, size_t i, unsigned times)
{
    for (unsigned n = 0; n < times; n++)
        cr_assert_not(acceptor_fails(acceptor(house, i), EPROTO), "after %u", n + 1);
}

/* An error of accept(2) that means "the next one, please" and never ends kept a thread busy for ever. */
Test(acceptor, pauses_after_64_failing_calls_in_a_row)
{
    struct house house;

    house_open(&house);
    fail(&house, 0, FAILURES - 1);
    cr_assert_not(house.acceptors.paused);
    cr_assert(acceptor_fails(acceptor(&house, 0), EPROTO));
    cr_assert(house.acceptors.paused);
    cr_assert_eq(pauses(&house), 1);
    cr_assert_eq(atomic_load(&house.shared.pause_error), EPROTO);
    cr_assert_not(is_watched(&house, 0));
    cr_assert(is_watched(&house, 1), "the others go on");
    cr_assert(is_watched(&house, 2));
    house_close(&house);
}

Test(acceptor, is_watched_again_after_a_pause)
{
    struct house house;

    house_open(&house);
    fail(&house, 0, FAILURES - 1);
    cr_assert(acceptor_fails(acceptor(&house, 0), EPROTO));
    pass(&house, PAUSE - 1);
    cr_assert_not(is_watched(&house, 0));
    pass(&house, 1);
    cr_assert_not(house.acceptors.paused);
    cr_assert(is_watched(&house, 0));
    fail(&house, 0, FAILURES - 1); /* it counts from the beginning */
    cr_assert(acceptor_fails(acceptor(&house, 0), EPROTO));
    cr_assert_eq(pauses(&house), 2);
    house_close(&house);
}

/* However often the thread looks at it. */
Test(acceptor, does_not_spin_on_calls_that_fail)
{
    struct house house;
    int client;

    house_open(&house);
    house.counters[0].fails = EPROTO;
    client = knock(&house, 0);
    for (int i = 0; i < 1000; i++)
        turn(&house);
    cr_assert_eq(house.counters[0].calls, FAILURES);
    house.counters[0].fails = 0;
    pass(&house, PAUSE);
    turn(&house);
    cr_assert_eq(house.counters[0].calls, FAILURES + 1);
    house_close(&house);
    close(client);
}

/* A security module that forbids accept4(2) with EAGAIN, which says that nobody waits, kept a thread busy for
 * ever: epoll said that somebody does. */
Test(acceptor, does_not_spin_where_somebody_waits_and_nobody_can_be_taken)
{
    struct house house;
    unsigned calls;
    int client;

    house_open(&house);
    client = knock(&house, 0);
    for (int i = 0; i < 1000; i++)
        turn(&house);
    calls = house.counters[0].calls;
    cr_assert_leq(calls, 2 * FAILURES);
    cr_assert_eq(atomic_load(&house.shared.pause_error), EAGAIN);
    cr_assert_eq(pauses(&house), 1);
    cr_assert(is_watched(&house, 1), "the others go on");
    pass(&house, PAUSE);
    house.counters[0].waiting = 1;
    turn(&house);
    cr_assert_eq(house.counters[0].waiting, 0);
    house_close(&house);
    close(client);
}

/* Other threads are faster now and then, however often. */
Test(acceptor, does_not_pause_while_somebody_is_taken)
{
    struct house house;
    int client;

    house_open(&house);
    client = knock(&house, 0);
    for (int i = 0; i < 1000; i++) {
        house.counters[0].waiting = i % FAILURES == 0;
        turn(&house);
    }
    cr_assert_not(house.acceptors.paused);
    cr_assert_eq(house.counters[0].calls, 1000);
    house_close(&house);
    close(client);
}

Test(acceptor, a_pause_is_of_one_transport)
{
    struct house house;

    house_open(&house);
    acceptors_pause(&house.acceptors, &some, 0);
    acceptors_pause(&house.acceptors, &some, 0);
    cr_assert_eq(pauses(&house), 1, "one pause, however often it is asked for");
    cr_assert_not(is_watched(&house, 0));
    cr_assert_not(is_watched(&house, 1));
    cr_assert(is_watched(&house, 2));
    acceptors_try(&house.acceptors);
    cr_assert_eq(house.counters[0].calls, 0);
    house_close(&house);
}

Test(acceptor, stays_paused_while_there_is_no_room)
{
    struct house house;

    house_open(&house);
    acceptors_pause(&house.acceptors, &some, 0);
    house.counters[0].full = true;
    pass(&house, PAUSE);
    cr_assert_not(is_watched(&house, 0));
    cr_assert(is_watched(&house, 1));
    cr_assert(house.acceptors.paused);
    house.counters[0].full = false;
    pass(&house, PAUSE - 1);
    cr_assert_not(is_watched(&house, 0), "it is not looked at in every turn");
    pass(&house, 1);
    cr_assert(is_watched(&house, 0));
    cr_assert_not(house.acceptors.paused);
    cr_assert_eq(pauses(&house), 1);
    house_close(&house);
}

Test(acceptor, room_ends_a_pause_at_once)
{
    struct house house;

    house_open(&house);
    acceptors_have_room(&house.acceptors); /* no pause, nothing to end */
    cr_assert_not(house.acceptors.paused);
    acceptors_pause(&house.acceptors, &some, 0);
    acceptors_have_room(&house.acceptors);
    pass(&house, 0);
    cr_assert(is_watched(&house, 0));
    house_close(&house);
}

Test(acceptor, a_foreign_one_is_left_to_its_thread_for_a_while)
{
    struct house house;

    house_open(&house);
    acceptor_step_back(acceptor(&house, 0));
    pass(&house, AWAY - 1);
    acceptor_step_back(acceptor(&house, 1)); /* comes back with the first */
    acceptor_step_back(acceptor(&house, 0));
    cr_assert_not(is_watched(&house, 0));
    cr_assert_not(is_watched(&house, 1));
    cr_assert(is_watched(&house, 2));
    pass(&house, 1);
    cr_assert(is_watched(&house, 0));
    cr_assert(is_watched(&house, 1));
    cr_assert_not(house.acceptors.away);
    house_close(&house);
}

Test(acceptor, one_that_is_away_is_not_watched_again_while_it_is_paused_or_left)
{
    struct house house;

    house_open(&house);
    for (size_t i = 0; i < ACCEPTORS; i++)
        acceptor_step_back(acceptor(&house, i));
    acceptors_pause(&house.acceptors, &some, 0);
    house.counters[0].full = true;
    acceptors_leave(&house.acceptors, (_Atomic bool[ACCEPTORS]){true, true, false});
    pass(&house, AWAY);
    cr_assert_not(house.acceptors.away);
    cr_assert_not(is_watched(&house, 0));
    cr_assert_not(is_watched(&house, 1));
    cr_assert_not(is_watched(&house, 2));
    pass(&house, PAUSE);
    cr_assert_not(is_watched(&house, 0));
    cr_assert(is_watched(&house, 1));
    cr_assert_not(is_watched(&house, 2));
    house_close(&house);
}

Test(acceptor, one_that_is_away_comes_back_when_there_is_memory_to_watch_it)
{
    struct house house;
    int fd;

    house_open(&house);
    acceptor_step_back(acceptor(&house, 0));
    fd = acceptor(&house, 0)->fd;
    acceptor(&house, 0)->fd = -1;
    pass(&house, AWAY);
    cr_assert(house.acceptors.away);
    acceptor(&house, 0)->fd = fd;
    pass(&house, AWAY);
    cr_assert(is_watched(&house, 0));
    cr_assert_not(house.acceptors.away);
    house_close(&house);
}

/* accept4(2) does not say that a socket was shut down if nobody waits; that it always seems ready does. */
/* On a busy service somebody leaves all the time, and each would have given an acceptor that fails 64 calls
 * more.
 */
Test(acceptor, room_does_not_end_a_pause_that_is_for_something_else)
{
    struct house house;

    house_open(&house);
    fail(&house, 0, FAILURES - 1);
    cr_assert(acceptor_fails(acceptor(&house, 0), EPROTO));
    acceptors_have_room(&house.acceptors);
    acceptors_resume(&house.acceptors);
    cr_assert(house.acceptors.paused);
    cr_assert_not(is_watched(&house, 0));
    house_close(&house);
}

Test(acceptor, a_socket_that_was_shut_down_is_reported_and_tried_again)
{
    struct house house;

    house_open(&house);
    cr_assert_eq(shutdown(house.sockets[0].fd, SHUT_RDWR), 0);
    for (int i = 0; i < 63; i++)
        turn(&house);
    cr_assert_not(has_attention(&house));
    turn(&house);
    cr_assert(has_attention(&house));
    turn(&house);
    cr_assert_eq(house.counters[0].calls, 64, "it is not watched meanwhile");
    acceptors_try(&house.acceptors); /* the master listens again */
    cr_assert_eq(house.counters[0].calls, 65);
    cr_assert_not(acceptor(&house, 0)->shut);
    turn(&house);
    cr_assert_eq(house.counters[0].calls, 66);
    house_close(&house);
}

Test(acceptor, wake_ups_in_vain_are_forgotten_when_somebody_comes)
{
    struct house house;

    house_open(&house);
    cr_assert_eq(shutdown(house.sockets[0].fd, SHUT_RDWR), 0);
    for (int i = 0; i < 200; i++) {
        house.counters[0].waiting = i % 50 == 0;
        turn(&house);
    }
    cr_assert_not(has_attention(&house));
    house_close(&house);
}

Test(acceptor, a_sweep_takes_everybody_up_to_a_full_queue)
{
    struct house house;

    house_open(&house);
    house.counters[0].waiting = 5;
    cr_assert(acceptors_sweep(&house.acceptors));
    cr_assert_eq(house.counters[0].calls, 6);
    house.counters[0].waiting = 100;
    cr_assert_not(acceptors_sweep(&house.acceptors));
    cr_assert_eq(house.counters[0].calls, 6 + 8);
    house_close(&house);
}

Test(acceptor, a_sweep_does_not_call_a_paused_acceptor_empty)
{
    struct house house;

    house_open(&house);
    acceptors_pause(&house.acceptors, &some, 0);
    cr_assert_not(acceptors_sweep(&house.acceptors));
    cr_assert_eq(house.counters[0].calls, 0);
    house_close(&house);
}

Test(acceptor, is_left_to_others_for_good)
{
    _Atomic bool spared[ACCEPTORS] = {false, true, false};
    struct house house;

    house_open(&house);
    acceptors_pause(&house.acceptors, &some, 0);
    acceptors_leave(&house.acceptors, spared);
    house.counters[0].waiting = 5;
    pass(&house, PAUSE);
    cr_assert_not(house.acceptors.paused);
    cr_assert_not(is_watched(&house, 0));
    cr_assert(is_watched(&house, 1));
    cr_assert_not(is_watched(&house, 2));
    acceptors_try(&house.acceptors);
    cr_assert(acceptors_sweep(&house.acceptors));
    cr_assert_eq(house.counters[0].calls, 0);
    acceptors_leave(&house.acceptors, NULL);
    cr_assert_not(is_watched(&house, 1));
    house_close(&house);
}

Test(acceptor, knows_whether_a_tcp_socket_is_left)
{
    _Atomic bool spared[ACCEPTORS] = {true, false, false};
    struct house house;
    struct conf_listener tcp = {.transport = TRANSPORT_TCP};

    house_open(&house);
    cr_assert_not(acceptors_have_tcp(&house.acceptors));
    acceptor(&house, 0)->conf = &tcp;
    acceptors_leave(&house.acceptors, spared);
    cr_assert(acceptors_have_tcp(&house.acceptors));
    acceptors_leave(&house.acceptors, NULL);
    cr_assert_not(acceptors_have_tcp(&house.acceptors));
    house_close(&house);
}
