/* SPDX-License-Identifier: MIT */
#include "serve/closing.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define FIRST 100 /* beyond whatever is open */
#define COUNT 10

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static void open_all(void)
{
    int fd = eventfd(0, EFD_CLOEXEC);

    for (int i = 0; i < COUNT; i++)
        cr_assert_eq(dup2(fd, FIRST + i), FIRST + i);
    close(fd);
}

/* Closes some, each given by its place, and checks that the others are open afterwards. */
static void close_some(const char *places)
{
    struct closing closing = {0};
    bool closed[COUNT] = {false};

    open_all();
    for (const char *place = places; *place; place++) {
        closing_add(&closing, FIRST + *place - '0');
        closed[*place - '0'] = true;
    }
    closing_finish(&closing);
    for (int i = 0; i < COUNT; i++)
        cr_expect_eq(is_open(FIRST + i), !closed[i], "%d of %s", i, places);
}

Test(closing, closes_what_was_added_and_nothing_else)
{
    close_some("");
    close_some("4");
    close_some("0123456789");
    close_some("345");
    close_some("543");
    close_some("4536");
    close_some("135");
    close_some("45018");
    close_some("90");
}

Test(closing, what_is_not_beside_the_row_closes_it)
{
    struct closing closing = {0};

    open_all();
    closing_add(&closing, FIRST);
    closing_add(&closing, FIRST + 1);
    cr_assert(is_open(FIRST) && is_open(FIRST + 1));
    closing_add(&closing, FIRST + 5);
    cr_assert_not(is_open(FIRST) || is_open(FIRST + 1));
    cr_assert(is_open(FIRST + 5));
    closing_finish(&closing);
    cr_assert_not(is_open(FIRST + 5));
}

/* A number that was closed is somebody else's the next moment. */
Test(closing, closes_nothing_twice)
{
    struct closing closing = {0};

    open_all();
    closing_add(&closing, FIRST);
    closing_finish(&closing);
    open_all();
    closing_finish(&closing);
    cr_assert(is_open(FIRST));
}
