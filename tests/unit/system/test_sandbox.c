/* SPDX-License-Identifier: MIT */
#include "system/sandbox.h"

#include "base/util.h"
#include "conf/conf_syscalls.h"

#include <criterion/criterion.h>
#include <linux/filter.h>

Test(sandbox, says_what_is_in_force_and_what_is_missing)
{
    static const struct {
        struct sandbox sandbox;
        const char *text;
        bool whole;
    } cases[] = {
        {{SANDBOX_UNKNOWN, 0, 0, 0}, "", false},
        {{SANDBOX_OFF, 0, 0, 0}, "off", false},
        {{SANDBOX_UNFIT, 0, 0, 0}, "off in this build (sanitizer)", false},
        {{SANDBOX_TRIED, 0, 0, 7}, "seccomp, landlock (ABI 7)", true},
        {{SANDBOX_TRIED, EINVAL, 0, 2}, "landlock (ABI 2); no seccomp (Invalid argument)", false},
        {{SANDBOX_TRIED, ENOMEM, EOPNOTSUPP, 0},
         "no seccomp (Cannot allocate memory); no landlock (Operation not supported: disabled at boot)",
         false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct message message;

        sandbox_describe(&cases[i].sandbox, &message);
        cr_expect_str_eq(message.text, cases[i].text, "case %zu", i);
        cr_expect_eq(sandbox_is_whole(&cases[i].sandbox), cases[i].whole, "case %zu", i);
    }
}

static void compile(struct arena *arena, struct conf *conf)
{
    static struct conf_report report;
    struct conf_builder builder = {.arena = arena, .report = &report, .conf = conf};

    cr_assert_eq(arena_open(arena, CONF_ARENA_SIZE), 0);
    conf_report_open(&report, "f");
    conf_syscalls_compile(&builder);
    cr_assert_eq(report.errors, 0);
}

/* abort() signals the worker itself, whose pid the filter has one place for. */
Test(sandbox, the_filter_has_one_place_for_the_pid)
{
    struct arena arena;
    struct conf conf = {.sandbox = CONF_SANDBOX_AUTO};
    unsigned places = 0;

    compile(&arena, &conf);
    cr_assert_gt(conf.filter_length, 50);
    for (unsigned i = 0; i < conf.filter_length; i++)
        places += BPF_CLASS(conf.filter[i].code) == BPF_JMP && conf.filter[i].k == CONF_FILTER_PID;
    cr_expect_eq(places, 1);
    arena_close(&arena);
}

Test(sandbox, without_one_there_is_no_filter)
{
    struct arena arena;
    struct conf conf = {.sandbox = CONF_SANDBOX_OFF};

    compile(&arena, &conf);
    cr_expect_null(conf.filter);
    arena_close(&arena);
}
