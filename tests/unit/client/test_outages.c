/* SPDX-License-Identifier: MIT */
#include "client/outages.h"

#include "base/util.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <string.h>

#define STEP_NS (10 * NS_PER_MS) /* from one request to the next */
#define FIRST   OUTAGES_FIRST
#define DOWN    OUTAGES_DOWN
#define UP      OUTAGES_UP
#define CLASS   OUTAGES_CLASS
#define WHO     OUTAGES_WHO
#define ADDRESS OUTAGES_ADDRESS

/* Results of requests are letters: a and b are answers of two names from one address, A and B the same names
 * from another address, - an answer without a name; the rest are losses: t of TIMEOUT, r of REFUSED, d of
 * DNS, x of UNEXPECTED. */
static struct outages_result result_of(char letter, int64_t sent_ns)
{
    struct outages_result result = {.sent_ns = sent_ns, .who = ""};
    bool answered = strchr("abAB-", letter);

    result.outcome = answered        ? OUTCOME_ANSWERED
                     : letter == 't' ? OUTCOME_TIMEOUT
                     : letter == 'r' ? OUTCOME_REFUSED
                     : letter == 'd' ? OUTCOME_DNS
                                     : OUTCOME_UNEXPECTED;
    if (!answered)
        return result;
    result.who = letter == '-' ? "" : strchr("aA", letter) ? "web-1" : "web-2";
    result.peer = (struct address){.length = sizeof(struct sockaddr_in), .in = {.sin_family = AF_INET}};
    result.peer.in.sin_addr.s_addr = htonl(strchr("AB", letter) ? 0x0a000002 : 0x0a000001);
    return result;
}

static int64_t time_of(size_t request)
{
    return NS_PER_S + (int64_t)request * STEP_NS;
}

static unsigned take(struct outages *outages, size_t request, char letter)
{
    const struct outages_result result = result_of(letter, time_of(request));

    return outages_add(outages, &result);
}

static struct outages after(const char *letters)
{
    struct outages outages = {0};

    for (size_t i = 0; letters[i]; i++)
        take(&outages, i, letters[i]);
    return outages;
}

static void assert_answerer(const struct outages_answerer *answerer, char letter, const char *letters)
{
    const struct outages_result expected = result_of(letter, 0);

    if (letter == '0') {
        cr_assert_eq(answerer->peer.length, 0, "%s", letters);
        cr_assert_str_eq(answerer->who, "", "%s", letters);
        return;
    }
    cr_assert_str_eq(answerer->who, expected.who, "%s", letters);
    cr_assert(address_equal(&answerer->peer, &expected.peer), "%s", letters);
}

/* Of the losses: a bit for each class. */
static unsigned classes_of(const struct outage *outage)
{
    unsigned classes = 0;

    for (unsigned outcome = 0; outcome < OUTCOME_COUNT; outcome++)
        classes |= outage->losses[outcome] ? 1U << outcome : 0;
    return classes;
}

Test(outages, only_what_changes_is_a_change)
{
    static const struct {
        const char *letters;
        unsigned changes[8];
    } rows[] = {
        {"aaaa", {FIRST, 0, 0, 0}},
        {"atta", {FIRST, DOWN, 0, UP}},
        {"tta", {FIRST | DOWN, 0, UP}},
        {"trrta", {FIRST | DOWN, CLASS, 0, CLASS, UP}},
        {"adxa", {FIRST, DOWN, CLASS, UP}},
        {"atata", {FIRST, DOWN, UP, DOWN, UP}},
        {"atara", {FIRST, DOWN, UP, DOWN, UP}},
        {"abba", {FIRST, WHO, 0, WHO}},
        {"aAA", {FIRST, ADDRESS, 0}},
        {"aBBa", {FIRST, WHO | ADDRESS, 0, WHO | ADDRESS}},
        {"atbb", {FIRST, DOWN, UP | WHO, 0}},
        {"atAA", {FIRST, DOWN, UP | ADDRESS, 0}},
        {"tbtb", {FIRST | DOWN, UP, DOWN, UP}},
        {"a-a", {FIRST, WHO, WHO}},
        {"--t-", {FIRST, 0, DOWN, UP}},
    };

    for (size_t row = 0; row < ARRAY_SIZE(rows); row++) {
        struct outages outages = {0};

        for (size_t i = 0; rows[row].letters[i]; i++)
            cr_assert_eq(take(&outages, i, rows[row].letters[i]), rows[row].changes[i], "%s, result %zu",
                         rows[row].letters, i + 1);
        outages_free(&outages);
    }
}

/* From the first request that was lost to the first one that was answered again, when they were sent. */
Test(outages, an_outage_has_a_start_a_length_and_two_neighbours)
{
    static const struct {
        const char *letters;
        size_t from, to;
        unsigned lost;
        unsigned classes;
        char before, after; /* letters; 0: nobody */
    } rows[] = {
        {"ata", 1, 2, 1, 1U << OUTCOME_TIMEOUT, 'a', 'a'},
        {"atttb", 1, 4, 3, 1U << OUTCOME_TIMEOUT, 'a', 'b'},
        {"abrrAt", 2, 4, 2, 1U << OUTCOME_REFUSED, 'b', 'A'},
        {"ttta", 0, 3, 3, 1U << OUTCOME_TIMEOUT, '0', 'a'},
        {"atrtdb", 1, 5, 4, 1U << OUTCOME_TIMEOUT | 1U << OUTCOME_REFUSED | 1U << OUTCOME_DNS, 'a', 'b'},
        {"-x-", 1, 2, 1, 1U << OUTCOME_UNEXPECTED, '-', '-'},
    };

    for (size_t row = 0; row < ARRAY_SIZE(rows); row++) {
        struct outages outages = after(rows[row].letters);
        const struct outage *outage = outages.list;

        cr_assert_eq(outages.count, 1, "%s", rows[row].letters);
        cr_assert_eq(outage->from_ns, time_of(rows[row].from), "%s", rows[row].letters);
        cr_assert_eq(outage->to_ns, time_of(rows[row].to), "%s", rows[row].letters);
        cr_assert_eq(outage_length(outage, INT64_MAX), (int64_t)(rows[row].to - rows[row].from) * STEP_NS);
        cr_assert_eq(outage->lost, rows[row].lost, "%s", rows[row].letters);
        cr_assert_eq(classes_of(outage), rows[row].classes, "%s", rows[row].letters);
        assert_answerer(&outage->before, rows[row].before, rows[row].letters);
        assert_answerer(&outage->after, rows[row].after, rows[row].letters);
        outages_free(&outages);
    }
}

Test(outages, no_result_and_no_outage)
{
    struct outages outages = {0};

    cr_assert_eq(outages_number(&outages), 0);
    cr_assert_eq(outages_total(&outages, time_of(9)), 0);
    take(&outages, 3, 'a');
    take(&outages, 4, 'a');
    cr_assert_eq(outages.first_ns, time_of(3));
    cr_assert_eq(outages_number(&outages), 0);
    cr_assert_eq(outages_total(&outages, time_of(9)), 0);
    outages_free(&outages);
}

Test(outages, one_that_is_not_over_counts_until_now)
{
    struct outages outages = after("attattt");

    cr_assert(outages.is_down);
    cr_assert_eq(outages.count, 1);
    cr_assert_eq(outages.current.to_ns, 0);
    cr_assert_eq(outage_length(&outages.current, time_of(7)), 3 * STEP_NS);
    cr_assert_eq(outages_number(&outages), 2);
    cr_assert_eq(outages_total(&outages, time_of(7)), 5 * STEP_NS);
    cr_assert_eq(outages_total(&outages, time_of(8)), 6 * STEP_NS);
    take(&outages, 8, 'a');
    cr_assert_eq(outages_number(&outages), 2);
    cr_assert_eq(outages_total(&outages, time_of(99)), 6 * STEP_NS);
    outages_free(&outages);
}

/* Requests that were delayed or left out do not make an outage shorter. */
Test(outages, a_length_is_made_of_times_and_not_of_requests)
{
    struct outages outages = {0};

    take(&outages, 0, 'a');
    take(&outages, 1, 't');
    take(&outages, 50, 't');
    take(&outages, 200, 'a');
    cr_assert_eq(outage_length(&outages.list[0], 0), 199 * STEP_NS);
    cr_assert_eq(outages.list[0].lost, 2);
    outages_free(&outages);
}

Test(outages, the_first_ones_are_kept_and_all_are_counted)
{
    struct outages outages = {0};
    size_t number = OUTAGES_MAX + 7;

    for (size_t i = 0; i < number; i++) {
        take(&outages, 2 * i, 't');
        take(&outages, 2 * i + 1, 'a');
    }
    cr_assert_eq(outages.count, OUTAGES_MAX);
    cr_assert_eq(outages.not_kept, 7);
    cr_assert_eq(outages_number(&outages), number);
    cr_assert_eq(outages_total(&outages, 0), (int64_t)number * STEP_NS);
    cr_assert_eq(outages.list[OUTAGES_MAX - 1].from_ns, time_of(2 * (OUTAGES_MAX - 1)));
    outages_free(&outages);
    cr_assert_null(outages.list);
}

Test(outages, the_answerer_before_a_change_is_known)
{
    struct outages outages = after("aB");

    assert_answerer(&outages.before, 'a', "aB");
    assert_answerer(&outages.last, 'B', "aB");
    outages_free(&outages);
    outages = after("abt");
    assert_answerer(&outages.before, 'b', "abt");
    outages_free(&outages);
}
