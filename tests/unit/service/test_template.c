/* SPDX-License-Identifier: MIT */
#include "base/message.h"
#include "service/template.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOUSE, NOBODY, COLOUR, SIZE, WORD, MOOD, COUNT };

/* Names that no greeting has: a template knows none by itself. */
static const struct template_variable list[COUNT] = {
    [HOUSE] = {.name = "house", .known = "blue house"},
    [NOBODY] = {.name = "nobody", .known = ""},
    [COLOUR] = {.name = "colour", .longest = 10},
    [SIZE] = {.name = "size", .longest = 3, .argument = TEMPLATE_ARGUMENT_OPTIONAL, .argument_name = "UNIT"},
    [WORD] = {.name = "word",
              .known = "",
              .argument = TEMPLATE_ARGUMENT_REQUIRED,
              .argument_name = "LANGUAGE"},
    [MOOD] = {.name = "mood", .is_resolved = true}};

static const char *mood;

/* Nobody has one; it comes with each rendering; or it is bad; or it is known. */
static int resolve_mood(const char *argument, const char **known, size_t *longest, struct message *error)
{
    cr_assert_null(argument);
    if (!mood) {
        message_set(error, "${mood} is missing");
        return -ENOENT;
    }
    if (strcmp(mood, "bad") == 0)
        return message_set(error, "${mood} is bad");
    if (strcmp(mood, "changing") == 0)
        *longest = 7;
    else
        *known = mood;
    return 0;
}

/* Words are known, sizes are not; nobody measures in ells. */
static int resolve(const void *context, unsigned variable, const char *argument, const char **known,
                   size_t *longest, struct message *error)
{
    cr_assert_eq(context, list);
    if (variable == MOOD)
        return resolve_mood(argument, known, longest, error);
    if (strcmp(argument, "ell") == 0)
        return message_set(error, "${size:ell} is old");
    cr_assert_eq(*longest, list[variable].longest);
    if (strcmp(argument, "long") == 0)
        *longest = 20;
    if (variable == WORD)
        *known = strcmp(argument, "fr") == 0 ? "bonjour" : "";
    return 0;
}

static const struct template_variables variables = {list, COUNT, resolve, list};
static struct arena arena;
static struct template_errors errors;

static struct template compiled(const char *text)
{
    struct template template;

    cr_assert_eq(arena_open(&arena, 8 << 20), 0);
    cr_assert_eq(template_compile(&arena, text, strlen(text), &variables, &template, &errors), 0, "%s",
                 errors.list[0].text);
    return template;
}

/* The value of a list of them; of one with an argument the argument too. */
static size_t value(const void *context, unsigned variable, const char *argument, char *out, size_t room)
{
    const char *const *values = context;
    char text[64];

    if (!values[variable])
        return 0;
    snprintf(text, sizeof(text), "%s%s", values[variable], argument ? argument : "");
    memcpy(out, text, strnlen(text, room));
    return strnlen(text, room);
}

static void assert_constant(const char *text, const char *expected)
{
    struct template template = compiled(text);

    cr_assert_eq(template.uses, 0);
    cr_assert_eq(template.prefix_length, strlen(expected));
    cr_assert_eq(memcmp(template.prefix, expected, template.prefix_length), 0);
    cr_assert_eq(template.max_length, template.prefix_length);
    arena_close(&arena);
}

static void assert_rendered(const char *text, const char *const *values, const char *expected)
{
    struct template template = compiled(text);
    char *out = malloc(template.max_length + 1);
    size_t length = template_render(&template, value, values, out);

    cr_assert_neq(template.uses, 0);
    cr_assert_leq(length, template.max_length);
    out[length] = '\0';
    cr_assert_str_eq(out, expected);
    free(out);
    arena_close(&arena);
}

static void assert_error(const char *text, const char *expected)
{
    struct template template;

    cr_assert_eq(arena_open(&arena, 8 << 20), 0);
    cr_assert_eq(template_compile(&arena, text, strlen(text), &variables, &template, &errors), -1);
    cr_assert_str_eq(errors.list[0].text, expected);
    arena_close(&arena);
}

Test(template, plain_text_is_constant)
{
    assert_constant("Thank you for connecting\r\n", "Thank you for connecting\r\n");
    assert_constant("x", "x");
}

Test(template, dollars_are_written_twice)
{
    assert_constant("$$", "$");
    assert_constant("a$$b$$$$c", "a$b$$c");
    assert_constant("$${size}", "${size}");
}

Test(template, what_is_known_is_folded)
{
    assert_constant("the ${house}!", "the blue house!");
    assert_constant("${house}${house}", "blue houseblue house");
    assert_constant("${house:-tent}", "blue house");
    assert_constant("for ${nobody:-all of us}.", "for all of us.");
    assert_constant("${nobody}", "");
}

Test(template, variables_are_rendered)
{
    const char *const values[COUNT] = {[COLOUR] = "red", [SIZE] = "17"};

    assert_rendered("${colour}:${size}", values, "red:17");
    assert_rendered("<${size}|${house}|${size}>", values, "<17|blue house|17>");
}

Test(template, arguments_go_with_the_variable)
{
    const char *const values[COUNT] = {[SIZE] = "1"};

    assert_rendered("${size:m} ${size} ${size:km}", values, "1m 1 1km");
    assert_rendered("${size:m:-none}", values, "1m");
    assert_rendered("${size:a:b}", values, "1a:");
    assert_constant("${word:fr}, ${word:de:-hello}${word:de}", "bonjour, hello");
}

Test(template, an_argument_can_make_a_value_longer)
{
    const char *const values[COUNT] = {[SIZE] = "1234567890 "};

    assert_rendered("${size:long}|${size}", values, "1234567890 long|123");
}

Test(template, arguments_are_judged)
{
    assert_error("${size:ell}", "${size:ell} is old");
    assert_error("${size:}", "${size:} has an empty argument; allowed: ${size} and ${size:UNIT}");
    assert_error("${word}", "${word} needs an argument; allowed: ${word:LANGUAGE}");
    assert_error("${word:-hello}", "${word} needs an argument; allowed: ${word:LANGUAGE}");
    assert_error("${colour:red}",
                 "${colour} does not take an argument; allowed: ${colour} and ${colour:-default}");
}

Test(template, a_value_can_be_resolved_without_an_argument)
{
    const char *const values[COUNT] = {[MOOD] = "merry and more"};

    mood = "blue";
    assert_constant("${mood} ${mood:-none}", "blue blue");
    mood = "";
    assert_constant("${mood}${mood:-none}", "none");
    mood = "changing";
    assert_rendered("${mood}", values, "merry a");
    mood = "bad";
    assert_error("${mood}", "${mood} is bad");
    assert_error("${mood:-none}", "${mood} is bad");
}

Test(template, a_default_is_there_for_what_is_missing)
{
    mood = NULL;
    assert_constant("a ${mood:-good} day${mood:-}", "a good day");
    assert_error("${mood}", "${mood} is missing");
}

Test(template, an_argument_has_a_longest)
{
    char text[400], *at = stpcpy(text, "${size:");

    memset(at, 'x', TEMPLATE_ARGUMENT_MAX);
    strcpy(at + TEMPLATE_ARGUMENT_MAX, "}");
    compiled(text);
    arena_close(&arena);
    strcpy(at + TEMPLATE_ARGUMENT_MAX, "x}");
    assert_error(text, "${size:...} is too long; allowed: 255 bytes after the colon");
}

Test(template, an_empty_variable_has_its_default)
{
    const char *const values[COUNT] = {[COLOUR] = ""};

    assert_rendered("[${colour}${size}]", values, "[]");
    assert_rendered("[${colour:-unpainted}:${size:-none}]", values, "[unpainted:none]");
    assert_rendered("a${size:-}b", values, "ab");
    assert_rendered("${size:-:-}", values, ":-");
}

Test(template, uses_tells_which_variables)
{
    cr_assert_eq(compiled("${size} ${house} ${size}").uses, 1u << SIZE);
    arena_close(&arena);
    cr_assert_eq(compiled("${size} ${colour}").uses, 1u << SIZE | 1u << COLOUR);
    arena_close(&arena);
}

/* The serving thread compares datagrams with it: they may come from a greeter like this one. */
Test(template, the_prefix_ends_at_the_first_variable)
{
    struct template template = compiled("the ${house}: $$${size} ${house}");

    cr_assert_eq(template.prefix_length, strlen("the blue house: $"));
    cr_assert_eq(memcmp(template.prefix, "the blue house: $", template.prefix_length), 0);
    arena_close(&arena);
    cr_assert_eq(compiled("${size:-none} and more").prefix_length, 0);
    arena_close(&arena);
}

Test(template, max_length_bounds_every_rendering)
{
    const char *const values[COUNT] = {[COLOUR] = "longer than ten bytes", [SIZE] = "1234"};
    struct template template = compiled("${colour} ${size}");
    char out[10 + 1 + 3 + 1] = "";

    cr_assert_eq(template.max_length, sizeof(out) - 1);
    cr_assert_eq(template_render(&template, value, values, out), sizeof(out) - 1);
    cr_assert_str_eq(out, "longer tha 123");
    arena_close(&arena);
    cr_assert_eq(compiled("${size:-a default that is long}").max_length, strlen("a default that is long"));
    arena_close(&arena);
}

Test(template, errors_say_what_is_allowed)
{
    assert_error("$", "a lone $ at byte 1; write $$ for a dollar, ${name} for a variable");
    assert_error("costs 5$ a day", "a lone $ at byte 8; write $$ for a dollar, ${name} for a variable");
    assert_error("$size", "a lone $ at byte 1; write $$ for a dollar, ${name} for a variable");
    assert_error("${size", "a ${ without a }; write $$ for a dollar, ${name} for a variable");
    assert_error("${colorr}", "unknown variable ${colorr}; did you mean ${colour}?");
    assert_error("${SIZE:-here}", "unknown variable ${SIZE}; did you mean ${size}?");
    assert_error("${pid}", "unknown variable ${pid}; allowed: house, nobody, colour, size, word, mood");
    assert_error("${}", "unknown variable ${}; allowed: house, nobody, colour, size, word, mood");
    assert_error("${a\x1b[2J}",
                 "unknown variable ${a\\x1b[2J}; allowed: house, nobody, colour, size, word, mood");
    assert_error("${heap: of things:-none}",
                 "unknown variable ${heap: of things}; allowed: house, nobody, colour, size, word, mood");
    assert_error("${size:-${house}}",
                 "a $ inside ${size:-${house}; allowed: ${name} and ${name:-default} with a default that "
                 "has no $ or }");
}

/* Only the first mistake of a greeting was reported, so that each needed a run of its own. */
Test(template, every_mistake_is_reported_once)
{
    static const char text[] = "${colouur} at ${siez}, $size, again ${siez}, ${a$b} and ${size";
    static const char *const expected[] = {
        "unknown variable ${colouur}; did you mean ${colour}?",
        "unknown variable ${siez}; did you mean ${size}?",
        "a lone $ at byte 24; write $$ for a dollar, ${name} for a variable",
        "a $ inside ${a$b}; allowed: ${name} and ${name:-default} with a default that has no $ or }",
        "a ${ without a }; write $$ for a dollar, ${name} for a variable"};
    struct template template;

    cr_assert_eq(arena_open(&arena, 8 << 20), 0);
    cr_assert_eq(template_compile(&arena, text, strlen(text), &variables, &template, &errors), -1);
    cr_assert_eq(errors.count, 5);
    for (size_t i = 0; i < 5; i++)
        cr_assert_str_eq(errors.list[i].text, expected[i]);
    arena_close(&arena);
}

Test(template, many_mistakes_are_counted)
{
    char text[8 * 30] = "";
    struct template template;

    for (int i = 0; i < 30; i++)
        sprintf(text + strlen(text), "${%02d}", i);
    cr_assert_eq(arena_open(&arena, 8 << 20), 0);
    cr_assert_eq(template_compile(&arena, text, strlen(text), &variables, &template, &errors), -1);
    cr_assert_eq(errors.count, TEMPLATE_ERRORS_MAX);
    cr_assert_str_eq(errors.list[TEMPLATE_ERRORS_MAX - 1].text, "and 15 more errors");
    arena_close(&arena);
}

Test(template, a_mebibyte_is_the_most)
{
    size_t size = TEMPLATE_MAX;
    char *text = malloc(size + 3);
    struct template template;

    memset(text, 'x', size + 2);
    text[size] = '\0';
    assert_constant(text, text);
    cr_assert_eq(arena_open(&arena, 8 << 20), 0);
    cr_assert_eq(template_compile(&arena, text, size + 1, &variables, &template, &errors), -1);
    cr_assert_str_eq(errors.list[0].text, "is 1048577 bytes long; allowed: at most 1048576");
    memcpy(text, "${colour}", 9);
    cr_assert_eq(template_compile(&arena, text, size, &variables, &template, &errors), -1);
    cr_assert_str_eq(errors.list[0].text, "can be 1048577 bytes long; allowed: at most 1048576");
    arena_close(&arena);
    free(text);
}

Test(template, a_full_arena_is_an_error)
{
    struct template template;

    cr_assert_eq(arena_open(&arena, 4096), 0);
    cr_assert_eq(template_compile(&arena, "${size}", 7, &variables, &template, &errors), 0);
    while (arena_alloc(&arena, 16))
        continue;
    cr_assert_eq(template_compile(&arena, "${size}", 7, &variables, &template, &errors), -1);
    cr_assert_str_eq(errors.list[0].text, "does not fit into the memory for the configuration");
    arena_close(&arena);
}

static void assert_sound(const char *text, size_t length)
{
    const char *const values[COUNT] = {[SIZE] = "1"};
    struct template template;
    char *out;

    if (template_compile(&arena, text, length, &variables, &template, &errors) < 0) {
        cr_assert_neq(errors.list[0].text[0], '\0');
        return;
    }
    out = malloc(template.max_length + 1);
    cr_assert_leq(template_render(&template, value, values, out), template.max_length);
    cr_assert_eq(memcmp(out, template.prefix, template.prefix_length), 0);
    free(out);
}

Test(template, random_templates_never_outgrow_max_length)
{
    static const char *const pieces[] = {"$$", "${colour}", "${size}", "${house}", "x", "${size:-none}",
                                         "$",  "}",         "{",       ":-",       "\n"};
    unsigned seed = 20261122;

    for (int round = 0; round < 2000; round++) {
        char text[256] = "";

        for (int i = rand_r(&seed) % 10; i > 0; i--)
            strcat(text, pieces[(size_t)rand_r(&seed) % (sizeof(pieces) / sizeof(pieces[0]))]);
        cr_assert_eq(arena_open(&arena, 65536), 0);
        assert_sound(text, strlen(text));
        arena_close(&arena);
    }
}
