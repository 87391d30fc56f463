/* SPDX-License-Identifier: MIT */
#include "conf/loader.h"

#include "base/child.h"
#include "base/deadlines.h"
#include "base/sanitizer.h"
#include "base/util.h"
#include "conf/conf_build.h"

#include <cap-ng.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define CHILD_MEMORY                                                                       \
    (512u << 20) /* bytes of address space beyond the parent's: libconfig's tree, look-ups \
                  */

/* Shared by child and parent, besides the arena. */
struct outcome {
    struct conf_report report;
    const struct conf *conf; /* in the arena; NULL if there was an error, or the child did not finish */
    bool finished;           /* the child reached its end */
};

struct loader {
    struct children *children;
    struct child child;
    int64_t deadline; /* to end by itself; then to die of SIGKILL */
    bool killed;
    struct arena arena;
    struct outcome *outcome;
};

static void limit(__rlimit_resource_t resource, rlim_t soft, rlim_t hard)
{
    struct rlimit now;

    /* a limit may be lower already, which is not an error */
    if (getrlimit(resource, &now) == 0) {
        now.rlim_cur = soft < now.rlim_max ? soft : now.rlim_max;
        now.rlim_max = hard < now.rlim_max ? hard : now.rlim_max;
        setrlimit(resource, &now);
    }
}

#if !defined(SANITIZER_ADDRESS) && !defined(SANITIZER_THREAD) /* whose shadow memory is terabytes */
/* Bytes of address space in use: the rings of many workers alone can be more than CHILD_MEMORY. */
static rlim_t mapped(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    unsigned long pages = 0;

    if (file) {
        if (fscanf(file, "%lu", &pages) != 1)
            pages = 0;
        fclose(file);
    }
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static void limit_memory(void)
{
    rlim_t most = mapped() + CHILD_MEMORY;

    limit(RLIMIT_AS, most, most);
}
#else
static void limit_memory(void)
{
}
#endif

static void limit_child(void)
{
    limit(RLIMIT_CORE, 0, 0);
    limit(RLIMIT_CPU, DEADLINE_LOAD_SECONDS, DEADLINE_LOAD_SECONDS + 1);
    limit_memory();
}

/* The master blocks signals and has handlers; its child must end by the first signal. Except those that
 * Ctrl-C and a service manager send to all processes: the master stops then, and a killed loader would look
 * like an error of the configuration. */
static void reset_signals(void)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        signal(number, number == SIGINT || number == SIGTERM ? SIG_IGN : SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Drops capabilities, which a parser could use to read files of others. Workers insist that theirs are gone;
 * the loader goes on where dropping is forbidden (seccomp), so that the workers can report it. */
static void drop_capabilities(void)
{
    bool may_read = capng_have_capability(CAPNG_EFFECTIVE, CAP_DAC_READ_SEARCH);

    capng_clear(CAPNG_SELECT_CAPS);
    if (may_read)
        capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_DAC_READ_SEARCH);
    capng_apply(CAPNG_SELECT_CAPS);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static _Noreturn void run_child(const struct loader *loader, const struct conf_source *source, pid_t parent)
{
    struct outcome *outcome = loader->outcome;
    struct arena arena = loader->arena;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    reset_signals();
    close_range(STDERR_FILENO + 1, ~0u, 0); /* a parser does not need the master's sockets */
    limit_child();
    drop_capabilities();
    outcome->conf = conf_build(&arena, source, &outcome->report);
    outcome->finished = true;
    sanitizer_check_leaks();
    _exit(0);
}

static void *map(size_t size, int kind)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, kind | MAP_ANONYMOUS, -1, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

void loader_forget(struct loader *loader)
{
    if (!loader)
        return;
    arena_close(&loader->arena);
    if (loader->outcome)
        munmap(loader->outcome, sizeof(*loader->outcome));
    free(loader);
}

void loader_cancel(struct loader *loader)
{
    if (!loader)
        return;
    child_kill(&loader->child);
    child_leave(loader->children, &loader->child);
    loader_forget(loader);
}

static int start(struct loader *loader, const struct conf_source *source)
{
    pid_t parent = getpid(), pid;
    int result = arena_open(&loader->arena, CONF_ARENA_SIZE);

    if (result < 0)
        return result;
    loader->outcome = map(sizeof(*loader->outcome), MAP_SHARED);
    if (!loader->outcome)
        return -errno;
    conf_report_open(&loader->outcome->report, source->path);
    pid = child_fork(loader->children, &loader->child);
    if (pid == 0)
        run_child(loader, source, parent);
    return pid < 0 ? -errno : 0;
}

int loader_start(const struct conf_source *source, struct children *children, struct loader **loader)
{
    struct loader *new = calloc(1, sizeof(*new));
    int result;

    if (!new)
        return -ENOMEM;
    new->children = children;
    new->deadline = monotonic_ns() + DEADLINE_LOAD_SECONDS *NS_PER_S;
    result = start(new, source);
    if (result < 0)
        loader_cancel(new);
    else
        *loader = new;
    return result;
}

bool loader_is_over(struct loader *loader, int64_t now)
{
    if (loader->child.ended)
        return true;
    if (now < loader->deadline)
        return false;
    if (loader->killed) /* it does not die */
        return true;
    child_kill(&loader->child);
    loader->killed = true;
    loader->deadline = now + DEADLINE_KILL;
    return false;
}

int64_t loader_next(const struct loader *loader)
{
    return loader->deadline;
}

static void report_killed(struct conf_report *report, int number)
{
    const char *name = sigabbrev_np(number);

    if (number == SIGXCPU)
        conf_error(report, 0, report->file, "loading failed: it took more than %d s of processor time",
                   DEADLINE_LOAD_SECONDS);
    else
        conf_error(report, 0, report->file, "loading failed: the loader was killed by signal %d (%s)", number,
                   name ? name : "unknown");
    if (number == SIGKILL) /* out of memory, or by an operator; another signal is the parser's own */
        conf_report_temporary(report);
}

static void report_timeout(struct conf_report *report, bool left)
{
    const char *activity = report->activity;

    conf_error(report, 0, report->file, "loading failed: it took more than %d s%s%s%s", DEADLINE_LOAD_SECONDS,
               *activity ? ", while " : "", activity, left ? "; its process cannot be killed" : "");
    if (*activity || left) /* a name server or a file system does not answer */
        conf_report_temporary(report);
}

/* Reports why a child without a result ended. */
static void report_lost(struct conf_report *report, const struct loader *loader)
{
    if (loader->killed)
        report_timeout(report, !loader->child.ended);
    else if (WIFSIGNALED(loader->child.status))
        report_killed(report, WTERMSIG(loader->child.status));
    else
        conf_error(report, 0, report->file, "loading failed: the loader exited with status %d",
                   WEXITSTATUS(loader->child.status));
}

/* Takes over the arena from the loader. */
static const struct conf *seal(struct loader *loader)
{
    struct conf *conf = (struct conf *)loader->outcome->conf;

    conf->references =
        map(sizeof(*conf->references), MAP_PRIVATE); /* not shared: each process counts its own */
    if (!conf->references)
        return NULL;
    *conf->references = 1;
    if (arena_seal(&conf->arena) < 0) {
        munmap(conf->references, sizeof(*conf->references));
        return NULL;
    }
    loader->arena = (struct arena){0};
    return conf;
}

enum loader_status loader_finish(struct loader *loader, const struct conf **conf,
                                 struct conf_messages **messages)
{
    struct outcome *outcome = loader->outcome;
    enum loader_status result = LOADER_REFUSED;

    *conf = NULL;
    /* A sanitizer's report at the very end is a failure, too. */
    if (!outcome->finished || !loader->child.ended || loader->child.status != 0)
        report_lost(&outcome->report, loader);
    else if (outcome->conf) {
        *conf = seal(loader);
        result = *conf ? LOADER_LOADED : LOADER_FAILED;
        if (!*conf)
            conf_error(&outcome->report, 0, outcome->report.file, "cannot be kept in memory: %s",
                       strerror(errno));
    }
    if (!*conf && outcome->report.errors == outcome->report.temporary)
        result = LOADER_FAILED;
    *messages = conf_messages_copy(&outcome->report);
    loader_cancel(loader);
    return result;
}

/* Sleeps until the child has ended, or for as long as it may take. */
static void wait_for_end(const struct loader *loader)
{
    struct pollfd ended = {.fd = pidfd_open(loader->child.pid, 0), .events = POLLIN};
    int64_t left = loader->deadline - monotonic_ns();

    poll(&ended, 1, left > 0 ? (int)(left / NS_PER_MS + 1) : 0);
    close_fd(&ended.fd);
}

enum loader_status loader_run(const struct conf_source *source, const struct conf **conf,
                              struct conf_messages **messages)
{
    struct children children = {0};
    enum loader_status status;
    struct loader *loader;
    int result = loader_start(source, &children, &loader);

    if (result < 0) {
        *conf = NULL;
        *messages = conf_messages_error("the loader cannot be started: ", strerror(-result));
        return LOADER_FAILED;
    }
    while (children_reap(&children), !loader_is_over(loader, monotonic_ns()))
        wait_for_end(loader);
    status = loader_finish(loader, conf, messages);
    children_close(&children);
    return status;
}
