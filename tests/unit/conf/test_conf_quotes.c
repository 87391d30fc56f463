/* SPDX-License-Identifier: MIT */
#include "conf/conf_quotes.h"

#include "conf/conf_build.h"
#include "conf/conf_table.h"
#include "service/services.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct arena arena;
static struct conf_report report;
static char first_file[32], second_file[32];
static const struct speaker speaker = {.id = 7};

static void write_file(char *path, const char *text)
{
    int fd;

    strcpy(path, "/tmp/test_conf_quotes.XXXXXX");
    fd = mkstemp(path);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

/* Two files of quotes, and a configuration in which %s stands for them. */
static const struct conf *build(const char *format, const char *one, const char *two)
{
    char path[] = "/tmp/test_conf_quotes.XXXXXX", text[2048], files[128];
    const struct conf_source source = {.path = path, .path_given = true};
    const struct conf *conf;

    write_file(first_file, one);
    write_file(second_file, two);
    snprintf(files, sizeof(files), "[\"%s\", \"%s\"]", first_file, second_file);
    snprintf(text, sizeof(text), "quotes = %s; %s", files, format);
    write_file(path, text);
    cr_assert_eq(arena_open(&arena, CONF_ARENA_SIZE), 0);
    conf = conf_build(&arena, &source, &report);
    unlink(path);
    unlink(first_file);
    unlink(second_file);
    return conf;
}

static const struct conf_listener *listener(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->listener_count; i++)
        if (strcmp(conf->listeners[i].name, name) == 0)
            return &conf->listeners[i];
    cr_assert_fail("%s", name);
    return NULL;
}

static const char *said(const struct conf_listener *listener, uint64_t request, time_t second)
{
    static char out[2048];
    static const struct peer nobody;
    const struct state state = STATE_DEFAULT;
    struct moment moment = {0};
    const struct occasion occasion = {
        .peer = &nobody, .speaker = &speaker, .answers = request, .moment = &moment, .state = &state};

    moment_set(&moment, (struct timespec){.tv_sec = second});
    out[listener->plan->service->answer(listener->plan, &occasion, out)] = '\0';
    return out;
}

Test(conf_quotes, are_those_of_all_files)
{
    const struct conf *conf =
        build("listeners = { q = { type = \"tcp\"; service = \"qotd\"; quote = \"daily\"; };"
              "  r = { type = \"udp\"; service = \"qotd\"; }; };",
              "One.\nTwo.\n", "Three\n%\nFour.\n");
    static const char *const quotes[] = {"One.\r\n", "Two.\r\n", "Three\r\n", "Four.\r\n"};
    unsigned seen = 0;

    cr_assert(conf, "%s", report.text);
    for (size_t day = 0; day < 8; day++)
        cr_assert_str_eq(said(listener(conf, "q"), day, (time_t)day * 86400), quotes[day % 4]);
    for (uint64_t request = 0; request < 200; request++)
        for (size_t i = 0; i < 4; i++)
            seen |= strcmp(said(listener(conf, "r"), request, 0), quotes[i]) == 0 ? 1u << i : 0;
    cr_assert_eq(seen, 15);
    cr_assert_eq(listener(conf, "r")->plan->longest, strlen("Three\r\n"));
    cr_assert(conf->contents && conf->contents->next && !conf->contents->next->next);
    conf_free(conf);
}

/* In an answer for programs they are escaped as the rest is. */
Test(conf_quotes, are_said_in_greetings_of_each_format)
{
    const struct conf *conf = build("greeting = \"<${quote_of_the_day}> ${quote}!\\n\";"
                                    "listeners = { text = { type = \"tcp\"; port = 1; };"
                                    "  json = { type = \"tcp\"; port = 2; format = \"json\"; };"
                                    "  line = { type = \"tcp\"; port = 3; format = \"line\"; }; };",
                                    "It's \"a\tb\"\n%\nC\\D\nE\n", "It's \"a\tb\"\n%\nC\\D\nE\n");
    const char *json, *line;

    cr_assert(conf, "%s", report.text);
    cr_assert(strstr(said(listener(conf, "text"), 1, 0), "<It's \"a b\"> "), "%s",
              said(listener(conf, "text"), 1, 0));
    cr_assert(strstr(said(listener(conf, "text"), 1, 86400), "<C\\D\r\nE> "));
    json = said(listener(conf, "json"), 1, 0);
    cr_assert(strstr(json, "\"greeting\":\"<It's \\\"a b\\\"> "), "%s", json);
    json = said(listener(conf, "json"), 1, 86400);
    cr_assert(strstr(json, "\"greeting\":\"<C\\\\D\\u000d\\nE> "), "%s", json);
    line = said(listener(conf, "line"), 1, 0);
    cr_assert(strstr(line, "greeting='<It'\\''s \"a b\"> "), "%s", line);
    line = said(listener(conf, "line"), 1, 86400);
    cr_assert(strstr(line, "greeting='<C\\\\D\\r\\nE> "), "%s", line);
    conf_free(conf);
}

/* One answer has one quote, however often it says it. */
Test(conf_quotes, an_answer_has_one)
{
    const struct conf *conf =
        build("listeners = { a = { type = \"tcp\"; greeting = \"${quote}${quote}\"; }; };", "1\n2\n3\n4\n",
              "5\n6\n7\n8\n");

    cr_assert(conf, "%s", report.text);
    for (uint64_t request = 0; request < 100; request++) {
        const char *text = said(listener(conf, "a"), request, 0);

        cr_assert(strlen(text) == 2 && text[0] == text[1], "%s", text);
    }
    conf_free(conf);
}

Test(conf_quotes, an_error_in_a_file_is_the_only_one)
{
    cr_assert_null(build("greeting = \"${quote}\"; listeners = {"
                         "  q = { type = \"tcp\"; service = \"qotd\"; }; j = { type = \"udp\"; }; };",
                         "One.\n", "\x01\n"));
    cr_assert_eq(report.errors, 1);
    cr_assert(strstr(report.text, second_file), "%s", report.text);
    cr_assert(strstr(report.text, ":1: byte 0x01; allowed: printable ASCII\n"), "%s", report.text);
    arena_close(&arena);
}

Test(conf_quotes, a_datagram_has_room_for_the_longest)
{
    cr_assert_null(build("listeners = { q = { type = \"udp\"; service = \"qotd\"; max_datagram = 5; }; };",
                         "One.\n", "Two.\n"));
    cr_assert(strstr(report.text,
                     ":1: listeners.q.max_datagram: is 5, but the longest quote has 6 bytes; allowed: at "
                     "least that, up to 1232\n"),
              "%s", report.text);
    arena_close(&arena);
}
