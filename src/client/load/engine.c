/* SPDX-License-Identifier: MIT */
#include "client/load/engine.h"

#include "client/load/generator.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

struct engine {
    const struct load_plan *plan;
    int64_t start_ns;
    struct generator *generators;
    pthread_t threads[PLAN_THREADS_MAX];
    unsigned thread_count; /* that were started */
    int done_fd;
    atomic_uint running;
    atomic_bool interrupted;
};

struct work {
    struct engine *engine;
    struct generator *generator;
};

/* Time on a processor, and time spent runnable without one (proc(5)). */
static void read_schedstat(struct generator *generator)
{
    char text[128];
    int fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

    close_fd(&fd);
    text[n > 0 ? n : 0] = '\0';
    if (sscanf(text, "%" SCNu64 " %" SCNu64, &generator->cpu_ns, &generator->queued_ns) != 2)
        generator->cpu_ns = generator->queued_ns = 0;
}

static int bind_to_cpu(const struct generator *generator)
{
    const struct load_plan *plan = generator->plan;
    cpu_set_t set;

    if (plan->cpu_count == 0)
        return 0;
    CPU_ZERO(&set);
    CPU_SET(plan->cpus[generator->index % plan->cpu_count], &set);
    return sched_setaffinity(0, sizeof(set), &set) < 0 ? errno : 0;
}

static void run_generator(struct generator *generator)
{
    generator->epoll = epoll_create1(EPOLL_CLOEXEC);
    generator->error = generator->epoll < 0 ? errno : bind_to_cpu(generator);
    if (generator->error == 0)
        generator->error = transport_is_stream(generator->plan->targets[0].transport)
                               ? generator_run_stream(generator)
                               : generator_run_dgram(generator);
    close_fd(&generator->epoll);
    read_schedstat(generator);
}

static void thread_ended(struct engine *engine)
{
    if (atomic_fetch_sub(&engine->running, 1) == 1)
        eventfd_write(engine->done_fd, 1);
}

static void *run_thread(void *argument)
{
    struct work work = *(struct work *)argument;

    free(argument);
    run_generator(work.generator);
    thread_ended(work.engine);
    return NULL;
}

static unsigned share_of(unsigned all, unsigned parts, unsigned index)
{
    return all / parts + (index < all % parts);
}

static void assign_share(struct engine *engine, unsigned index)
{
    const struct load_plan *plan = engine->plan;
    struct generator *generator = &engine->generators[index];
    double gap = plan->rate > 0 ? (double)NS_PER_S / plan->rate : 0;

    generator->plan = plan;
    generator->interrupted = &engine->interrupted;
    generator->index = index;
    generator->epoll = -1;
    generator->connections = share_of(plan->connections, plan->threads, index);
    generator->now = engine->start_ns;
    generator->schedule = (struct schedule){
        .first_ns = engine->start_ns + (int64_t)(gap * index),
        .stop_ns = plan->duration_ns == INT64_MAX ? INT64_MAX : engine->start_ns + plan->duration_ns,
        .gap_ns = gap * plan->threads,
        .limit = UINT64_MAX,
    };
    if (plan->requests)
        generator->schedule.limit = plan->requests / plan->threads + (index < plan->requests % plan->threads);
}

static bool start_thread(struct engine *engine, unsigned index)
{
    struct work *work = malloc(sizeof(*work));

    if (!work)
        return false;
    *work = (struct work){.engine = engine, .generator = &engine->generators[index]};
    atomic_fetch_add(&engine->running, 1);
    errno = pthread_create(&engine->threads[index], NULL, run_thread, work);
    if (errno == 0)
        return true;
    atomic_fetch_sub(&engine->running, 1);
    free(work);
    return false;
}

static void join_and_free(struct engine *engine)
{
    for (unsigned i = 0; i < engine->thread_count; i++)
        pthread_join(engine->threads[i], NULL);
    close_fd(&engine->done_fd);
    free(engine->generators);
    free(engine);
}

static bool start_threads(struct engine *engine)
{
    for (unsigned i = 0; i < engine->plan->threads; i++) {
        assign_share(engine, i);
        if (!start_thread(engine, i))
            return false;
        engine->thread_count++;
    }
    return true;
}

struct engine *engine_start(const struct load_plan *plan)
{
    struct engine *engine = calloc(1, sizeof(*engine));

    if (!engine)
        return NULL;
    engine->plan = plan;
    engine->start_ns = monotonic_ns();
    engine->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    engine->generators = aligned_alloc(CACHE_LINE, plan->threads * sizeof(struct generator));
    if (engine->generators)
        memset(engine->generators, 0, plan->threads * sizeof(struct generator));
    atomic_store(&engine->running, 1); /* this thread, until all are started */
    if (engine->done_fd >= 0 && engine->generators && start_threads(engine)) {
        thread_ended(engine);
        return engine;
    }
    engine_interrupt(engine);
    join_and_free(engine);
    return NULL;
}

int engine_done_fd(const struct engine *engine)
{
    return engine->done_fd;
}

struct engine_progress engine_progress(const struct engine *engine)
{
    struct engine_progress counts = {0};

    for (unsigned i = 0; i < engine->thread_count; i++) {
        const struct generator *generator = &engine->generators[i];

        counts.started += atomic_load_explicit(&generator->started, memory_order_relaxed);
        counts.answered += atomic_load_explicit(&generator->answered, memory_order_relaxed);
        counts.errors += atomic_load_explicit(&generator->errors, memory_order_relaxed);
    }
    return counts;
}

void engine_interrupt(struct engine *engine)
{
    atomic_store(&engine->interrupted, true);
}

static void add(struct engine_result *result, const struct generator *generator)
{
    double cpu = (double)generator->cpu_ns / (double)NS_PER_S;

    tally_merge(&result->tally, &generator->tally);
    result->started += generator->schedule.started;
    result->late += generator->schedule.late;
    result->missed += schedule_missed(&generator->schedule);
    result->cpu_seconds += cpu;
    result->busiest = cpu > result->busiest ? cpu : result->busiest;
    result->queued += (double)generator->queued_ns / (double)NS_PER_S;
}

/* When the last request was due, or when the last one ended. */
static int64_t end_of(const struct engine *engine, const struct engine_result *result)
{
    bool all = engine->plan->requests && result->started >= engine->plan->requests;
    int64_t stop_ns = INT64_MAX;

    for (unsigned i = 0; i < engine->thread_count; i++)
        if (engine->generators[i].schedule.stop_ns < stop_ns)
            stop_ns = engine->generators[i].schedule.stop_ns;
    return all || stop_ns == INT64_MAX || result->tally.last_ns > stop_ns ? result->tally.last_ns : stop_ns;
}

int engine_finish(struct engine *engine, struct engine_result *result)
{
    int error = 0;

    for (unsigned i = 0; i < engine->thread_count; i++)
        pthread_join(engine->threads[i], NULL);
    memset(result, 0, sizeof(*result));
    result->interrupted = atomic_load(&engine->interrupted);
    for (unsigned i = 0; i < engine->thread_count; i++) {
        add(result, &engine->generators[i]);
        error = error ? error : engine->generators[i].error;
    }
    result->seconds = (double)(end_of(engine, result) - engine->start_ns) / (double)NS_PER_S;
    engine->thread_count = 0;
    join_and_free(engine);
    return error;
}
