/* SPDX-License-Identifier: MIT */
#include "client/load/tally.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static unsigned judge(const char *greeting, const char *answer)
{
    return tally_judge(greeting, greeting ? strlen(greeting) : 0, answer, strlen(answer));
}

Test(tally, answers_are_judged_by_what_is_expected)
{
    cr_assert_eq(judge("hello\n", "hello\n"), OUTCOME_ANSWERED);
    cr_assert_eq(judge("hello\n", "hell"), TALLY_SHORT);
    cr_assert_eq(judge("hello\n", ""), TALLY_SHORT);
    cr_assert_eq(judge("hello\n", "help\n"), TALLY_WRONG);
    cr_assert_eq(judge("hello\n", "hello\n!"), TALLY_WRONG);
    cr_assert_eq(judge("", ""), OUTCOME_ANSWERED);
}

Test(tally, without_expectations_anything_is_an_answer_but_nothing)
{
    cr_assert_eq(judge(NULL, "x"), OUTCOME_ANSWERED);
    cr_assert_eq(judge(NULL, ""), OUTCOME_OTHER);
}

Test(tally, what_this_side_lacks_is_no_fault_of_the_server)
{
    cr_assert_eq(tally_class_of(EADDRNOTAVAIL), OUTCOME_LOCAL);
    cr_assert_eq(tally_class_of(EMFILE), OUTCOME_LOCAL);
    cr_assert_eq(tally_class_of(ECONNREFUSED), OUTCOME_REFUSED);
    cr_assert_eq(tally_class_of(ECONNRESET), OUTCOME_RESET);
    cr_assert_eq(tally_class_of(EHOSTUNREACH), OUTCOME_UNREACHABLE);
}

Test(tally, every_class_has_a_word_of_its_own)
{
    for (unsigned class = 0; class < TALLY_CLASSES; class ++)
        for (unsigned other = 0; other < class; other++)
            cr_assert_str_neq(tally_word(class), tally_word(other));
}

Test(tally, adds_up)
{
    static struct tally sum, part;

    part.ended[OUTCOME_ANSWERED] = 5;
    part.ended[OUTCOME_REFUSED] = 2;
    part.ended[TALLY_SHORT] = 1;
    part.unexpected = 4;
    part.unfinished = 3;
    part.local_error = EMFILE;
    part.last_ns = 77;
    histogram_add(&part.latency, 1000);
    tally_merge(&sum, &part);
    part.last_ns = 66;
    part.local_error = 0;
    tally_merge(&sum, &part);
    cr_assert_eq(sum.ended[OUTCOME_ANSWERED], 10);
    cr_assert_eq(tally_errors(&sum), 6);
    cr_assert_eq(sum.unexpected, 8);
    cr_assert_eq(sum.unfinished, 6);
    cr_assert_eq(sum.local_error, EMFILE);
    cr_assert_eq(sum.last_ns, 77);
    cr_assert_eq(sum.latency.count, 2);
}
