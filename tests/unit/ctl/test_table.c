/* SPDX-License-Identifier: MIT */
#include "ctl/table.h"

#include "../random.h"
#include "base/util.h"
#include "ctl/wrap.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static char *printed(struct table *table)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    table_print(table, out);
    fclose(out);
    table_free(table);
    return text;
}

static void expect(struct table *table, const char *expected)
{
    char *text = printed(table);

    cr_assert_str_eq(text, expected);
    free(text);
}

static const struct table_column columns[] = {
    {.title = "A"}, {.title = "NUMBER", .right = true}, {.title = "C", .optional = true}, {.title = "D"}};

static void add_row(struct table *table, const char *a, long long number, const char *c, const char *d)
{
    table_add(table, a);
    table_add_number(table, number);
    table_add(table, c);
    table_add(table, d);
}

Test(table, columns_are_aligned)
{
    struct table *table = table_new(columns, ARRAY_SIZE(columns));

    add_row(table, "long", 7, "", "x");
    add_row(table, "", 1234567, "", "y");
    expect(table, "A      NUMBER  D\nlong        7  x\n      1234567  y\n");
}

Test(table, an_optional_column_is_there_if_a_row_has_it)
{
    struct table *table = table_new(columns, ARRAY_SIZE(columns));

    add_row(table, "a", 7, "", "x");
    add_row(table, "b", 8, "c", "");
    expect(table, "A  NUMBER  C  D\na       7     x\nb       8  c\n");
}

Test(table, no_rows)
{
    expect(table_new(columns, ARRAY_SIZE(columns)), "A  NUMBER  D\n");
}

Test(table, no_titles)
{
    static const struct table_column untitled[] = {{0}, {.right = true}};
    struct table *table = table_new(untitled, ARRAY_SIZE(untitled));

    table_add(table, "a");
    table_add_number(table, 10);
    table_add(table, "bc");
    table_add_number(table, -1);
    expect(table, "a   10\nbc  -1\n");
}

Test(table, notes_are_beneath_their_row)
{
    struct table *table = table_new(columns, ARRAY_SIZE(columns));

    add_row(table, "a", 1, "", "x");
    table_note(table, "one");
    table_note(table, "two\x1b");
    add_row(table, "b", 2, "", "y");
    expect(table, "A  NUMBER  D\na       1  x\n  one\n  two\\x1b\nb       2  y\n");
}

#define SIXTY "123456789 123456789 123456789 123456789 123456789 1234567890"

Test(table, what_is_too_wide_has_its_own_line)
{
    struct table *table = table_new(columns, ARRAY_SIZE(columns));

    add_row(table, "a", 1, "", "x");
    add_row(table, SIXTY, 2, "", SIXTY);
    expect(table, "A  NUMBER  D\n"
                  "a       1  x\n" SIXTY "\n"
                  "        2  " SIXTY "\n");
}

/* The bytes of a text that are not spaces or newlines. */
static size_t visible(const char *text)
{
    size_t count = 0;

    for (; *text; text++)
        count += *text != ' ' && *text != '\n';
    return count;
}

static void fill(char *text, size_t size, uint64_t *state)
{
    size_t length = random_next(state) % size;

    if (random_next(state) % 3)
        length %= 10;
    memset(text, 'a' + (char)(random_next(state) % 26), length);
    text[length] = '\0';
}

/* Nothing is lost, and no line is too long, whatever is in it. */
Test(table, random_widths)
{
    uint64_t state = random_seed();

    for (int round = 0; round < 300; round++) {
        struct table *table = table_new(columns, ARRAY_SIZE(columns));
        char cell[200], *text, *line, *rest;
        size_t expected = 0;

        for (uint64_t cells = random_next(&state) % 10 * ARRAY_SIZE(columns); cells > 0; cells--) {
            fill(cell, sizeof(cell), &state);
            expected += strlen(cell);
            table_add(table, cell);
        }
        rest = text = printed(table);
        cr_assert_geq(visible(text), expected + strlen("ANUMBERD"));
        cr_assert_leq(visible(text), expected + strlen("ANUMBERCD"));
        while ((line = strsep(&rest, "\n")))
            cr_assert(strlen(line) <= WRAP_WIDTH && (!*line || line[strlen(line) - 1] != ' '), "'%s'", line);
        free(text);
    }
}
