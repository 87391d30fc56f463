/* SPDX-License-Identifier: MIT */
#include "base/child.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* One that ends at once with a status, or waits for its end if the status is negative. */
static pid_t start(struct children *children, struct child *child, int status)
{
    pid_t pid = child_fork(children, child);

    if (pid == 0 && status < 0)
        pause();
    if (pid == 0)
        _exit(status);
    cr_assert_gt(pid, 0);
    cr_assert_eq(child->pid, pid);
    return pid;
}

static void wait_for_one(pid_t pid)
{
    siginfo_t info;

    cr_assert_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

Test(child, its_end_is_kept_until_it_is_taken)
{
    struct children children = {0};
    struct child child;
    pid_t pid = start(&children, &child, 7);
    int status;

    wait_for_one(pid);
    cr_assert_not(child_take_end(&child, &status), "nobody has reaped it");
    children_reap(&children);
    cr_assert(child_take_end(&child, &status));
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    cr_assert_eq(child.pid, 0);
    cr_assert_not(child_take_end(&child, &status));
}

Test(child, others_are_not_confused_with_it)
{
    struct children children = {0};
    struct child first, second;
    pid_t pid;
    int status;

    start(&children, &first, -1);
    pid = start(&children, &second, 3);
    wait_for_one(pid);
    children_reap(&children);
    cr_assert_not(child_take_end(&first, &status));
    cr_assert(child_take_end(&second, &status));
    child_kill(&first);
    wait_for_one(first.pid);
    children_reap(&children);
    cr_assert(child_take_end(&first, &status));
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

Test(child, one_that_is_left_is_reaped_whenever_it_ends)
{
    struct children children = {0};
    struct child child;
    pid_t pid = start(&children, &child, -1);

    child_leave(&children, &child);
    cr_assert_eq(child.pid, 0);
    cr_assert_eq(children_stray(&children), pid);
    children_reap(&children);
    cr_assert_eq(children_stray(&children), pid, "it still runs");
    kill(pid, SIGKILL);
    wait_for_one(pid);
    children_reap(&children);
    cr_assert_eq(children_stray(&children), 0);
    cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1, "no zombie is left");
}

Test(child, one_that_has_ended_is_left_without_a_trace)
{
    struct children children = {0};
    struct child child;
    pid_t pid = start(&children, &child, 0);

    wait_for_one(pid);
    children_reap(&children);
    child_leave(&children, &child);
    cr_assert_eq(children_stray(&children), 0);
    cr_assert_null(children.first);
}
