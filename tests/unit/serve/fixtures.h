/* SPDX-License-Identifier: MIT */
/* fixtures: the stream clients of one thread, without the thread: the clock stands still unless a test moves
 * it. */
#ifndef SOCKGREET_TEST_FIXTURES_H
#define SOCKGREET_TEST_FIXTURES_H

#include "base/util.h"
#include "guard/guard.h"
#include "serve/stream.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#define FIXTURE_EVENTS 64
#define FIXTURE_STEP   (10 * NS_PER_MS)

struct fixture {
    /* Set by fixture_prepare(); a test may change them before fixture_open(). */
    unsigned room;
    struct conf conf;
    struct conf_listener listener;
    struct plan plan;
    struct limits limits;

    struct loop loop;
    struct acceptors acceptors;
    struct acceptor *acceptor;
    struct account account;
    struct render render;
    struct notice notice;
    struct guard guard;
    _Alignas(CACHE_LINE) _Atomic uint64_t sources[64];
    struct stream stream;
    struct shared_thread shared;
    struct stats_listener clients;
    _Atomic bool counted;
    struct socket socket;
    struct sockets_member member;
    _Atomic uint32_t logger_asleep;
};

static inline size_t fixture_answer(const struct plan *plan, const struct occasion *occasion, char *out)
{
    (void)occasion;
    memcpy(out, plan->bytes, plan->longest);
    return plan->longest;
}

static const struct service fixture_writer = {.name = "writer", .answer = fixture_answer};

/* Speaks when a '.' has come; "tls" is of another protocol, and 'x' is a mistake. */
static inline void fixture_hear(const char *bytes, size_t length, enum request_input input,
                                struct service_request *request)
{
    bool is_whole = memchr(bytes, '.', length) != NULL;

    *request = (struct service_request){.kind = length >= 3 && memcmp(bytes, "tls", 3) == 0 ? REQUEST_TLS
                                                : memchr(bytes, 'x', length)                ? REQUEST_BAD
                                                : is_whole                                  ? REQUEST_GOOD
                                                : input == REQUEST_OPEN                     ? REQUEST_PART
                                                : length > 0                                ? REQUEST_BAD
                                                                                            : REQUEST_NONE};
}

static const struct service fixture_listener = {
    .name = "listener", .read = fixture_hear, .answer = fixture_answer};

static inline void fixture_prepare(struct fixture *f)
{
    memset(f, 0, sizeof(*f));
    f->room = 8;
    f->plan = (struct plan){.service = &fixture_writer, .bytes = "hello\n", .length = 6, .is_constant = true};
    f->listener = (struct conf_listener){.name = "x", .transport = TRANSPORT_UNIX, .linger_ns = 2 * NS_PER_S};
    f->conf = (struct conf){.linger_total_ns = 5 * NS_PER_S,
                            .send_ns = 5 * NS_PER_S,
                            .send_total_ns = 10 * NS_PER_S,
                            .request_ns = 5 * NS_PER_S,
                            .listener_count = 1};
}

/* What clients get: the same bytes for all of them, or written for each. */
static inline void fixture_greet_with(struct fixture *f, const char *bytes, size_t length, bool is_constant)
{
    f->plan = (struct plan){.service = &fixture_writer,
                            .bytes = bytes,
                            .length = length,
                            .is_constant = is_constant,
                            .longest = length};
}

/* Clients have to ask for it. */
static inline void fixture_wait_for_requests(struct fixture *f)
{
    fixture_greet_with(f, "hello\n", 6, false);
    f->plan.service = &fixture_listener;
}

static inline void fixture_fill_address(struct address *address, enum transport transport)
{
    if (transport == TRANSPORT_TCP) {
        address->in = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        address->length = sizeof(address->in);
    } else { /* the kernel chooses a name (unix(7), autobind) */
        address->un.sun_family = AF_UNIX;
        address->length = sizeof(sa_family_t);
    }
}

static inline int fixture_listen(struct address *address, enum transport transport)
{
    int fd;

    fixture_fill_address(address, transport);
    fd = socket(address->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    cr_assert_eq(bind(fd, &address->sa, address->length), 0);
    address->length = sizeof(address->un);
    cr_assert_eq(getsockname(fd, &address->sa, &address->length), 0);
    cr_assert_eq(listen(fd, 128), 0);
    return fd;
}

static inline void fixture_open(struct fixture *f)
{
    f->listener.plan = &f->plan;
    f->conf.listeners = &f->listener;
    f->socket.fd = fixture_listen(&f->socket.address, f->listener.transport);
    f->member = (struct sockets_member){.socket = &f->socket, .conf = &f->listener};
    f->account.stats = &f->shared.stats;
    f->account.listeners = &f->clients;
    f->account.counted = &f->counted;
    f->guard = (struct guard){.rates = {.words = f->sources, .count = ARRAY_SIZE(f->sources)},
                              .conf = &f->conf,
                              .limits = &f->limits,
                              .stats = &f->shared.stats};
    cr_assert_eq(loop_open(&f->loop), 0);
    f->acceptors = (struct acceptors){.loop = &f->loop,
                                      .shared = &f->shared,
                                      .guard = &f->guard,
                                      .attention_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
                                      .logger_asleep = &f->logger_asleep,
                                      .log_wake_fd = -1};
    f->stream = (struct stream){.loop = &f->loop,
                                .acceptors = &f->acceptors,
                                .account = &f->account,
                                .render = &f->render,
                                .conf = &f->conf,
                                .deferred.epoll = -1};
    cr_assert_eq(
        render_open(&f->render, &f->conf, &(struct speaker){0}, &(struct shared){.notice = &f->notice}), 0);
    cr_assert_eq(stream_open(&f->stream, f->room), 0);
    cr_assert_eq(acceptors_open(&f->acceptors, 1), 0);
    f->acceptor = acceptors_add(&f->acceptors, &f->member, 0, &stream_ops, &f->stream);
    f->acceptor->stages = stages_of(&f->stream.stages, 0);
    f->acceptor->clients = account_listener(&f->account, 0);
    cr_assert(acceptor_watch(f->acceptor));
    f->loop.now = 1000 * NS_PER_S;
}

static inline uint64_t fixture_result(const struct fixture *f, enum result result)
{
    return atomic_load(&f->clients.results[result]);
}

static inline uint64_t fixture_served(const struct fixture *f)
{
    struct tally tally = {0};

    stats_sum_listener(&tally, &f->clients);
    return tally_served(&tally);
}

/* Ends everything; every client must have been counted once, and nothing be left. */
static inline void fixture_close(struct fixture *f)
{
    stream_finish(&f->stream);
    cr_assert_eq(f->stream.pool.active, 0);
    cr_assert_eq(f->stream.deferred.count, 0);
    cr_assert_eq(f->stream.copies.copied, 0);
    cr_assert_eq(fixture_served(f), atomic_load(&f->clients.taken));
    stream_close(&f->stream);
    acceptors_close(&f->acceptors);
    render_close(&f->render);
    loop_close(&f->loop);
    close(f->socket.fd);
    close(f->acceptors.attention_fd);
}

/* What loop_turn() does, but for the clock. Returns how many were ready. */
static inline int fixture_turn(struct fixture *f)
{
    struct epoll_event events[FIXTURE_EVENTS];
    int count = epoll_wait(f->loop.epoll, events, FIXTURE_EVENTS, 0);

    for (int i = 0; i < count; i++) {
        struct watch *watch = events[i].data.ptr;

        watch->ready(watch, events[i].events);
    }
    return count;
}

static inline void fixture_step(struct fixture *f, int64_t ns)
{
    f->loop.now += ns;
    fixture_turn(f);
    stream_due(&f->stream);
    acceptors_resume(&f->acceptors);
    fixture_turn(f);
}

/* The time passes in small steps, and what is due and ready after each is done. */
static inline void fixture_pass(struct fixture *f, int64_t ns)
{
    for (; ns > FIXTURE_STEP; ns -= FIXTURE_STEP)
        fixture_step(f, FIXTURE_STEP);
    fixture_step(f, ns);
}

static inline int fixture_connect(const struct fixture *f)
{
    const struct address *address = &f->socket.address;
    int fd = socket(address->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    cr_assert_eq(connect(fd, &address->sa, address->length), 0);
    cr_assert_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

/* Reads away whatever has come, most bytes at most, none of them for somebody else ('y'). Returns how many.
 */
static inline size_t fixture_read(int fd, size_t most)
{
    static char buffer[1024 * 1024];
    size_t length = 0;

    while (length < most) {
        size_t room = most - length < sizeof(buffer) ? most - length : sizeof(buffer);
        ssize_t n = recv(fd, buffer, room, 0);

        if (n <= 0)
            break;
        cr_assert_null(memchr(buffer, 'y', (size_t)n));
        length += (size_t)n;
    }
    return length;
}

static inline void fixture_say(int fd)
{
    cr_assert_eq(send(fd, "x", 1, MSG_NOSIGNAL), 1);
}

/* Whether the server has closed a Unix client's connection, and not only its own side of it. */
static inline bool fixture_is_gone(int fd)
{
    return send(fd, "", 0, MSG_NOSIGNAL) < 0 || send(fd, "x", 1, MSG_NOSIGNAL) < 0;
}

/* A client that has its greeting and stays; it was looked at once. */
static inline int fixture_lingering(struct fixture *f)
{
    int fd = fixture_connect(f);

    fixture_turn(f);
    cr_assert_eq(fixture_read(fd, f->plan.length), f->plan.length);
    fixture_pass(f, 3 * NS_PER_MS);
    return fd;
}

#endif
