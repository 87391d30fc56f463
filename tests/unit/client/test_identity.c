/* SPDX-License-Identifier: MIT */
#include "client/ask/identity.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct identity identity_of(const char *greeting)
{
    struct identity identity;

    identity_read(&identity, greeting, strlen(greeting));
    return identity;
}

static void assert_said(const char *greeting, const char *name, const char *instance, const char *version)
{
    const struct identity identity = identity_of(greeting);

    cr_expect_str_eq(identity.name, name, "%s", greeting);
    cr_expect_str_eq(identity.instance, instance, "%s", greeting);
    cr_expect_str_eq(identity.version, version, "%s", greeting);
}

Test(identity, json)
{
    assert_said("{\"hostname\":\"a\",\"instance\":\"b\",\"version\":\"1.2.3\"}\r\n", "a", "b", "1.2.3");
    assert_said("{\"hostname\":\"a\",\"instance\":\"a\"}", "a", "", "");
    assert_said("{\"hostname\":\"a\",\"version\":1}", "a", "", "");
}

Test(identity, any_other_greeting_is_called_by_its_first_line)
{
    assert_said("Thank you\r\nfor connecting\r\n", "Thank you", "", "");
    assert_said("\n\n\x1b[2J\n", "\x1b[2J", "", "");
    assert_said("", "", "", "");
    assert_said("\r\n", "", "", "");
    assert_said("{\"hostname\":7}", "{\"hostname\":7}", "", "");
    assert_said("{\"hostname\":\"a\"", "{\"hostname\":\"a\"", "", "");
    assert_said("[\"hostname\"]", "[\"hostname\"]", "", "");
    assert_said("{\"hostname\":\"a\",\"hostname\":\"b\"}", "{\"hostname\":\"a\",\"hostname\":\"b\"}", "", "");
}

Test(identity, what_is_long_is_cut_between_characters)
{
    char greeting[IDENTITY_TEXT_MAX + 32];

    snprintf(greeting, sizeof(greeting), "{\"hostname\":\"%0*d\"}", IDENTITY_TEXT_MAX + 1, 7);
    cr_expect_eq(strlen(identity_of(greeting).name), IDENTITY_TEXT_MAX);
    snprintf(greeting, sizeof(greeting), "{\"hostname\":\"%0*d\xc3\xbc\"}", IDENTITY_TEXT_MAX - 1, 7);
    cr_expect_eq(strlen(identity_of(greeting).name),
                 IDENTITY_TEXT_MAX - 1); /* one of the two bytes would fit */
}

Test(identity, a_large_greeting)
{
    size_t size = 65507;
    char *greeting = malloc(size + 1);
    struct identity identity;

    cr_assert(greeting);
    memset(greeting, '[', size);
    greeting[size] = '\0';
    identity_read(&identity, greeting, size);
    cr_expect_eq(strlen(identity.name), IDENTITY_TEXT_MAX);
    free(greeting);
}

Test(identity, same)
{
    const struct identity a = identity_of("{\"hostname\":\"a\",\"instance\":\"i\",\"boot_id\":\"1\"}");
    const struct identity others[] = {
        identity_of("{\"hostname\":\"b\",\"instance\":\"i\",\"boot_id\":\"1\"}"),
        identity_of("{\"hostname\":\"a\",\"instance\":\"j\",\"boot_id\":\"1\"}"),
        identity_of("{\"hostname\":\"a\",\"instance\":\"i\",\"boot_id\":\"2\"}"),
        identity_of("{\"hostname\":\"a\",\"instance\":\"i\"}"),
    };
    const struct identity line = identity_of("a"),
                          unknown = identity_of("{\"hostname\":\"a\",\"boot_id\":\"\"}");

    cr_expect(identity_same(&a, &a));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        cr_expect_not(identity_same(&a, &others[i]), "%zu", i);
    cr_expect_not(identity_same(&line, &line));
    cr_expect_not(identity_same(&unknown, &unknown));
}
