/* SPDX-License-Identifier: MIT */
#include "master/slots.h"

#include "base/deadlines.h"
#include "base/util.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <sysexits.h>

int slots_open(struct slots *slots, unsigned count, int64_t now)
{
    slots->count = 0;
    slots->table = calloc(count, sizeof(*slots->table));
    if (!slots->table)
        return -ENOMEM;
    for (; slots->count < count; slots->count++) {
        struct slot *slot = &slots->table[slots->count];

        slot->start_at = now;
        slot->log_wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (slot->log_wake_fd < 0) {
            int error = -errno;

            slots_close(slots);
            return error;
        }
    }
    return 0;
}

void slots_close(struct slots *slots)
{
    for (unsigned i = 0; i < slots->count; i++) {
        close_fd(&slots->table[i].log_wake_fd);
    }
    free(slots->table);
    slots->table = NULL;
    slots->count = 0;
}

void slot_started(struct slot *slot, int64_t now)
{
    slot->ready = slot->killed_stuck = false;
    slot->suspect_since = 0;
    slot->started_at = now;
    slot->start_at = SLOT_NEVER;
    slot->starts++;
}

void slot_is_ready(struct slot *slot, int64_t now)
{
    slot->ready = true;
    slot->ready_at = now;
}

static int64_t back_off(struct slot *slot, int64_t now)
{
    int64_t delay = DEADLINE_RESTART_FIRST;

    for (unsigned i = 0; i < slot->failures && delay < DEADLINE_RESTART_LAST; i++)
        delay *= 2;
    if (delay > DEADLINE_RESTART_LAST)
        delay = DEADLINE_RESTART_LAST;
    slot->failures++;
    slot->start_at = now + delay;
    return delay;
}

/* Whether the process itself failed. A signal that was sent to it is not a reason to delay the next start. */
static bool is_own_fault(int status)
{
    if (WIFEXITED(status))
        return true;
    switch (WTERMSIG(status)) {
    case SIGSEGV:
    case SIGABRT:
    case SIGBUS:
    case SIGILL:
    case SIGFPE:
    case SIGSYS:
        return true;
    default:
        return false;
    }
}

static void describe_end(struct slot *slot, int status)
{
    if (slot->killed_stuck)
        snprintf(slot->last_exit, sizeof(slot->last_exit), "made no progress and was killed");
    else
        slots_describe(status, slot->last_exit, sizeof(slot->last_exit));
}

int64_t slot_ended(struct slot *slot, int status, int64_t now)
{
    bool served = slot->ready && now - slot->ready_at >= DEADLINE_WORKER_PROVEN;
    bool failed = !slot->ready || (!served && is_own_fault(status));

    describe_end(slot, status);
    slot->ready = false;
    if (failed)
        return back_off(slot, now);
    if (served)
        slot->failures = 0;
    slot->start_at =
        slot->started_at + DEADLINE_RESTART_LEAST > now ? slot->started_at + DEADLINE_RESTART_LEAST : now;
    return 0;
}

int64_t slot_failed(struct slot *slot, int64_t now)
{
    return back_off(slot, now);
}

struct slot *slots_find(const struct slots *slots, pid_t pid)
{
    for (unsigned i = 0; i < slots->count; i++)
        if (slots->table[i].child.pid == pid)
            return &slots->table[i];
    return NULL;
}

unsigned slots_alive(const struct slots *slots)
{
    unsigned alive = 0;

    for (unsigned i = 0; i < slots->count; i++)
        alive += slots->table[i].child.pid != 0;
    return alive;
}

unsigned slots_ready(const struct slots *slots)
{
    unsigned ready = 0;

    for (unsigned i = 0; i < slots->count; i++)
        ready += slots->table[i].ready;
    return ready;
}

unsigned slots_restarts(const struct slots *slots)
{
    unsigned restarts = 0;

    for (unsigned i = 0; i < slots->count; i++)
        restarts += slots->table[i].starts > 1 ? slots->table[i].starts - 1 : 0;
    return restarts;
}

int64_t slots_proven_at(const struct slots *slots)
{
    int64_t last = 0;

    for (unsigned i = 0; i < slots->count; i++) {
        if (!slots->table[i].ready)
            return SLOT_NEVER;
        if (slots->table[i].ready_at > last)
            last = slots->table[i].ready_at;
    }
    return last + DEADLINE_WORKER_PROVEN;
}

int64_t slots_next_start(const struct slots *slots)
{
    int64_t next = SLOT_NEVER;

    for (unsigned i = 0; i < slots->count; i++)
        if (slots->table[i].start_at < next)
            next = slots->table[i].start_at;
    return next;
}

static const char *exit_meaning(int code)
{
    switch (code) {
    case EX_USAGE:
        return " (usage)";
    case EX_CONFIG:
        return " (configuration error)";
    case EX_OSERR:
        return " (operating system error)";
    default:
        return "";
    }
}

void slots_describe(int status, char *text, size_t size)
{
    if (WIFSIGNALED(status)) {
        const char *name = sigabbrev_np(WTERMSIG(status));

        snprintf(text, size, "killed by signal %d (%s)%s", WTERMSIG(status), name ? name : "unknown",
                 WCOREDUMP(status) ? ", core dumped" : "");
    } else {
        snprintf(text, size, "exited with status %d%s", WEXITSTATUS(status),
                 exit_meaning(WEXITSTATUS(status)));
    }
}
