/* SPDX-License-Identifier: MIT */
#include "conf/conf_report.h"
#include "conf/loader.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[64];

static const struct conf_source source = {.path = path, .path_given = true};

static void write_file(const char *text)
{
    FILE *file;

    strcpy(path, "/tmp/test_loader.XXXXXX");
    file = fdopen(mkstemp(path), "w");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
}

/* The messages as they are printed; frees them. */
static char *printed(struct conf_messages *messages)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    cr_assert_not_null(messages);
    conf_messages_print(messages, out);
    fclose(out);
    conf_messages_free(messages);
    return text;
}

/* Loads what is at path, and removes it. */
static enum loader_status load(const struct conf **conf, char **messages)
{
    struct conf_messages *said;
    enum loader_status status = loader_run(&source, conf, &said);

    unlink(path);
    *messages = printed(said);
    return status;
}

static enum loader_status finish(struct loader *loader, const struct conf **conf, char **messages)
{
    struct conf_messages *said;
    enum loader_status status = loader_finish(loader, conf, &said);

    *messages = printed(said);
    return status;
}

Test(loader, a_value_comes_back)
{
    const struct conf *conf;
    char *messages;

    write_file("limits = { connections = 77; }; user = \"daemon\";");
    cr_assert_eq(load(&conf, &messages), LOADER_LOADED);
    cr_assert_str_eq(messages, "");
    cr_assert_eq(conf->connections, 77);
    cr_assert_eq(conf->listener_count, 3);
    cr_assert_str_eq(conf->listeners[2].name, "local");
    free(messages);
    conf_free(conf);
}

Test(loader, the_value_is_read_only)
{
    const struct conf *conf;
    char *messages;
    int status;
    pid_t child;

    write_file("");
    cr_assert_eq(load(&conf, &messages), LOADER_LOADED);
    child = fork();
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        ((struct conf *)(void *)(size_t)conf)->connections = 1;
        _exit(0);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    cr_assert_lt(conf->arena.size, (size_t)1 << 20);
    free(messages);
    conf_free(conf);
}

Test(loader, errors_come_back)
{
    const struct conf *conf;
    char *messages;

    write_file("limits = { connections = 0; };\nuser = 3;");
    cr_assert_eq(load(&conf, &messages), LOADER_REFUSED);
    cr_assert_null(conf);
    cr_assert_not_null(strstr(messages, ":1: limits.connections: 0 is out of range;"));
    cr_assert_not_null(strstr(messages, ":2: user: is a whole number;"));
    free(messages);
}

Test(loader, a_fifo_is_not_waited_for)
{
    const struct conf *conf;
    char *messages, expected[sizeof(path) + 64];

    write_file(""); /* only for a unique name: other programs may run this test at the same time */
    unlink(path);
    cr_assert_eq(mkfifo(path, 0600), 0);
    snprintf(expected, sizeof(expected), "%s: is a FIFO; allowed: a regular file\n", path);
    cr_assert_eq(load(&conf, &messages), LOADER_REFUSED);
    cr_assert_str_eq(messages, expected);
    free(messages);
}

static void wait_for_children(struct children *children)
{
    siginfo_t info;

    waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
    children_reap(children);
}

Test(loader, too_many_messages_are_counted)
{
    struct children children = {0};
    struct loader *loader;
    const struct conf *conf;
    char *messages;
    char *text = malloc(100000);
    size_t used = 0;

    for (int i = 0; i < 800; i++)
        used += (size_t)sprintf(text + used, "some_unknown_setting_%d = 1;\n", i);
    write_file(text);
    cr_assert_eq(loader_start(&source, &children, &loader), 0);
    wait_for_children(&children); /* for as long as it takes: here time is not the point */
    cr_assert_eq(finish(loader, &conf, &messages), LOADER_REFUSED);
    unlink(path);
    cr_assert_leq(strlen(messages), (size_t)CONF_REPORT_MAX + 32);
    cr_assert_not_null(strstr(messages, "\n... and "));
    free(messages);
    free(text);
}

/* The rings of 8192 threads alone filled the loader's limit on memory, so no reload was possible. */
Test(loader, its_memory_comes_on_top_of_what_is_mapped)
{
    size_t size = (size_t)1 << 30;
    void *much = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    enum loader_status status;
    const struct conf *conf;
    char *messages;

    cr_assert_neq(much, MAP_FAILED);
    write_file("greeting = \"hello\";\n");
    status = load(&conf, &messages);
    cr_expect_eq(status, LOADER_LOADED, "%s", messages);
    conf_free(conf);
    free(messages);
    munmap(much, size);
}

Test(loader, the_steps_one_by_one)
{
    struct children children = {0};
    struct loader *loader;
    const struct conf *conf;
    char *messages;

    write_file("");
    cr_assert_eq(loader_start(&source, &children, &loader), 0);
    wait_for_children(&children);
    cr_assert(loader_is_over(loader, 0));
    cr_assert_eq(finish(loader, &conf, &messages), LOADER_LOADED);
    unlink(path);
    free(messages);
    conf_free(conf);
}

Test(loader, a_child_that_takes_too_long_is_killed)
{
    struct children children = {0};
    struct loader *loader;
    const struct conf *conf;
    char *messages;

    write_file("");
    cr_assert_eq(loader_start(&source, &children, &loader), 0);
    cr_assert_not(loader_is_over(loader, 0));
    cr_assert_not(loader_is_over(loader, loader_next(loader)));
    wait_for_children(&children);
    cr_assert(loader_is_over(loader, 0));
    if (finish(loader, &conf, &messages) == LOADER_REFUSED) /* it may have been quick */
        cr_assert_not_null(strstr(messages, ": loading failed: it took more than 5 s"));
    cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1);
    unlink(path);
    free(messages);
    conf_free(conf);
}

/* A file on a hung file system: SIGKILL does not end the child, and the master used to wait for it for ever.
 * Here nobody reaps it, which looks the same. */
Test(loader, a_child_that_cannot_be_killed_is_left_behind)
{
    struct children children = {0};
    struct loader *loader;
    const struct conf *conf;
    char *messages;

    write_file("");
    cr_assert_eq(loader_start(&source, &children, &loader), 0);
    cr_assert_not(loader_is_over(loader, loader_next(loader)));
    cr_assert(loader_is_over(loader, loader_next(loader)));
    cr_assert_eq(finish(loader, &conf, &messages), LOADER_FAILED);
    cr_assert_not_null(strstr(messages, "; its process cannot be killed"), "%s", messages);
    cr_assert_neq(children_stray(&children), 0);
    wait_for_children(&children);
    cr_assert_eq(children_stray(&children), 0);
    unlink(path);
    free(messages);
}

Test(loader, a_parser_that_takes_too_much_time_is_ended)
{
    const struct conf *conf;
    char *messages;
    char *text = malloc(1 << 20);
    size_t used = 0;

    /* libconfig looks through all settings of a group for each new one */
    for (unsigned i = 0; used + 16 < 1 << 20; i++)
        used += (size_t)sprintf(text + used, "a%x=1;", i);
    write_file(text);
    cr_assert_eq(load(&conf, &messages), LOADER_REFUSED);
    cr_assert_null(conf);
    cr_assert_neq(messages[0], '\0');
    free(messages);
    free(text);
}

static void ignore(int number)
{
    (void)number;
}

Test(loader, blocked_signals_and_handlers_of_the_parent_are_not_the_childs)
{
    sigset_t all, before;
    const struct conf *conf;
    char *messages;

    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    signal(SIGXCPU, ignore);
    write_file("user = \"daemon\";");
    cr_assert_eq(load(&conf, &messages), LOADER_LOADED);
    sigprocmask(SIG_SETMASK, &before, NULL);
    cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1);
    cr_assert_eq(errno, ECHILD);
    free(messages);
    conf_free(conf);
}
