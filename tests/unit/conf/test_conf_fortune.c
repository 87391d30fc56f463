/* SPDX-License-Identifier: MIT */
#include "conf/conf_fortune.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct arena arena;
static struct conf_fortune found;
static struct template_errors errors;

static int parse(const char *text, size_t length)
{
    cr_assert_eq(arena_open(&arena, 1 << 20), 0);
    return conf_fortune_parse(&arena, "/q", text, length, &found, &errors);
}

static void close_all(void)
{
    free(found.list);
    found = (struct conf_fortune){0};
    arena_close(&arena);
}

/* The quotes of a text, each between angle brackets. */
static void assert_quotes(const char *text, const char *expected)
{
    char said[4096] = "";

    cr_assert_eq(parse(text, strlen(text)), 0, "%s", errors.list[0].text);
    for (size_t i = 0; i < found.count; i++) {
        cr_assert_eq(strlen(found.list[i].text), found.list[i].length);
        sprintf(said + strlen(said), "<%s>", found.list[i].text);
    }
    cr_assert_str_eq(said, expected);
    close_all();
}

static void assert_error(const char *text, size_t length, const char *expected)
{
    cr_assert_lt(parse(text, length), 0, "%s", text);
    cr_assert_eq(errors.count, 1);
    cr_assert_str_eq(errors.list[0].text, expected);
    close_all();
}

Test(conf_fortune, one_on_each_line)
{
    assert_quotes("One.\nTwo.\n", "<One.><Two.>");
    assert_quotes("One.\r\n\r\n  \nTwo.", "<One.><Two.>");
    assert_quotes("100 %\n% of it\n%%\n", "<100 %><% of it><%%>");
}

Test(conf_fortune, between_marks)
{
    assert_quotes("One\nor two.\n%\nThree.\n%\n", "<One\r\nor two.><Three.>");
    assert_quotes("%\nOne.", "<One.>");
    assert_quotes("One\r\ntoo.\r\n%\r\n%\r\n\r\n%\r\nTwo.", "<One\r\ntoo.><Two.>");
    assert_quotes("One.\n%", "<One.>");
}

Test(conf_fortune, empty_lines_are_kept_within_a_quote_alone)
{
    assert_quotes("\n\nOne.\n\n \nTwo.  \n\n%\n", "<One.\r\n\r\n\r\nTwo.>");
}

Test(conf_fortune, tabs_are_spaces)
{
    assert_quotes("Well said.\n\t\t-- Me\n%\n", "<Well said.\r\n                -- Me>");
    assert_quotes("a\tb\n 1234567\tc\n\td\t\n", "<a       b>< 1234567        c><        d>");
}

/* As in Debian's fortunes: *__^H^HUN*lucky. */
Test(conf_fortune, what_is_struck_over_is_what_was_struck_last)
{
    assert_quotes("a *__\b\bUN*lucky week\n", "<a *UN*lucky week>");
    assert_quotes("\b\ba\b\b\bb \bc\n", "<bc>");
}

Test(conf_fortune, a_file_without_quotes)
{
    static const char *const texts[] = {"", "\n \n", "%\n\n%\n"};

    for (size_t i = 0; i < 3; i++)
        assert_error(
            texts[i], strlen(texts[i]),
            "/q has no quotes; allowed: quotes separated by lines with only a %, or one quote per line");
}

Test(conf_fortune, bytes_that_are_not_allowed)
{
    assert_error("One.\nzw\xc3\xb6lf\nTwo.\n", 17, "/q:2: byte 0xc3; allowed: printable ASCII");
    assert_error("One.\n%\na\n\x1b[m\n%\n", 15, "/q:4: byte 0x1b; allowed: printable ASCII");
    assert_error("a\rb", 3, "/q:1: byte 0x0d; allowed: printable ASCII");
    assert_error("a\0b\n", 4, "/q:1: byte 0x00; allowed: printable ASCII");
    assert_error("\x7f", 1, "/q:1: byte 0x7f; allowed: printable ASCII");
}

/* Less than 512 characters are allowed, and the end of each line has two. */
Test(conf_fortune, how_long_a_quote_may_be)
{
    char text[2048], expected[2048];

    memset(text, 'x', 509);
    strcpy(text + 509, "\n");
    sprintf(expected, "<%.509s>", text);
    assert_quotes(text, expected);
    strcpy(text + 509, "  \t\n\n");
    assert_quotes(text, expected);
    strcpy(text + 509, "y\n%\n");
    assert_error(text, strlen(text),
                 "/q:1: a quote of 512 characters; allowed: at most 511, counting each line end as two");
    strcpy(text, "%\n\n");
    for (int i = 0; i < 171; i++)
        strcat(text, "x\n");
    assert_error(text, strlen(text),
                 "/q:3: a quote of 513 characters; allowed: at most 511, counting each line end as two");
}

Test(conf_fortune, every_mistake_is_found_and_sixteen_are_said)
{
    char text[512] = "";

    for (int i = 0; i < 20; i++)
        strcat(text, "\x01\x02\n");
    cr_assert_lt(parse(text, strlen(text)), 0);
    cr_assert_eq(errors.count, TEMPLATE_ERRORS_MAX);
    cr_assert_str_eq(errors.list[14].text, "/q:15: byte 0x01; allowed: printable ASCII");
    cr_assert_str_eq(errors.list[15].text, "/q: and 5 more errors");
    close_all();
}

Test(conf_fortune, files_add_up)
{
    cr_assert_eq(arena_open(&arena, 1 << 20), 0);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(conf_fortune_parse(&arena, "/q", "a\nb\n", 4, &found, &errors), 0);
    cr_assert_eq(found.count, 200);
    cr_assert_str_eq(found.list[199].text, "b");
    cr_assert_lt(conf_fortune_parse(&arena, "/q", "\n", 1, &found, &errors), 0);
    close_all();
}

Test(conf_fortune, without_memory_there_is_an_error)
{
    cr_assert_eq(arena_open(&arena, 1), 0);
    cr_assert(arena_alloc(&arena, arena.size));
    cr_assert_lt(conf_fortune_parse(&arena, "/q", "a\n", 2, &found, &errors), 0);
    cr_assert_str_eq(errors.list[0].text, "/q:1: " TEMPLATE_NO_ROOM);
    close_all();
}
