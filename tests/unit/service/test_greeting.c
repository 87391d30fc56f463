/* SPDX-License-Identifier: MIT */
#include "service/greeting.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct greeting_values known = {
    .value = {
        [VARIABLE_HOSTNAME] = "host.example", [VARIABLE_LISTENER] = "web", [VARIABLE_TRANSPORT] = "tcp"}};
static struct arena arena;
static struct template_errors errors;

static const struct greeting *compiled_for(const struct greeting_values *values, const char *text)
{
    const struct greeting *greeting = NULL;

    cr_assert_eq(arena_open(&arena, 8 << 20), 0);
    cr_assert_eq(greeting_compile(&arena, text, strlen(text), values, &greeting, &errors), 0, "%s",
                 errors.list[0].text);
    return greeting;
}

static const struct greeting *compiled(const char *text)
{
    return compiled_for(&known, text);
}

static void assert_static(const char *text, const char *expected)
{
    const struct greeting *greeting = compiled(text);

    cr_assert(greeting->is_static);
    cr_assert_eq(greeting->length, strlen(expected));
    cr_assert_eq(memcmp(greeting->bytes, expected, greeting->length), 0);
    cr_assert_eq(greeting->template.max_length, greeting->length);
    arena_close(&arena);
}

static void assert_rendered(const char *text, const struct greeting_values *values, const char *expected)
{
    const struct greeting *greeting = compiled(text);
    char *out = malloc(greeting->template.max_length + 1);
    size_t length = greeting_render(greeting, values, out);

    cr_assert(!greeting->is_static);
    cr_assert_leq(length, greeting->template.max_length);
    out[length] = '\0';
    cr_assert_str_eq(out, expected);
    free(out);
    arena_close(&arena);
}

static void assert_error(const char *text, const char *expected)
{
    const struct greeting *greeting = NULL;

    cr_assert_eq(arena_open(&arena, 8 << 20), 0);
    cr_assert_eq(greeting_compile(&arena, text, strlen(text), &known, &greeting, &errors), -1);
    cr_assert_str_eq(errors.list[0].text, expected);
    arena_close(&arena);
}

Test(greeting, plain_text_is_static)
{
    assert_static("Thank you for connecting\r\n", "Thank you for connecting\r\n");
    assert_static("x", "x");
}

Test(greeting, constants_are_folded)
{
    assert_static("${hostname}/${listener}/${transport}!", "host.example/web/tcp!");
    assert_static("${hostname}${hostname}", "host.examplehost.example");
    assert_static("${hostname:-nobody}", "host.example");
}

Test(greeting, an_empty_constant_has_its_default)
{
    const struct greeting_values nameless = {
        .value = {[VARIABLE_LISTENER] = "web", [VARIABLE_TRANSPORT] = "tcp"}};
    const struct greeting *greeting = compiled_for(&nameless, "on ${hostname:-some host}.");

    cr_assert(greeting->is_static);
    cr_assert_eq(greeting->length, strlen("on some host."));
    cr_assert_eq(memcmp(greeting->bytes, "on some host.", greeting->length), 0);
    arena_close(&arena);
}

Test(greeting, variables_are_rendered)
{
    const struct greeting_values values = {.value = {[VARIABLE_CLIENT_ADDRESS] = "192.0.2.1",
                                                     [VARIABLE_CLIENT_PORT] = "4711",
                                                     [VARIABLE_SERVER_ADDRESS] = "::1",
                                                     [VARIABLE_SERVER_PORT] = "7",
                                                     [VARIABLE_PID] = "99",
                                                     [VARIABLE_TIME] = "2026-11-22T12:00:00Z"}};

    assert_rendered("${client_address}:${client_port}", &values, "192.0.2.1:4711");
    assert_rendered("<${server_address}|${server_port}|${pid}|${time}>", &values,
                    "<::1|7|99|2026-11-22T12:00:00Z>");
    assert_rendered("${hostname} greets ${client_address} on ${listener}.", &values,
                    "host.example greets 192.0.2.1 on web.");
}

Test(greeting, an_empty_variable_has_its_default)
{
    const struct greeting_values values = {.value = {[VARIABLE_CLIENT_ADDRESS] = ""}};

    assert_rendered("[${client_address}${client_port}]", &values, "[]");
    assert_rendered("[${client_address:-unnamed}:${client_port:-none}]", &values, "[unnamed:none]");
    assert_rendered("a${client_port:-}b", &values, "ab");
    assert_rendered("${client_port:-:-}", &values, ":-");
}

Test(greeting, uses_tells_which_variables)
{
    const struct greeting *greeting = compiled("${pid} ${client_port} ${pid}");

    cr_assert_eq(greeting->template.uses, 1u << VARIABLE_PID | 1u << VARIABLE_CLIENT_PORT);
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
    for (int i = 0; i < VARIABLE_COUNT; i++)
        values.value[i] = longest;
    values.value[VARIABLE_PID] = NULL;
    out = malloc(greeting->template.max_length);
    length = greeting_render(greeting, &values, out);
    cr_assert_eq(length, greeting->template.max_length);
    free(out);
    arena_close(&arena);
}

Test(greeting, addresses_of_unix_clients_are_users_and_paths)
{
    const struct greeting_values unix_known = {
        .value = {[VARIABLE_HOSTNAME] = "h", [VARIABLE_LISTENER] = "local", [VARIABLE_TRANSPORT] = "unix"}};
    size_t ip = compiled("${client_address}")->template.max_length;
    size_t user, path;

    arena_close(&arena);
    user = compiled_for(&unix_known, "${client_address}")->template.max_length;
    arena_close(&arena);
    path = compiled_for(&unix_known, "${server_address}")->template.max_length;
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
    cr_assert_eq(greeting_compile(&arena, text, strlen(text), &known, &greeting, &errors), -1);
    cr_assert_null(greeting);
    cr_assert_eq(errors.count, 5);
    for (size_t i = 0; i < 5; i++)
        cr_assert_str_eq(errors.list[i].text, expected[i]);
    arena_close(&arena);
}

Test(greeting, a_full_arena_is_an_error)
{
    const struct greeting *greeting = NULL;

    cr_assert_eq(arena_open(&arena, 4096), 0);
    cr_assert_eq(greeting_compile(&arena, "${pid}", 6, &known, &greeting, &errors), 0);
    while (arena_alloc(&arena, 16))
        continue;
    cr_assert_eq(greeting_compile(&arena, "${pid}", 6, &known, &greeting, &errors), -1);
    cr_assert_str_eq(errors.list[0].text, "does not fit into the memory for the configuration");
    arena_close(&arena);
}
