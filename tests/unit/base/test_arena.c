/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE (1 << 20)

/* What a child builds is the parent's, at the same address. */
Test(arena, a_child_builds_for_its_parent)
{
    struct arena arena;
    char *text;
    pid_t child;
    int status;

    cr_assert_eq(arena_open(&arena, SIZE), 0);
    text = arena_alloc(&arena, 16);
    child = fork();
    if (child == 0) {
        strcpy(text, "built");
        _exit(0);
    }
    waitpid(child, &status, 0);
    cr_expect_str_eq(text, "built");
    cr_assert_eq(arena_seal(&arena), 0);
    cr_expect_str_eq(text, "built");
    cr_expect_lt(arena.size, (size_t)SIZE);
    arena_close(&arena);
}

/* A worker made the configuration writable again and set the user of its successors to root. */
Test(arena, what_is_sealed_is_out_of_a_childs_reach)
{
    struct arena arena;
    char *text;
    pid_t child;
    int status;

    cr_assert_eq(arena_open(&arena, SIZE), 0);
    text = arena_copy(&arena, "sealed", 6);
    cr_assert_eq(arena_seal(&arena), 0);
    child = fork();
    if (child == 0) {
        if (mprotect(arena.base, arena.size, PROT_READ | PROT_WRITE) < 0)
            _exit(1);
        strcpy(text, "broken");
        _exit(0);
    }
    waitpid(child, &status, 0);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the attempt itself succeeds");
    cr_expect_str_eq(text, "sealed");
    arena_close(&arena);
}

Test(arena, a_full_one_gives_nothing)
{
    struct arena arena;

    cr_assert_eq(arena_open(&arena, 4096), 0);
    cr_expect_not_null(arena_alloc(&arena, 4000));
    cr_expect_null(arena_alloc(&arena, 4000));
    cr_expect_null(arena_alloc(&arena, SIZE_MAX - 8));
    arena_close(&arena);
}
