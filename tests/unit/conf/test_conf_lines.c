/* SPDX-License-Identifier: MIT */
#include "conf/conf_lines.h"

#include <criterion/criterion.h>
#include <string.h>

static config_t parsed;

static void read_text(const char *text)
{
    config_init(&parsed);
    cr_assert(config_read_string(&parsed, text), "%s", config_error_text(&parsed));
    conf_lines_note(config_root_setting(&parsed), text, strlen(text));
}

static void assert_line(const char *path, unsigned expected)
{
    cr_assert_eq(conf_lines_of(config_lookup(&parsed, path)), expected, "%s: %u", path,
                 conf_lines_of(config_lookup(&parsed, path)));
}

/* libconfig itself has the last one on the line of the bracket. */
Test(conf_lines, the_last_entry_stands_where_it_stands)
{
    read_text("a = [\n"
              "  \"1\",\n"
              "  \"2\"\n"
              "];\n"
              "b = ( \"1\"\n"
              "  , // \"comment\"\n"
              "  \"2\" /* \"more\"\n"
              "  */ );\n");
    assert_line("a", 1);
    assert_line("a.[0]", 2);
    assert_line("a.[1]", 3);
    assert_line("b.[0]", 5);
    assert_line("b.[1]", 7);
    config_destroy(&parsed);
}

Test(conf_lines, what_else_there_may_be)
{
    read_text("joined = (\"a\"\n"
              "  \"b\",\n"
              "  \"c\n"
              "d\", 5, true);\n"
              "group = { text = \"x\"; list = ((\"1\"),\n"
              "  [\"2\"\n"
              "  ], { text = \"y\"; list = [\"3\",\n"
              "  \"4\"\n"
              "] }); }\n"
              "single = \"z\";\n"
              "last = [\"5\"\n"
              "];\n");
    assert_line("joined.[0]", 1);
    assert_line("joined.[1]", 3);
    assert_line("group.list.[0].[0]", 5);
    assert_line("group.list.[1].[0]", 6);
    assert_line("group.list.[2].list.[0]", 7);
    assert_line("group.list.[2].list.[1]", 8);
    assert_line("group.list.[2].list", 7);
    assert_line("single", 10);
    assert_line("last.[0]", 11);
    config_destroy(&parsed);
}
