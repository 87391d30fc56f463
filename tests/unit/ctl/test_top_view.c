/* SPDX-License-Identifier: MIT */
#include "ctl/top_view.h"

#include "base/util.h"
#include "ctl/text.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define TIME 1700000000 /* 2023-11-14T22:13:20Z */

static struct sample before, now;

static json_t *parse(const char *text)
{
    json_t *object = json_loads(text, 0, NULL);

    cr_assert(object, "%s", text);
    return object;
}

static void begin(void)
{
    static const char status[] = "{\"pid\": 1, \"started\": \"2023-11-14T20:10:00.000Z\", \"state\": "
                                 "\"serving\", \"instance\": \"mail\","
                                 " \"generation\": 3, \"workers\": {\"ready\": 2, \"wanted\": 2}, "
                                 "\"listeners\": {\"up\": 3, \"down\": 0},"
                                 " \"readiness\": {\"state\": \"ready\", \"weight\": 100, \"reason\": \"\"}}";

    setenv("TZ", "UTC", 1);
    before = (struct sample){
        .status = parse(status),
        .counters = parse("{\"served\": 0, \"taken\": 0, \"bytes\": 0}"),
        .listeners = parse("{\"listeners\": [{\"name\": \"greet\", \"greetings\": 0},"
                           " {\"name\": \"time\", \"greetings\": 0}]}"),
        .workers = parse("{\"workers\": [{\"generation\": 3, \"worker\": 0, \"greeted\": 0},"
                         " {\"generation\": 3, \"worker\": 1, \"greeted\": 0}]}"),
    };
    now = (struct sample){
        .status = parse(status),
        .counters = parse("{\"served\": 2050, \"taken\": 2053, \"bytes\": 56000, \"denied\": 50}"),
        .listeners = parse(
            "{\"listeners\": [{\"name\": \"greet\", \"transport\": \"tcp\", \"endpoint\": "
            "\"127.0.0.1:12345\","
            " \"greetings\": 1500, \"refusals\": 50, \"connections\": 3, \"trouble\": \"\"},"
            " {\"name\": \"greet\", \"transport\": \"tcp\", \"endpoint\": \"[::1]:12345\", \"greetings\": "
            "1500,"
            " \"refusals\": 50, \"connections\": 3, \"trouble\": \"\"},"
            " {\"name\": \"time\", \"transport\": \"udp\", \"endpoint\": \"[::]:37\", \"greetings\": 500,"
            " \"refusals\": 0, \"connections\": 0, \"trouble\": \"\"}]}"),
        .workers = parse(
            "{\"workers\": [{\"generation\": 3, \"worker\": 0, \"pid\": 101, \"state\": \"serving\","
            " \"greeted\": 1025, \"restarts\": 0, \"last_exit\": \"\"},"
            " {\"generation\": 3, \"worker\": 1, \"pid\": 102, \"state\": \"serving\", \"greeted\": 1025,"
            " \"restarts\": 0, \"last_exit\": \"\"}]}"),
        .at = 2 * NS_PER_S,
    };
}

static void end(void)
{
    sample_free(&before);
    sample_free(&now);
}

TestSuite(top_view, .init = begin, .fini = end);

static char *drawn(size_t width, size_t height)
{
    struct frame_look look = {.width = width, .height = height};
    struct top_view view = {.host = "web3", .before = &before, .now = &now, .time = TIME};
    size_t size;

    return top_view_draw(&view, &look, &size);
}

static void expect(size_t width, size_t height, const char *expected)
{
    char *text = drawn(width, height);

    cr_assert_str_eq(text, expected, "%s", text);
    free(text);
}

static void expect_in(const char *part)
{
    char *text = drawn(80, SIZE_MAX);

    cr_assert(strstr(text, part), "no '%s' in:\n%s", part, text);
    free(text);
}

/* Changes a member of an answer. */
static void set(json_t *object, const char *name, json_t *value)
{
    cr_assert_eq(json_object_set_new(object, name, value), 0);
}

static json_t *row(const json_t *answer, const char *array, size_t index)
{
    return json_array_get(json_object_get(answer, array), index);
}

Test(top_view, at_80_columns)
{
    expect(80, 24,
           "mail on web3: ready                                                 up 2 h 3 min\n"
           "serving, generation 3, 2 of 2 workers, 3 endpoints                      22:13:20\n"
           "\n"
           "Greetings 1000/s    Refused 25/s    Connections 3    Sent 28.0 kB/s\n"
           "\n"
           "LISTENER  TYPE  ENDPOINT            OPEN  REFUSED/S  GREETINGS/S\n"
           "greet     tcp   127.0.0.1:12345 +1     3         25          750  ###########\n"
           "time      udp   [::]:37                0          0          250  ####\n"
           "\n"
           "WORKER  PID  STATE    RESTARTS                         CLIENTS/S\n"
           "     0  101  serving         0                               512  #######\n"
           "     1  102  serving         0                               512  #######\n");
}

Test(top_view, at_120_columns_bars_are_longer)
{
    expect(120, 24,
           "mail on web3: ready                                                                    "
           "                     up 2 h 3 min\n"
           "serving, generation 3, 2 of 2 workers, 3 endpoints                                     "
           "                         22:13:20\n"
           "\n"
           "Greetings 1000/s    Refused 25/s    Connections 3    Sent 28.0 kB/s\n"
           "\n"
           "LISTENER  TYPE  ENDPOINT            OPEN  REFUSED/S  GREETINGS/S\n"
           "greet     tcp   127.0.0.1:12345 +1     3         25          750  "
           "#########################################\n"
           "time      udp   [::]:37                0          0          250  ##############\n"
           "\n"
           "WORKER  PID  STATE    RESTARTS                         CLIENTS/S\n"
           "     0  101  serving         0                               512  ###########################\n"
           "     1  102  serving         0                               512  ###########################\n");
}

Test(top_view, at_40_columns_what_matters_less_is_left_out)
{
    expect(40, 24,
           "mail on web3: ready         up 2 h 3 min\n"
           "serving, generation 3, 2 of 2 workers, 3\n"
           "\n"
           "Greetings 1000/s    Refused 25/s\n"
           "Connections 3    Sent 28.0 kB/s\n"
           "\n"
           "LISTENER  OPEN  GREETINGS/S\n"
           "greet        3          750  ########\n"
           "time         0          250  ###\n"
           "\n"
           "WORKER  STATE     CLIENTS/S\n"
           "     0  serving         512  ######\n"
           "     1  serving         512  ######\n");
}

/* Adds listeners l0, l1 and so on and as many workers, each with more clients than the one before. */
static void add_rows(int count)
{
    json_t *old = json_object_get(before.listeners, "listeners"),
           *new = json_object_get(now.listeners, "listeners");
    json_t *workers = json_object_get(now.workers, "workers");
    char name[16];

    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof(name), "l%d", i);
        json_array_append_new(old, json_pack("{s:s}", "name", name));
        json_array_append_new(new, json_pack("{s:s, s:i}", "name", name, "greetings", 2 * i));
        json_array_append_new(workers, json_pack("{s:i, s:s}", "worker", i, "state", "serving"));
    }
}

Test(top_view, rows_without_room_are_counted_and_the_busiest_shown)
{
    add_rows(200);
    expect(80, 16,
           "mail on web3: ready                                                 up 2 h 3 min\n"
           "serving, generation 3, 2 of 2 workers, 3 endpoints                      22:13:20\n"
           "\n"
           "Greetings 1000/s    Refused 25/s    Connections 3    Sent 28.0 kB/s\n"
           "\n"
           "LISTENER  TYPE  ENDPOINT            OPEN  REFUSED/S  GREETINGS/S\n"
           "greet     tcp   127.0.0.1:12345 +1     3         25          750  #\n"
           "time      udp   [::]:37                0          0          250  #\n"
           "l197                                   0          0          197  #\n"
           "l198                                   0          0          198  #\n"
           "l199                                   0          0          199  #\n"
           "... 197 more\n"
           "\n"
           "WORKER  PID  STATE    RESTARTS                         CLIENTS/S\n"
           "     0  101  serving         0                               512  #######\n"
           "... 201 more\n");
}

Test(top_view, a_low_screen_has_listeners_alone)
{
    expect(80, 8,
           "mail on web3: ready                                                 up 2 h 3 min\n"
           "serving, generation 3, 2 of 2 workers, 3 endpoints                      22:13:20\n"
           "\n"
           "Greetings 1000/s    Refused 25/s    Connections 3    Sent 28.0 kB/s\n"
           "\n"
           "LISTENER  TYPE  ENDPOINT            OPEN  REFUSED/S  GREETINGS/S\n"
           "greet     tcp   127.0.0.1:12345 +1     3         25          750  ###########\n"
           "time      udp   [::]:37                0          0          250  ####\n");
}

Test(top_view, what_is_wrong_is_said)
{
    set(row(now.listeners, "listeners", 2), "trouble", json_string("its path is gone"));
    set(row(now.workers, "workers", 1), "state", json_string("waiting"));
    set(row(now.workers, "workers", 1), "pid", json_integer(0));
    set(row(now.workers, "workers", 1), "last_exit", json_string("signal 9"));
    set(json_object_get(now.status, "workers"), "ready", json_integer(1));
    set(json_object_get(now.status, "listeners"), "down", json_integer(1));
    set(json_object_get(now.status, "listeners"), "trouble", json_string("time: its path is gone"));
    set(now.status, "refused", json_string("it has errors"));
    expect_in("\nThe last good configuration is in effect: it has errors\nDown: time: its path is "
              "gone\n\nGreetings ");
    expect_in("1 of 2 workers, 3 endpoints, 1 down ");
    expect_in("250  its path is go\n");
    expect_in("     1       waiting         0                               512  signal 9\n");
}

Test(top_view, what_has_trouble_has_a_row_first)
{
    set(row(now.listeners, "listeners", 2), "trouble", json_string("its path is gone"));
    set(row(now.listeners, "listeners", 2), "greetings", json_integer(0));
    add_rows(3);
    expect(80, 8,
           "mail on web3: ready                                                 up 2 h 3 min\n"
           "serving, generation 3, 2 of 2 workers, 3 endpoints                      22:13:20\n"
           "\n"
           "Greetings 1000/s    Refused 25/s    Connections 3    Sent 28.0 kB/s\n"
           "\n"
           "LISTENER  TYPE  ENDPOINT            OPEN  REFUSED/S  GREETINGS/S\n"
           "time      udp   [::]:37                0          0            0  its path is go\n"
           "... 4 more\n");
}

Test(top_view, whether_it_wants_clients)
{
    json_t *readiness = json_object_get(now.status, "readiness");

    set(readiness, "state", json_string("drain"));
    set(readiness, "weight", json_integer(50));
    set(readiness, "reason", json_string("kernel update"));
    expect_in("mail on web3: drain, weight 50% (kernel update)                     up 2 h 3 min\n");
    set(now.status, "instance", json_string(""));
    expect_in("sockgreet on web3: drain, ");
}

Test(top_view, what_a_terminal_would_obey_is_escaped)
{
    set(row(now.listeners, "listeners", 0), "name", json_string("\033[2J\n"));
    set(row(now.listeners, "listeners", 1), "name", json_string("\033[2J\n"));
    set(row(now.workers, "workers", 0), "state", json_string("\r\033c"));
    set(now.status, "instance", json_string("\xe2\x80\xae"));
    set(json_object_get(now.status, "readiness"), "reason", json_string("\xc2\x9b"));
    expect_in("\\x1b[2J\\n  tcp ");
    expect_in("\\r\\x1bc ");
    expect_in("\\xe2\\x80\\xae on web3: ready (\\xc2\\x9b) ");
}

Test(top_view, names_of_any_length_are_cut)
{
    char name[1000];

    memset(name, 'n', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    set(row(now.listeners, "listeners", 2), "name", json_string(name));
    set(row(now.listeners, "listeners", 2), "endpoint", json_string(name));
    set(row(now.workers, "workers", 0), "state", json_string(name));
    expect(60, 24,
           "mail on web3: ready                             up 2 h 3 min\n"
           "serving, generation 3, 2 of 2 workers, 3 endpoints  22:13:20\n"
           "\n"
           "Greetings 1000/s    Refused 25/s    Connections 3\n"
           "Sent 28.0 kB/s\n"
           "\n"
           "LISTENER                  OPEN  GREETINGS/S\n"
           "greet                        3          750  ###############\n"
           "nnnnnnnnnnnnnnnnnnnnnnn~     0            -\n"
           "\n"
           "WORKER  STATE                     CLIENTS/S\n"
           "     0  nnnnnnnnnnnnnnnnnnnnnnn~        512  ########\n"
           "     1  serving                         512  ########\n");
}

/* Of a generation that is finishing, with both numbers. */
Test(top_view, workers_of_another_generation_say_so)
{
    set(row(now.workers, "workers", 1), "generation", json_integer(2));
    expect_in("   2/1  102  serving         0                                 -\n");
}

Test(top_view, without_a_sample_before_no_rate_is_known)
{
    struct frame_look look = {.width = 80, .height = SIZE_MAX};
    struct top_view view = {.host = "web3", .now = &now, .time = TIME};
    size_t size;
    char *text = top_view_draw(&view, &look, &size);

    cr_assert(strstr(text, "\nGreetings -    Refused -    Connections 3    Sent -\n"), "%s", text);
    cr_assert(strstr(text, "  tcp   127.0.0.1:12345 +1     3          -            -\n"), "%s", text);
    free(text);
}

Test(top_view, a_service_that_is_gone_is_said_in_place)
{
    struct frame_look look = {.width = 40, .height = 24, .escapes = true, .colours = true};
    struct top_view view = {.host = "web3", .trouble = "no running sockgreetd found", .time = TIME};
    size_t size;
    char *text = top_view_draw(&view, &look, &size);

    cr_assert_str_eq(text, "\033[H\033[1msockgreet on web3\033[m\033[K\r\n"
                           "\033[1;31mno running sockgreetd found\033[m\033[K\r\n\033[J");
    free(text);
}

/* Whatever the size: no line is too long, and there are not too many. */
Test(top_view, any_size_is_kept)
{
    for (size_t width = 1; width <= 130; width++)
        for (size_t height = 1; height <= 16; height++) {
            char *text = drawn(width, height), *rest = text, *line;
            size_t lines = 0;

            for (; (line = strsep(&rest, "\n")) && rest; lines++)
                cr_assert_leq(text_width(line), width, "%zu columns: %s", width, line);
            cr_assert_leq(lines, height);
            free(text);
        }
}
