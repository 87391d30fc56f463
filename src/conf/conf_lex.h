/* SPDX-License-Identifier: MIT */
/* conf_lex: splits the text of a configuration into tokens where libconfig's own scanner does, and tells
 * whether libconfig reads a number as it is written. */
#ifndef SOCKGREET_CONF_LEX_H
#define SOCKGREET_CONF_LEX_H

#include <stdbool.h>
#include <stddef.h>

enum conf_token_kind {
    CONF_TOKEN_END,
    CONF_TOKEN_NAME,         /* a setting's name, true, false, or a string without its quotes */
    CONF_TOKEN_NUMBER,       /* letters, digits and +-._ that begin like a number */
    CONF_TOKEN_STRING,       /* start and length exclude the quotes */
    CONF_TOKEN_ASSIGN,       /* = or : */
    CONF_TOKEN_SEPARATOR,    /* ; or , */
    CONF_TOKEN_OPEN,         /* { [ ( */
    CONF_TOKEN_CLOSE,        /* } ] ) */
    CONF_TOKEN_OTHER,        /* a byte that begins no token */
    CONF_TOKEN_OPEN_STRING,  /* a string without its closing quote */
    CONF_TOKEN_OPEN_COMMENT, /* a comment that is not closed */
    CONF_TOKEN_RETURN,       /* a comment that continues after a carriage return */
    CONF_TOKEN_WORD,         /* a name where a value belongs; only the scan can tell */
    CONF_TOKEN_DOTS,         /* a number after a name, ".level" of log.level; only the scan can tell */
};

struct conf_token {
    enum conf_token_kind kind;
    const char *start;
    size_t length;
    unsigned line;
};

struct conf_lexer {
    const char *at;
    const char *end;
    unsigned line; /* of at; from 1 */
};

/* The next token; at the end always CONF_TOKEN_END. */
struct conf_token conf_lex_next(struct conf_lexer *lexer);

/* NULL if libconfig 1.5 reads these bytes as the number that they show; otherwise the error, with *is_number
 * telling whether they are a number at all. */
const char *conf_lex_number(const char *bytes, size_t length, bool *is_number);

#endif
