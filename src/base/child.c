/* SPDX-License-Identifier: MIT */
#include "base/child.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t child_fork(struct children *children, struct child *child)
{
    pid_t pid = fork();

    if (pid > 0) {
        *child = (struct child){.pid = pid, .next = children->first};
        children->first = child;
    }
    return pid;
}

/* Takes the child with this pid out of a list. */
static struct child *take_out(struct child **list, pid_t pid)
{
    for (struct child **link = list; *link; link = &(*link)->next)
        if ((*link)->pid == pid) {
            struct child *child = *link;

            *link = child->next;
            return child;
        }
    return NULL;
}

static void note_end(struct children *children, pid_t pid, int status)
{
    struct child *child = take_out(&children->first, pid);

    if (child) {
        child->ended = true;
        child->status = status;
    } else {
        free(take_out(&children->strays, pid));
    }
}

void children_reap(struct children *children)
{
    pid_t pid;
    int status;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0 || (pid < 0 && errno == EINTR))
        if (pid > 0)
            note_end(children, pid, status);
}

bool child_take_end(struct child *child, int *status)
{
    bool ended = child->ended;

    *status = child->status;
    if (ended)
        *child = (struct child){0};
    return ended;
}

void child_kill(const struct child *child)
{
    if (child->pid && !child->ended)
        kill(child->pid, SIGKILL);
}

void child_leave(struct children *children, struct child *child)
{
    struct child *stray = take_out(&children->first, child->pid) ? malloc(sizeof(*stray)) : NULL;

    if (stray) { /* if out of memory, it is reaped anyway */
        *stray = (struct child){.pid = child->pid, .next = children->strays};
        children->strays = stray;
    }
    *child = (struct child){0};
}

pid_t children_stray(const struct children *children)
{
    return children->strays ? children->strays->pid : 0;
}

void children_close(struct children *children)
{
    while (children->strays)
        free(take_out(&children->strays, children->strays->pid));
}
