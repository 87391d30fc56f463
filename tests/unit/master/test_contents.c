/* SPDX-License-Identifier: MIT */
#include "master/contents.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[64];
static struct contents_file file;

static void set_time(time_t second)
{
    const struct timespec times[2] = {{.tv_sec = second}, {.tv_sec = second}};

    cr_assert_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* A file that was read as it was at second 100. */
static void make_file(void)
{
    strcpy(path, "/tmp/test_contents.XXXXXX");
    close(mkstemp(path));
    set_time(100);
    file = (struct contents_file){.is_new = true};
    file.known.modified.tv_sec = 100;
}

static void assert_looks(enum contents_finding first, enum contents_finding second)
{
    cr_assert_eq(contents_check(path, &file), first);
    cr_assert_eq(contents_check(path, &file), second);
}

Test(contents, nothing_has_changed)
{
    make_file();
    assert_looks(CONTENTS_SAME, CONTENTS_SAME);
    unlink(path);
}

Test(contents, a_change_is_seen_when_it_is_over)
{
    make_file();
    for (time_t second = 101; second < 105; second++) {
        set_time(second);
        cr_assert_eq(contents_check(path, &file), CONTENTS_SAME);
    }
    cr_assert_eq(contents_check(path, &file), CONTENTS_CHANGED);
    cr_assert_eq(contents_check(path, &file), CONTENTS_SAME);
    unlink(path);
}

Test(contents, an_older_file_is_another_one)
{
    make_file();
    set_time(99);
    assert_looks(CONTENTS_SAME, CONTENTS_CHANGED);
    unlink(path);
}

Test(contents, one_that_goes_is_gone_once)
{
    make_file();
    unlink(path);
    assert_looks(CONTENTS_SAME, CONTENTS_GONE);
    assert_looks(CONTENTS_SAME, CONTENTS_SAME);
}

Test(contents, one_that_goes_and_comes_is_there_or_has_changed)
{
    int fd;

    make_file();
    unlink(path);
    assert_looks(CONTENTS_SAME, CONTENTS_GONE);
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    cr_assert_geq(fd, 0);
    close(fd);
    set_time(100);
    assert_looks(CONTENTS_SAME, CONTENTS_SAME);
    cr_assert_not(file.is_gone);
    set_time(200);
    assert_looks(CONTENTS_SAME, CONTENTS_CHANGED);
    unlink(path);
}

Test(contents, one_that_was_missing_comes)
{
    make_file();
    file.known = (struct contents_state){.missing = true};
    assert_looks(CONTENTS_SAME, CONTENTS_CHANGED);
    unlink(path);
}

/* Nobody knows what is there then. */
Test(contents, what_cannot_be_looked_at_is_the_same)
{
    struct contents_file other = {.known.modified.tv_sec = 1, .is_new = true};

    cr_assert_eq(contents_check("/dev/null/x", &other), CONTENTS_SAME);
    cr_assert_eq(contents_check("/dev/null/x", &other), CONTENTS_SAME);
}
