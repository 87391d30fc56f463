/* SPDX-License-Identifier: MIT */
#include "conf/conf_token.h"

#include <stdbool.h>
#include <string.h>

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
static const char digits[] = "0123456789";

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c);
}

static bool starts_number(char c)
{
    return is_one_of(c, digits) || is_one_of(c, "+-.");
}

static bool continues_number(char c)
{
    return starts_number(c) || is_one_of(c, letters) || c == '_';
}

static bool starts_name(char c)
{
    return is_one_of(c, letters) || c == '*';
}

static bool continues_name(char c)
{
    return starts_name(c) || is_one_of(c, digits) || is_one_of(c, "-_");
}

static void advance(struct conf_lexer *lexer, const char *to)
{
    for (; lexer->at < to; lexer->at++)
        if (*lexer->at == '\n')
            lexer->line++;
}

static bool at_text(const struct conf_lexer *lexer, const char *text)
{
    size_t length = strlen(text);

    return (size_t)(lexer->end - lexer->at) >= length && memcmp(lexer->at, text, length) == 0;
}

/* Skips space and comments. False if a comment has no end; lexer->at is then its beginning. */
static bool skip_space(struct conf_lexer *lexer)
{
    while (lexer->at < lexer->end) {
        const char *end = NULL;

        if (is_one_of(*lexer->at, " \t\n\r\f")) {
            end = lexer->at + 1;
        } else if (at_text(lexer, "#") || at_text(lexer, "//")) {
            end = memchr(lexer->at, '\n', (size_t)(lexer->end - lexer->at));
            end = end ? end : lexer->end;
        } else if (at_text(lexer, "/*")) {
            end = memmem(lexer->at + 2, (size_t)(lexer->end - lexer->at - 2), "*/", 2);
            if (!end)
                return false;
            end += 2;
        } else {
            break;
        }
        advance(lexer, end);
    }
    return true;
}

static const char *run_end(const struct conf_lexer *lexer, bool (*belongs)(char))
{
    const char *at = lexer->at;

    while (at < lexer->end && belongs(*at))
        at++;
    return at;
}

static struct conf_token take(struct conf_lexer *lexer, enum conf_token_kind kind, const char *end)
{
    struct conf_token token = {kind, lexer->at, (size_t)(end - lexer->at), lexer->line};

    advance(lexer, end);
    return token;
}

static struct conf_token take_string(struct conf_lexer *lexer)
{
    const char *end = lexer->at + 1;
    struct conf_token token;

    while (end < lexer->end && *end != '"')
        end += *end == '\\' && lexer->end - end > 1 ? 2 : 1;
    token = take(lexer, end < lexer->end ? CONF_TOKEN_STRING : CONF_TOKEN_OPEN_STRING, end);
    token.start++;
    token.length--;
    if (lexer->at < lexer->end)
        advance(lexer, lexer->at + 1);
    return token;
}

struct conf_token conf_token_next(struct conf_lexer *lexer)
{
    if (!skip_space(lexer))
        return take(lexer, CONF_TOKEN_OPEN_COMMENT, lexer->end);
    if (lexer->at == lexer->end)
        return take(lexer, CONF_TOKEN_END, lexer->end);
    if (*lexer->at == '"')
        return take_string(lexer);
    if (starts_name(*lexer->at))
        return take(lexer, CONF_TOKEN_NAME, run_end(lexer, continues_name));
    if (starts_number(*lexer->at))
        return take(lexer, CONF_TOKEN_NUMBER, run_end(lexer, continues_number));
    if (is_one_of(*lexer->at, "=:"))
        return take(lexer, CONF_TOKEN_ASSIGN, lexer->at + 1);
    if (is_one_of(*lexer->at, ";,"))
        return take(lexer, CONF_TOKEN_SEPARATOR, lexer->at + 1);
    if (is_one_of(*lexer->at, "{[("))
        return take(lexer, CONF_TOKEN_OPEN, lexer->at + 1);
    if (is_one_of(*lexer->at, "}])"))
        return take(lexer, CONF_TOKEN_CLOSE, lexer->at + 1);
    return take(lexer, CONF_TOKEN_OTHER, lexer->at + 1);
}
