/* SPDX-License-Identifier: MIT */
#include "client/load/engine.h"

#include "client/load/lane.h"

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
    struct lane *lanes;
    pthread_t threads[PLAN_THREADS_MAX];
    unsigned thread_count; /* that were started */
    int done_fd;
    atomic_uint running;
    atomic_bool interrupted;
};

struct work {
    struct engine *engine;
    struct lane *lane;
};

/* Time on a processor, and time spent runnable without one (proc(5)). */
static void read_schedstat(struct lane *lane)
{
    char text[128];
    int fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

    close_fd(&fd);
    text[n > 0 ? n : 0] = '\0';
    if (sscanf(text, "%" SCNu64 " %" SCNu64, &lane->cpu_ns, &lane->queued_ns) != 2)
        lane->cpu_ns = lane->queued_ns = 0;
}

static int bind_to_cpu(const struct lane *lane)
{
    const struct load_plan *plan = lane->plan;
    cpu_set_t set;

    if (plan->cpu_count == 0)
        return 0;
    CPU_ZERO(&set);
    CPU_SET(plan->cpus[lane->index % plan->cpu_count], &set);
    return sched_setaffinity(0, sizeof(set), &set) < 0 ? errno : 0;
}

static void run_lane(struct lane *lane)
{
    lane->epoll = epoll_create1(EPOLL_CLOEXEC);
    lane->error = lane->epoll < 0 ? errno : bind_to_cpu(lane);
    if (lane->error == 0)
        lane->error = transport_is_stream(lane->plan->targets[0].transport) ? lane_run_stream(lane)
                                                                            : lane_run_dgram(lane);
    close_fd(&lane->epoll);
    read_schedstat(lane);
}

static void leave(struct engine *engine)
{
    if (atomic_fetch_sub(&engine->running, 1) == 1)
        eventfd_write(engine->done_fd, 1);
}

static void *run_thread(void *argument)
{
    struct work work = *(struct work *)argument;

    free(argument);
    run_lane(work.lane);
    leave(work.engine);
    return NULL;
}

static unsigned share_of(unsigned all, unsigned parts, unsigned index)
{
    return all / parts + (index < all % parts);
}

static void share_out(struct engine *engine, unsigned index)
{
    const struct load_plan *plan = engine->plan;
    struct lane *lane = &engine->lanes[index];
    double gap = plan->rate > 0 ? (double)NS_PER_S / plan->rate : 0;

    lane->plan = plan;
    lane->interrupted = &engine->interrupted;
    lane->index = index;
    lane->epoll = -1;
    lane->connections = share_of(plan->connections, plan->threads, index);
    lane->now = engine->start_ns;
    lane->schedule = (struct schedule){
        .first_ns = engine->start_ns + (int64_t)(gap * index),
        .stop_ns = plan->duration_ns == INT64_MAX ? INT64_MAX : engine->start_ns + plan->duration_ns,
        .gap_ns = gap * plan->threads,
        .limit = UINT64_MAX,
    };
    if (plan->requests)
        lane->schedule.limit = plan->requests / plan->threads + (index < plan->requests % plan->threads);
}

static bool start_thread(struct engine *engine, unsigned index)
{
    struct work *work = malloc(sizeof(*work));

    if (!work)
        return false;
    *work = (struct work){.engine = engine, .lane = &engine->lanes[index]};
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
    free(engine->lanes);
    free(engine);
}

static bool start_threads(struct engine *engine)
{
    for (unsigned i = 0; i < engine->plan->threads; i++) {
        share_out(engine, i);
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
    engine->lanes = aligned_alloc(CACHE_LINE, plan->threads * sizeof(struct lane));
    if (engine->lanes)
        memset(engine->lanes, 0, plan->threads * sizeof(struct lane));
    atomic_store(&engine->running, 1); /* ourselves, until all are started */
    if (engine->done_fd >= 0 && engine->lanes && start_threads(engine)) {
        leave(engine);
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

struct engine_pulse engine_pulse(const struct engine *engine)
{
    struct engine_pulse pulse = {0};

    for (unsigned i = 0; i < engine->thread_count; i++) {
        const struct lane *lane = &engine->lanes[i];

        pulse.started += atomic_load_explicit(&lane->started, memory_order_relaxed);
        pulse.answered += atomic_load_explicit(&lane->answered, memory_order_relaxed);
        pulse.errors += atomic_load_explicit(&lane->errors, memory_order_relaxed);
    }
    return pulse;
}

void engine_interrupt(struct engine *engine)
{
    atomic_store(&engine->interrupted, true);
}

static void add(struct engine_result *result, const struct lane *lane)
{
    double cpu = (double)lane->cpu_ns / (double)NS_PER_S;

    tally_merge(&result->tally, &lane->tally);
    result->started += lane->schedule.started;
    result->late += lane->schedule.late;
    result->missed += schedule_missed(&lane->schedule);
    result->cpu_seconds += cpu;
    result->busiest = cpu > result->busiest ? cpu : result->busiest;
    result->queued += (double)lane->queued_ns / (double)NS_PER_S;
}

/* When no more requests were due, or the last one ended. */
static int64_t end_of(const struct engine *engine, const struct engine_result *result)
{
    bool all = engine->plan->requests && result->started >= engine->plan->requests;
    int64_t stop_ns = INT64_MAX;

    for (unsigned i = 0; i < engine->thread_count; i++)
        if (engine->lanes[i].schedule.stop_ns < stop_ns)
            stop_ns = engine->lanes[i].schedule.stop_ns;
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
        add(result, &engine->lanes[i]);
        error = error ? error : engine->lanes[i].error;
    }
    result->seconds = (double)(end_of(engine, result) - engine->start_ns) / (double)NS_PER_S;
    engine->thread_count = 0;
    join_and_free(engine);
    return error;
}
