/* SPDX-License-Identifier: MIT */
/* An upgrade outside systemd: a new binary is executed with the listening sockets. When it serves, this
 * process drains and leaves; if it does not in time, this process stays. */
#include "base/deadlines.h"
#include "base/util.h"
#include "log/log.h"
#include "master/master_internal.h"
#include "system/descriptors.h"
#include "system/notify.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define READY_ENV "SOCKGREET_UPGRADE_FD"

/* All sockets, also those of generations that drain: they would be in the way of the new process's. From 3
 * on, as sd_listen_fds(3) wants them, in the order of the registry. */
static int place_sockets(const struct registry *registry, int ready_fd)
{
    int count = (int)registry->count, high = SD_LISTEN_FDS_START + count + 1, i = 0;
    int *copies = calloc((size_t)count + 1, sizeof(int));

    if (!copies)
        return -1;
    /* Out of the way first, so that none is overwritten. */
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

/* The child's last word: why it cannot be the new process. */
static _Noreturn void give_up(int ready_fd)
{
    int error = errno;

    if (write(ready_fd, &error, sizeof(error)) < 0)
        _exit(72);
    _exit(71);
}

/* In the child, which nothing but exec follows. */
static _Noreturn void execute(const struct master *master, int ready_fd)
{
    sigset_t none;
    int fd = place_sockets(master->registry, ready_fd);

    if (fd < 0 || set_environment(master->registry, fd) < 0)
        give_up(ready_fd);
    close_range((unsigned)fd + 1, ~0u, 0);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (master->settings->ignores_hangup)
        signal(SIGHUP, SIG_IGN);
    execv(master->settings->argv[0], master->settings->argv);
    give_up(fd);
}

void upgrade_start(struct master *master, int64_t now)
{
    int ready[2] = {-1, -1};
    pid_t pid;

    if (notify_enabled()) {
        log_warning(
            "SIGUSR2 ignored: under systemd, systemctl restart upgrades without a refused connection");
        return;
    }
    if (getpid() == 1) { /* with which the kernel ends every process of its namespace */
        log_warning("SIGUSR2 ignored: process 1 of a container cannot be replaced; start a new container");
        return;
    }
    if (!master->serving || master->upgrade.pid || master->reload.running || master->stop != STOP_NO) {
        log_warning("SIGUSR2 ignored: the service starts, reloads, stops or upgrades just now");
        return;
    }
    if (pipe2(ready, O_CLOEXEC | O_NONBLOCK) < 0 || (pid = fork()) < 0) {
        log_error("cannot upgrade: %s", strerror(errno));
        close_fd(&ready[0]);
        close_fd(&ready[1]);
        return;
    }
    if (pid == 0)
        execute(master, ready[1]);
    close(ready[1]);
    master->upgrade =
        (struct upgrade){.pid = pid, .ready_fd = ready[0], .deadline = now + DEADLINE_UPGRADE_READY};
    log_event(LOG_INFO, MESSAGE_UPGRADE, NULL, "Upgrade: started %s as pid %d", master->settings->argv[0],
              (int)pid);
}

static void fail(struct master *master, const char *why)
{
    kill(master->upgrade.pid, SIGKILL);
    waitpid(master->upgrade.pid, NULL, 0);
    close_fd(&master->upgrade.ready_fd);
    master->upgrade.pid = 0;
    master->status_at = 0; /* at once */
    snprintf(master->last_failure, sizeof(master->last_failure), "upgrade failed: %s", why);
    log_event(LOG_ERR, MESSAGE_UPGRADE, NULL, "Upgrade failed: the new process %s; this one keeps serving",
              why);
}

void upgrade_step(struct master *master, int64_t now)
{
    struct upgrade *upgrade = &master->upgrade;
    char word[sizeof(int)], why[128];
    ssize_t n;

    if (!upgrade->pid || upgrade->done)
        return;
    n = read(upgrade->ready_fd, word, sizeof(word));
    if (n == 0) {
        fail(master, "ended before it was ready");
    } else if (n == sizeof(int)) {
        snprintf(why, sizeof(why), "cannot be executed: %s", strerror(*(int *)(void *)word));
        fail(master, why);
    } else if (n == 1) {
        close_fd(&upgrade->ready_fd);
        upgrade->done = true;
        log_event(LOG_INFO, MESSAGE_UPGRADE, NULL, "Upgrade: pid %d serves, this process drains",
                  (int)upgrade->pid);
        kill(getpid(), SIGTERM); /* the same way as any other end */
    } else if (now >= upgrade->deadline) {
        snprintf(why, sizeof(why), "was not ready in %.0f s", (double)DEADLINE_UPGRADE_READY / NS_PER_S);
        fail(master, why);
    }
}

void upgrade_close(struct master *master)
{
    if (master->upgrade.pid && !master->upgrade.done)
        fail(master, "was not ready when this one was stopped");
}

int upgrade_inherited_fd(void)
{
    const char *number = getenv(READY_ENV);
    unsigned passed = descriptors_passed();
    long fd = number && passed ? strtol(number, NULL, 10) : -1;

    unsetenv(READY_ENV);
    return fd == (long)(SD_LISTEN_FDS_START + passed) ? (int)fd : -1;
}

void upgrade_report_ready(struct master *master)
{
    if (master->replaced_fd < 0)
        return;
    if (write(master->replaced_fd, "R", 1) != 1)
        log_warning("cannot tell the process that this one replaces: %s", strerror(errno));
    close_fd(&master->replaced_fd);
}
