/* SPDX-License-Identifier: MIT */
#include "client/load/limit.h"

#include <criterion/criterion.h>
#include <string.h>

static struct engine_result result;

/* 1000 requests in 2 s, of which 10 failed, 5 started late; the others took 1 to 990 us. */
static void fill(void)
{
    memset(&result, 0, sizeof(result));
    result.started = 1000;
    result.late = 5;
    result.seconds = 2;
    result.tally.ended[OUTCOME_ANSWERED] = 990;
    result.tally.ended[OUTCOME_TIMEOUT] = 7;
    result.tally.ended[TALLY_WRONG] = 3;
    for (int us = 1; us <= 990; us++)
        histogram_add(&result.tally.latency, us * 1000);
}

TestSuite(limit, .init = fill);

static bool keeps(const char *text)
{
    struct limit limit;

    cr_assert_eq(limit_parse(&limit, text), true, "%s", text);
    return limit_is_kept(&limit, &result);
}

Test(limit, latencies)
{
    cr_assert_eq(keeps("p99<1ms"), true);
    cr_assert_eq(keeps("p99<0.9ms"), false);
    cr_assert_eq(keeps("p50<600us"), true);
    cr_assert_eq(keeps("p99.9>980us"), true);
    cr_assert_eq(keeps("max<=0.00099s"), true);
    cr_assert_eq(keeps("max<0.99ms"), false);
    cr_assert_eq(keeps("min>=1us"), true);
    cr_assert_eq(keeps("min>1us"), false);
    cr_assert_eq(keeps("avg < 0.5 ms"), true);
}

Test(limit, numbers_and_shares)
{
    cr_assert_eq(keeps("rate>494.9"), true);
    cr_assert_eq(keeps("rate>495"), false);
    cr_assert_eq(keeps("requests>=1000"), true);
    cr_assert_eq(keeps("answered>=990"), true);
    cr_assert_eq(keeps("answered>99%"), false);
    cr_assert_eq(keeps("answered>=99%"), true);
    cr_assert_eq(keeps("errors<10"), false);
    cr_assert_eq(keeps("errors<=10"), true);
    cr_assert_eq(keeps("errors<1.01%"), true);
    cr_assert_eq(keeps("late<0.5%"), false);
    cr_assert_eq(keeps("late<6"), true);
}

Test(limit, what_cannot_be_measured_is_not_kept)
{
    memset(&result, 0, sizeof(result));
    cr_assert_eq(keeps("p99<1s"), false);
    cr_assert_eq(keeps("p99>1s"), false);
    cr_assert_eq(keeps("errors<1%"), false);
    cr_assert_eq(keeps("errors<1"), true);
}

Test(limit, says_what_it_came_to)
{
    struct message text;
    struct limit limit;

    limit_parse(&limit, "max<1us");
    limit_describe(&limit, &result, &text);
    cr_assert_str_eq(text.text, "0.990 ms");
    limit_parse(&limit, "errors<0.5%");
    limit_describe(&limit, &result, &text);
    cr_assert_str_eq(text.text, "1 %");
    limit_parse(&limit, "rate>1000");
    limit_describe(&limit, &result, &text);
    cr_assert_str_eq(text.text, "495.0");
    memset(&result, 0, sizeof(result));
    limit_parse(&limit, "p50<1s");
    limit_describe(&limit, &result, &text);
    cr_assert_str_eq(text.text, "no answers");
}

Test(limit, refuses_what_it_does_not_know)
{
    static const char *const texts[] = {
        "",          "p99",       "p99<",     "p99<5",       "p99<5m",     "p99<5%",   "p0<1ms",
        "p100<1ms",  "p<1ms",     "p9x<1ms",  "99<1ms",      "rate>5%",    "rate>5ms", "rate>x",
        "errors<5s", "errors=0",  "errors==", "errors<-1",   "errors<1e3", "minx<1ms", "mi<1ms",
        "max<1msx",  "late<101%", "late<1%%", "p99.9.9<1ms", "max<.5ms",   "max><1ms", "errors<inf",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct limit limit;

        cr_assert_eq(limit_parse(&limit, texts[i]), false, "%s", texts[i]);
    }
}
