/* SPDX-License-Identifier: MIT */
/* The benchmark's load generator: options, threads, and the results as one JSON object. */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 64
#define LATE_NS     (1000 * 1000)

int64_t load_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
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

static void *run_thread(void *argument)
{
    struct load_thread *thread = argument;
    bool stream = thread->options->target.type == SOCK_STREAM;

    thread->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (thread->epoll < 0 || !(stream ? load_stream(thread) : load_dgram(thread))) {
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
    pthread_t ids[THREADS_MAX];
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

static void print_latency(const struct histogram *h)
{
    printf("\"latency_us\": {\"count\": %" PRIu64
           ", \"min\": %.3f, \"mean\": %.3f, \"p50\": %.3f, \"p90\": %.3f, "
           "\"p99\": %.3f, \"p999\": %.3f, \"max\": %.3f}",
           h->count, (double)h->min / 1e3, histogram_mean(h) / 1e3, (double)histogram_quantile(h, 0.5) / 1e3,
           (double)histogram_quantile(h, 0.9) / 1e3, (double)histogram_quantile(h, 0.99) / 1e3,
           (double)histogram_quantile(h, 0.999) / 1e3, (double)h->max / 1e3);
}

static void print_failures(const struct load_thread *sum)
{
    static const char *const names[] = {
#define FAILURE_NAME(id, name) name,
        FAILURES(FAILURE_NAME)};
    uint64_t all = 0;

    printf("\"failures\": {");
    for (int i = 0; i < FAILURE_COUNT; i++) {
        printf("\"%s\": %" PRIu64 ", ", names[i], sum->failures[i]);
        all += sum->failures[i];
    }
    printf("\"all\": %" PRIu64 "}", all);
}

/* Returns whether every answer was right. */
static bool report(const struct load_options *options, struct load_thread *threads)
{
    struct load_thread *sum = &threads[0];
    double busiest = 0, elapsed, cpu = 0, queued = 0;
    bool right;

    for (unsigned i = 1; i < options->threads; i++) {
        histogram_merge(&sum->latency, &threads[i].latency);
        sum->answered += threads[i].answered;
        sum->started += threads[i].started;
        sum->late += threads[i].late;
        sum->unexpected += threads[i].unexpected;
        for (int f = 0; f < FAILURE_COUNT; f++)
            sum->failures[f] += threads[i].failures[f];
        sum->finished = threads[i].finished > sum->finished ? threads[i].finished : sum->finished;
    }
    elapsed = sum->finished > sum->start ? (double)(sum->finished - sum->start) / 1e9 : options->seconds;
    for (unsigned i = 0; i < options->threads; i++) {
        busiest = (double)threads[i].cpu_ns > busiest ? (double)threads[i].cpu_ns : busiest;
        cpu += (double)threads[i].cpu_ns / 1e9;
        queued += (double)threads[i].queued_ns / 1e9;
    }
    printf("{\"target\": \"%s\", \"clients\": %u, \"rate_wanted\": %.1f, \"threads\": %u, \"talk\": %zu, "
           "\"seconds\": %.6f, \"started\": %" PRIu64 ", \"answered\": %" PRIu64 ", \"per_second\": %.1f, ",
           options->target.text, options->clients, options->rate, options->threads, options->talk, elapsed,
           sum->started, sum->answered, (double)sum->answered / elapsed);
    print_failures(sum);
    printf(", \"unexpected\": %" PRIu64 ", \"late\": %" PRIu64 ", ", sum->unexpected, sum->late);
    print_latency(&sum->latency);
    printf(", \"generator\": {\"cpu_seconds\": %.4f, \"cpu_share\": %.4f, \"busiest_share\": %.4f, "
           "\"queued_share\": %.4f, \"cpu_us_each\": %.3f}}\n",
           cpu, cpu / elapsed / options->threads, busiest / 1e9 / elapsed,
           queued / elapsed / options->threads, sum->answered ? cpu * 1e6 / (double)sum->answered : 0);
    right = sum->answered > 0 && sum->unexpected == 0;
    for (int f = 0; f < FAILURE_COUNT; f++)
        right = right && sum->failures[f] == 0;
    return right;
}

/* --- Command line --- */

static void usage(FILE *out)
{
    fputs("usage: load [options] tcp:ADDRESS:PORT | udp:ADDRESS:PORT | unix:PATH | unix-dgram:PATH\n"
          "  -c CLIENTS   at once, in all threads (64); with -r: at most\n"
          "  -r RATE      open loop: start so many a second, and count latency from when each was due\n"
          "  -t THREADS   (2)\n"
          "  -d SECONDS   (3)\n"
          "  -n COUNT     stop after so many\n"
          "  -w SECONDS   wait so long for an answer and its end (5)\n"
          "  -e TEXT      the answer, with \\r \\n \\t \\\\ for what they mean; without: any text that ends "
          "in a newline\n"
          "  -b BYTES     stream clients talk first: they send so many bytes before they read (0)\n"
          "  -p BYTES     payload of a datagram (0)\n"
          "  -s COUNT     take turns with so many source addresses, 127.1.0.1 and on (64); 0: as the kernel "
          "likes\n"
          "  -q           do not print the result\n"
          "Prints one JSON object. Exits 0 if every answer was right, 1 if one was not, 64 or 71 if it could "
          "not be tried.\n",
          out);
}

static size_t unescape(char *text)
{
    char *out = text;

    for (const char *in = text; *in; in++) {
        if (*in == '\\' && in[1]) {
            in++;
            *out++ = *in == 'r' ? '\r' : *in == 'n' ? '\n' : *in == 't' ? '\t' : *in;
        } else {
            *out++ = *in;
        }
    }
    *out = '\0';
    return (size_t)(out - text);
}

static bool parse_unix(struct load_target *target, const char *path, int type)
{
    size_t length = strlen(path);

    if (length == 0 || length >= sizeof(target->un.sun_path))
        return false;
    target->type = type;
    target->un.sun_family = AF_UNIX;
    strcpy(target->un.sun_path, path);
    target->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
    if (*path == '@') {
        target->un.sun_path[0] = '\0';
        target->length--;
    }
    return true;
}

static bool parse_ip(struct load_target *target, const char *text, int type)
{
    char host[64] = "";
    const char *colon = strrchr(text, ':');
    int port = colon ? atoi(colon + 1) : 0;

    if (port < 1 || port > 65535 || colon - text >= (ptrdiff_t)sizeof(host))
        return false;
    memcpy(host, text, (size_t)(colon - text));
    target->type = type;
    if (inet_pton(AF_INET, host, &target->in.sin_addr) == 1) {
        target->in.sin_family = AF_INET;
        target->in.sin_port = htons((uint16_t)port);
        target->length = sizeof(target->in);
        return true;
    }
    target->in6.sin6_family = AF_INET6;
    target->in6.sin6_port = htons((uint16_t)port);
    target->length = sizeof(target->in6);
    return inet_pton(AF_INET6, host, &target->in6.sin6_addr) == 1;
}

static bool parse_target(struct load_target *target, const char *text)
{
    target->text = text;
    if (strncmp(text, "tcp:", 4) == 0)
        return parse_ip(target, text + 4, SOCK_STREAM);
    if (strncmp(text, "udp:", 4) == 0)
        return parse_ip(target, text + 4, SOCK_DGRAM);
    if (strncmp(text, "unix:", 5) == 0)
        return parse_unix(target, text + 5, SOCK_STREAM);
    return strncmp(text, "unix-dgram:", 11) == 0 && parse_unix(target, text + 11, SOCK_DGRAM);
}

static bool are_sane(struct load_options *options)
{
    if (options->clients == 0 || options->threads == 0 || options->threads > THREADS_MAX ||
        options->seconds <= 0 || options->timeout <= 0 || options->payload > 65000 ||
        options->sources > 60000)
        return false;
    if (options->threads > options->clients)
        options->threads = options->clients;
    return true;
}

static bool parse_options(struct load_options *options, bool *quiet, int argc, char **argv)
{
    int letter;

    while ((letter = getopt(argc, argv, "c:r:t:d:n:w:e:b:p:s:q")) != -1)
        switch (letter) {
        case 'c':
            options->clients = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'r':
            options->rate = strtod(optarg, NULL);
            break;
        case 't':
            options->threads = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'd':
            options->seconds = strtod(optarg, NULL);
            break;
        case 'n':
            options->requests = strtoull(optarg, NULL, 10);
            break;
        case 'w':
            options->timeout = strtod(optarg, NULL);
            break;
        case 'b':
            options->talk = strtoul(optarg, NULL, 10);
            break;
        case 'p':
            options->payload = strtoul(optarg, NULL, 10);
            break;
        case 's':
            options->sources = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'q':
            *quiet = true;
            break;
        case 'e':
            options->expected_length = unescape(optarg);
            options->expected = optarg;
            break;
        default:
            return false;
        }
    return optind == argc - 1 && parse_target(&options->target, argv[optind]) && are_sane(options);
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
    bool quiet = false, right;

    if (!parse_options(&options, &quiet, argc, argv)) {
        usage(stderr);
        return EX_USAGE;
    }
    raise_descriptor_limit();
    threads = calloc(options.threads, sizeof(*threads));
    if (!threads || !run(&options, threads)) {
        perror("load");
        return EX_OSERR;
    }
    if (quiet && !freopen("/dev/null", "w", stdout))
        return EX_OSERR;
    right = report(&options, threads);
    free(threads);
    return right ? EX_OK : 1;
}
