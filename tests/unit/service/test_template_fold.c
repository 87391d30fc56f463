/* SPDX-License-Identifier: MIT */
#include "service/template_fold.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { HOUSE, COLOUR, SIZE, COUNT };

static const struct template_variable list[COUNT] = {
    [HOUSE] = {.name = "house", .longest = 10},
    [COLOUR] = {.name = "colour", .longest = 10},
    [SIZE] = {.name = "size", .longest = 3, .argument = TEMPLATE_ARGUMENT_OPTIONAL, .argument_name = "UNIT"}};

static int resolve(const void *context, unsigned variable, const char *argument, const char **known,
                   size_t *longest, struct message *error)
{
    (void)context;
    (void)variable;
    (void)argument;
    (void)known;
    (void)longest;
    (void)error;
    return 0;
}

static const struct template_variables variables = {list, COUNT, resolve, NULL};
static struct arena arena;

static size_t value(const void *context, unsigned variable, const char *argument, char *out, size_t room)
{
    const char *const *values = context;
    size_t length = strnlen(values[variable], room);

    (void)argument;
    memcpy(out, values[variable], length);
    return length;
}

/* The house, and the size without a unit. */
static bool is_lasting(unsigned variable, const char *argument)
{
    return variable == HOUSE || (variable == SIZE && !argument);
}

static struct template compiled(const char *text)
{
    struct template_errors errors;
    struct template template;

    cr_assert_eq(arena_open(&arena, 1 << 20), 0);
    cr_assert_eq(template_compile(&arena, text, strlen(text), &variables, &template, &errors), 0, "%s",
                 errors.list[0].text);
    return template;
}

static void assert_renders(const struct template *template, const char *const *values, const char *expected)
{
    char *out = malloc(template->max_length + 1);
    size_t length = template_render(template, value, values, out);

    cr_assert_leq(length, template->max_length);
    cr_assert_eq(memcmp(out, template->prefix, template->prefix_length), 0);
    out[length] = '\0';
    cr_assert_str_eq(out, expected);
    free(out);
}

/* Folded with some values, and rendered with others. */
static void assert_folded(const char *text, const char *expected, uint64_t uses)
{
    static const char *const then[COUNT] = {"hut", "red", "7"}, *const later[COUNT] = {"tent", "blue", "8"};
    struct template template = compiled(text), folded;
    void *memory = malloc(template_folded_size(&template));

    template_fold(&template, is_lasting, value, then, memory, &folded);
    assert_renders(&folded, later, expected);
    cr_assert_eq(folded.uses, uses);
    cr_assert_leq(folded.max_length, template.max_length);
    free(memory);
    arena_close(&arena);
}

Test(template_fold, lasting_values_stay_as_they_were)
{
    assert_folded("a ${colour} ${house} of ${size}.", "a blue hut of 7.", 1u << COLOUR);
    assert_folded("${colour}${house}${colour}", "bluehutblue", 1u << COLOUR);
    assert_folded("${house}${colour}", "hutblue", 1u << COLOUR);
    assert_folded("${colour}", "blue", 1u << COLOUR);
}

Test(template_fold, a_template_can_last_as_a_whole)
{
    assert_folded("${house}", "hut", 0);
    assert_folded("the ${house}: ${size}", "the hut: 7", 0);
    assert_folded("nothing else", "nothing else", 0);
    assert_folded("", "", 0);
}

Test(template_fold, an_argument_can_make_the_difference)
{
    assert_folded("${size} ${size:m}", "7 8", 1u << SIZE);
}

Test(template_fold, defaults_are_folded_too)
{
    static const char *const then[COUNT] = {"", "", ""}, *const later[COUNT] = {"hut", "red", "7"};
    struct template template = compiled("[${house:-no house}|${colour:-plain}]"), folded;
    void *memory = malloc(template_folded_size(&template));

    template_fold(&template, is_lasting, value, then, memory, &folded);
    assert_renders(&folded, later, "[no house|red]");
    assert_renders(&folded, then, "[no house|plain]");
    free(memory);
    arena_close(&arena);
}

Test(template_fold, random_templates_render_to_the_same)
{
    static const char *const pieces[] = {"$$", "${colour}",       "${size}",    "${house}",
                                         "x",  "${size:m:-none}", "${house:-y}"};
    static const char *const values[COUNT] = {"longer than ten", "", "7"};
    unsigned seed = 20261128;

    for (int round = 0; round < 2000; round++) {
        char text[256] = "", *expected;
        struct template template, folded;
        void *memory;

        for (int i = rand_r(&seed) % 10; i > 0; i--)
            strcat(text, pieces[(size_t)rand_r(&seed) % (sizeof(pieces) / sizeof(pieces[0]))]);
        template = compiled(text);
        expected = malloc(template.max_length + 1);
        expected[template_render(&template, value, values, expected)] = '\0';
        memory = malloc(template_folded_size(&template));
        template_fold(&template, is_lasting, value, values, memory, &folded);
        assert_renders(&folded, values, expected);
        free(memory);
        free(expected);
        arena_close(&arena);
    }
}
