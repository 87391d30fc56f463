/* SPDX-License-Identifier: MIT */
#include "base/util.h"
#include "conf/conf_group.h"
#include "conf/conf_print.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A value and a table of its own, because no list of the service can show every case. */
struct value {
    struct conf_list allow;
    struct conf_list deny;
};

static const struct conf_setting settings[] = {
    {"allow", CONF_LIST, offsetof(struct value, allow), .text = NULL, .min = 0, .max = 3},
    {"access.deny", CONF_LIST, offsetof(struct value, deny), .text = "all", .min = 1, .max = 2},
};

static const struct conf_table table = {settings, ARRAY_SIZE(settings)};

static struct arena arena;
static struct conf_report report;

static struct value filled(const char *text)
{
    struct conf_builder builder = {.arena = &arena, .report = &report};
    struct value value;
    config_t parsed;

    cr_assert_eq(arena_open(&arena, 1 << 20), 0);
    conf_report_open(&report, "f");
    config_init(&parsed);
    cr_assert(config_read_string(&parsed, text), "%s", text);
    config_setting_set_hook(config_root_setting(&parsed), "f"); /* the file, as conf_tree notes it */
    conf_table_defaults(&table, &value);
    conf_group_read(&builder, &table, config_root_setting(&parsed), "", 0, &value);
    config_destroy(&parsed);
    return value;
}

/* What is wrong leaves the default. */
static void assert_error(const char *text, const char *expected)
{
    struct value value = filled(text);

    cr_assert_str_eq(report.text, expected);
    cr_assert_eq(value.allow.count, 0);
    cr_assert_eq(value.deny.count, 1);
    arena_close(&arena);
}

static void assert_list(struct conf_list list, size_t count, const char *const *texts)
{
    cr_assert_str_eq(report.text, "");
    cr_assert_eq(list.count, count);
    for (size_t i = 0; i < count; i++)
        cr_assert_str_eq(list.texts[i], texts[i]);
}

Test(conf_group, a_list_can_be_left_out)
{
    struct value value = filled("");

    assert_list(value.allow, 0, NULL);
    assert_list(value.deny, 1, (const char *const[]){"all"});
}

Test(conf_group, a_list_has_three_forms)
{
    static const char *const both[] = {"10.0.0.0/8", "::1"};

    assert_list(filled("allow = (\"10.0.0.0/8\", \"::1\");").allow, 2, both);
    assert_list(filled("allow = [\"10.0.0.0/8\", \"::1\"];").allow, 2, both);
    assert_list(filled("allow = \"10.0.0.0/8\";").allow, 1, both);
    assert_list(filled("access = { deny = (\"10.0.0.0/8\"); };").deny, 1, both);
    assert_list(filled("allow = ();").allow, 0, NULL);
    assert_list(filled("allow = [];").allow, 0, NULL);
}

#define ALLOW "; allowed: 0 to 3 strings of 1 to 255 bytes, such as (\"a\", \"b\")\n"
#define DENY  "; allowed: 1 to 2 strings of 1 to 255 bytes, such as (\"a\", \"b\")\n"

Test(conf_group, what_a_list_cannot_be)
{
    assert_error("allow = 3;", "f:1: allow: is a whole number" ALLOW);
    assert_error("\nallow = { };", "f:2: allow: is a group" ALLOW);
    assert_error("allow = (\"a\", \"b\", \"c\", \"d\");", "f:1: allow: has 4 entries" ALLOW);
    assert_error("access = {\n  deny = ();\n};", "f:2: access.deny: has 0 entries" DENY);
    assert_error("allow = (\"a\",\n  1,\n  { });",
                 "f:2: allow: entry 2 is a whole number" ALLOW "f:3: allow: entry 3 is a group" ALLOW);
    assert_error("allow = [1];", "f:1: allow: entry 1 is a whole number" ALLOW);
    assert_error("allow = \"\";", "f:1: allow: entry 1 is empty" ALLOW);
}

Test(conf_group, the_length_of_a_text_in_a_list)
{
    char text[512];

    snprintf(text, sizeof(text), "allow = (\"%0*d\");", CONF_TEXT_MAX, 0);
    cr_assert_eq(strlen(filled(text).allow.texts[0]), CONF_TEXT_MAX);
    snprintf(text, sizeof(text), "allow = (\"a\", \"%0*d\");", CONF_TEXT_MAX + 1, 0);
    assert_error(text, "f:1: allow: entry 2 is 256 bytes long" ALLOW);
}

Test(conf_group, a_list_needs_memory)
{
    struct arena none = {0};
    struct conf_builder builder = {.arena = &none, .report = &report};
    struct value value;
    config_t parsed;

    conf_report_open(&report, "f");
    config_init(&parsed);
    cr_assert(config_read_string(&parsed, "allow = (\"a\");"));
    conf_table_defaults(&table, &value);
    conf_group_read(&builder, &table, config_root_setting(&parsed), "", 0, &value);
    config_destroy(&parsed);
    cr_assert_str_eq(report.text, "configuration: needs more than 0 MiB of memory\n");
    cr_assert_eq(value.allow.count, 0);
}

static void assert_reads_back(const char *list)
{
    struct value value = filled(list), again;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    fputs("allow = ", out);
    conf_print_value(&settings[0], &value, out);
    fclose(out);
    again = filled(text);
    assert_list(again.allow, value.allow.count, value.allow.texts);
    free(text);
}

Test(conf_group, a_list_reads_back_as_it_was_printed)
{
    assert_reads_back("allow = ();");
    assert_reads_back("allow = \"one\";");
    assert_reads_back("allow = (\"a \\\"quote\\\"\", \"back\\\\slash, (\", \"\\x01\\n\\x7f\xc3\xa4\");");
}
