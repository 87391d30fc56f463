/* SPDX-License-Identifier: MIT */
/* The benchmark's load generator: schedule and threads. */
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define LATE_NS (1000 * 1000)

int64_t load_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

in_addr_t load_source(unsigned number)
{
    return htonl(0x7f010001u + (number << 8));
}

bool load_goes_on(const struct load_thread *thread)
{
    int64_t next = thread->gap ? thread->next : thread->now;

    return thread->started < thread->requests && next < thread->stop && thread->now < thread->stop + NS_PER_S;
}

bool load_may_start(struct load_thread *thread, int64_t *due)
{
    int64_t now = load_now();

    thread->now = now;
    if (!load_goes_on(thread) || (thread->gap && thread->next > now))
        return false;
    *due = thread->gap ? thread->next : now;
    thread->late += now - *due > LATE_NS;
    thread->next += thread->gap;
    thread->started++;
    return true;
}

int load_wait(struct load_thread *thread, struct epoll_event *events, int room, bool idle_client)
{
    int64_t wait = CHECK_NS;
    struct timespec timeout;
    int count;

    if (idle_client && load_goes_on(thread)) {
        wait = thread->gap ? thread->next - load_now() : 0;
        wait = wait < 0 ? 0 : wait > CHECK_NS ? CHECK_NS : wait;
    }
    timeout = (struct timespec){.tv_sec = 0, .tv_nsec = wait};
    count = epoll_pwait2(thread->epoll, events, room, &timeout, NULL);
    thread->now = load_now();
    return count < 0 ? 0 : count;
}

void load_answered(struct load_thread *thread, int64_t due)
{
    int64_t now = load_now();

    thread->answered++;
    thread->finished = now;
    histogram_add(&thread->latency, now > due ? (uint64_t)(now - due) : 0);
}

void load_failed(struct load_thread *thread, enum failure failure)
{
    thread->failures[failure]++;
}

/* Time on a processor, and time spent runnable without one (proc(5)). */
static void read_schedstat(struct load_thread *thread)
{
    char text[128];
    int fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
    sscanf(text, "%" SCNu64 " %" SCNu64, &thread->cpu_ns, &thread->queued_ns);
}

/* Returns false if the thread may not run where it was told to. */
static bool pin(const struct load_thread *thread)
{
    const struct load_options *options = thread->options;
    cpu_set_t set;

    if (options->core_count == 0)
        return true;
    CPU_ZERO(&set);
    CPU_SET(options->cores[thread->index % options->core_count], &set);
    return sched_setaffinity(0, sizeof(set), &set) == 0;
}

static void *run_thread(void *argument)
{
    struct load_thread *thread = argument;
    bool stream = thread->options->target.type == SOCK_STREAM;

    thread->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (thread->epoll < 0 || !pin(thread) || !(stream ? load_stream(thread) : load_dgram(thread))) {
        perror("load");
        exit(EX_OSERR);
    }
    close(thread->epoll);
    read_schedstat(thread);
    return NULL;
}

static void share_out(const struct load_options *options, struct load_thread *thread, int64_t start)
{
    unsigned n = options->threads, i = thread->index;

    thread->options = options;
    thread->clients = options->clients / n + (i < options->clients % n);
    thread->requests = options->requests ? options->requests / n + (i < options->requests % n) : UINT64_MAX;
    thread->start = thread->now = start;
    thread->stop = start + (int64_t)(options->seconds * NS_PER_S);
    if (options->rate > 0) {
        thread->gap = (int64_t)(n * NS_PER_S / options->rate);
        thread->next = start + thread->gap * i / n;
    }
}

static bool run(const struct load_options *options, struct load_thread *threads)
{
    pthread_t ids[LOAD_THREADS_MAX];
    int64_t start = load_now();

    for (unsigned i = 0; i < options->threads; i++) {
        threads[i].index = i;
        share_out(options, &threads[i], start);
        errno = pthread_create(&ids[i], NULL, run_thread, &threads[i]);
        if (errno)
            return false;
    }
    for (unsigned i = 0; i < options->threads; i++)
        pthread_join(ids[i], NULL);
    return true;
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
    struct load_options options = {.clients = 64, .threads = 2, .seconds = 3, .timeout = 5, .sources = 64};
    struct load_thread *threads;
    bool right;

    if (!load_parse(&options, argc, argv)) {
        load_usage(stderr);
        return EX_USAGE;
    }
    raise_descriptor_limit();
    threads = calloc(options.threads, sizeof(*threads));
    if (!threads || !run(&options, threads)) {
        perror("load");
        return EX_OSERR;
    }
    if (options.quiet && !freopen("/dev/null", "w", stdout))
        return EX_OSERR;
    right = load_report(&options, threads);
    free(threads);
    return right ? EX_OK : 1;
}
