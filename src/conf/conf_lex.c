/* SPDX-License-Identifier: MIT */
#include "conf/conf_lex.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 64 /* the most bytes of a number */

#define DIGITS  "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c);
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

/* Whether a comment has a carriage return before its last byte. */
static bool has_return(const char *start, const char *end)
{
    const char *back = memchr(start, '\r', (size_t)(end - start));

    return back && back + 1 < end;
}

/* Skips space and comments. Returns the error of the comment at lexer->at, CONF_TOKEN_END for none. */
static enum conf_token_kind skip_space(struct conf_lexer *lexer)
{
    while (lexer->at < lexer->end) {
        size_t left = (size_t)(lexer->end - lexer->at);
        const char *end = NULL;

        if (is_one_of(*lexer->at, " \t\n\r\f")) {
            end = lexer->at + 1;
        } else if (at_text(lexer, "#") || at_text(lexer, "//")) {
            end = memchr(lexer->at, '\n', left);
            end = end ? end : lexer->end;
            if (has_return(lexer->at, end))
                return CONF_TOKEN_RETURN;
        } else if (at_text(lexer, "/*")) {
            end = memmem(lexer->at + 2, left - 2, "*/", 2);
            if (!end)
                return CONF_TOKEN_OPEN_COMMENT;
            end += 2;
        } else {
            break;
        }
        advance(lexer, end);
    }
    return CONF_TOKEN_END;
}

static struct conf_token take(struct conf_lexer *lexer, enum conf_token_kind kind, const char *end)
{
    struct conf_token token = {kind, lexer->at, (size_t)(end - lexer->at), lexer->line};

    advance(lexer, end);
    return token;
}

/* Takes all bytes that are in a set. */
static struct conf_token take_run(struct conf_lexer *lexer, enum conf_token_kind kind, const char *set)
{
    const char *end = lexer->at;

    while (end < lexer->end && is_one_of(*end, set))
        end++;
    return take(lexer, kind, end);
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

static enum conf_token_kind mark_kind(char c)
{
    return is_one_of(c, "=:")    ? CONF_TOKEN_ASSIGN
           : is_one_of(c, ";,")  ? CONF_TOKEN_SEPARATOR
           : is_one_of(c, "{[(") ? CONF_TOKEN_OPEN
           : is_one_of(c, "}])") ? CONF_TOKEN_CLOSE
                                 : CONF_TOKEN_OTHER;
}

struct conf_token conf_lex_next(struct conf_lexer *lexer)
{
    enum conf_token_kind wrong = skip_space(lexer);

    if (wrong != CONF_TOKEN_END)
        return take(lexer, wrong, lexer->end);
    if (lexer->at == lexer->end)
        return take(lexer, CONF_TOKEN_END, lexer->end);
    if (*lexer->at == '"')
        return take_string(lexer);
    if (is_one_of(*lexer->at, LETTERS "*"))
        return take_run(lexer, CONF_TOKEN_NAME, LETTERS DIGITS "*-_");
    if (is_one_of(*lexer->at, DIGITS "+-."))
        return take_run(lexer, CONF_TOKEN_NUMBER, LETTERS DIGITS "+-._");
    return take(lexer, mark_kind(*lexer->at), lexer->at + 1);
}

static const char not_a_number[] = "is not a number; put strings in double quotes";

static bool has_leading_zero(const char *number)
{
    number += is_one_of(*number, "+-");
    return number[0] == '0' && is_one_of(number[1], DIGITS);
}

static const char *integer_wrong(const char *number, int base)
{
    char *end;
    long long value;
    size_t longs;

    errno = 0;
    value = strtoll(number, &end, base);
    longs = strspn(end, "L");
    if (end == number || longs > 2 || end[longs])
        return not_a_number;
    if (has_leading_zero(number))
        return "has a leading zero, but octal numbers are not supported; remove the zero, or write a string";
    if (errno == ERANGE)
        return "does not fit into 64 bits";
    if (longs == 0 && (value > INT32_MAX || value < INT32_MIN))
        return "does not fit into 32 bits; append an L";
    return NULL;
}

static const char *float_wrong(const char *number)
{
    char *end;

    errno = 0;
    strtod(number, &end);
    if (*end || number[strspn(number, DIGITS ".eE+-")]) /* what only C reads: nan, 0x1p3 */
        return not_a_number;
    if (has_leading_zero(number))
        return "has a leading zero; remove it";
    return errno == ERANGE ? "is out of range for a floating-point number" : NULL;
}

static const char *number_wrong(const char *number)
{
    if (number[0] == '0' && (number[1] == 'x' || number[1] == 'X'))
        return integer_wrong(number, 16);
    return strpbrk(number, ".eE") ? float_wrong(number) : integer_wrong(number, 10);
}

const char *conf_lex_number(const char *bytes, size_t length, bool *is_number)
{
    char number[NUMBER_MAX];
    const char *wrong = not_a_number;

    if (length < sizeof(number)) {
        memcpy(number, bytes, length);
        number[length] = '\0';
        wrong = number_wrong(number);
    }
    *is_number = wrong != not_a_number;
    return wrong;
}
