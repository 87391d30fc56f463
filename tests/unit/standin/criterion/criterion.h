/* SPDX-License-Identifier: MIT */
/* A stand-in for Criterion: runs the same Test() sources one after the other in a plain process, since
 * ThreadSanitizer does not survive Criterion's sandbox. Knows only what the tests here use; anything else
 * does not compile. A failed cr_assert ends its test, a failed cr_expect does not, and both fail the program.
 */
#ifndef STANDIN_CRITERION_H
#define STANDIN_CRITERION_H

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct standin_options {
    void (*init)(void);
    void (*fini)(void);
    int signal;
    int exit_code;
    double timeout;
    bool disabled;
    const char *description;
};

struct standin_test {
    const char *suite;
    const char *name;
    void (*body)(void);
    struct standin_options options;
    struct standin_test *next;
};

struct standin_suite {
    const char *name;
    struct standin_options options;
    struct standin_suite *next;
};

static struct {
    struct standin_test *first, **last;
    struct standin_suite *suites;
    pthread_t thread;
    sigjmp_buf end_of_test;
    bool failed;
    bool skipped;
} standin;

static inline void standin_add_test(struct standin_test *test)
{
    if (!standin.last)
        standin.last = &standin.first;
    *standin.last = test;
    standin.last = &test->next;
}

static inline void standin_add_suite(struct standin_suite *suite)
{
    suite->next = standin.suites;
    standin.suites = suite;
}

#define Test(suite_, name_, ...)                                                    \
    static void standin_body_##suite_##_##name_(void);                              \
    __attribute__((constructor)) static void standin_add_##suite_##_##name_(void)   \
    {                                                                               \
        static struct standin_test test = {.suite = #suite_,                        \
                                           .name = #name_,                          \
                                           .body = standin_body_##suite_##_##name_, \
                                           .options = {__VA_ARGS__}};               \
        standin_add_test(&test);                                                    \
    }                                                                               \
    static void standin_body_##suite_##_##name_(void)

#define TestSuite(name_, ...)                                                           \
    __attribute__((constructor)) static void standin_suite_##name_(void)                \
    {                                                                                   \
        static struct standin_suite suite = {.name = #name_, .options = {__VA_ARGS__}}; \
        standin_add_suite(&suite);                                                      \
    }                                                                                   \
    struct standin_suite

__attribute__((format(printf, 5, 6))) static inline void
standin_check(bool holds, bool fatal, const char *where, const char *what, const char *format, ...)
{
    va_list args;

    if (holds)
        return;
    fprintf(stderr, "[----] %s: Assertion failed: %s:", where, what);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    __atomic_store_n(&standin.failed, true, __ATOMIC_RELAXED);
    if (!fatal)
        return;
    if (!pthread_equal(pthread_self(), standin.thread))
        _exit(1); /* no way back into the test from a thread of its own, and no closing line: the program
                     fails */
    siglongjmp(standin.end_of_test, 1);
}

#define STANDIN_TEXT_(x) #x
#define STANDIN_TEXT(x)  STANDIN_TEXT_(x)
#define STANDIN_CHECK(fatal, holds, what, ...) \
    standin_check(holds, fatal, __FILE__ ":" STANDIN_TEXT(__LINE__), what, " " __VA_ARGS__)

#define STANDIN_ABOUT(a, b, e) (fabs((double)(a) - (double)(b)) <= (double)(e))

#define cr_assert(c, ...)               STANDIN_CHECK(true, (bool)(c), #c, __VA_ARGS__)
#define cr_assert_not(c, ...)           STANDIN_CHECK(true, !(c), "not " #c, __VA_ARGS__)
#define cr_assert_eq(a, b, ...)         STANDIN_CHECK(true, (a) == (b), #a " == " #b, __VA_ARGS__)
#define cr_assert_neq(a, b, ...)        STANDIN_CHECK(true, (a) != (b), #a " != " #b, __VA_ARGS__)
#define cr_assert_lt(a, b, ...)         STANDIN_CHECK(true, (a) < (b), #a " < " #b, __VA_ARGS__)
#define cr_assert_leq(a, b, ...)        STANDIN_CHECK(true, (a) <= (b), #a " <= " #b, __VA_ARGS__)
#define cr_assert_gt(a, b, ...)         STANDIN_CHECK(true, (a) > (b), #a " > " #b, __VA_ARGS__)
#define cr_assert_geq(a, b, ...)        STANDIN_CHECK(true, (a) >= (b), #a " >= " #b, __VA_ARGS__)
#define cr_assert_null(p, ...)          STANDIN_CHECK(true, (p) == NULL, #p " is NULL", __VA_ARGS__)
#define cr_assert_not_null(p, ...)      STANDIN_CHECK(true, (p) != NULL, #p " is not NULL", __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...)     STANDIN_CHECK(true, strcmp(a, b) == 0, #a " is " #b, __VA_ARGS__)
#define cr_assert_str_neq(a, b, ...)    STANDIN_CHECK(true, strcmp(a, b) != 0, #a " is not " #b, __VA_ARGS__)
#define cr_assert_str_empty(a, ...)     STANDIN_CHECK(true, !*(a), #a " is empty", __VA_ARGS__)
#define cr_assert_str_not_empty(a, ...) STANDIN_CHECK(true, *(a), #a " is not empty", __VA_ARGS__)
#define cr_assert_arr_eq(a, b, n, ...)  STANDIN_CHECK(true, memcmp(a, b, n) == 0, #a " is " #b, __VA_ARGS__)
#define cr_assert_arr_neq(a, b, n, ...) \
    STANDIN_CHECK(true, memcmp(a, b, n) != 0, #a " is not " #b, __VA_ARGS__)
#define cr_assert_float_eq(a, b, e, ...) \
    STANDIN_CHECK(true, STANDIN_ABOUT(a, b, e), #a " is about " #b, __VA_ARGS__)
#define cr_assert_fail(...) STANDIN_CHECK(true, false, "failed", __VA_ARGS__)

#define cr_expect(c, ...)               STANDIN_CHECK(false, (bool)(c), #c, __VA_ARGS__)
#define cr_expect_not(c, ...)           STANDIN_CHECK(false, !(c), "not " #c, __VA_ARGS__)
#define cr_expect_eq(a, b, ...)         STANDIN_CHECK(false, (a) == (b), #a " == " #b, __VA_ARGS__)
#define cr_expect_neq(a, b, ...)        STANDIN_CHECK(false, (a) != (b), #a " != " #b, __VA_ARGS__)
#define cr_expect_lt(a, b, ...)         STANDIN_CHECK(false, (a) < (b), #a " < " #b, __VA_ARGS__)
#define cr_expect_leq(a, b, ...)        STANDIN_CHECK(false, (a) <= (b), #a " <= " #b, __VA_ARGS__)
#define cr_expect_gt(a, b, ...)         STANDIN_CHECK(false, (a) > (b), #a " > " #b, __VA_ARGS__)
#define cr_expect_geq(a, b, ...)        STANDIN_CHECK(false, (a) >= (b), #a " >= " #b, __VA_ARGS__)
#define cr_expect_null(p, ...)          STANDIN_CHECK(false, (p) == NULL, #p " is NULL", __VA_ARGS__)
#define cr_expect_not_null(p, ...)      STANDIN_CHECK(false, (p) != NULL, #p " is not NULL", __VA_ARGS__)
#define cr_expect_str_eq(a, b, ...)     STANDIN_CHECK(false, strcmp(a, b) == 0, #a " is " #b, __VA_ARGS__)
#define cr_expect_str_neq(a, b, ...)    STANDIN_CHECK(false, strcmp(a, b) != 0, #a " is not " #b, __VA_ARGS__)
#define cr_expect_str_empty(a, ...)     STANDIN_CHECK(false, !*(a), #a " is empty", __VA_ARGS__)
#define cr_expect_str_not_empty(a, ...) STANDIN_CHECK(false, *(a), #a " is not empty", __VA_ARGS__)
#define cr_expect_arr_eq(a, b, n, ...)  STANDIN_CHECK(false, memcmp(a, b, n) == 0, #a " is " #b, __VA_ARGS__)
#define cr_expect_arr_neq(a, b, n, ...) \
    STANDIN_CHECK(false, memcmp(a, b, n) != 0, #a " is not " #b, __VA_ARGS__)
#define cr_expect_float_eq(a, b, e, ...) \
    STANDIN_CHECK(false, STANDIN_ABOUT(a, b, e), #a " is about " #b, __VA_ARGS__)
#define cr_expect_fail(...) STANDIN_CHECK(false, false, "failed", __VA_ARGS__)

#define cr_log_info(...)  standin_log(__VA_ARGS__)
#define cr_log_warn(...)  standin_log(__VA_ARGS__)
#define cr_log_error(...) standin_log(__VA_ARGS__)
#define cr_skip_test(...) standin_skip(" " __VA_ARGS__)

__attribute__((format(printf, 1, 2))) static inline void standin_log(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

static inline void standin_skip(const char *why)
{
    fprintf(stderr, "[SKIP]%s\n", why);
    standin.skipped = true;
    siglongjmp(standin.end_of_test, 1);
}

static inline const struct standin_options *standin_suite_options(const char *name)
{
    static const struct standin_options none;

    for (struct standin_suite *suite = standin.suites; suite; suite = suite->next)
        if (strcmp(suite->name, name) == 0)
            return &suite->options;
    return &none;
}

static void standin_call(const struct standin_test *test)
{
    const struct standin_options *suite = standin_suite_options(test->suite);

    alarm((unsigned)ceil(test->options.timeout > 0 ? test->options.timeout : suite->timeout));
    if (suite->init)
        suite->init();
    if (test->options.init)
        test->options.init();
    test->body();
    if (test->options.fini)
        test->options.fini();
    if (suite->fini)
        suite->fini();
}

/* Not inline: nothing of the caller's may live in registers across the jump. */
__attribute__((noinline)) static void standin_run_here(const struct standin_test *test)
{
    if (sigsetjmp(standin.end_of_test, 1) == 0)
        standin_call(test);
    alarm(0);
}

/* A test that must end its process has one of its own. */
static inline void standin_run_forked(const struct standin_test *test)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        standin_run_here(test);
        _exit(standin.failed);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        standin.failed = true;
    else if (test->options.signal)
        standin.failed = !(WIFSIGNALED(status) && WTERMSIG(status) == test->options.signal);
    else
        standin.failed = !(WIFEXITED(status) && WEXITSTATUS(status) == test->options.exit_code);
}

int main(void)
{
    unsigned tested = 0, failing = 0;

    standin.thread = pthread_self();
    for (const struct standin_test *test = standin.first; test; test = test->next) {
        if (test->options.disabled)
            continue;
        standin.failed = standin.skipped = false;
        if (test->options.signal || test->options.exit_code)
            standin_run_forked(test);
        else
            standin_run_here(test);
        tested += !standin.skipped;
        failing += standin.failed;
        fprintf(stderr, "[%s] %s::%s\n",
                standin.failed    ? "FAIL"
                : standin.skipped ? "SKIP"
                                  : "PASS",
                test->suite, test->name);
    }
    fprintf(stderr, "[====] Synthesis: Tested: %u | Passing: %u | Failing: %u | Crashing: 0\n", tested,
            tested - failing, failing);
    return failing || !tested;
}

#endif
