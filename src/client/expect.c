/* SPDX-License-Identifier: MIT */
#include "client/expect.h"

#include "client/safe_text.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN_COLUMNS 40
#define SHOWN_MAX     (4 * SHOWN_COLUMNS)

static int parse_pattern(struct expect *expect, struct message *error)
{
    char *text = strndup(expect->argument + 1, strlen(expect->argument) - 2);
    int result;

    if (!text)
        return message_set(error, "out of memory");
    result = pattern_compile(&expect->pattern, text, error);
    free(text);
    return result;
}

int expect_parse(struct expect *expect, const char *argument, struct message *error)
{
    size_t length = strlen(argument);

    *expect = (struct expect){.argument = argument};
    if (length == 0 || strcmp(argument, "//") == 0)
        return message_set(error, "'%s' is empty; allowed: TEXT or /REGEX/", argument);
    expect->is_pattern = length > 2 && argument[0] == '/' && argument[length - 1] == '/';
    return expect->is_pattern ? parse_pattern(expect, error) : 0;
}

static bool is_met(const struct expect *expect, const char *answer, size_t length)
{
    if (expect->is_pattern)
        return pattern_find(&expect->pattern, answer, length, NULL);
    return length > 0 && memmem(answer, length, expect->argument, strlen(expect->argument));
}

bool expect_met(const struct expect *expect, const char *answer, size_t length, struct message *why)
{
    const char *quote = expect->is_pattern ? "" : "\"";
    char wanted[SHOWN_MAX], found[SHOWN_MAX];

    if (is_met(expect, answer, length))
        return true;
    safe_text_line(wanted, sizeof(wanted), SHOWN_COLUMNS, expect->argument, strlen(expect->argument));
    message_set(why, "does not %s %s%s%s: ", expect->is_pattern ? "match" : "contain", quote, wanted, quote);
    if (safe_text_line(found, sizeof(found), SHOWN_COLUMNS, answer, length) > 0)
        message_add(why, "\"%s\"", found);
    else
        message_add(why, "the answer is empty");
    return false;
}

void expect_free(struct expect *expect)
{
    if (expect->is_pattern)
        pattern_free(&expect->pattern);
}
