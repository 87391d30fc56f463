/* SPDX-License-Identifier: MIT */
#include "system/title.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
    /* The memory in which the kernel put arguments and environment, one after the other, and from which
     * /proc/PID/cmdline is read. */
    char *start;
    size_t arguments_size, size;
    /* Copies of both, kept as long as the process runs. */
    char **arguments, **environment;
} area;

static size_t size_of(char **list, size_t *count)
{
    size_t size = 0;

    for (*count = 0; list[*count]; ++*count)
        size += strlen(list[*count]) + 1;
    return size;
}

/* The list and its strings, in one allocation. */
static char **copy_list(char **list)
{
    size_t count, size = size_of(list, &count);
    char **copy = malloc((count + 1) * sizeof(*copy) + size);
    char *text = copy ? (char *)(copy + count + 1) : NULL;

    for (size_t i = 0; copy && i < count; i++) {
        copy[i] = text;
        text = stpcpy(text, list[i]) + 1;
    }
    if (copy)
        copy[count] = NULL;
    return copy;
}

/* Moves end past the strings of list that follow it without a gap. Returns the new end. */
static char *extend(char *end, char **list)
{
    for (; *list && *list == end; list++)
        end = *list + strlen(*list) + 1;
    return end;
}

/* glibc's names of the program point into this memory, and the journal takes its identifier from them. */
static void rename_program(char *path)
{
    char *slash = path ? strrchr(path, '/') : NULL;

    if (!path)
        return;
    program_invocation_name = path;
    program_invocation_short_name = slash ? slash + 1 : path;
}

char **title_prepare(char **argv)
{
    char *end = argv[0] ? extend(argv[0], argv) : NULL;

    area.arguments = copy_list(argv);
    area.environment = copy_list(environ);
    if (!area.arguments || !area.environment)
        return NULL;
    if (end) {
        area.start = argv[0];
        area.arguments_size = (size_t)(end - argv[0]);
        area.size = (size_t)(extend(end, environ) - argv[0]);
    }
    environ = area.environment;
    rename_program(area.arguments[0]);
    return area.arguments;
}

void title_set(const char *format, ...)
{
    va_list arguments;
    int length;

    if (area.size == 0)
        return;
    memset(area.start, 0, area.arguments_size);
    va_start(arguments, format);
    length = vsnprintf(area.start, area.size, format, arguments);
    va_end(arguments);
    if (length < 0)
        area.start[0] = '\0';
}
