/* SPDX-License-Identifier: MIT */
/* An upgrade outside systemd: a new binary is executed with the listening sockets. When it serves, this
 * process drains and leaves; if it does not within ten seconds, this process stays. */
#include "base/util.h"
#include "log/log.h"
#include "master/master_internal.h"
#include "system/notify.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define READY_NS  (10 * NS_PER_S)
#define READY_ENV "SOCKGREET_UPGRADE_FD"

/* The sockets in the order they will have, as sd_listen_fds(3) wants them: from 3 on. */
static int place_sockets(const struct listener_set *set, int ready_fd)
{
    int count = (int)set->count, high = SD_LISTEN_FDS_START + count + 1;
    int *copies = calloc((size_t)count + 1, sizeof(int));

    if (!copies)
        return -1;
    for (int i = 0; i <= count; i++) { /* out of the way first, so that none is overwritten */
        copies[i] = fcntl(i < count ? set->sockets[i].fd : ready_fd, F_DUPFD_CLOEXEC, high);
        if (copies[i] < 0)
            return -1;
    }
    for (int i = 0; i <= count; i++)
        if (dup2(copies[i], SD_LISTEN_FDS_START + i) < 0) /* without close-on-exec */
            return -1;
    return SD_LISTEN_FDS_START + count;
}

static int set_environment(const struct listener_set *set, int ready_fd)
{
    char number[16], *names = calloc(set->count + 1, LISTENER_LABEL_MAX + 1);

    if (!names)
        return -1;
    for (size_t i = 0; i < set->count; i++) {
        strcat(names, set->sockets[i].bound->label);
        if (i + 1 < set->count)
            strcat(names, ":");
    }
    setenv("LISTEN_FDNAMES", names, 1);
    snprintf(number, sizeof(number), "%d", (int)getpid());
    setenv("LISTEN_PID", number, 1);
    snprintf(number, sizeof(number), "%zu", set->count);
    setenv("LISTEN_FDS", number, 1);
    snprintf(number, sizeof(number), "%d", ready_fd);
    return setenv(READY_ENV, number, 1);
}

/* In the child, which nothing but exec follows. */
static _Noreturn void execute(const struct master *master, int ready_fd)
{
    const struct listener_set *set = &master->serving->listeners;
    sigset_t none;
    int fd = place_sockets(set, ready_fd);

    if (fd < 0 || set_environment(set, fd) < 0)
        _exit(71);
    close_range((unsigned)fd + 1, ~0u, 0);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execv(master->settings->argv[0], master->settings->argv);
    _exit(71);
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
    master->upgrade = (struct upgrade){.pid = pid, .ready_fd = ready[0], .deadline = now + READY_NS};
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
    log_event(LOG_ERR, MESSAGE_UPGRADE, NULL, "Upgrade failed: the new process %s; this one serves on", why);
}

void upgrade_step(struct master *master, int64_t now)
{
    struct upgrade *upgrade = &master->upgrade;
    char byte;
    ssize_t n;

    if (!upgrade->pid || upgrade->done)
        return;
    n = read(upgrade->ready_fd, &byte, 1);
    if (n == 0) {
        fail(master, "ended before it was ready");
    } else if (n == 1) {
        close_fd(&upgrade->ready_fd);
        upgrade->done = true;
        log_event(LOG_INFO, MESSAGE_UPGRADE, NULL, "Upgrade: pid %d serves, this process drains",
                  (int)upgrade->pid);
        kill(getpid(), SIGTERM); /* the same way as any other end */
    } else if (now >= upgrade->deadline) {
        fail(master, "was not ready in 10 s");
    }
}

void upgrade_close(struct master *master)
{
    if (master->upgrade.pid && !master->upgrade.done)
        fail(master, "was not ready when this one was stopped");
}

void upgrade_report_ready(void)
{
    const char *number = getenv(READY_ENV);
    int fd = number ? atoi(number) : -1;

    unsetenv(READY_ENV);
    if (fd < SD_LISTEN_FDS_START)
        return;
    if (write(fd, "R", 1) != 1)
        log_warning("cannot tell the process that this one replaces: %s", strerror(errno));
    close(fd);
}
