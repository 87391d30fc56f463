/* SPDX-License-Identifier: MIT */
/* tests/events.sh holds that all events follow the schema; this is about what they say. */
#include "client/report/json.h"

#include "base/util.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#define NOW INT64_C(1795850529000456789)

/* An event as it is printed, freed. */
static void expect(json_t *event, const char *expected)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    cr_assert(out);
    cr_assert(report_json_print(out, event));
    cr_assert_eq(fclose(out), 0);
    cr_assert_str_eq(text, expected);
    free(text);
}

static struct address path(const char *text)
{
    struct address address;

    cr_assert(address_set_unix(&address, text));
    return address;
}

Test(report_json, an_answer)
{
    struct address peer = path("/s");
    struct report_json_answer answer = {
        .request = {.target = "unix:/s", .transport = TRANSPORT_UNIX, .peer = &peer, .sequence = 3},
        .lookup_ns = REPORT_JSON_UNKNOWN,
        .connect_ns = 70000,
        .first_ns = 140000,
        .last_ns = 150000,
        .greeting = "Hi\n",
        .length = 3,
        .complete = true,
        .who = "web-1"};

    expect(
        report_json_answer(&answer, NOW),
        "{\"schema\":1,\"event\":\"answer\",\"timestamp\":\"2026-11-28T07:22:09.000456Z\",\"target\":\"unix:/"
        "s\","
        "\"name\":null,\"transport\":\"unix\",\"family\":\"unix\",\"address\":\"/s\",\"port\":null,\"seq\":3,"
        "\"local_address\":null,\"local_port\":null,\"lookup_ms\":null,\"connect_ms\":0.07,\"first_ms\":0.14,"
        "\"time_ms\":0.15,\"bytes\":3,\"greeting\":\"Hi\\n\",\"complete\":true,\"who\":\"web-1\"}\n");
}

/* `sockgreet -j | jq .greeting` was a text that had to be parsed once more, without its other members. */
Test(report_json, an_answer_in_json)
{
    static const char whole[] =
        "{\"hostname\":\"web-1\",\"hops\":[1,2.5],\"\\u001b\":null,\"greeting\":\"Hi\"}\r\n";
    static const char *const none[] = {"", "Hi\n", "{\"a\":1", "{\"a\":1,\"a\":2}", "[1]"};
    struct report_json_answer answer = {.whole = whole, .whole_length = sizeof(whole) - 1};
    json_t *event = report_json_answer(&answer, NOW);
    char *text = json_dumps(json_object_get(event, "json"), JSON_COMPACT);

    cr_assert_str_eq(text, "{\"hostname\":\"web-1\",\"hops\":[1,2.5],\"\\u001B\":null,\"greeting\":\"Hi\"}");
    free(text);
    json_decref(event);
    for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
        answer.whole = none[i];
        answer.whole_length = strlen(none[i]);
        event = report_json_answer(&answer, NOW);
        cr_assert(event && !json_object_get(event, "json"), "%s", none[i]);
        json_decref(event);
    }
}

Test(report_json, a_greeting_is_cut)
{
    struct report_json_answer answer = {.request = {.target = "x"}, .length = REPORT_JSON_GREETING_MAX + 1};
    char *greeting = malloc(answer.length);
    json_t *event;

    cr_assert(greeting);
    memset(greeting, 'a', answer.length);
    answer.greeting = greeting;
    event = report_json_answer(&answer, NOW);
    cr_assert_eq(json_integer_value(json_object_get(event, "bytes")), REPORT_JSON_GREETING_MAX + 1);
    cr_assert_eq(json_string_length(json_object_get(event, "greeting")), REPORT_JSON_GREETING_MAX);
    json_decref(event);
    free(greeting);
}

static const char *member(const json_t *event, const char *name)
{
    const char *text = json_string_value(json_object_get(event, name));

    return text ? text : "(none)";
}

Test(report_json, a_loss_before_anything_was_known)
{
    struct report_json_loss loss = {
        .answer = {.request = {.target = "tcp://nosuch.invalid:12345", .name = "nosuch.invalid"},
                   .connect_ns = REPORT_JSON_UNKNOWN,
                   .first_ns = REPORT_JSON_UNKNOWN},
        .outcome = OUTCOME_DNS,
        .phase = "name",
        .error = "no such host"};
    json_t *event = report_json_loss(&loss, NOW);

    cr_assert_str_eq(member(event, "event"), "loss");
    cr_assert_str_eq(member(event, "class"), "DNS");
    cr_assert_str_eq(member(event, "phase"), "name");
    cr_assert_str_eq(member(event, "error"), "no such host");
    cr_assert(json_is_null(json_object_get(event, "address")));
    cr_assert(json_is_null(json_object_get(event, "greeting")));
    cr_assert(json_is_null(json_object_get(event, "first_ms")));
    json_decref(event);
}

Test(report_json, an_attempt_has_a_class_only_if_it_failed)
{
    struct report_json_attempt attempt = {.request = {.target = "x"}, .result = "started"};
    json_t *event = report_json_attempt(&attempt, NOW);

    cr_assert_null(json_object_get(event, "class"));
    json_decref(event);
    attempt = (struct report_json_attempt){.request = {.target = "x"},
                                           .result = "failed",
                                           .outcome = OUTCOME_REFUSED,
                                           .phase = "connect",
                                           .error = "refused"};
    event = report_json_attempt(&attempt, NOW);
    cr_assert_str_eq(member(event, "class"), "REFUSED");
    json_decref(event);
}

Test(report_json, a_change_and_an_outage)
{
    static const uint64_t losses[OUTCOME_COUNT] = {[OUTCOME_RESET] = 2};
    struct report_json_change change = {
        .request = {.target = "x"},
        .before = &(struct report_json_state){.outcome = OUTCOME_ANSWERED, .who = "web-1"},
        .after = &(struct report_json_state){.outcome = OUTCOME_RESET, .error = "reset"}};
    struct report_json_outage outage = {.request = {.target = "x"},
                                        .start_ns = NOW,
                                        .end_ns = REPORT_JSON_UNKNOWN,
                                        .length_ns = 2 * NS_PER_S,
                                        .lost = 2,
                                        .losses = losses,
                                        .who_before = "web-1"};
    json_t *event = report_json_change(&change, NOW);

    cr_assert_str_eq(member(json_object_get(event, "before"), "class"), "ANSWERED");
    cr_assert_str_eq(member(json_object_get(event, "before"), "who"), "web-1");
    cr_assert_str_eq(member(json_object_get(event, "after"), "class"), "RESET");
    cr_assert(json_is_null(json_object_get(json_object_get(event, "after"), "who")));
    json_decref(event);
    event = report_json_outage(&outage, NOW);
    cr_assert_eq(json_real_value(json_object_get(event, "length_ms")), 2000);
    cr_assert_eq(json_integer_value(json_object_get(json_object_get(event, "losses"), "RESET")), 2);
    cr_assert_eq(json_integer_value(json_object_get(json_object_get(event, "losses"), "DNS")), 0);
    cr_assert(json_is_null(json_object_get(event, "end")));
    json_decref(event);
}

Test(report_json, a_summary)
{
    static struct statistics statistics;
    const struct report_json_who who[] = {{"web-1", 1}};
    struct report_json_summary summary = {.target = "x", .statistics = &statistics};
    json_t *event = report_json_summary(&summary, NOW);

    cr_assert(json_is_null(json_object_get(event, "p99_ms")));
    cr_assert(json_is_null(json_object_get(event, "loss_percent")));
    json_decref(event);
    statistics_add_sent(&statistics);
    statistics_add_sent(&statistics);
    statistics_add_sent(&statistics);
    statistics_add_answer(&statistics, 2 * NS_PER_MS);
    statistics_add_loss(&statistics, OUTCOME_TIMEOUT);
    summary.answered_by = who;
    summary.answered_by_count = 1;
    summary.final = true;
    event = report_json_summary(&summary, NOW);
    cr_assert_eq(json_integer_value(json_object_get(event, "sent")), 3);
    cr_assert_eq(json_integer_value(json_object_get(event, "lost")), 1);
    cr_assert_eq(json_integer_value(json_object_get(event, "outstanding")), 1);
    cr_assert_eq(json_real_value(json_object_get(event, "loss_percent")), 50);
    cr_assert_eq(json_real_value(json_object_get(event, "p99_ms")), 2);
    cr_assert_str_eq(member(json_array_get(json_object_get(event, "answered_by"), 0), "who"), "web-1");
    json_decref(event);
}

Test(report_json, a_terminal_heeds_nothing)
{
    cr_assert(setlocale(LC_CTYPE, "C.UTF-8"));
    expect(json_pack("{s:s}", "a",
                     "\x1b\x7f\xc2\x9b\xd8\x9c\xe2\x80\xae\xf3\xa0\x81\x81 gr\xc3\xbc\xc3\x9f"
                     "e"),
           "{\"a\":\"\\u001B\\u007f\\u009b\\u061c\\u202e\\udb40\\udc41 gr\xc3\xbc\xc3\x9f"
           "e\"}\n");
}

Test(report_json, no_memory_or_no_room_is_noticed)
{
    FILE *full = fopen("/dev/full", "w");

    cr_assert_not(report_json_print(stdout, NULL));
    cr_assert(full);
    setbuf(full, NULL);
    cr_assert_not(report_json_print(full, json_object()));
    fclose(full);
}
