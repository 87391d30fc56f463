/* SPDX-License-Identifier: MIT */
#include "base/json_write.h"

#include "base/util.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect(struct json *json, const char *expected)
{
    size_t length;
    char *text = json_write_end(json, &length);

    cr_assert_not_null(text);
    cr_expect_eq(length, strlen(text));
    cr_expect_str_eq(text, expected);
    free(text);
}

Test(json_write, an_empty_object)
{
    struct json json;

    json_write_begin(&json);
    expect(&json, "{}\n");
}

/* Larger numbers than 63 bits hold, such as a counter that a worker overwrote, are none that readers know:
 * the whole answer was not understood. */
Test(json_write, members_of_every_kind)
{
    struct json json;

    json_write_begin(&json);
    json_write_text(&json, "text", "hello");
    json_write_text(&json, "missing", NULL);
    json_write_number(&json, "number", INT64_MAX);
    json_write_real(&json, "real", 0.25);
    json_write_null(&json, "nothing");
    json_write_time(&json, "time", 1732653295 * NS_PER_S + 7 * NS_PER_MS);
    expect(&json, "{\"text\":\"hello\",\"missing\":null,\"number\":9223372036854775807,\"real\":0.2,"
                  "\"nothing\":null,\"time\":\"2024-11-26T20:34:55.007Z\"}\n");
}

/* The fuzzer had a worker's counters at their largest, as one that was taken over can write them, and
 * sockgreetctl understood no answer any more: no reader has to take more than INT64_MAX. */
Test(json_write, numbers_are_what_a_reader_takes)
{
    struct json json;

    json_write_begin(&json);
    json_write_number(&json, "most", UINT64_MAX);
    json_write_real(&json, "large", 1.7e308);
    json_write_real(&json, "small", -1.7e308);
    json_write_real(&json, "nan", NAN);
    json_write_real(&json, "infinite", -INFINITY);
    expect(&json, "{\"most\":9223372036854775807,\"large\":1.7e+308,\"small\":-1.7e+308,\"nan\":null,"
                  "\"infinite\":null}\n");
}

Test(json_write, objects_and_arrays_in_each_other)
{
    struct json json;

    json_write_begin(&json);
    json_write_array(&json, "list");
    json_write_object(&json, NULL);
    json_write_number(&json, "a", 1);
    json_write_close_object(&json);
    json_write_object(&json, NULL);
    json_write_close_object(&json);
    json_write_close_array(&json);
    json_write_object(&json, "object");
    json_write_array(&json, "empty");
    json_write_close_array(&json);
    json_write_close_object(&json);
    json_write_number(&json, "last", 2);
    expect(&json, "{\"list\":[{\"a\":1},{}],\"object\":{\"empty\":[]},\"last\":2}\n");
}

/* A greeting may hold any byte, and a parser refuses what is not UTF-8. */
Test(json_write, texts_are_escaped)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"a\"b\\c", "a\\\"b\\\\c"},
        {"line\nnext\r\t", "line\\nnext\\u000d\\u0009"},
        {"\x1b[31m\x7f", "\\u001b[31m\\u007f"},
        {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
        {"\xe2\x82\xac \xf0\x9f\x99\x82", "\xe2\x82\xac \xf0\x9f\x99\x82"},
        {"\xff", "\\ufffd"},
        {"\xc3", "\\ufffd"},
        {"\xc0\xaf", "\\ufffd\\ufffd"},            /* longer than need be */
        {"\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd"}, /* half of a surrogate pair */
        {"\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd"},
        {"\xe2\x82", "\\ufffd\\ufffd"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct json json;
        char expected[128];

        json_write_begin(&json);
        json_write_text(&json, "t", cases[i].text);
        snprintf(expected, sizeof(expected), "{\"t\":\"%s\"}\n", cases[i].expected);
        expect(&json, expected);
    }
}
