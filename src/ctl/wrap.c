/* SPDX-License-Identifier: MIT */
#include "ctl/wrap.h"

#include "ctl/text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The number of bytes of the first line. */
static size_t line_length(const char *text, size_t room)
{
    size_t fitting = text_fitting(text, room), end = fitting;

    if (text[fitting] == '\0')
        return fitting;
    while (end > 0 && text[end] != ' ')
        end--;
    return end > 0 ? end : fitting;
}

/* Prints one line of the text; first: the output is at the indent already. */
static void print_line(FILE *out, size_t indent, const char *line, bool first)
{
    do {
        size_t length = line_length(line, WRAP_WIDTH - indent);

        if (!first && *line)
            fprintf(out, "%*s", (int)indent, "");
        first = false;
        fwrite(line, 1, length, out);
        fputc('\n', out);
        line += length;
        line += strspn(line, " ");
    } while (*line);
}

void wrap_print(FILE *out, size_t indent, const char *text)
{
    char *printable = text_printable(text, "\n"), *rest = printable, *line;

    while ((line = strsep(&rest, "\n")))
        print_line(out, indent, line, line == printable);
    free(printable);
}
