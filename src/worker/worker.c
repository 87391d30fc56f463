/* SPDX-License-Identifier: MIT */
#include "worker/worker.h"

#include "base/deadlines.h"
#include "base/sanitizer.h"
#include "base/util.h"
#include "guard/guard.h"
#include "log/log.h"
#include "serve/thread.h"
#include "system/descriptors.h"
#include "system/notify.h"
#include "system/privs.h"
#include "system/title.h"
#include "worker/logger.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sysexits.h>

#define PROCESS_NAME "sockgreetd-w%u"

struct greeter {
    pthread_t id;
    struct thread *thread;
    struct worker *worker;
};

struct worker {
    const struct worker_settings *settings;
    struct greeter *greeters;
    unsigned started; /* greeters whose threads run */
    _Atomic unsigned running;
    _Atomic unsigned open; /* greeters that have not left their sockets */
    bool sockets_closed;
    pthread_t logger_thread;
    struct logger logger;
    bool logger_started;
    _Atomic bool logger_stop;
    _Atomic int order; /* enum order */
    int order_fd;
    int done_fd; /* eventfd: a greeting thread has ended, or the last one has left its sockets */
    int signal_fd;
    struct sandbox sandbox;
    int64_t end_at; /* when the worker should have ended, after an order */
};

/* With SCHED_BATCH a thread that wakes up does not preempt the one that woke it, so clients queue and are
 * served in batches: half the cost of a greeting on a busy machine, and no delay on an idle one (sched(7)).
 * Failure is ignored. */
static void use_batch_scheduling(void)
{
    sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){.sched_priority = 0});
}

static void write_eventfd(int fd)
{
    ssize_t written = write(fd, &(uint64_t){1}, sizeof(uint64_t));

    (void)written; /* EAGAIN: the counter is full, so it is readable, which is the purpose */
}

static void *greeter_run(void *argument)
{
    struct greeter *greeter = argument;

    thread_run(greeter->thread);
    atomic_fetch_sub(&greeter->worker->running, 1);
    write_eventfd(greeter->worker->done_fd);
    return NULL;
}

/* Only the main thread reads signals; other threads inherit the full mask. */
static int open_signals(void)
{
    sigset_t all, wanted;

    sigfillset(&all);
    sigdelset(&all, SIGALRM); /* see finish_without_master() */
    sigprocmask(SIG_SETMASK, &all, NULL);
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGUSR1);
    sigaddset(&wanted, SIGUSR2);
    sigaddset(&wanted, SIGQUIT);
    sigaddset(&wanted, SIGCONT);
    return signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* The death signal is set after changing the user, which clears it (prctl(2)); getppid() shows whether the
 * master has died before. It is SIGCONT, which a stopped worker notices, too. The kernel's own SIGCONT to
 * orphaned process groups would not do: a group is not orphaned if the process that adopts the worker, such
 * as process 1 of a container, belongs to the same session. */
static bool follow_master(pid_t master)
{
    setpgid(0, 0); /* a signal to the service's process group is for the master only */
    return prctl(PR_SET_PDEATHSIG, SIGCONT) == 0 && getppid() == master;
}

static bool open_descriptors(struct worker *worker)
{
    worker->signal_fd = open_signals();
    worker->order_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    worker->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return worker->signal_fd >= 0 && worker->order_fd >= 0 && worker->done_fd >= 0;
}

/* Everything that threads need is allocated before the first of them runs. */
static bool open_greeters(struct worker *worker)
{
    const struct worker_settings *s = worker->settings;
    unsigned threads = s->conf->thread_count, all = s->conf->processes * threads;

    worker->greeters = calloc(threads, sizeof(*worker->greeters));
    if (!worker->greeters)
        return false;
    guard_begin(s->shared, s->slot);
    for (unsigned i = 0; i < threads; i++) {
        struct thread_settings settings = {
            .conf = s->conf,
            .sockets = s->sockets,
            .shared = s->shared,
            .worker = s->slot,
            .thread = i,
            .generation = s->generation,
            .connections = descriptors_share(s->connections, all, i * s->conf->processes + s->slot),
            .log_wake_fd = s->log_wake_fd,
            .announce_fd = s->announce_fd,
            .attention_fd = s->attention_fd,
            .closed_fd = worker->done_fd,
            .open = &worker->open,
            .order_fd = worker->order_fd,
            .order = &worker->order};

        worker->greeters[i].worker = worker;
        worker->greeters[i].thread = thread_new(&settings);
        if (!worker->greeters[i].thread)
            return false;
    }
    return true;
}

__attribute__((format(printf, 1, 2))) static void name_thread(const char *format, ...)
{
    char name[16];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(name, sizeof(name), format, arguments);
    va_end(arguments);
    prctl(PR_SET_NAME, name);
}

/* A thread inherits the name of its creator; to set another thread's name would need /proc. */
static bool start_thread(const struct worker *worker, pthread_t *id, void *(*run)(void *), void *argument)
{
    errno = pthread_create(id, NULL, run, argument);
    name_thread(PROCESS_NAME, worker->settings->slot);
    return errno == 0;
}

static bool start_logger(struct worker *worker)
{
    const struct worker_settings *s = worker->settings;
    struct ring events = shared_events(s->shared, s->slot);

    worker->logger = (struct logger){.conf = s->conf,
                                     .shared = s->shared,
                                     .worker = s->slot,
                                     .wake_fd = s->log_wake_fd,
                                     .stop = &worker->logger_stop};
    name_thread("logger");
    if (!start_thread(worker, &worker->logger_thread, logger_run, &worker->logger))
        return false;
    worker->logger_started = true;
    log_use_ring(&events, &shared_logger(s->shared, s->slot)->asleep, s->log_wake_fd);
    return true;
}

static bool start_greeters(struct worker *worker)
{
    for (unsigned i = 0; i < worker->settings->conf->thread_count; i++) {
        struct greeter *greeter = &worker->greeters[i];

        atomic_fetch_add(&worker->running, 1);
        atomic_fetch_add(&worker->open, 1);
        name_thread("greeter-%u", i);
        if (!start_thread(worker, &greeter->id, greeter_run, greeter)) {
            atomic_fetch_sub(&worker->running, 1);
            return false;
        }
        worker->started++;
    }
    return true;
}

static void give_order(struct worker *worker, enum order order)
{
    worker->end_at = monotonic_ns() + DEADLINE_WORKER_CLOSE +
                     (order <= ORDER_DRAIN ? worker->settings->conf->drain_ns : 0);
    atomic_store(&worker->order, order);
    write_eventfd(worker->order_fd);
}

static enum order order_of(uint32_t signal_number)
{
    switch (signal_number) {
    case SIGUSR1:
        return ORDER_RETIRE;
    case SIGTERM:
        return ORDER_DRAIN;
    case SIGUSR2:
    case SIGCONT: /* follow_master() */
        return ORDER_FINISH;
    default:
        return ORDER_QUIT;
    }
}

/* The same signals have other meanings for the master, and can reach workers by accident, as by pkill -USR1
 * sockgreetd: only those from the master count. */
static bool is_order(const struct worker *worker, const struct signalfd_siginfo *info)
{
    return info->ssi_signo == SIGTERM || (pid_t)info->ssi_pid == worker->settings->master;
}

/* Orders only ever become more urgent. */
static void handle_signals(struct worker *worker)
{
    struct signalfd_siginfo info;

    while (read(worker->signal_fd, &info, sizeof(info)) == sizeof(info))
        if (is_order(worker, &info) && (int)order_of(info.ssi_signo) > atomic_load(&worker->order))
            give_order(worker, order_of(info.ssi_signo));
}

/* The master has died: finishes the clients being served, and accepts no more. SIGALRM, which ends the
 * process by default, limits how long a worker outlives its master. */
static void finish_without_master(struct worker *worker)
{
    alarm(DEADLINE_ORPHAN_SECONDS);
    if (atomic_load(&worker->order) < ORDER_FINISH)
        give_order(worker, ORDER_FINISH);
}

/* When no thread accepts clients any more, closes the listening sockets, so that they do not stay open until
 * the last client has ended. */
static void close_sockets(struct worker *worker)
{
    const struct sockets *sockets = worker->settings->sockets;

    worker->sockets_closed = true;
    for (size_t i = 0; i < sockets->count; i++)
        close_fd(&sockets->members[i].socket->fd);
    write_eventfd(worker->settings->attention_fd);
}

/* Waits until every greeting thread has ended. */
static void supervise(struct worker *worker)
{
    struct pollfd fds[] = {{.fd = worker->signal_fd, .events = POLLIN},
                           {.fd = worker->done_fd, .events = POLLIN},
                           {.fd = worker->settings->lifeline_fd, .events = POLLIN}};
    uint64_t value;

    while (atomic_load(&worker->running) > 0) {
        if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
            continue;
        if (fds[2].revents) {
            finish_without_master(worker);
            fds[2].fd = -1; /* only once */
            fds[2].revents = 0;
        }
        if (fds[1].revents && read(worker->done_fd, &value, sizeof(value)) < 0)
            continue;
        handle_signals(worker);
        if (!worker->sockets_closed && atomic_load(&worker->open) == 0)
            close_sockets(worker);
    }
}

static void join_greeters(struct worker *worker)
{
    for (unsigned i = 0; i < worker->started; i++)
        pthread_join(worker->greeters[i].id, NULL);
    worker->started = 0;
}

static int64_t flush_time(const struct worker *worker)
{
    int64_t left = worker->end_at - monotonic_ns();

    if (left < DEADLINE_FLUSH_LEAST)
        return DEADLINE_FLUSH_LEAST;
    return left < DEADLINE_FLUSH_MOST ? left : DEADLINE_FLUSH_MOST;
}

/* Does not wait for a logger that is blocked by a stopped journald; the process ends anyway. */
static bool stop_logger(struct worker *worker)
{
    struct timespec end;
    int64_t at;

    if (!worker->logger_started)
        return true;
    log_use_stderr();
    worker->logger.is_last = atomic_load(&worker->order) > ORDER_RETIRE;
    atomic_store(&worker->logger_stop, true);
    write_eventfd(worker->settings->log_wake_fd);
    clock_gettime(CLOCK_REALTIME, &end);
    at = (int64_t)end.tv_sec * NS_PER_S + end.tv_nsec + flush_time(worker);
    end.tv_sec = at / NS_PER_S;
    end.tv_nsec = at % NS_PER_S;
    return pthread_timedjoin_np(worker->logger_thread, NULL, &end) == 0;
}

static void free_greeters(struct worker *worker)
{
    for (unsigned i = 0; worker->greeters && i < worker->settings->conf->thread_count; i++)
        thread_free(worker->greeters[i].thread);
    free(worker->greeters);
}

static int fail(struct worker *worker, const char *what)
{
    log_error("worker %u cannot start: %s: %s", worker->settings->slot, what, strerror(errno));
    return EX_OSERR;
}

/* Errors are ignored: if the master is gone, the lifeline shows it. */
static void report(const struct worker *worker, bool serves)
{
    struct worker_report report;
    ssize_t written;

    memset(&report, 0, sizeof(report)); /* including the padding */
    report.pid = getpid();
    report.serves = serves;
    report.sandbox = worker->sandbox;
    written = write(worker->settings->ready_fd, &report, sizeof(report));
    (void)written;
    close(worker->settings->ready_fd);
}

/* Returns whether the sandbox meets the configuration. */
static bool enter_sandbox(struct worker *worker)
{
    struct message message;

    worker->sandbox = sandbox_enter(worker->settings->conf);
    if (worker->settings->conf->sandbox != CONF_SANDBOX_STRICT || sandbox_is_whole(&worker->sandbox))
        return true;
    sandbox_describe(&worker->sandbox, &message);
    log_error("worker %u cannot start: sandbox = \"strict\" cannot be met: %s", worker->settings->slot,
              message.text);
    report(worker, false);
    return false;
}

static int start(struct worker *worker)
{
    const char *step = "";

    if (!open_descriptors(worker))
        return fail(worker, "eventfd");

    /* Privileges are dropped here, irrevocably. */
    errno = -privs_drop(worker->settings->conf, &step);
    if (errno)
        return fail(worker, step);
    if (!follow_master(worker->settings->master))
        return EX_OSERR; /* the master is gone */
    if (!open_greeters(worker))
        return fail(worker, "greeting threads");

    use_batch_scheduling();
    if (!enter_sandbox(worker))
        return EX_OSERR;

    /* Threads start here; they inherit scheduling policy and sandbox. */
    if (!start_logger(worker) || !start_greeters(worker))
        return fail(worker, "pthread_create");
    return 0;
}

static void name_process(const struct worker_settings *settings)
{
    name_thread(PROCESS_NAME, settings->slot);
    title_set("sockgreetd: worker %u of generation %u", settings->slot, settings->generation);
}

int worker_run(const struct worker_settings *settings)
{
    struct worker worker = {.settings = settings, .signal_fd = -1, .order_fd = -1, .done_fd = -1};
    int status;

    log_use_stderr(); /* the master's ring is not this process's */
    log_open(settings->conf->log_target,
             settings->conf->log_level); /* the master's may be of another generation */
    notify_forget();
    name_process(settings);
    status = start(&worker);
    if (status == 0)
        report(&worker, true);
    else
        give_order(&worker, ORDER_QUIT);
    supervise(&worker);
    join_greeters(&worker);
    if (!stop_logger(&worker))
        _exit(status);
    free_greeters(&worker);
    close_fd(&worker.signal_fd);
    close_fd(&worker.order_fd);
    close_fd(&worker.done_fd);
    sanitizer_check_leaks();
    return status;
}
