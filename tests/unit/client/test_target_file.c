/* SPDX-License-Identifier: MIT */
#include "client/ask/target_file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct target_defaults no_defaults;
static char path[] = "/tmp/sockgreet-targets-XXXXXX";

/* The targets of a file of size bytes as text, joined by spaces; the message after a '!', without its path.
 */
static const char *targets_of(const char *content, size_t size)
{
    static char all[4096];
    struct target_list list = {0};
    struct message error = {0};
    size_t used = 0;
    int fd;

    strcpy(path, "/tmp/sockgreet-targets-XXXXXX");
    fd = mkstemp(path);
    cr_assert(fd >= 0 && write(fd, content, size) == (ssize_t)size);
    close(fd);
    all[0] = '\0';
    if (target_file_read(&list, path, &no_defaults, &error) < 0) {
        cr_assert(strncmp(error.text, path, strlen(path)) == 0, "%s", error.text);
        snprintf(all, sizeof(all), "!%s", error.text + strlen(path));
    } else {
        for (size_t i = 0; i < list.count; i++) {
            if (i > 0)
                all[used++] = ' ';
            used += target_text(&list.targets[i], all + used, sizeof(all) - used);
        }
    }
    target_list_free(&list);
    unlink(path);
    return all;
}

static const char *targets(const char *content)
{
    return targets_of(content, strlen(content));
}

Test(target_file, lines)
{
    static const struct {
        const char *content, *expected;
    } cases[] = {
        {"a\n", "tcp://a:12345"},
        {"a", "tcp://a:12345"},
        {"a\r\nb\r\n", "tcp://a:12345 tcp://b:12345"},
        {"a 80\n", "tcp://a:80"},
        {"a\t \tqotd \t\n", "tcp://a:qotd"},
        {"80\n", "tcp://localhost:80"},
        {"  udp://[::1]:9  \n", "udp://[::1]:9"},
        {"# who\n\n   \na # why\n#b\n", "tcp://a:12345"},
        {"unix:/a b # c\n", "unix:/a b"},
        {"UNIX-DGRAM:@a#b\n", "unix-dgram:@a#b"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        cr_expect_str_eq(targets(cases[i].content), cases[i].expected, "%zu: %s", i, cases[i].content);
}

Test(target_file, errors)
{
    static const char more[] = "more than one target; allowed: TARGET or HOST PORT, and # before a comment";
    char expected[256];
    static const struct {
        const char *content, *expected;
    } cases[] = {
        {"", "!: contains no target; allowed: one target per line"},
        {"# none\n\n", "!: contains no target; allowed: one target per line"},
        {"a\n\n[::1\n", "!:3: \"[::1\": the closing bracket is missing; allowed: [IPV6] or [IPV6]:PORT"},
        {"a 70000\n", "!:1: 70000 is not a port; allowed: 1 to 65535"},
        {"fe80::1\n", "!:1: fe80::1 is link-local and needs an interface, such as fe80::1%eth0"},
        {"a#b\n", "!:1: \"a#b\": a port is written HOST:PORT, not HOST#PORT"},
        {"\x1b[2J\n", "!:1: \"\\x1b[2J\": a host is a name or an address in printable ASCII without spaces"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        cr_expect_str_eq(targets(cases[i].content), cases[i].expected, "%zu: %s", i, cases[i].content);
    snprintf(expected, sizeof(expected), "!:2: %s", more);
    cr_expect_str_eq(targets("a\nb c\n"), expected);
    cr_expect_str_eq(targets("a\nb 80 81\n"), expected);
    cr_expect_str_eq(targets_of("a\0b\n", 4), "!:1: a NUL byte; allowed: lines of text");
}

Test(target_file, long_lines)
{
    char content[TARGET_LINE_MAX + 3] = "";
    char expected[128];

    memset(content, ' ', TARGET_LINE_MAX);
    content[0] = 'a';
    content[TARGET_LINE_MAX] = '\n';
    cr_expect_str_eq(targets(content), "tcp://a:12345");
    content[TARGET_LINE_MAX] = ' ';
    content[TARGET_LINE_MAX + 1] = '\n';
    snprintf(expected, sizeof(expected), "!:1: line too long; allowed: %d bytes", TARGET_LINE_MAX);
    cr_expect_str_eq(targets(content), expected);
}

Test(target_file, no_more_targets_than_allowed)
{
    char *content = malloc(2 * (TARGET_FILE_MAX + 1) + 1);
    char expected[128];

    cr_assert(content);
    for (size_t i = 0; i <= TARGET_FILE_MAX; i++)
        memcpy(content + 2 * i, "a\n", 3);
    snprintf(expected, sizeof(expected), "!:%d: too many targets; allowed: %d", TARGET_FILE_MAX + 1,
             TARGET_FILE_MAX);
    cr_expect_str_eq(targets(content), expected);
    free(content);
}

Test(target_file, files_that_cannot_be_read)
{
    struct target_list list = {0};
    struct message error = {0};

    cr_assert_eq(target_file_read(&list, "/no/such/file", &no_defaults, &error), -1);
    cr_expect_str_eq(error.text, "/no/such/file: no such file or directory");
    cr_assert_eq(target_file_read(&list, "/", &no_defaults, &error), -1);
    cr_expect_str_eq(error.text, "/: is a directory");
    target_list_free(&list);
}
