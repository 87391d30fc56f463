/* SPDX-License-Identifier: MIT */
#include "conf/conf_content.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct conf_report report;
static struct arena arena;
static struct conf conf;
static struct conf_builder builder = {.arena = &arena, .report = &report, .conf = &conf};
static char path[32];
static struct message error;

static void write_file(const char *text, size_t length)
{
    int fd;

    strcpy(path, "/tmp/test_conf_content.XXXXXX");
    fd = mkstemp(path);
    conf = (struct conf){.file = NULL};
    cr_assert_eq(write(fd, text, length), (ssize_t)length);
    close(fd);
    cr_assert_eq(arena_open(&arena, 1 << 20), 0);
}

static int content(const char *name, const char **text)
{
    return conf_content_read_text(&builder, name, text, &error);
}

static void close_all(void)
{
    conf_content_close(&builder);
    arena_close(&arena);
    unlink(path);
}

Test(conf_content, is_the_file_as_it_is)
{
    const char *text;

    write_file("One\nTwo", 7);
    cr_assert_eq(content(path, &text), 0);
    cr_assert_str_eq(text, "One\nTwo");
    close_all();
}

/* What a greeting says does not change between two looks at it. */
Test(conf_content, is_read_once_and_noted)
{
    const char *first, *second;
    struct stat status;

    write_file("x\n", 2);
    cr_assert_eq(stat(path, &status), 0);
    cr_assert_eq(content(path, &first), 0);
    unlink(path);
    cr_assert_eq(content(path, &second), 0);
    cr_assert_eq(first, second);
    cr_assert_str_eq(first, "x\n");
    cr_assert_str_eq(conf.contents->path, path);
    cr_assert_eq(conf.contents->modified.tv_sec, status.st_mtim.tv_sec);
    cr_assert_eq(conf.contents->modified.tv_nsec, status.st_mtim.tv_nsec);
    cr_assert_not(conf.contents->missing);
    cr_assert_null(conf.contents->next);
    close_all();
}

Test(conf_content, one_that_is_missing_is_noted_too)
{
    const char *text;

    write_file("", 0);
    unlink(path);
    for (int i = 0; i < 2; i++) {
        error.text[0] = '\0';
        cr_assert_eq(content(path, &text), -ENOENT);
        cr_assert_str_eq(error.text, "cannot be opened: No such file or directory");
    }
    cr_assert(conf.contents->missing);
    cr_assert_null(conf.contents->next);
    close_all();
}

Test(conf_content, what_is_not_text_is_refused)
{
    const char *text;

    write_file("a\0b", 3);
    cr_assert_lt(content(path, &text), 0);
    cr_assert_str_eq(error.text, "has a NUL at byte 2; allowed: text without NULs");
    cr_assert_lt(content("/dev/null", &text), 0);
    cr_assert_str_eq(error.text, "is a device; allowed: a regular file");
    cr_assert_lt(content("/", &text), 0);
    cr_assert_str_eq(error.text, "is a directory; allowed: a regular file");
    close_all();
}

Test(conf_content, a_mebibyte_is_allowed)
{
    size_t size = CONF_CONTENT_MAX;
    char *large = malloc(size + 1);
    const char *text;

    memset(large, 'x', size + 1);
    write_file(large, size);
    cr_assert_eq(content(path, &text), 0);
    cr_assert_eq(strlen(text), size);
    close_all();
    write_file(large, size + 1);
    cr_assert_eq(content(path, &text), -EFBIG);
    cr_assert_str_eq(error.text, "is too large; allowed: at most 1048576 bytes");
    close_all();
    free(large);
}

Test(conf_content, so_many_files)
{
    const char *text;
    char name[64];

    write_file("x", 1);
    for (int i = 0; i < CONF_CONTENTS_MAX; i++) {
        snprintf(name, sizeof(name), "%s.%d", path, i);
        cr_assert_eq(content(name, &text), -ENOENT);
    }
    cr_assert_eq(content(path, &text), -ENFILE);
    cr_assert_str_eq(error.text, "is one file too many; allowed: at most 64");
    cr_assert_eq(content(name, &text), -ENOENT);
    close_all();
}
