/* SPDX-License-Identifier: MIT */
/* The floor of the benchmark: the fewest system calls that greet, with nothing around them, in PROCESSES
 * processes.
 *
 * tcp: greeting and end of file in one segment, wait for the client's end of file, close. The wait is mostly
 * no wait: a client is looked at once, a moment after its greeting, and most have ended by then. The moment
 * follows what the looks find, unless MICROSECONDS says how long it is. With a delay of 0 a client is looked
 * at at the end of the turn, and then waits in epoll. tcp-close: greeting and end of file in one segment,
 * close at once. udp: recvmmsg, sendmmsg, answers from the address that was asked, none to ports of greeters.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define GREETING "Thank you for connecting\r\n"
#define EVENTS   64
#define ACCEPTS  16
#define BATCH    32

#define NS_PER_S    1000000000LL
#define DELAY_LEAST (2 * 1000 * 1000)
#define DELAY_MOST  (64 * 1000 * 1000)
#define RING_EVERY  (2 * 1000 * 1000)
#define WINDOW      64   /* looks after which the delay is thought over */
#define STAYED_MOST 8    /* of these; more came too soon */
#define LATER_MAX   8192 /* a power of two */
#define SLOW_EVENTS 1024

/* Clients that were greeted, first in, first out; one alarm for all of them. Who has not ended when it is
 * looked at goes to slow, an epoll that is never waited for but read whenever the alarm rings. */
struct later {
    struct {
        int fd;
        int64_t due;
    } list[LATER_MAX];
    unsigned head, tail, slow_count, looked, stayed;
    int64_t delay, counted_from; /* who is due earlier waited for another delay */
    bool adapts;
    int slow, alarm;
    bool armed;
};

/* Descriptors in a row, which are closed with one call. */
struct row {
    int first, last;
};

static void die(const char *what)
{
    perror(what);
    exit(EX_OSERR);
}

static int open_socket(int type, const struct sockaddr_in *address, bool share)
{
    int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

    if (fd < 0 || (type == SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0) ||
        (share && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0) ||
        bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
        die("bind");
    if (type == SOCK_STREAM && listen(fd, 4096) < 0)
        die("listen");
    return fd;
}

static int watch(int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        die("epoll");
    return epoll;
}

/* Returns whether the client is done: its end of file, or an error. */
static bool is_done(int fd)
{
    char buffer[16384] __attribute__((uninitialized)); /* to zero it costs more than the call */
    ssize_t n;

    while ((n = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT | MSG_TRUNC)) > 0)
        ;
    return n == 0 || errno != EAGAIN;
}

/* Greets who waits, ACCEPTS at most. Returns how many are to be lingered for. */
static int accept_all(int listener, bool linger, int *fresh)
{
    int count = 0;

    for (int i = 0; i < ACCEPTS; i++) {
        struct sockaddr_storage peer;
        socklen_t length = sizeof(peer);
        int fd = accept4(listener, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0)
            return count;
        send(fd, GREETING, sizeof(GREETING) - 1, MSG_MORE | MSG_NOSIGNAL);
        if (linger) {
            shutdown(fd, SHUT_WR);
            fresh[count++] = fd;
        } else {
            close(fd);
        }
    }
    return count;
}

/* Those who are done by the end of the turn need not go through epoll. */
static void settle(int epoll, const int *fresh, int count)
{
    for (int i = 0; i < count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fresh[i]};

        if (is_done(fresh[i]) || epoll_ctl(epoll, EPOLL_CTL_ADD, fresh[i], &event) < 0)
            close(fresh[i]);
    }
}

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * NS_PER_S + time.tv_nsec;
}

static void arm(struct later *later)
{
    struct itimerspec delay = {.it_value.tv_nsec = RING_EVERY};

    if (timerfd_settime(later->alarm, 0, &delay, NULL) < 0)
        die("timerfd");
    later->armed = true;
}

static void adapt(struct later *later, bool stayed, int64_t time)
{
    int64_t before = later->delay;

    later->stayed += stayed;
    if (++later->looked < WINDOW)
        return;
    if (later->stayed > STAYED_MOST && before + before / 2 <= DELAY_MOST)
        later->delay += before / 2;
    else if (later->stayed == 0 && before - before / 8 >= DELAY_LEAST)
        later->delay -= before / 8;
    later->counted_from = time + (later->delay > before ? later->delay : before);
    later->looked = later->stayed = 0;
}

static void close_row(struct row *row)
{
    if (row->last)
        close_range((unsigned)row->first, (unsigned)row->last, 0);
    row->first = row->last = 0;
}

static void close_together(struct row *row, int fd)
{
    if (row->last && fd == row->last + 1) {
        row->last = fd;
    } else {
        close_row(row);
        row->first = row->last = fd;
    }
}

static void look_at_oldest(struct later *later, struct row *row, int64_t time)
{
    unsigned oldest = later->tail++ % LATER_MAX;
    int fd = later->list[oldest].fd;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    bool done = is_done(fd);

    if (later->adapts && later->list[oldest].due <= time && later->list[oldest].due >= later->counted_from)
        adapt(later, !done, time);
    if (done || epoll_ctl(later->slow, EPOLL_CTL_ADD, fd, &event) < 0)
        close_together(row, fd);
    else
        later->slow_count++;
}

static void put_off(struct later *later, const int *fresh, int count)
{
    int64_t time = count ? now() : 0;
    struct row row = {0};

    for (int i = 0; i < count; i++) {
        if (later->head - later->tail == LATER_MAX)
            look_at_oldest(later, &row, time);
        later->list[later->head % LATER_MAX].fd = fresh[i];
        later->list[later->head++ % LATER_MAX].due = time + later->delay;
    }
    close_row(&row);
    if (count && !later->armed)
        arm(later);
}

static void ring(struct later *later)
{
    struct epoll_event events[SLOW_EVENTS];
    struct row row = {0};
    int64_t time = now();
    int count = later->slow_count ? epoll_wait(later->slow, events, SLOW_EVENTS, 0) : 0;

    for (int i = 0; i < count; i++)
        if (is_done(events[i].data.fd)) {
            close(events[i].data.fd);
            later->slow_count--;
        }
    while (later->tail != later->head && later->list[later->tail % LATER_MAX].due <= time)
        look_at_oldest(later, &row, time);
    close_row(&row);
    later->armed = false;
    if (later->slow_count || later->tail != later->head)
        arm(later);
}

static void open_later(struct later *later, int epoll, int64_t delay)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET}; /* so that the alarm need not be read */

    later->adapts = delay < 0;
    later->delay = delay < 0 ? DELAY_LEAST : delay;
    later->slow = epoll_create1(EPOLL_CLOEXEC);
    later->alarm = event.data.fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (later->slow < 0 || later->alarm < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, later->alarm, &event) < 0)
        die("timerfd");
}

static void serve_tcp(int listener, bool linger, int64_t delay)
{
    static struct later later;
    struct epoll_event events[EVENTS];
    int epoll = watch(listener, EPOLLIN | EPOLLEXCLUSIVE), fresh[ACCEPTS];

    open_later(&later, epoll, delay);
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1), greeted = 0;

        for (int i = 0; i < count; i++)
            if (events[i].data.fd == listener)
                greeted = accept_all(listener, linger, fresh);
            else if (events[i].data.fd == later.alarm)
                ring(&later);
            else if (is_done(events[i].data.fd))
                close(events[i].data.fd);
        if (delay)
            put_off(&later, fresh, greeted);
        else
            settle(epoll, fresh, greeted);
    }
}

struct batch {
    struct mmsghdr in[BATCH], out[BATCH];
    struct iovec iov;
    struct sockaddr_in from[BATCH];
    _Alignas(struct cmsghdr) char control[BATCH][CMSG_SPACE(sizeof(struct in_pktinfo))];
};

static unsigned prepare(struct batch *batch, unsigned received, in_port_t own)
{
    unsigned count = 0;

    for (unsigned i = 0; i < received; i++) {
        struct cmsghdr *c = CMSG_FIRSTHDR(&batch->in[i].msg_hdr);
        struct in_pktinfo *info = c ? (struct in_pktinfo *)(void *)CMSG_DATA(c) : NULL;

        if (!info || ntohs(batch->from[i].sin_port) < 1024 || batch->from[i].sin_port == own)
            continue;
        info->ipi_ifindex = 0;
        batch->out[count++].msg_hdr = (struct msghdr){.msg_name = &batch->from[i],
                                                      .msg_namelen = sizeof(batch->from[i]),
                                                      .msg_iov = &batch->iov,
                                                      .msg_iovlen = 1,
                                                      .msg_control = batch->control[i],
                                                      .msg_controllen = sizeof(batch->control[i])};
    }
    return count;
}

static void serve_udp(int fd, in_port_t own)
{
    static struct batch batch;
    struct epoll_event events[EVENTS];
    int epoll = watch(fd, EPOLLIN), on = 1;

    if (setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) < 0)
        die("IP_PKTINFO");
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){1024 * 1024}, sizeof(int)); /* as much as the kernel gives */
    batch.iov = (struct iovec){(void *)(uintptr_t)GREETING, sizeof(GREETING) - 1};
    for (;;) {
        int received;

        epoll_wait(epoll, events, EVENTS, -1);
        do {
            for (int i = 0; i < BATCH; i++)
                batch.in[i].msg_hdr = (struct msghdr){.msg_name = &batch.from[i],
                                                      .msg_namelen = sizeof(batch.from[i]),
                                                      .msg_control = batch.control[i],
                                                      .msg_controllen = sizeof(batch.control[i])};
            received = recvmmsg(fd, batch.in, BATCH, MSG_DONTWAIT | MSG_TRUNC, NULL);
            if (received > 0)
                sendmmsg(fd, batch.out, prepare(&batch, (unsigned)received, own),
                         MSG_DONTWAIT | MSG_NOSIGNAL);
        } while (received == BATCH);
    }
}

static void serve(const char *mode, int fd, in_port_t own, int64_t delay, pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        _exit(EX_OSERR);
    /* As sockgreetd does: who wakes up does not push the client aside that woke it (sched(7)). */
    sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){.sched_priority = 0});
    if (strcmp(mode, "udp") == 0)
        serve_udp(fd, own);
    serve_tcp(fd, strcmp(mode, "tcp") == 0, delay);
}

static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int processes = argc == 5 || argc == 6 ? atoi(argv[4]) : 0, fd = -1;
    bool udp = processes > 0 && strcmp(argv[1], "udp") == 0;
    int64_t delay = argc == 6 ? 1000LL * atoi(argv[5]) : -1;
    pid_t parent = getpid();

    if (processes < 1 || inet_pton(AF_INET, argv[2], &address.sin_addr) != 1) {
        fprintf(stderr, "usage: bare tcp|tcp-close|udp ADDRESS PORT PROCESSES [MICROSECONDS]\n"
                        "MICROSECONDS: after which a greeted client is looked at; 0: at once, and by epoll;\n"
                        "without: as the clients are\n");
        return EX_USAGE;
    }
    raise_descriptor_limit();
    address.sin_port = htons((uint16_t)atoi(argv[3]));
    if (!udp)
        fd = open_socket(SOCK_STREAM, &address, false);
    for (int i = 0; i < processes; i++) {
        if (udp)
            fd = open_socket(SOCK_DGRAM, &address, true);
        if (fork() == 0)
            serve(argv[1], fd, address.sin_port, delay, parent);
    }
    while (wait(NULL) > 0)
        ;
    return 0;
}
