/* SPDX-License-Identifier: MIT */
#include "master/status.h"

#include "base/util.h"

#include <criterion/criterion.h>
#include <sysexits.h>

static void open_status(struct status *status)
{
    static const struct generations generations;
    static const struct failure failure;

    status_open(status, &generations, &failure, NS_PER_S);
    status_note(status, SERVICE_SERVING, 2 * NS_PER_S);
}

Test(status, a_reload_does_not_end_the_serving)
{
    struct status status;

    open_status(&status);
    cr_expect_eq(status.view.state_since, 2 * NS_PER_S);
    for (int64_t now = 3 * NS_PER_S; now < 9 * NS_PER_S; now += 2 * NS_PER_S) {
        status_note(&status, SERVICE_RELOADING, now);
        status_note(&status, SERVICE_RELOADING, now + 1);
        cr_expect_eq(status.view.state_since, now);
        status_note(&status, SERVICE_SERVING, now + NS_PER_S);
        cr_expect_eq(status.view.state_since, 2 * NS_PER_S);
    }
    status_note(&status, SERVICE_RELOADING, 10 * NS_PER_S);
    status_note(&status, SERVICE_DRAINING, 11 * NS_PER_S);
    cr_expect_eq(status.view.state_since, 11 * NS_PER_S, "any other state begins when it begins");
}

Test(status, the_last_reload_is_told_with_the_first_of_its_errors)
{
    struct status status;
    const struct last_reload *last = &status.view.last_reload;

    open_status(&status);
    cr_expect_eq(last->at, 0);
    status_reloaded(&status, EX_CONFIG, "x.conf:1: a: wrong\nx.conf:2: b: wrong", 3 * NS_PER_S);
    cr_expect_eq(last->at, 3 * NS_PER_S);
    cr_expect_eq(last->code, EX_CONFIG);
    cr_expect_str_eq(last->reason.text, "x.conf:1: a: wrong");
    status_reloaded(&status, EX_OK, "Reloaded", 4 * NS_PER_S);
    cr_expect_eq(last->code, EX_OK);
    cr_expect_str_eq(last->reason.text, "");
    cr_expect_eq(status.view.reloads, 1);
    cr_expect_eq(status.view.reloads_refused, 1);
}
