/* SPDX-License-Identifier: MIT */
/* Greeting threads without master and worker around them; under ThreadSanitizer this is where a race in the
 * drain shows. */
#include "base/util.h"
#include "conf/conf_build.h"
#include "conf/conf_report.h"
#include "net/binding.h"
#include "serve/thread.h"
#include "shm/shared.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#define THREADS  2
#define CLIENTS  100
#define GREETING "Thank you for connecting\r\n"

struct served {
    const struct conf *conf;
    struct registry registry;
    struct sockets sockets;
    int attention_fd, closed_fd;
    _Atomic unsigned open;
    struct shared_service *shared_service;
    struct shared shared;
    struct thread *serving[THREADS];
    pthread_t threads[THREADS];
    _Atomic int order;
    int order_fd, announce_fd, log_wake_fd;
    struct sockaddr_in address;
};

static unsigned free_port(void)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(in);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    cr_assert_eq(bind(fd, (const struct sockaddr *)&in, sizeof(in)), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&in, &length), 0);
    close(fd);
    return ntohs(in.sin_port);
}

static void configure(struct served *service)
{
    static struct arena arena;
    unsigned port = free_port();
    char endpoint[64];
    char *endpoints[] = {endpoint};
    struct conf_source source = {.path = "/nonexistent", .endpoints = endpoints, .endpoint_count = 1};
    struct conf_report report = {.file = "test"};

    snprintf(endpoint, sizeof(endpoint), "tcp://127.0.0.1:%u", port);
    cr_assert_eq(arena_open(&arena, 1024 * 1024), 0);
    service->conf = conf_build(&arena, &source, &report);
    cr_assert_not_null(service->conf);
    service->address = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void *run(void *serve)
{
    thread_run(serve);
    return NULL;
}

static void start(struct served *service)
{
    struct message reason = {0};

    memset(service, 0, sizeof(*service));
    configure(service);
    service->order_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    service->announce_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    service->attention_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    service->closed_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    service->open = THREADS;
    service->log_wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    service->shared_service = shared_service_open();
    cr_assert_not_null(service->shared_service);
    cr_assert_eq(
        shared_open(&service->shared, service->shared_service,
                    &(struct shared_room){.workers = 1, .threads = THREADS, .listeners = 2, .sockets = 1}),
        0);
    cr_assert_eq(binding_open(&service->sockets, &service->registry, service->conf, &reason), 0, "%s",
                 reason.text);
    cr_assert_eq(binding_listen(&service->sockets, service->conf, &reason), 0);
    for (unsigned i = 0; i < THREADS; i++) {
        struct thread_settings settings = {.conf = service->conf,
                                           .sockets = &service->sockets,
                                           .attention_fd = service->attention_fd,
                                           .closed_fd = service->closed_fd,
                                           .open = &service->open,
                                           .shared = &service->shared,
                                           .thread = i,
                                           .connections = CLIENTS,
                                           .log_wake_fd = service->log_wake_fd,
                                           .announce_fd = service->announce_fd,
                                           .order_fd = service->order_fd,
                                           .order = &service->order};

        service->serving[i] = thread_new(&settings);
        cr_assert_not_null(service->serving[i]);
        cr_assert_eq(pthread_create(&service->threads[i], NULL, run, service->serving[i]), 0);
    }
}

static void give_order(struct served *service, enum order order)
{
    atomic_store(&service->order, order);
    cr_assert_eq(write(service->order_fd, &(uint64_t){1}, sizeof(uint64_t)), (ssize_t)sizeof(uint64_t));
}

static struct totals finish(struct served *service)
{
    struct totals totals = {0};

    for (unsigned i = 0; i < THREADS; i++) {
        cr_assert_eq(pthread_join(service->threads[i], NULL), 0);
        thread_free(service->serving[i]);
    }
    shared_sum(&service->shared, &totals);
    sockets_close(&service->sockets, false);
    shared_close(&service->shared);
    shared_service_close(service->shared_service);
    conf_free(service->conf);
    close(service->order_fd);
    close(service->announce_fd);
    close(service->log_wake_fd);
    close(service->attention_fd);
    close(service->closed_fd);
    return totals;
}

static int connect_client(const struct served *service)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    cr_assert_eq(connect(fd, (const struct sockaddr *)&service->address, sizeof(service->address)), 0);
    return fd;
}

/* Reads to the end of file within five seconds; false on anything but the whole greeting. */
static bool is_greeted(int fd)
{
    char text[64];
    size_t length = 0;

    for (;;) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        ssize_t n;

        if (poll(&ready, 1, 5000) != 1)
            return false;
        n = read(fd, text + length, sizeof(text) - length);
        if (n <= 0)
            return n == 0 && length == strlen(GREETING) && memcmp(text, GREETING, length) == 0;
        length += (size_t)n;
    }
}

Test(thread, a_drain_ends_idle_threads)
{
    struct served service;
    struct totals totals;

    start(&service);
    give_order(&service, ORDER_DRAIN);
    totals = finish(&service);
    cr_assert_eq(totals.clients.taken, 0);
}

Test(thread, an_order_given_before_the_threads_run_is_not_missed)
{
    struct served service;

    for (int i = 0; i < 20; i++) {
        start(&service);
        give_order(&service, i % 2 ? ORDER_DRAIN : ORDER_QUIT);
        finish(&service);
    }
}

Test(thread, everybody_connected_is_greeted_before_a_drain_ends)
{
    struct served service;
    struct totals totals;
    int clients[CLIENTS];

    start(&service);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = connect_client(&service);
    give_order(&service, ORDER_DRAIN);
    for (int i = 0; i < CLIENTS; i++) {
        cr_assert(is_greeted(clients[i]), "client %d", i);
        close(clients[i]);
    }
    totals = finish(&service);
    cr_assert_eq(totals.clients.taken, CLIENTS);
    cr_assert_eq(totals_served(&totals), CLIENTS);
}

static void *ask_in_a_row(void *argument)
{
    const struct served *service = argument;
    uintptr_t greeted = 0;

    for (int i = 0; i < CLIENTS; i++) {
        int fd = connect_client(service);

        greeted += is_greeted(fd);
        close(fd);
    }
    return (void *)greeted;
}

Test(thread, serves_many_clients_of_several_threads)
{
    struct served service;
    struct totals totals;
    pthread_t askers[4];

    start(&service);
    for (size_t i = 0; i < ARRAY_SIZE(askers); i++)
        cr_assert_eq(pthread_create(&askers[i], NULL, ask_in_a_row, &service), 0);
    for (size_t i = 0; i < ARRAY_SIZE(askers); i++) {
        void *greeted;

        cr_assert_eq(pthread_join(askers[i], &greeted), 0);
        cr_assert_eq((uintptr_t)greeted, CLIENTS);
    }
    give_order(&service, ORDER_DRAIN);
    totals = finish(&service);
    cr_assert_eq(totals_served(&totals), ARRAY_SIZE(askers) * CLIENTS);
    cr_assert_eq(totals.clients.results[RESULT_SENT], ARRAY_SIZE(askers) * CLIENTS);
}

Test(thread, quitting_does_not_wait_for_a_client_that_lingers)
{
    struct served service;
    int64_t begin;
    int fd;

    start(&service);
    fd = connect_client(&service);
    cr_assert(is_greeted(fd)); /* and stays */
    begin = monotonic_ns();
    give_order(&service, ORDER_QUIT);
    finish(&service);
    cr_assert_lt(monotonic_ns() - begin, NS_PER_S);
    close(fd);
}

Test(thread, a_drain_ends_when_the_master_says_however_long_it_may_take)
{
    struct served service;
    int64_t begin;
    int fd;

    start(&service);
    fd = connect_client(&service);
    cr_assert(is_greeted(fd)); /* and stays */
    begin = monotonic_ns();
    atomic_store(service.shared.drain_end, begin);
    give_order(&service, ORDER_DRAIN);
    finish(&service);
    cr_assert_lt(monotonic_ns() - begin, NS_PER_S);
    close(fd);
}
