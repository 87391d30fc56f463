/* SPDX-License-Identifier: MIT */
#include "client/options/arguments.h"

#include "base/util.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A parser's state that prints its errors to stream and ends the program with 2. */
static struct argp_state state_for(FILE *stream)
{
    static const struct argp argp;
    static char name[] = "sockgreet";

    argp_err_exit_status = 2;
    return (struct argp_state){.root_argp = &argp, .name = name, .err_stream = stream, .out_stream = stream};
}

static int64_t duration(const char *text, int64_t min_ns)
{
    struct argp_state state = state_for(stderr);

    return arguments_duration(&state, "-i", text, min_ns);
}

Test(arguments, times)
{
    cr_assert_eq(duration("1", 0), NS_PER_S);
    cr_assert_eq(duration("0", 0), 0);
    cr_assert_eq(duration("0.5", 0), NS_PER_S / 2);
    cr_assert_eq(duration(".5", 0), NS_PER_S / 2);
    cr_assert_eq(duration("200ms", 0), 200 * NS_PER_MS);
    cr_assert_eq(duration("50us", 0), 50000);
    cr_assert_eq(duration("2s", 0), 2 * NS_PER_S);
    cr_assert_eq(duration("1.5m", 0), 90 * NS_PER_S);
    cr_assert_eq(duration("1h", 0), 3600 * NS_PER_S);
    cr_assert_eq(duration("1ms", NS_PER_MS), NS_PER_MS);
    cr_assert_eq(duration("1000000", 0), 1000000 * NS_PER_S);
}

static unsigned dscp(const char *text)
{
    struct argp_state state = state_for(stderr);

    return arguments_dscp(&state, "--dscp", text);
}

Test(arguments, code_points)
{
    cr_assert_eq(dscp("0"), 0);
    cr_assert_eq(dscp("63"), 63);
    cr_assert_eq(dscp("ef"), 46);
    cr_assert_eq(dscp("EF"), 46);
    cr_assert_eq(dscp("af41"), 34);
    cr_assert_eq(dscp("cs1"), 8);
    cr_assert_eq(dscp("le"), 1);
    for (unsigned class = 1; class <= 4; class ++)
        for (unsigned drop = 1; drop <= 3; drop++) {
            char name[8];

            snprintf(name, sizeof(name), "af%u%u", class, drop);
            cr_assert_eq(dscp(name), 8 * class + 2 * drop, "%s", name);
        }
}

Test(arguments, numbers)
{
    struct argp_state state = state_for(stderr);

    cr_assert_eq(arguments_whole(&state, "-c", "0", 0, 10), 0);
    cr_assert_eq(arguments_whole(&state, "-c", "1000000000", 0, 1000000000), 1000000000);
    cr_assert_eq(arguments_whole(&state, "-c", "007", 0, 10), 7);
    cr_assert_eq(arguments_number(&state, "-x", "2.5", 0, 10), 2.5);
}

Test(arguments, escapes)
{
    struct argp_state state = state_for(stderr);
    char text[] = "a\\r\\n\\t\\\\\\x00\\xFf\xff";

    cr_assert_eq(arguments_unescape(&state, "--send", text, text), 8);
    cr_assert_eq(memcmp(text, "a\r\n\t\\\0\xff\xff", 8), 0);
    cr_assert_eq(arguments_unescape(&state, "--send", "", text), 0);
}

enum kind { WHOLE, NUMBER, TIME, DSCP, BYTES };

static void parse(struct argp_state *state, enum kind kind, const char *text)
{
    if (kind == WHOLE)
        arguments_whole(state, "-c", text, 1, 100);
    else if (kind == NUMBER)
        arguments_number(state, "-x", text, 1, 100);
    else if (kind == TIME)
        arguments_duration(state, "-W", text, NS_PER_MS);
    else if (kind == DSCP)
        arguments_dscp(state, "--dscp", text);
    else
        arguments_unescape(state, "--send", text, (char[8]){0});
}

/* What a child that ends with it says. */
static void assert_refused(enum kind kind, const char *text, const char *words)
{
    int ends[2], status;
    char said[1024];
    ssize_t length;
    pid_t child;

    cr_assert_eq(pipe(ends), 0);
    child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        struct argp_state state = state_for(fdopen(ends[1], "w"));

        setvbuf(state.err_stream, NULL, _IONBF, 0);
        parse(&state, kind, text);
        _exit(0);
    }
    close(ends[1]);
    cr_assert_eq(waitpid(child, &status, 0), child);
    length = read(ends[0], said, sizeof(said) - 1);
    close(ends[0]);
    cr_assert_geq(length, 0);
    said[length] = '\0';
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 2, "'%s': status %d", text, status);
    cr_assert_not_null(strstr(said, words), "'%s': %s", text, said);
}

Test(arguments, what_is_none)
{
    static const char *const no_numbers[] = {"",    "-1", "1e1", "0x10", "inf", "nan",
                                             "1,5", " 1", "1 ",  "+1",   "."};

    for (size_t i = 0; i < ARRAY_SIZE(no_numbers); i++) {
        assert_refused(WHOLE, no_numbers[i], "is not a whole number from 1 to 100");
        assert_refused(NUMBER, no_numbers[i], "is not a number from 1 to 100");
        assert_refused(TIME, no_numbers[i], "is not a time");
        assert_refused(DSCP, no_numbers[i], "is not a code point; allowed: 0 to 63");
    }
    assert_refused(WHOLE, "0", "-c: '0' is not a whole number from 1 to 100");
    assert_refused(WHOLE, "101", "-c: '101' is not");
    assert_refused(WHOLE, "1.5", "-c: '1.5' is not");
    assert_refused(WHOLE, "99999999999999999999", "is not a whole number");
    assert_refused(NUMBER, "100.1", "-x: '100.1' is not a number from 1 to 100");
    assert_refused(TIME, "0.0009", "-W: '0.0009' is not a time from 0.001 s to 1000000 s");
    assert_refused(TIME, "1000001", "is not a time from 0.001 s to 1000000 s");
    assert_refused(TIME, "300h", "is not a time from 0.001 s to 1000000 s");
    assert_refused(TIME, "1ns", "is not a time; allowed: a number with us, ms, s, m or h");
    assert_refused(TIME, "1 s", "is not a time; allowed: a number");
    assert_refused(TIME, "s", "is not a time; allowed: a number");
    assert_refused(DSCP, "64", "is not a code point");
    assert_refused(DSCP, "af44", "is not a code point");
    assert_refused(DSCP, "af51", "is not a code point");
    assert_refused(BYTES, "ab\\q", "--send: '\\q' is not an escape; allowed: \\n, \\r, \\t, \\\\ and \\xHH");
    assert_refused(BYTES, "\\", "'\\' is not an escape");
    assert_refused(BYTES, "\\x", "'\\x' is not an escape");
    assert_refused(BYTES, "\\xfg", "'\\xfg' is not an escape");
}
