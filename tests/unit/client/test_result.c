/* SPDX-License-Identifier: MIT */
#include "client/result.h"

#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>

static struct result_memory memory;
static struct result_settings settings;
static struct result result;

/* Judges an answer of a server at 127.0.0.LAST, in text. */
static const struct result *judge_at(const char *text, int last)
{
    static struct attempt attempt;
    static struct request request;

    attempt = (struct attempt){.outcome = OUTCOME_ANSWERED,
                               .first_ns = 1,
                               .last_ns = 2,
                               .greeting = (char *)text,
                               .length = strlen(text)};
    attempt.peer.in = (struct sockaddr_in){.sin_family = AF_INET,
                                           .sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)last)};
    attempt.peer.length = sizeof(struct sockaddr_in);
    request = (struct request){.outcome = OUTCOME_ANSWERED, .decisive = &attempt};
    result_judge(&result, &memory, &settings, &request);
    return &result;
}

static const struct result *judge(const char *text)
{
    return judge_at(text, 0);
}

static void begin(void)
{
    result_memory_free(&memory);
    settings = (struct result_settings){0};
}

static void assert_changes(const char *text, bool changed)
{
    cr_assert_eq(judge(text)->greeting_changed, changed, "%s", text);
}

/* The first is new; then only what differs by more than its numbers. */
Test(result, a_greeting_that_changes)
{
    begin();
    assert_changes("web 1 at 10:00", true);
    assert_changes("web 1 at 10:00", false);
    assert_changes("web 12 at 9:59", false);
    assert_changes("web 1 at noon", true);
    assert_changes("web 1 at noon", false);
    assert_changes("web 1 at noon!", true);
    assert_changes("web 1 at noon", true);
    assert_changes("web  at noon", true);
    assert_changes("", true);
    assert_changes("", false);
    assert_changes("7", true);
    assert_changes("700", false);
    result_memory_free(&memory);
}

Test(result, who_answers_and_where)
{
    struct pattern who;
    struct message error;

    begin();
    cr_assert_eq(pattern_compile(&who, "from (.*)", &error), 0);
    settings.who = &who;
    cr_assert_str_eq(judge_at("from a", 0)->who, "a");
    cr_assert_not(result.who_changed || result.address_changed);
    cr_assert_not(judge_at("from a", 0)->who_changed);
    cr_assert(judge_at("from a", 1)->address_changed);
    cr_assert_not(result.who_changed);
    cr_assert(judge_at("from b", 1)->who_changed);
    cr_assert_not(result.address_changed);
    cr_assert_str_eq(judge_at("of nobody", 1)->who, "");
    cr_assert(result.who_changed);
    cr_assert_eq(result.outcome, OUTCOME_ANSWERED);
    pattern_free(&who);
    result_memory_free(&memory);
}

/* What the answer says of itself; the greeting in it is the greeting. */
Test(result, an_answer_in_json)
{
    begin();
    judge("{\"hostname\": \"web-1\", \"greeting\": \"hello 1\"}");
    cr_assert_str_eq(result.who, "web-1");
    cr_assert_eq(result.length, 7);
    cr_assert_eq(memcmp(result.greeting, "hello 1", 7), 0);
    cr_assert_eq(result.answer[0], '{');
    cr_assert_not(judge("{\"greeting\": \"hello 2\", \"hostname\": \"web-1\"}")->greeting_changed);
    result_memory_free(&memory);
}

Test(result, what_is_expected)
{
    struct expect expect;
    struct message error;

    begin();
    cr_assert_eq(expect_parse(&expect, "hello", &error), 0);
    settings.expect = &expect;
    cr_assert_eq(judge("hello you")->outcome, OUTCOME_ANSWERED);
    cr_assert_eq(judge("good-bye")->outcome, OUTCOME_UNEXPECTED);
    cr_assert_not_null(strstr(result.text, "hello"), "%s", result.text);
    cr_assert_eq(result.answer_length, 8);
    expect_free(&expect);
    result_memory_free(&memory);
}

/* The status is judged before what is expected of the body. */
Test(result, an_answer_over_http)
{
    struct expect expect;
    struct message error;

    begin();
    cr_assert_eq(expect_parse(&expect, "page", &error), 0);
    settings.expect = &expect;
    settings.http = true;
    cr_assert_eq(judge("HTTP/1.1 200 OK\r\n\r\npage")->outcome, OUTCOME_ANSWERED);
    cr_assert_eq(result.answer_length, 4);
    cr_assert_eq(judge("HTTP/1.1 200 page\r\n\r\nnothing")->outcome, OUTCOME_UNEXPECTED);
    cr_assert_eq(judge("HTTP/1.1 500 page\r\n\r\npage")->outcome, OUTCOME_UNEXPECTED);
    cr_assert_str_eq(result.text, "answered with status 500 page");
    cr_assert_eq(judge("page")->outcome, OUTCOME_UNEXPECTED);
    expect_free(&expect);
    result_memory_free(&memory);
}

/* A request that failed says why, and is no change of anything. */
Test(result, a_loss)
{
    struct request request = {.outcome = OUTCOME_REFUSED, .text = "connection refused"};

    begin();
    judge("hello");
    result_judge(&result, &memory, &settings, &request);
    cr_assert_eq(result.outcome, OUTCOME_REFUSED);
    cr_assert_str_eq(result.text, "connection refused");
    cr_assert_null(result.answer);
    assert_changes("hello", false);
    result_memory_free(&memory);
}

/* -z: connected, and no more was asked for. */
Test(result, a_connection_only)
{
    struct attempt attempt = {.outcome = OUTCOME_ANSWERED, .connected_ns = 1, .last_ns = 1};
    struct request request = {.outcome = OUTCOME_ANSWERED, .decisive = &attempt};

    begin();
    result_judge(&result, &memory, &settings, &request);
    cr_assert_eq(result.outcome, OUTCOME_ANSWERED);
    cr_assert_null(result.answer);
    cr_assert_not(result.greeting_changed);
    result_memory_free(&memory);
}
