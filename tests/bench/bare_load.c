/* SPDX-License-Identifier: MIT */
/* A bare closed loop of TCP clients in one thread, which measures and compares nothing: what sockgreet --load
 * is held against. Prints how many were answered a second. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define EVENTS  256
#define SOURCES 64

struct load {
    struct sockaddr_in server;
    int epoll;
    unsigned turn, active;
    unsigned long answered, failed;
};

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void fail(const char *what)
{
    perror(what);
    exit(EX_OSERR);
}

/* From other addresses in turn, as the load that it is compared with. */
static void start(struct load *load)
{
    struct sockaddr_in source = {.sin_family = AF_INET};
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};

    source.sin_addr.s_addr = htonl(0x7f010001u + (load->turn++ % SOURCES << 8));
    event.data.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (event.data.fd < 0 ||
        setsockopt(event.data.fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &(int){1}, sizeof(int)) < 0 ||
        bind(event.data.fd, (struct sockaddr *)&source, sizeof(source)) < 0)
        fail("socket");
    if (connect(event.data.fd, (struct sockaddr *)&load->server, sizeof(load->server)) < 0 &&
        errno != EINPROGRESS)
        fail("connect");
    if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, event.data.fd, &event) < 0)
        fail("epoll");
    load->active++;
}

/* Reads to the end of file. Returns whether it was reached, or never will be. */
static int has_ended(struct load *load, int fd)
{
    char buffer[65536];
    ssize_t n;

    while ((n = recv(fd, buffer, sizeof(buffer), 0)) > 0)
        continue;
    if (n < 0 && errno == EAGAIN)
        return 0;
    load->answered += n == 0;
    load->failed += n < 0;
    return 1;
}

static void turn(struct load *load, double end)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(load->epoll, events, EVENTS, 1000);

    for (int i = 0; i < count; i++) {
        if (!has_ended(load, events[i].data.fd))
            continue;
        close(events[i].data.fd);
        load->active--;
        if (now() < end)
            start(load);
    }
}

int main(int argc, char **argv)
{
    struct load load = {.server = {.sin_family = AF_INET}, .epoll = epoll_create1(EPOLL_CLOEXEC)};
    double began = now(), end;

    if (argc != 5 || inet_pton(AF_INET, argv[1], &load.server.sin_addr) != 1) {
        fputs("usage: bare_load ADDRESS PORT CLIENTS SECONDS\n", stderr);
        return EX_USAGE;
    }
    load.server.sin_port = htons((in_port_t)atoi(argv[2]));
    end = began + atof(argv[4]);
    for (int i = 0; i < atoi(argv[3]); i++)
        start(&load);
    while (load.active && now() < end + 5)
        turn(&load, end);
    printf("%.1f\n", (double)load.answered / (now() - began));
    return load.failed || load.active ? EXIT_FAILURE : EXIT_SUCCESS;
}
