/* SPDX-License-Identifier: MIT */
#include "conf/conf_lines.h"

#include "conf/conf_lex.h"

#include <stdint.h>

#define DEPTH_MAX 16 /* conf_scan.c allows fewer */

struct lines {
    struct conf_lexer lexer;
    enum conf_token_kind before;
    char brackets[DEPTH_MAX]; /* the open ones; the first one stands for the file */
    unsigned depth;
};

static bool is_entry(const struct lines *lines, const struct conf_token *token)
{
    return token->kind == CONF_TOKEN_STRING && lines->before != CONF_TOKEN_STRING &&
           lines->brackets[lines->depth] != '{';
}

/* The line of the next string that is an entry. */
static unsigned next_line(struct lines *lines)
{
    struct conf_token token;
    bool found;

    do {
        token = conf_lex_next(&lines->lexer);
        found = is_entry(lines, &token);
        if (token.kind == CONF_TOKEN_OPEN && lines->depth + 1 < DEPTH_MAX)
            lines->brackets[++lines->depth] = *token.start;
        else if (token.kind == CONF_TOKEN_CLOSE && lines->depth > 0)
            lines->depth--;
        lines->before = token.kind;
    } while (!found && token.kind != CONF_TOKEN_END);
    return token.line;
}

/* In the order of the text. */
static void note(config_setting_t *setting, struct lines *lines)
{
    if (!config_setting_name(setting) && config_setting_type(setting) == CONFIG_TYPE_STRING)
        config_setting_set_hook(setting, (void *)(uintptr_t)next_line(lines));
    for (int i = 0; config_setting_is_aggregate(setting) && i < config_setting_length(setting); i++)
        note(config_setting_get_elem(setting, (unsigned)i), lines);
}

void conf_lines_note(config_setting_t *root, const char *text, size_t length)
{
    struct lines lines = {.lexer = {text, text + length, 1}, .before = CONF_TOKEN_SEPARATOR, .brackets = "{"};

    note(root, &lines);
}

unsigned conf_lines_of(const config_setting_t *setting)
{
    const void *noted = config_setting_is_root(setting) ? NULL : config_setting_get_hook(setting);

    return noted ? (unsigned)(uintptr_t)noted : config_setting_source_line(setting);
}
