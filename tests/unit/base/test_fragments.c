/* SPDX-License-Identifier: MIT */
#include "base/fragments.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char file[64], directory[80];

static const char *path_of(const char *name)
{
    static char path[512];

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

static void put(const char *name)
{
    FILE *out = fopen(path_of(name), "w");

    cr_assert_not_null(out);
    fclose(out);
}

static void make_directory(void)
{
    snprintf(file, sizeof(file), "/tmp/test_fragments.%d", getpid());
    snprintf(directory, sizeof(directory), "%s.d", file);
    cr_assert_eq(mkdir(directory, 0700), 0);
}

static void remove_directory(void)
{
    char command[128];

    snprintf(command, sizeof(command), "rm -r %s", directory);
    cr_assert_eq(system(command), 0);
}

/* The names that were found, with a space after each. */
static const char *found(void)
{
    static char names[2048];
    struct fragments fragments;

    names[0] = '\0';
    cr_assert_eq(fragments_find(&fragments, file), 0);
    cr_assert_str_eq(fragments.directory, directory);
    for (size_t i = 0; i < fragments.count; i++) {
        cr_assert_eq(strncmp(fragments.paths[i], directory, strlen(directory)), 0);
        strcat(strcat(names, fragments.paths[i] + strlen(directory) + 1), " ");
    }
    fragments_free(&fragments);
    return names;
}

Test(fragments, names_come_in_byte_order)
{
    make_directory();
    put("b.conf");
    put("a.conf");
    put("B.conf");
    put("10-x.conf");
    put("9-x.conf");
    cr_expect_str_eq(found(), "10-x.conf 9-x.conf B.conf a.conf b.conf ");
    remove_directory();
}

Test(fragments, what_editors_and_packages_leave_is_not_read)
{
    make_directory();
    put("a.conf");
    put("a.conf~");
    put(".a.conf.swp");
    put(".hidden.conf");
    put("a.conf.dpkg-old");
    put("a.conf.rpmnew");
    put("conf");
    put("README");
    cr_expect_str_eq(found(), "a.conf ");
    remove_directory();
}

/* A link that leads nowhere is a file that somebody wanted to be read; what is not a file can never be. */
Test(fragments, only_regular_files_and_links)
{
    make_directory();
    put("a.conf");
    cr_assert_eq(mkdir(path_of("directory.conf"), 0700), 0);
    cr_assert_eq(mkfifo(path_of("fifo.conf"), 0600), 0);
    cr_assert_eq(symlink("/dev/null", path_of("masked.conf")), 0);
    cr_assert_eq(symlink("a.conf", path_of("link.conf")), 0);
    cr_assert_eq(symlink("nowhere", path_of("lost.conf")), 0);
    cr_expect_str_eq(found(), "a.conf link.conf lost.conf ");
    remove_directory();
}

Test(fragments, a_missing_directory_is_empty)
{
    struct fragments fragments;

    cr_assert_eq(fragments_find(&fragments, "/nonexistent/file"), 0);
    cr_expect_eq(fragments.count, 0);
    fragments_free(&fragments);
}

Test(fragments, a_name_that_leaves_no_room_for_the_directory_has_none)
{
    struct fragments fragments;
    char name[300] = "/tmp/";

    memset(name + 5, 'x', 255);
    cr_assert_eq(fragments_find(&fragments, name), 0);
    cr_expect_eq(fragments.count, 0);
    fragments_free(&fragments);
}

Test(fragments, what_is_not_a_directory_is_an_error)
{
    struct fragments fragments;
    FILE *out;

    make_directory();
    rmdir(directory);
    out = fopen(directory, "w");
    fclose(out);
    cr_expect_eq(fragments_find(&fragments, file), -ENOTDIR);
    cr_expect_str_eq(fragments.directory, directory);
    fragments_free(&fragments);
    remove_directory();
}

Test(fragments, as_many_as_there_may_be_and_one_more)
{
    struct fragments fragments;
    char name[32];

    make_directory();
    for (int i = 0; i < FRAGMENTS_MAX; i++) {
        snprintf(name, sizeof(name), "%d.conf", i);
        put(name);
    }
    put("not-one");
    cr_assert_eq(fragments_find(&fragments, file), 0);
    cr_expect_eq(fragments.count, FRAGMENTS_MAX);
    fragments_free(&fragments);
    put("one-more.conf");
    cr_expect_eq(fragments_find(&fragments, file), -E2BIG);
    fragments_free(&fragments);
    remove_directory();
}
