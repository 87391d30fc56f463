/* SPDX-License-Identifier: MIT */
#include "conf/conf_scan.h"

#include "base/escape.h"
#include "conf/conf_advice.h"
#include "conf/conf_number.h"
#include "conf/conf_path.h"
#include "conf/conf_report.h"
#include "conf/conf_token.h"

#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 8 /* groups within groups; the configuration has two */

enum expectation {
    EXPECT_NAME,      /* or the end of the group */
    EXPECT_ASSIGN,    /* after a name */
    EXPECT_VALUE,     /* after "=" or after a comma */
    EXPECT_FIRST,     /* the first value of a list, or its end */
    EXPECT_SEPARATOR, /* after a value: a separator, in groups also the next name */
    EXPECT_MORE       /* after a string: the same, or a string to join */
};

struct level {
    char closing;       /* the bracket that ends it; '\0' for the file itself */
    unsigned line;      /* of the opening bracket */
    size_t path_length; /* of the setting that it is the value of */
    bool repeated;      /* so that what is in it was there before, too */
};

struct scan {
    struct conf_report *report;
    struct conf_lexer lexer;
    struct conf_path path;
    struct level levels[DEPTH_MAX + 1];
    unsigned depth;
    enum expectation expect;
    unsigned first; /* line on which the setting that is being read was there before, 0 for none */
    bool repeated;  /* it was, and is not a group whose settings are named with dots */
    bool broken;    /* libconfig would stop at something that was reported */
};

static bool in_group(const struct scan *scan)
{
    return scan->depth == 0 || scan->levels[scan->depth].closing == '}';
}

/* Elements of lists have no names, so that settings in them cannot be told apart. */
static bool in_list(const struct scan *scan)
{
    for (unsigned i = 1; i <= scan->depth; i++)
        if (scan->levels[i].closing != '}')
            return true;
    return false;
}

static const char *setting(const struct scan *scan)
{
    return scan->path.text[0] ? scan->path.text : "syntax";
}

#define REFUSE(scan, line, ...) (conf_error((scan)->report, line, setting(scan), __VA_ARGS__), -1)

/* What a token looks like in a message. */
static struct conf_quoted shown(const struct conf_token *token)
{
    char text[64];

    if (token->kind == CONF_TOKEN_END)
        return (struct conf_quoted){"the end of the file"};
    if (token->kind == CONF_TOKEN_STRING)
        return (struct conf_quoted){"a string"};
    snprintf(text, sizeof(text), "%.*s", (int)(token->length < 60 ? token->length : 60), token->start);
    return conf_quote(text);
}

static int check_escape(struct scan *scan, unsigned line, const char *at, const char *end)
{
    static const char hex[] = "0123456789abcdefABCDEF";
    char character[8];

    if (at[1] && strchr("\\\"nrtf", at[1]))
        return 2;
    if (at[1] != 'x' && at[1] != 'X') {
        escape_bytes(character, sizeof(character), at + 1, 1);
        conf_error(
            scan->report, line, setting(scan),
            "unknown escape \\%s in a string; allowed: \\\\ \\\" \\n \\r \\t \\f and \\xHH (a dollar is "
            "written $$)",
            character);
        return 2;
    }
    if (end - at < 4 || !at[2] || !strchr(hex, at[2]) || !at[3] || !strchr(hex, at[3]))
        conf_error(scan->report, line, setting(scan),
                   "\\x in a string needs two hexadecimal digits after it, as in \\x1b");
    else if (at[2] == '0' && at[3] == '0')
        conf_error(scan->report, line, setting(scan), "\\x00 in a string; allowed: every byte but NUL");
    return 2;
}

static void check_string(struct scan *scan, const struct conf_token *token)
{
    const char *end = token->start + token->length;
    unsigned line = token->line;

    for (const char *at = token->start; at < end;) {
        if (*at == '\n')
            line++;
        at += *at == '\\' ? check_escape(scan, line, at, end) : 1;
    }
}

static void check_number(struct scan *scan, const struct conf_token *token)
{
    bool is_number;
    const char *wrong = conf_number_wrong(token->start, token->length, &is_number);

    scan->broken |= !is_number;
    if (wrong)
        conf_error(scan->report, token->line, setting(scan), "%s %s", shown(token).text,
                   conf_advice_number(scan->path.text, token, is_number, wrong).text);
}

static bool is_boolean(const struct conf_token *token)
{
    return (token->length == 4 && strncasecmp(token->start, "true", 4) == 0) ||
           (token->length == 5 && strncasecmp(token->start, "false", 5) == 0);
}

static void check_word(struct scan *scan, const struct conf_token *token)
{
    if (is_boolean(token))
        return;
    scan->broken = true;
    conf_error(scan->report, token->line, setting(scan),
               "%s is no value; allowed: a \"string\" in double quotes, a number, true or false",
               shown(token).text);
}

static int open_level(struct scan *scan, const struct conf_token *token)
{
    struct level *level;

    if (scan->depth == DEPTH_MAX)
        return REFUSE(scan, token->line, "too many groups within groups; allowed: %d", DEPTH_MAX);
    level = &scan->levels[++scan->depth];
    level->closing = *token->start == '{' ? '}' : *token->start == '[' ? ']' : ')';
    level->line = token->line;
    level->path_length = scan->path.length;
    level->repeated = scan->repeated;
    scan->expect = level->closing == '}' ? EXPECT_NAME : EXPECT_FIRST;
    return 0;
}

static int close_level(struct scan *scan, const struct conf_token *token)
{
    const struct level *level = &scan->levels[scan->depth];

    if (scan->depth == 0)
        return REFUSE(scan, token->line, "%s closes nothing", shown(token).text);
    if (*token->start != level->closing)
        return REFUSE(scan, token->line, "%s where the bracket of line %u needs \"%c\"", shown(token).text,
                      level->line, level->closing);
    conf_path_cut(&scan->path, level->path_length);
    scan->depth--;
    scan->expect = EXPECT_SEPARATOR;
    return 0;
}

/* Whether a setting's name goes on with a dot, as in messages and the manual. */
static bool has_dot(const struct conf_token *name)
{
    return name->start[name->length] == '.';
}

static int take_name(struct scan *scan, const struct conf_token *token)
{
    conf_path_cut(&scan->path, scan->levels[scan->depth].path_length);
    if (is_boolean(token))
        return REFUSE(scan, token->line, "%s where a setting's name is expected", shown(token).text);
    if (token->length > CONF_NAME_MAX)
        return REFUSE(scan, token->line, "a name of %zu bytes; allowed: at most %d", token->length,
                      CONF_NAME_MAX);
    conf_path_push(&scan->path, token->start, token->length);
    scan->repeated = scan->levels[scan->depth].repeated;
    scan->first = in_list(scan) || scan->repeated ? 0 : conf_path_seen(&scan->path, token->line);
    if (scan->first && !has_dot(token)) {
        scan->repeated = scan->broken = true;
        conf_error(scan->report, token->line, setting(scan), "is set twice, first on line %u", scan->first);
    }
    scan->expect = EXPECT_ASSIGN;
    return 0;
}

static int expect_name(struct scan *scan, const struct conf_token *token)
{
    if (token->kind == CONF_TOKEN_NAME)
        return take_name(scan, token);
    if (token->kind == CONF_TOKEN_CLOSE)
        return close_level(scan, token);
    return REFUSE(scan, token->line, "%s where a setting's name is expected", shown(token).text);
}

/* Goes on behind a path with dots, so that the others of a file are reported as well. */
static int take_path(struct scan *scan, const struct conf_token *rest)
{
    conf_error(scan->report, rest->line, setting(scan), "%s where \"=\" is expected%s", shown(rest).text,
               conf_advice_groups(scan->path.text, scan->first, rest, scan->lexer).text);
    conf_path_push(&scan->path, rest->start + 1, rest->length - 1);
    scan->broken = true;
    return 0;
}

static int expect_assign(struct scan *scan, const struct conf_token *token)
{
    if (token->kind == CONF_TOKEN_NUMBER && *token->start == '.' && token->length > 1)
        return take_path(scan, token);
    if (token->kind != CONF_TOKEN_ASSIGN)
        return REFUSE(scan, token->line, "%s where \"=\" is expected", shown(token).text);
    scan->expect = EXPECT_VALUE;
    return 0;
}

static int expect_value(struct scan *scan, const struct conf_token *token)
{
    bool may_end = scan->expect == EXPECT_FIRST;

    scan->expect = EXPECT_SEPARATOR;
    switch (token->kind) {
    case CONF_TOKEN_NUMBER:
        check_number(scan, token);
        return 0;
    case CONF_TOKEN_STRING:
        check_string(scan, token);
        scan->expect = EXPECT_MORE;
        return 0;
    case CONF_TOKEN_NAME:
        check_word(scan, token);
        return 0;
    case CONF_TOKEN_OPEN:
        return open_level(scan, token);
    case CONF_TOKEN_CLOSE:
        if (may_end)
            return close_level(scan, token);
        break;
    default:
        break;
    }
    return REFUSE(scan, token->line, "%s where a value is expected", shown(token).text);
}

static int expect_separator(struct scan *scan, const struct conf_token *token)
{
    if (token->kind == CONF_TOKEN_STRING && scan->expect == EXPECT_MORE) {
        check_string(scan, token);
        return 0;
    }
    if (token->kind == CONF_TOKEN_SEPARATOR && (in_group(scan) || *token->start == ',')) {
        scan->expect = in_group(scan) ? EXPECT_NAME : EXPECT_VALUE;
        if (in_group(scan))
            conf_path_cut(&scan->path, scan->levels[scan->depth].path_length);
        return 0;
    }
    if (token->kind == CONF_TOKEN_CLOSE)
        return close_level(scan, token);
    if (in_group(scan) && token->kind == CONF_TOKEN_NAME)
        return take_name(scan, token);
    return REFUSE(scan, token->line, "%s where %s is expected", shown(token).text,
                  in_group(scan) ? "\";\"" : "\",\"");
}

/* Takes one token by what is expected. Returns -1 if nothing that follows could be understood. */
static int take_token(struct scan *scan, const struct conf_token *token)
{
    if (token->kind == CONF_TOKEN_OPEN_STRING)
        return REFUSE(scan, token->line, "a string begins here and has no closing quote");
    if (token->kind == CONF_TOKEN_OPEN_COMMENT)
        return REFUSE(scan, token->line, "a comment begins here and has no closing \"*/\"");
    if (token->kind == CONF_TOKEN_OTHER && *token->start == '@')
        return REFUSE(scan, token->line, "@include is not supported; allowed: one file");
    switch (scan->expect) {
    case EXPECT_NAME:
        return expect_name(scan, token);
    case EXPECT_ASSIGN:
        return expect_assign(scan, token);
    case EXPECT_VALUE:
    case EXPECT_FIRST:
        return expect_value(scan, token);
    case EXPECT_SEPARATOR:
    case EXPECT_MORE:
        return expect_separator(scan, token);
    }
    return -1;
}

static int scan_end(struct scan *scan, const struct conf_token *token)
{
    const struct level *level = &scan->levels[scan->depth];

    if (scan->depth > 0) {
        conf_path_cut(&scan->path, level->path_length);
        return REFUSE(scan, level->line, "a bracket opens here and its \"%c\" is missing", level->closing);
    }
    if (scan->expect == EXPECT_ASSIGN || scan->expect == EXPECT_VALUE)
        return REFUSE(scan, token->line, "the file ends where %s is expected",
                      scan->expect == EXPECT_ASSIGN ? "\"=\"" : "a value");
    return scan->broken ? -1 : 0;
}

static int scan_tokens(struct scan *scan)
{
    for (;;) {
        struct conf_token token = conf_token_next(&scan->lexer);

        if (token.kind == CONF_TOKEN_END)
            return scan_end(scan, &token);
        if (take_token(scan, &token) < 0)
            return -1;
    }
}

static unsigned line_at(const char *text, const char *at)
{
    unsigned line = 1;

    while ((text = memchr(text, '\n', (size_t)(at - text)))) {
        text++;
        line++;
    }
    return line;
}

static int check_bytes(const char *text, size_t length, struct conf_report *report)
{
    const char *nul = memchr(text, '\0', length);

    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        conf_error(report, 1, "syntax",
                   "the file begins with a byte-order mark; save it as UTF-8 without one");
    else if (nul)
        conf_error(report, line_at(text, nul), "syntax", "a NUL byte; allowed: text");
    else
        return 0;
    return -1;
}

int conf_scan(const char *text, size_t length, struct conf_report *report)
{
    struct scan scan = {
        .report = report,
        .lexer = {.at = text, .end = text + length, .line = 1},
        .expect = EXPECT_NAME,
    };
    int result;

    if (check_bytes(text, length, report) < 0)
        return -1;
    if (conf_path_open(&scan.path) < 0) {
        conf_error(report, 0, "configuration", "out of memory");
        return -1;
    }
    result = scan_tokens(&scan);
    conf_path_close(&scan.path);
    return result;
}
