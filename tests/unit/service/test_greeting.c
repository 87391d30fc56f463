/* SPDX-License-Identifier: MIT */
#include "base/message.h"
#include "service/greeting.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct greeting_constants constants = {"host.example", "web", "tcp"};
static struct arena arena;
static struct greeting_errors errors;

static const struct greeting *compiled_for(const struct greeting_constants *known, const char *text)
{
    const struct greeting *greeting = NULL;

    cr_assert_eq(arena_open(&arena, 8 << 20), 0);
    cr_assert_eq(greeting_compile(&arena, text, strlen(text), known, &greeting, &errors), 0, "%s",
                 errors.list[0].text);
    return greeting;
}

static const struct greeting *compiled(const char *text)
{
    return compiled_for(&constants, text);
}

static void assert_static(const char *text, const char *expected)
{
    const struct greeting *greeting = compiled(text);

    cr_assert(greeting->is_static);
    cr_assert_eq(greeting->length, strlen(expected));
    cr_assert_eq(memcmp(greeting->bytes, expected, greeting->length), 0);
    cr_assert_eq(greeting->max_length, greeting->length);
    arena_close(&arena);
}

static void assert_rendered(const char *text, const struct greeting_values *values, const char *expected)
{
    const struct greeting *greeting = compiled(text);
    char *out = malloc(greeting->max_length + 1);
    size_t length = greeting_render(greeting, values, out);

    cr_assert(!greeting->is_static);
    cr_assert_leq(length, greeting->max_length);
    out[length] = '\0';
    cr_assert_str_eq(out, expected);
    free(out);
    arena_close(&arena);
}

static void assert_error(const char *text, const char *expected)
{
    const struct greeting *greeting = NULL;

    cr_assert_eq(arena_open(&arena, 8 << 20), 0);
    cr_assert_eq(greeting_compile(&arena, text, strlen(text), &constants, &greeting, &errors), -1);
    cr_assert_str_eq(errors.list[0].text, expected);
    arena_close(&arena);
}

Test(greeting, plain_text_is_static)
{
    assert_static("Thank you for connecting\r\n", "Thank you for connecting\r\n");
    assert_static("x", "x");
}

Test(greeting, dollars_are_written_twice)
{
    assert_static("$$", "$");
    assert_static("a$$b$$$$c", "a$b$$c");
    assert_static("$${pid}", "${pid}");
}

Test(greeting, constants_are_folded)
{
    assert_static("${hostname}/${listener}/${transport}!", "host.example/web/tcp!");
    assert_static("${hostname}${hostname}", "host.examplehost.example");
    assert_static("${hostname:-nobody}", "host.example");
}

Test(greeting, an_empty_constant_has_its_default)
{
    const struct greeting_constants nameless = {"", "web", "tcp"};
    const struct greeting *greeting = compiled_for(&nameless, "on ${hostname:-some host}.");

    cr_assert(greeting->is_static);
    cr_assert_eq(greeting->length, strlen("on some host."));
    cr_assert_eq(memcmp(greeting->bytes, "on some host.", greeting->length), 0);
    arena_close(&arena);
}

Test(greeting, variables_are_rendered)
{
    const struct greeting_values values = {.value = {[GREETING_CLIENT_ADDRESS] = "192.0.2.1",
                                                     [GREETING_CLIENT_PORT] = "4711",
                                                     [GREETING_SERVER_ADDRESS] = "::1",
                                                     [GREETING_SERVER_PORT] = "7",
                                                     [GREETING_PID] = "99",
                                                     [GREETING_TIME] = "2026-11-22T12:00:00Z"}};

    assert_rendered("${client_address}:${client_port}", &values, "192.0.2.1:4711");
    assert_rendered("<${server_address}|${server_port}|${pid}|${time}>", &values,
                    "<::1|7|99|2026-11-22T12:00:00Z>");
    assert_rendered("${hostname} greets ${client_address} on ${listener}.", &values,
                    "host.example greets 192.0.2.1 on web.");
}

Test(greeting, an_empty_variable_has_its_default)
{
    const struct greeting_values values = {.value = {[GREETING_CLIENT_ADDRESS] = ""}};

    assert_rendered("[${client_address}${client_port}]", &values, "[]");
    assert_rendered("[${client_address:-unnamed}:${client_port:-none}]", &values, "[unnamed:none]");
    assert_rendered("a${client_port:-}b", &values, "ab");
    assert_rendered("${client_port:-:-}", &values, ":-");
}

Test(greeting, uses_tells_which_variables)
{
    const struct greeting *greeting = compiled("${pid} ${client_port} ${pid}");

    cr_assert_eq(greeting->uses, 1u << GREETING_PID | 1u << GREETING_CLIENT_PORT);
    arena_close(&arena);
}

Test(greeting, max_length_bounds_every_rendering)
{
    char longest[2048];
    char *out;
    const struct greeting *greeting =
        compiled("${client_address} ${client_port} ${time} ${pid:-a default that is long}");
    struct greeting_values values;
    size_t length;

    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    for (int i = 0; i < GREETING_VARIABLES; i++)
        values.value[i] = longest;
    values.value[GREETING_PID] = NULL;
    out = malloc(greeting->max_length);
    length = greeting_render(greeting, &values, out);
    cr_assert_eq(length, greeting->max_length);
    free(out);
    arena_close(&arena);
}

Test(greeting, addresses_of_unix_clients_are_users_and_paths)
{
    const struct greeting_constants unix_constants = {"h", "local", "unix"};
    size_t ip = compiled("${client_address}")->max_length;
    size_t user, path;

    arena_close(&arena);
    user = compiled_for(&unix_constants, "${client_address}")->max_length;
    arena_close(&arena);
    path = compiled_for(&unix_constants, "${server_address}")->max_length;
    arena_close(&arena);
    cr_assert_eq(ip, strlen("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255%interface123456"));
    cr_assert_eq(user, strlen("uid 4294967295"));
    cr_assert_eq(path, 108);
}

Test(greeting, errors_say_what_is_allowed)
{
    assert_error("$", "a lone $ at byte 1; write $$ for a dollar, ${name} for a variable");
    assert_error("costs 5$ a day", "a lone $ at byte 8; write $$ for a dollar, ${name} for a variable");
    assert_error("$pid", "a lone $ at byte 1; write $$ for a dollar, ${name} for a variable");
    assert_error("${pid", "a ${ without its }; write $$ for a dollar, ${name} for a variable");
    assert_error("${cleint_port}", "unknown variable ${cleint_port}; did you mean ${client_port}?");
    assert_error("${HOSTNAME:-here}", "unknown variable ${HOSTNAME}; did you mean ${hostname}?");
    assert_error("${colour}",
                 "unknown variable ${colour}; allowed: hostname, listener, transport, client_address, "
                 "client_port, server_address, server_port, pid, time");
    assert_error("${}", "unknown variable ${}; allowed: hostname, listener, transport, client_address, "
                        "client_port, server_address, server_port, pid, time");
    assert_error("${a\x1b[2J}",
                 "unknown variable ${a\\x1b[2J}; allowed: hostname, listener, transport, client_address, "
                 "client_port, server_address, server_port, pid, time");
    assert_error("${pid:-${time}}",
                 "a $ inside ${pid:-${time}; allowed: ${name} and ${name:-default} with a default that "
                 "has no $ or }");
}

/* Only the first mistake of a greeting was reported, so that each needed a run of its own. */
Test(greeting, every_mistake_is_reported_once)
{
    static const char text[] = "${client_adress} at ${tiem}, $pid, again ${tiem}, ${a$b} and ${pid";
    static const char *const expected[] = {
        "unknown variable ${client_adress}; did you mean ${client_address}?",
        "unknown variable ${tiem}; did you mean ${time}?",
        "a lone $ at byte 30; write $$ for a dollar, ${name} for a variable",
        "a $ inside ${a$b}; allowed: ${name} and ${name:-default} with a default that has no $ or }",
        "a ${ without its }; write $$ for a dollar, ${name} for a variable"};
    const struct greeting *greeting = NULL;

    cr_assert_eq(arena_open(&arena, 8 << 20), 0);
    cr_assert_eq(greeting_compile(&arena, text, strlen(text), &constants, &greeting, &errors), -1);
    cr_assert_null(greeting);
    cr_assert_eq(errors.count, 5);
    for (size_t i = 0; i < 5; i++)
        cr_assert_str_eq(errors.list[i].text, expected[i]);
    arena_close(&arena);
}

Test(greeting, many_mistakes_are_counted)
{
    char text[8 * 30] = "";
    const struct greeting *greeting = NULL;

    for (int i = 0; i < 30; i++)
        sprintf(text + strlen(text), "${%02d}", i);
    cr_assert_eq(arena_open(&arena, 8 << 20), 0);
    cr_assert_eq(greeting_compile(&arena, text, strlen(text), &constants, &greeting, &errors), -1);
    cr_assert_eq(errors.count, GREETING_ERRORS_MAX);
    cr_assert_str_eq(errors.list[GREETING_ERRORS_MAX - 1].text, "and 15 more mistakes");
    arena_close(&arena);
}

Test(greeting, a_mebibyte_is_the_most)
{
    size_t size = GREETING_MAX;
    char *text = malloc(size + 3);
    const struct greeting *greeting = NULL;

    memset(text, 'x', size + 2);
    text[size] = '\0';
    assert_static(text, text);
    cr_assert_eq(arena_open(&arena, 8 << 20), 0);
    cr_assert_eq(greeting_compile(&arena, text, size + 1, &constants, &greeting, &errors), -1);
    cr_assert_str_eq(errors.list[0].text, "is 1048577 bytes long; allowed: at most 1048576");
    memcpy(text, "${pid}", 6);
    cr_assert_eq(greeting_compile(&arena, text, size, &constants, &greeting, &errors), -1);
    cr_assert_str_eq(errors.list[0].text, "can be 1048580 bytes long; allowed: at most 1048576");
    arena_close(&arena);
    free(text);
}

Test(greeting, a_full_arena_is_an_error)
{
    const struct greeting *greeting = NULL;

    cr_assert_eq(arena_open(&arena, 4096), 0);
    cr_assert_eq(greeting_compile(&arena, "${pid}", 6, &constants, &greeting, &errors), 0);
    while (arena_alloc(&arena, 16))
        continue;
    cr_assert_eq(greeting_compile(&arena, "${pid}", 6, &constants, &greeting, &errors), -1);
    cr_assert_str_eq(errors.list[0].text, "does not fit into the memory for the configuration");
    arena_close(&arena);
}

static void assert_sound(const char *text, size_t length)
{
    const struct greeting_values values = {.value = {[GREETING_CLIENT_PORT] = "1"}};
    const struct greeting *greeting = NULL;
    char *out;

    if (greeting_compile(&arena, text, length, &constants, &greeting, &errors) < 0) {
        cr_assert_neq(errors.list[0].text[0], '\0');
        return;
    }
    out = malloc(greeting->max_length + 1);
    cr_assert_leq(greeting_render(greeting, &values, out), greeting->max_length);
    free(out);
}

Test(greeting, random_templates_never_outgrow_max_length)
{
    static const char *const pieces[] = {
        "$$", "${pid}", "${client_port}", "${hostname}", "x", "${client_port:-none}", "$", "}", "{",
        ":-", "\n"};
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
