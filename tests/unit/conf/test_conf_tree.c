/* SPDX-License-Identifier: MIT */
#include "base/fragments.h"
#include "base/util.h"
#include "conf/conf_build.h"
#include "conf/conf_report.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LISTENER(name, port) name " = { type = \"tcp\"; address = \"127.0.0.1\"; port = " #port "; };"
#define USER                 "user = \"daemon\";"

static struct arena arena;
static struct conf_report report;
static char file[64];

/* The main file, if name is NULL, or one in its directory. */
static const char *path_of(const char *name)
{
    static char path[512];

    snprintf(path, sizeof(path), "%s%s%s", file, name ? ".d/" : "", name ? name : "");
    return path;
}

static void put(const char *name, const char *text)
{
    FILE *out;

    if (!*file)
        snprintf(file, sizeof(file), "/tmp/test_conf_tree.%d", getpid());
    if (name && mkdir(path_of(""), 0700) < 0)
        cr_assert_eq(errno, EEXIST);
    out = fopen(path_of(name), "w");
    cr_assert_not_null(out);
    fputs(text, out);
    fclose(out);
}

static const struct conf *build_from(const struct conf_source *source)
{
    cr_assert_eq(arena_open(&arena, CONF_ARENA_SIZE), 0);
    return conf_build(&arena, source, &report);
}

static void remove_all(void)
{
    char command[128];

    snprintf(command, sizeof(command), "rm -r %s*", file);
    cr_assert_eq(system(command), 0);
}

static const struct conf *build(void)
{
    const struct conf_source source = {.path = file, .path_given = true};
    const struct conf *conf = build_from(&source);

    remove_all();
    return conf;
}

static const struct conf *built(void)
{
    const struct conf *conf = build();

    cr_assert(conf, "%s", report.text);
    return conf;
}

/* The messages of what is refused, with "@" for the name of the main file. */
static void assert_refused(const char *expected)
{
    char text[CONF_REPORT_MAX];
    const char *at;
    size_t used = 0;

    cr_assert_null(build());
    for (const char *rest = report.text; *rest; rest = at) {
        at = strstr(rest, file);
        if (!at)
            at = rest + strlen(rest);
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%.*s%s", (int)(at - rest), rest,
                                 *at ? "@" : "");
        at += *at ? strlen(file) : 0;
    }
    cr_expect_str_eq(text, expected);
}

Test(conf_tree, files_add_settings_and_listeners)
{
    const struct conf *conf;

    put(NULL, USER "log = { level = \"debug\"; }; listeners = { " LISTENER("m", 1000) " };");
    put("20.conf", "log = { max_per_second = 7; }; listeners = { " LISTENER("z", 2000) " };");
    put("10.conf",
        "limits = { connections = 77; }; listeners = { " LISTENER("y", 3000) LISTENER("x", 4000) "};");
    conf = built();
    cr_expect_eq(conf->log_level, 7);
    cr_expect_eq(conf->log_max_per_second, 7);
    cr_expect_eq(conf->connections, 77);
    cr_expect(conf->connections_given);
    cr_expect_eq(conf->file_count, 3);
    cr_expect_str_eq(conf->file, file);
    cr_assert_eq(conf->listener_count, 4);
    cr_expect_str_eq(conf->listeners[0].name, "m");
    cr_expect_str_eq(conf->listeners[1].name, "y");
    cr_expect_str_eq(conf->listeners[2].name, "x");
    cr_expect_str_eq(conf->listeners[3].name, "z");
    cr_expect_eq(conf->listeners[3].place.line, 1);
    cr_expect(strstr(conf->listeners[3].place.file, ".d/20.conf"));
}

Test(conf_tree, a_setting_of_a_later_file_holds_for_listeners_of_an_earlier_one)
{
    const struct conf *conf;

    put(NULL, USER "listeners = { " LISTENER("m", 1000) " };");
    put("a.conf", "greeting = \"hello\";");
    conf = built();
    cr_expect_str_eq(conf->listeners[0].greeting_text, "hello");
}

Test(conf_tree, listeners_of_any_file_are_in_place_of_the_built_in_ones)
{
    put(NULL, USER);
    put("a.conf", "listeners = { " LISTENER("m", 1000) " };");
    put("b.conf", "listeners = { };");
    cr_expect_eq(built()->listener_count, 1);
}

Test(conf_tree, files_without_a_setting_change_nothing)
{
    put(NULL, USER);
    put("a.conf", "");
    put("b.conf", "// nothing");
    cr_expect_eq(built()->listener_count, 3);
}

Test(conf_tree, the_newest_file_counts)
{
    static const struct timespec times[][2] = {{{1, 0}, {1000, 5}}, {{1, 0}, {1000, 7}}, {{1, 0}, {999, 9}}};
    static const char *const names[] = {NULL, "a.conf", "b.conf"};
    const struct conf *conf;

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        put(names[i], i ? "" : USER);
        cr_assert_eq(utimensat(AT_FDCWD, path_of(names[i]), times[i], 0), 0);
    }
    conf = built();
    cr_expect_eq(conf->file_modified.tv_sec, 1000);
    cr_expect_eq(conf->file_modified.tv_nsec, 7);
}

Test(conf_tree, what_is_set_twice_names_both_places)
{
    put(NULL, USER "\nlog = {\n level = \"debug\"; }; listeners = {\n" LISTENER("m", 1000) " };");
    put("a.conf", "\n\nlog = {\n\n level = \"info\"; };");
    put("b.conf", "user = \"bin\"; listeners = { " LISTENER("m", 2000) " };");
    put("c.conf", "log = { level = \"info\"; max_per_second = 1; };");
    assert_refused("@.d/a.conf:5: log.level: is set twice, first in @:3\n"
                   "@.d/b.conf:1: user: is set twice, first in @:1\n"
                   "@.d/b.conf:1: listeners.m: is set twice, first in @:4\n"
                   "@.d/c.conf:1: log.level: is set twice, first in @:3\n");
}

Test(conf_tree, messages_name_the_file_of_the_setting)
{
    put(NULL, USER "greting = 1;");
    put("a.conf", "\nlimits = { connections = 0; };");
    put("b.conf", "\n\nlisteners = { x = { type = \"tcp\"; mode = \"600\"; port = \"-\"; }; };");
    assert_refused(
        "@:1: greting: unknown setting; did you mean greeting?\n"
        "@.d/a.conf:2: limits.connections: 0 is out of range; allowed: a whole number from 1 to 1000000\n"
        "@.d/b.conf:3: listeners.x.mode: does not apply to listeners of type tcp; allowed: only in listeners "
        "of type unix, unix-dgram\n"
        "@.d/b.conf:3: listeners.x.port: \"-\" is not a port; allowed: 1 to 65535, or a service name\n");
}

/* What is worked out when all files are read has to find its way back. */
Test(conf_tree, messages_about_several_settings_name_the_right_file)
{
    put(NULL, "\n\nlisteners = { " LISTENER("m", 1000) " };");
    put("a.conf", "\ntimeouts = { linger = 6.0; };");
    put("b.conf", "user = \"no such user\"; group = \"no such group\"; greeting = \"${nothing}\";");
    put("c.conf", "\nlisteners = { " LISTENER("n", 1000) LISTENER("o", 1001) LISTENER("p", 1001) " };");
    cr_assert_null(build());
    cr_expect(strstr(report.text, ".d/a.conf:2: timeouts.linger: is longer"), "%s", report.text);
    cr_expect(strstr(report.text, ".d/b.conf:1: user: there is no user"), "%s", report.text);
    cr_expect(strstr(report.text, ".d/b.conf:1: greeting: "), "%s", report.text);
    cr_expect(strstr(report.text,
                     ".d/c.conf:2: listeners.n: tcp 127.0.0.1:1000 is already used by listeners.m (/tmp/"),
              "%s", report.text);
    cr_expect(strstr(report.text, ":3); allowed"), "%s", report.text);
    cr_expect(strstr(report.text, "listeners.p: tcp 127.0.0.1:1001 is already used by listeners.o (line 2)"),
              "%s", report.text);
    cr_expect_str_eq(report.file, file);
}

Test(conf_tree, a_file_that_cannot_be_parsed_hides_no_other)
{
    put(NULL, USER "a = ;");
    put("a.conf", "@include \"/etc/passwd\"");
    put("b.conf", "\nlog = { level = \"info\" \n;; };");
    cr_assert_null(build());
    cr_expect(strstr(report.text, ":1: a: "), "%s", report.text);
    cr_expect(strstr(report.text, ".d/a.conf:1: syntax: @include"), "%s", report.text);
    cr_expect(strstr(report.text, ".d/b.conf:3: "), "%s", report.text);
}

Test(conf_tree, no_listener_in_any_file)
{
    put(NULL, USER "listeners = {};");
    put("a.conf", "\nlisteners = {};");
    assert_refused("@.d/a.conf:2: listeners: 0 listeners; allowed: 1 to 1024\n");
}

Test(conf_tree, too_many_listeners_in_all_files)
{
    char text[65536] = "listeners = {";
    size_t used = strlen(text);

    for (int i = 0; i < CONF_LISTENERS_MAX; i++)
        used += (size_t)sprintf(text + used, "l%d={type=\"tcp\";port=%d;};", i, 1000 + i);
    strcpy(text + used, "};");
    put(NULL, USER);
    put("a.conf", text);
    put("b.conf", "\nlisteners = { " LISTENER("m", 999) " };");
    assert_refused("@.d/b.conf:2: listeners: 1025 listeners; allowed: 1 to 1024\n");
}

Test(conf_tree, all_files_together_have_a_limit)
{
    static char text[CONF_FILE_MAX / 2 + 1];

    memset(text, '\n', sizeof(text) - 1);
    put(NULL, text);
    put("a.conf", text);
    put("b.conf", "\n");
    assert_refused(
        "@.d/b.conf: is too large; allowed: at most 1048576 bytes, together with the files before it\n");
}

Test(conf_tree, too_many_files)
{
    char name[32];

    put(NULL, USER);
    for (int i = 0; i <= FRAGMENTS_MAX; i++) {
        snprintf(name, sizeof(name), "%d.conf", i);
        put(name, "");
    }
    assert_refused("@.d: has too many files; allowed: at most 64 that end in .conf\n");
}

Test(conf_tree, a_link_to_nowhere_is_an_error)
{
    put(NULL, USER);
    put("a.conf", "");
    cr_assert_eq(symlink("nowhere", path_of("b.conf")), 0);
    assert_refused("@.d/b.conf: cannot be opened: No such file or directory\n");
}

Test(conf_tree, a_file_that_stands_alone_has_no_directory)
{
    const struct conf_source source = {.path = file, .path_given = true, .alone = true};
    const struct conf *conf;

    put(NULL, USER);
    put("a.conf", "greting = 1;");
    conf = build_from(&source);
    remove_all();
    cr_assert(conf, "%s", report.text);
    cr_expect_eq(conf->file_count, 1);
}

Test(conf_tree, built_in_defaults_have_no_directory)
{
    const struct conf_source source = {.path = file};
    const struct conf *conf;

    put("a.conf", "greting = 1;");
    conf = build_from(&source);
    remove_all();
    cr_assert(conf, "%s", report.text);
    cr_expect_null(conf->file);
}
