/* SPDX-License-Identifier: MIT */
#include "master/upgrade.h"

#include "base/deadlines.h"
#include "base/util.h"
#include "log/log.h"
#include "master/wake.h"
#include "system/descriptors.h"
#include "system/notify.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define READY_ENV "SOCKGREET_UPGRADE_FD"

/* Moves all sockets to descriptors from 3 on, for sd_listen_fds(3), in the order of the registry; also those
 * of generations that drain, which would conflict with sockets of the new process. */
static int place_sockets(const struct registry *registry, int ready_fd)
{
    int count = (int)registry->count, high = SD_LISTEN_FDS_START + count + 1, i = 0;
    int *copies = calloc((size_t)count + 1, sizeof(int));

    if (!copies)
        return -1;
    /* Copies them to higher numbers first, so that none is overwritten. */
    for (const struct socket *socket = registry->first; socket; socket = socket->next)
        copies[i++] = fcntl(socket->fd, F_DUPFD_CLOEXEC, high);
    copies[i] = fcntl(ready_fd, F_DUPFD_CLOEXEC, high);
    for (i = 0; i <= count; i++)
        if (copies[i] < 0 || dup2(copies[i], SD_LISTEN_FDS_START + i) < 0) /* without close-on-exec */
            return -1;
    return SD_LISTEN_FDS_START + count;
}

static char *join_labels(const struct registry *registry)
{
    char *labels = calloc(registry->count + 1, SOCKET_LABEL_MAX + 1), *end = labels;

    for (const struct socket *socket = registry->first; end && socket; socket = socket->next)
        end = stpcpy(stpcpy(end, socket_short_label(socket)), socket->next ? ":" : "");
    return labels;
}

static int set_environment(const struct registry *registry, int ready_fd)
{
    char number[16], *labels = join_labels(registry);

    if (!labels)
        return -1;
    setenv("LISTEN_FDNAMES", labels, 1);
    snprintf(number, sizeof(number), "%d", (int)getpid());
    setenv("LISTEN_PID", number, 1);
    snprintf(number, sizeof(number), "%zu", registry->count);
    setenv("LISTEN_FDS", number, 1);
    snprintf(number, sizeof(number), "%d", ready_fd);
    return setenv(READY_ENV, number, 1);
}

/* In the child: reports errno to the parent, and ends. */
static _Noreturn void give_up(int ready_fd)
{
    int error = errno;

    if (write(ready_fd, &error, sizeof(error)) < 0)
        _exit(72);
    _exit(71);
}

/* In the child: executes the new binary. */
static _Noreturn void execute(const struct upgrade *upgrade, int ready_fd)
{
    sigset_t none;
    int fd = place_sockets(upgrade->registry, ready_fd);

    if (fd < 0 || set_environment(upgrade->registry, fd) < 0)
        give_up(ready_fd);
    close_range((unsigned)fd + 1, ~0u, 0);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (upgrade->ignores_hangup)
        signal(SIGHUP, SIG_IGN);
    execv(upgrade->argv[0], upgrade->argv);
    give_up(fd);
}

/* Why this process cannot be replaced; NULL if it can. */
static const char *objection(const struct upgrade *upgrade)
{
    if (notify_enabled())
        return "under systemd, use systemctl restart, which does not refuse connections";
    if (getpid() == 1) /* its end ends every process of its namespace */
        return "process 1 of a container cannot be replaced; start a new container";
    return children_stray(upgrade->children) ? "a process of an earlier upgrade cannot be killed" : NULL;
}

void upgrade_start(struct upgrade *upgrade, int64_t now)
{
    const char *why = objection(upgrade);
    int ready[2] = {-1, -1};
    pid_t pid;

    if (why) {
        log_warning("SIGUSR2 ignored: %s", why);
        return;
    }
    if (pipe2(ready, O_CLOEXEC | O_NONBLOCK) < 0 ||
        (pid = child_fork(upgrade->children, &upgrade->child)) < 0) {
        log_error("cannot upgrade: %s", strerror(errno));
        close_fd(&ready[0]);
        close_fd(&ready[1]);
        return;
    }
    if (pid == 0)
        execute(upgrade, ready[1]);
    close(ready[1]);
    upgrade->ready_fd = ready[0];
    if (wake_on(upgrade->event, ready[0], &upgrade->ready_source) < 0)
        log_warning("cannot watch the new process; this one may notice late that it is ready");
    upgrade->deadline = now + DEADLINE_UPGRADE_READY;
    log_event(LOG_INFO, MESSAGE_UPGRADE, NULL, "Upgrade: started %s as pid %d", upgrade->argv[0], (int)pid);
}

bool upgrade_is_running(const struct upgrade *upgrade)
{
    return upgrade->ready_fd >= 0;
}

static void stop_listening(struct upgrade *upgrade)
{
    upgrade->ready_source = sd_event_source_disable_unref(upgrade->ready_source);
    close_fd(&upgrade->ready_fd);
}

static void fail(struct upgrade *upgrade, const char *why)
{
    child_kill(&upgrade->child);
    child_leave(upgrade->children, &upgrade->child);
    stop_listening(upgrade);
    failure_note(upgrade->failure, FAILURE_UPGRADE, "upgrade failed: the new process %s", why);
    log_event(LOG_ERR, MESSAGE_UPGRADE, NULL, "Upgrade failed: the new process %s; this one keeps serving",
              why);
}

static void succeed(struct upgrade *upgrade)
{
    stop_listening(upgrade);
    upgrade->done = true;
    log_event(LOG_INFO, MESSAGE_UPGRADE, NULL, "Upgrade: pid %d is serving; this process drains and ends",
              (int)upgrade->child.pid);
}

int64_t upgrade_step(struct upgrade *upgrade, int64_t now)
{
    char word[sizeof(int)], why[128];
    ssize_t n;

    if (!upgrade_is_running(upgrade))
        return INT64_MAX;
    n = read(upgrade->ready_fd, word, sizeof(word));
    if (n == 0) {
        fail(upgrade, "ended before it was ready");
    } else if (n == sizeof(int)) {
        snprintf(why, sizeof(why), "cannot be executed: %s", strerror(*(int *)(void *)word));
        fail(upgrade, why);
    } else if (n == 1) {
        succeed(upgrade);
    } else if (now >= upgrade->deadline) {
        snprintf(why, sizeof(why), "was not ready within %.0f s", (double)DEADLINE_UPGRADE_READY / NS_PER_S);
        fail(upgrade, why);
    }
    return upgrade_is_running(upgrade) ? upgrade->deadline : INT64_MAX;
}

void upgrade_cancel(struct upgrade *upgrade)
{
    if (upgrade_is_running(upgrade))
        fail(upgrade, "was not ready when this one was stopped");
}

int upgrade_inherited_fd(void)
{
    const char *number = getenv(READY_ENV);
    unsigned passed = descriptors_passed();
    long fd = number && passed ? strtol(number, NULL, 10) : -1;

    unsetenv(READY_ENV);
    return fd == (long)(SD_LISTEN_FDS_START + passed) ? (int)fd : -1;
}

void upgrade_report_ready(int *replaced_fd)
{
    if (*replaced_fd < 0)
        return;
    if (write(*replaced_fd, "R", 1) != 1)
        log_warning("cannot notify the process that this one replaces: %s", strerror(errno));
    close_fd(replaced_fd);
}
