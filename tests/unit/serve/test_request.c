/* SPDX-License-Identifier: MIT */
/* Clients of a service that waits to be asked. */
#include "fixtures.h"

static void open_listening(struct fixture *f)
{
    fixture_prepare(f);
    fixture_wait_for_requests(f);
    fixture_open(f);
}

static void say(int fd, const char *text)
{
    cr_assert_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Whether the greeting came, all of it. */
static bool is_answered(int fd)
{
    return fixture_read(fd, 6) == 6;
}

Test(request, nobody_is_greeted_before_it_asks)
{
    struct fixture f;
    int client;

    open_listening(&f);
    client = fixture_connect(&f);
    fixture_turn(&f);
    fixture_pass(&f, NS_PER_S);
    cr_assert_not(is_answered(client));
    say(client, "please.");
    fixture_turn(&f);
    cr_assert(is_answered(client));
    close(client);
    fixture_pass(&f, NS_PER_S);
    cr_assert_eq(fixture_result(&f, RESULT_SENT), 1);
    fixture_close(&f);
}

Test(request, what_is_there_at_once_is_read_at_once)
{
    struct fixture f;
    int client;

    open_listening(&f);
    client = fixture_connect(&f);
    say(client, "please.");
    fixture_turn(&f);
    cr_assert(is_answered(client));
    close(client);
    fixture_close(&f);
}

Test(request, may_come_in_many_pieces)
{
    struct fixture f;
    int client;

    open_listening(&f);
    client = fixture_connect(&f);
    for (int i = 0; i < 2000; i++) {
        say(client, "a");
        fixture_turn(&f);
    }
    cr_assert_not(is_answered(client));
    say(client, ".");
    fixture_turn(&f);
    cr_assert(is_answered(client));
    close(client);
    fixture_close(&f);
}

static void count_after(const char *text, bool ends, int64_t wait, enum result expected, bool answered)
{
    struct fixture f;
    int client;

    open_listening(&f);
    client = fixture_connect(&f);
    if (*text)
        say(client, text);
    if (ends)
        shutdown(client, SHUT_WR);
    fixture_turn(&f);
    fixture_pass(&f, wait);
    cr_assert_eq(is_answered(client), answered, "%s", text);
    close(client);
    fixture_pass(&f, NS_PER_S);
    cr_assert_eq(fixture_result(&f, expected), 1, "%s: %s", text, result_name(expected));
    fixture_close(&f);
}

Test(request, each_end_is_counted_for_itself)
{
    count_after("please.", false, 0, RESULT_SENT, true);
    count_after("please.", true, 0, RESULT_SENT, true);
    count_after("x", false, 0, RESULT_BAD_REQUEST, true);
    count_after("tls", false, 0, RESULT_TLS, true);
    count_after("ple", true, 0, RESULT_BAD_REQUEST, true);
    count_after("ple", false, 6 * NS_PER_S, RESULT_BAD_REQUEST, true); /* it is told that it was late */
    count_after("", true, 0, RESULT_NO_REQUEST, true);
    count_after("", false, 6 * NS_PER_S, RESULT_NO_REQUEST, true);
}

/* A trickle does not make the time longer. */
Test(request, has_one_time_in_all)
{
    struct fixture f;
    int client;

    open_listening(&f);
    client = fixture_connect(&f);
    for (int i = 0; i < 4; i++) {
        say(client, "a");
        fixture_pass(&f, NS_PER_S);
        cr_assert_not(is_answered(client));
    }
    say(client, "a");
    fixture_pass(&f, 2 * NS_PER_S);
    cr_assert(is_answered(client));
    close(client);
    fixture_close(&f);
}

Test(request, has_a_size)
{
    static char longest[REQUEST_MAX];
    struct fixture f;
    int client;

    memset(longest, 'a', sizeof(longest));
    open_listening(&f);
    client = fixture_connect(&f);
    cr_assert_eq(send(client, longest, sizeof(longest) - 1, MSG_NOSIGNAL), sizeof(longest) - 1);
    fixture_turn(&f);
    cr_assert_not(is_answered(client));
    say(client, "a");
    fixture_turn(&f);
    cr_assert(is_answered(client));
    close(client);
    fixture_pass(&f, NS_PER_S);
    cr_assert_eq(fixture_result(&f, RESULT_BAD_REQUEST), 1);
    fixture_close(&f);
}

/* Clients that hold every place and ask for nothing keep nobody out for longer than a second. */
Test(request, who_does_not_ask_gives_way)
{
    struct fixture f;
    int silent[8], client;

    open_listening(&f);
    for (int i = 0; i < 8; i++)
        silent[i] = fixture_connect(&f);
    fixture_turn(&f);
    client = fixture_connect(&f);
    say(client, "please.");
    fixture_pass(&f, NS_PER_S / 2);
    cr_assert_not(is_answered(client));
    fixture_pass(&f, NS_PER_S);
    cr_assert(is_answered(client));
    cr_assert_eq(fixture_result(&f, RESULT_NO_REQUEST), 1);
    for (int i = 0; i < 8; i++)
        close(silent[i]);
    close(client);
    fixture_close(&f);
}
