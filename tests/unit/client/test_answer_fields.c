/* SPDX-License-Identifier: MIT */
#include "client/answer_fields.h"

#include "../random.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void expect_text(const char *text, const char *expected)
{
    cr_assert_str_eq(text ? text : "(none)", expected ? expected : "(none)");
}

static void expect(const char *answer, const char *hostname, const char *instance, const char *greeting)
{
    struct answer_fields fields;

    answer_fields_read(&fields, answer, strlen(answer));
    expect_text(fields.hostname, hostname);
    expect_text(fields.instance, instance);
    expect_text(fields.greeting, greeting);
    answer_fields_free(&fields);
    cr_assert_null(fields.hostname);
}

Test(answer_fields, json)
{
    expect("{\"schema\":1,\"greeting\":\"Hi \\u00f6\",\"hostname\":\"web-1\",\"instance\":\"blue\"}\n",
           "web-1", "blue", "Hi \xc3\xb6");
    expect("{\"hostname\": \"web-1\"}", "web-1", NULL, NULL);
    expect("{\"hostname\": 1, \"instance\": [\"x\"], \"greeting\": null}", NULL, NULL, NULL);
    expect("{}", NULL, NULL, NULL);
}

Test(answer_fields, words)
{
    expect("hostname='web-1' instance='blue' port=80 client_uid= greeting='Hi you'\n", "web-1", "blue",
           "Hi you");
    expect("greeting='it'\\''s \\n x=1' hostname=web-1\r\n", "web-1", NULL, "it's \\n x=1");
    expect("hostname=a hostname=b", "b", NULL, NULL);
    expect("hostnames=a xhostname=b", NULL, NULL, NULL);
    expect("hostname=", "", NULL, NULL);
}

Test(answer_fields, everything_else_says_nothing)
{
    static const char *const answers[] = {
        "",
        "\n",
        "Thank you for connecting\r\n",
        "220 mail hostname=web-1",
        "hostname='web-1",
        "hostname=a b",
        "hostname=a\nhostname=b",
        "=a",
        "{\"hostname\": \"web-1\"",
        "{\"hostname\": \"web-1\"} x",
        "{\"hostname\": \"web-1\", \"hostname\": \"web-2\"}",
        "{\"hostname\": \"\\u0000\"}",
        "{\"hostname\": \"\xff\"}",
        "[\"hostname\"]",
    };

    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
        expect(answers[i], NULL, NULL, NULL);
}

Test(answer_fields, nothing_past_the_length_is_read)
{
    const char *answer = "hostname=web-10";
    struct answer_fields fields;

    answer_fields_read(&fields, answer, 14);
    expect_text(fields.hostname, "web-1");
    answer_fields_free(&fields);
    answer_fields_read(&fields, "hostname=a\0", 11);
    expect_text(fields.hostname, NULL);
    answer_fields_free(&fields);
    answer_fields_read(&fields, NULL, 0);
    expect_text(fields.hostname, NULL);
}

Test(answer_fields, long_and_deep_answers_are_read)
{
    char *answer = malloc(ANSWER_FIELDS_MAX + 1);
    struct answer_fields fields;

    cr_assert(answer);
    memset(answer, '[', ANSWER_FIELDS_MAX + 1);
    memcpy(answer, "{\"hostname\":", 12);
    answer_fields_read(&fields, answer, ANSWER_FIELDS_MAX);
    expect_text(fields.hostname, NULL);
    memset(answer, 'a', ANSWER_FIELDS_MAX + 1);
    memcpy(answer, "hostname=", 9);
    answer_fields_read(&fields, answer, ANSWER_FIELDS_MAX);
    cr_assert_eq(strlen(fields.hostname), ANSWER_FIELDS_MAX - 9);
    answer_fields_free(&fields);
    answer_fields_read(&fields, answer, ANSWER_FIELDS_MAX + 1);
    expect_text(fields.hostname, NULL);
    free(answer);
}

Test(answer_fields, random_words)
{
    static const char parts[] = "hostname= '\\\"{}:,a\n\xff";
    uint64_t state = random_seed();

    for (int round = 0; round < 20000; round++) {
        size_t length = random_next(&state) % 30;
        char *answer = malloc(length + 9); /* of its exact size, for sanitizers */
        struct answer_fields fields;

        cr_assert(answer);
        memcpy(answer, "hostname=", 9);
        for (size_t i = 0; i < length; i++)
            answer[9 + i] = parts[random_next(&state) % (sizeof(parts) - 1)];
        answer_fields_read(&fields, answer, length + 9);
        cr_assert(!fields.hostname || strlen(fields.hostname) <= length);
        answer_fields_free(&fields);
        free(answer);
    }
}
