/* SPDX-License-Identifier: MIT */
#include "conf/conf_scan.h"

#include "base/ascii.h"
#include "base/escape.h"
#include "base/util.h"
#include "conf/conf_advice.h"
#include "conf/conf_lex.h"
#include "conf/conf_report.h"

#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX   8  /* levels of groups; the configuration has two */
#define REPEATS_MAX 20 /* settings set twice that are reported at once */

/* A token and its place. */
struct item {
    struct conf_token token;
    unsigned opening; /* the bracket around it */
    unsigned depth;   /* of brackets around it */
    unsigned owner;   /* the name of the setting that it is part of, 0 for none */
    unsigned first;   /* of a name: the line on which the setting was set before, 0 for none */
};

struct scan {
    struct conf_report *report;
    struct item *items; /* the first one stands for the file, which acts as a group */
    unsigned count;
    unsigned stop; /* the item that libconfig does not understand, 0 for none */
    bool broken;   /* libconfig would stop at an error that was reported */
};

/* A token as a message shows it. */
static struct conf_quoted shown(const struct conf_token *token)
{
    char text[64];

    if (token->kind == CONF_TOKEN_STRING)
        return (struct conf_quoted){"a string"};
    snprintf(text, sizeof(text), "%.*s", (int)(token->length < 60 ? token->length : 60), token->start);
    return conf_quote(text);
}

/* What can follow the last token that libconfig accepted. */
static const char name_wanted[] = "a setting's name", assign_wanted[] = "\"=\"", value_wanted[] = "a value",
                  semicolon_wanted[] = "\";\"", comma_wanted[] = "\",\"";

static bool is_group(const struct scan *scan, unsigned opening)
{
    return *scan->items[opening].token.start == '{';
}

static const char *wanted_after(const struct scan *scan, unsigned number)
{
    const struct item *item = &scan->items[number];
    unsigned around =
        item->token.kind == CONF_TOKEN_CLOSE ? scan->items[item->opening].opening : item->opening;

    switch (item->token.kind) {
    case CONF_TOKEN_NAME:
    case CONF_TOKEN_DOTS:
        return assign_wanted;
    case CONF_TOKEN_ASSIGN:
        return value_wanted;
    case CONF_TOKEN_OPEN:
        return is_group(scan, number) ? name_wanted : value_wanted;
    case CONF_TOKEN_SEPARATOR:
        return is_group(scan, around) ? name_wanted : value_wanted;
    default:
        return is_group(scan, around) ? semicolon_wanted : comma_wanted;
    }
}

/* Adds "a.b" for the setting b in the group a, to which number belongs. */
static void add_names(const struct scan *scan, unsigned name, unsigned number, struct message *path)
{
    const struct conf_token *token = &scan->items[name].token;
    const struct conf_token *dots = &scan->items[name + 1].token;

    if (name == 0)
        return;
    add_names(scan, scan->items[name].owner, number, path);
    message_add(path, "%s%.*s", *path->text ? "." : "", (int)token->length, token->start);
    if (dots->kind == CONF_TOKEN_DOTS && name + 1 < number)
        message_add(path, "%.*s", (int)dots->length, dots->start);
}

/* The setting that a message about the item begins with. */
static struct message setting_of(const struct scan *scan, unsigned number)
{
    const struct item *item = &scan->items[number];
    struct message path = {""};

    add_names(scan, item->first ? number : item->owner, number, &path);
    return *path.text ? path : (struct message){"syntax"};
}

#define REPORT(scan, number, ...) \
    conf_error((scan)->report, (scan)->items[number].token.line, setting_of(scan, number).text, __VA_ARGS__)

/* Returns the length of the escape. */
static int check_escape(const struct scan *scan, unsigned line, const char *setting, const char *at,
                        const char *end)
{
    static const char hex[] = "0123456789abcdefABCDEF";
    char character[8];

    if (at[1] && strchr("\\\"nrtf", at[1]))
        return 2;
    if (at[1] != 'x' && at[1] != 'X') {
        escape_bytes(character, sizeof(character), at + 1, 1);
        conf_error(
            scan->report, line, setting,
            "unknown escape \\%s in a string; allowed: \\\\ \\\" \\n \\r \\t \\f and \\xHH (a dollar is "
            "written $$)",
            character);
        return 2;
    }
    if (end - at < 4 || !at[2] || !strchr(hex, at[2]) || !at[3] || !strchr(hex, at[3]))
        conf_error(scan->report, line, setting,
                   "\\x in a string must be followed by two hexadecimal digits, such as \\x1b");
    else if (at[2] == '0' && at[3] == '0')
        conf_error(scan->report, line, setting, "\\x00 in a string; allowed: any byte except NUL");
    return 2;
}

static void check_string(struct scan *scan, unsigned number)
{
    const struct conf_token *token = &scan->items[number].token;
    const char *end = token->start + token->length;
    unsigned line = token->line;

    for (const char *at = token->start; at < end;) {
        line += *at == '\n';
        at += *at == '\\' ? check_escape(scan, line, setting_of(scan, number).text, at, end) : 1;
    }
}

static void check_number(struct scan *scan, unsigned number)
{
    const struct conf_token *token = &scan->items[number].token;
    bool is_number;
    const char *wrong = conf_lex_number(token->start, token->length, &is_number);

    scan->broken |= !is_number;
    if (wrong)
        REPORT(scan, number, "%s %s", shown(token).text,
               conf_advice_number(setting_of(scan, number).text, token, is_number, wrong).text);
}

static bool is_word(const struct conf_token *token, const char *word)
{
    return token->length == strlen(word) && ascii_same(token->start, word, token->length);
}

static void check_word(struct scan *scan, unsigned number)
{
    const struct conf_token *token = &scan->items[number].token;

    if (is_word(token, "true") || is_word(token, "false"))
        return;
    scan->broken = true;
    REPORT(scan, number, "%s is not a value; allowed: a \"string\" in double quotes, a number, true or false",
           shown(token).text);
}

static void check_name(struct scan *scan, unsigned number)
{
    const struct item *name = &scan->items[number];

    if (name->first == 0 || name[1].token.kind == CONF_TOKEN_DOTS) /* reported separately */
        return;
    scan->broken = true;
    REPORT(scan, number, "is set twice, first on line %u", name->first);
}

static void refuse_dots(struct scan *scan, unsigned number)
{
    const struct conf_token *dots = &scan->items[number].token;
    const struct conf_lexer behind = {dots->start + dots->length, scan->items[scan->count - 1].token.start,
                                      dots->line};

    scan->broken = true;
    REPORT(
        scan, number, "%s where %s is expected%s", shown(dots).text, assign_wanted,
        conf_advice_groups(setting_of(scan, number).text, scan->items[number - 1].first, dots, behind).text);
}

/* Reports why libconfig does not accept a token of a kind that it knows. */
static void explain_order(const struct scan *scan, unsigned number)
{
    const struct item *item = &scan->items[number];
    const struct conf_token *opening = &scan->items[item->opening].token;
    const char *wanted = wanted_after(scan, number - 1);
    bool may_close = wanted != assign_wanted &&
                     (wanted != value_wanted || scan->items[number - 1].token.kind == CONF_TOKEN_OPEN);
    char closing = strchr("{}[]()", *opening->start)[1];

    if (item->token.kind == CONF_TOKEN_END && item->depth > 0)
        REPORT(scan, item->opening, "the bracket that opens here has no closing \"%c\"", closing);
    else if (item->token.kind == CONF_TOKEN_END)
        REPORT(scan, number, "the file ends where %s is expected", wanted);
    else if (item->token.kind == CONF_TOKEN_OPEN && *opening->start == '[' && wanted == value_wanted)
        REPORT(scan, number, "%s in an array; allowed: only in a list ( ... )", shown(&item->token).text);
    else if (item->token.kind != CONF_TOKEN_CLOSE || !may_close)
        REPORT(scan, number, "%s where %s is expected", shown(&item->token).text, wanted);
    else if (item->depth > 0)
        REPORT(scan, number, "%s where \"%c\" is expected, to close the bracket on line %u",
               shown(&item->token).text, closing, opening->line);
    else
        REPORT(scan, number, "%s without an opening bracket", shown(&item->token).text);
}

static bool is_too_long(const struct item *item)
{
    return item->token.kind == CONF_TOKEN_NAME && item->token.length > CONF_NAME_MAX;
}

static bool is_too_deep(const struct item *item)
{
    return item->token.kind == CONF_TOKEN_OPEN && item->depth == DEPTH_MAX;
}

/* Reports why libconfig does not accept the item at which it stopped. */
static void explain(const struct scan *scan, unsigned number)
{
    const struct item *item = &scan->items[number];

    if (item->token.kind == CONF_TOKEN_OPEN_STRING)
        REPORT(scan, number, "the string that begins here has no closing quote");
    else if (item->token.kind == CONF_TOKEN_OPEN_COMMENT)
        REPORT(scan, number, "the comment that begins here has no closing \"*/\"");
    else if (item->token.kind == CONF_TOKEN_RETURN)
        REPORT(scan, number,
               "the comment continues after a carriage return; allowed: lines that end with a newline");
    else if (item->token.kind == CONF_TOKEN_OTHER && *item->token.start == '@')
        REPORT(scan, number,
               "@include is not supported; allowed: more files in FILE.d, see sockgreet.conf(5)");
    else if (is_too_long(item))
        REPORT(scan, number, "a name of %zu bytes; allowed: at most %d", item->token.length, CONF_NAME_MAX);
    else if (is_too_deep(item))
        REPORT(scan, number, "groups are nested too deeply; allowed: %d levels", DEPTH_MAX);
    else
        explain_order(scan, number);
}

/* Reports the errors, in the order of the file. */
static int check_items(struct scan *scan)
{
    static void (*const checks[])(struct scan *, unsigned) = {
        [CONF_TOKEN_NUMBER] = check_number, [CONF_TOKEN_STRING] = check_string,
        [CONF_TOKEN_WORD] = check_word,     [CONF_TOKEN_NAME] = check_name,
        [CONF_TOKEN_DOTS] = refuse_dots,
    };

    for (unsigned number = 1; number < scan->count && number != scan->stop; number++) {
        enum conf_token_kind kind = scan->items[number].token.kind;

        if (kind < ARRAY_SIZE(checks) && checks[kind])
            checks[kind](scan, number);
    }
    if (scan->stop)
        explain(scan, scan->stop);
    return scan->stop || scan->broken ? -1 : 0;
}

/* libconfig 1.7 lets a comma follow the last value of a list, or another comma. */
static bool is_surplus(const struct scan *scan, const struct item *item)
{
    return (item->token.kind == CONF_TOKEN_CLOSE || item->token.kind == CONF_TOKEN_SEPARATOR) &&
           item[-1].token.kind == CONF_TOKEN_SEPARATOR && !is_group(scan, item->opening);
}

/* A text with which libconfig tells whether the item may be there. Not a string, which libconfig 1.5 does not
 * free where it stops. */
static void write_item(const struct scan *scan, unsigned number, FILE *out)
{
    const struct item *item = &scan->items[number];
    static const char *const shapes[] = {
        [CONF_TOKEN_END] = "",          [CONF_TOKEN_DOTS] = "",          [CONF_TOKEN_NUMBER] = "1",
        [CONF_TOKEN_WORD] = "1",        [CONF_TOKEN_STRING] = "1",       [CONF_TOKEN_OTHER] = "?",
        [CONF_TOKEN_OPEN_STRING] = "?", [CONF_TOKEN_OPEN_COMMENT] = "?", [CONF_TOKEN_RETURN] = "?",
    };
    const char *shape =
        is_too_long(item) || is_too_deep(item) || is_surplus(scan, item) ? "?" : shapes[item->token.kind];

    if (item->token.kind == CONF_TOKEN_STRING && item[-1].token.kind == CONF_TOKEN_STRING)
        shape = ""; /* they are joined */
    if (item->first)
        fprintf(out, "\n*%u", number);
    else if (shape)
        fprintf(out, "\n%s", shape);
    else
        fprintf(out, "\n%.*s", (int)item->token.length, item->token.start);
}

/* Lets libconfig read the items, each on the line of its number. */
static bool read_items(const struct scan *scan, config_t *parsed)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    bool good;

    for (unsigned number = 1; out && number < scan->count; number++)
        write_item(scan, number, out);
    good = out && fclose(out) == 0 && config_read_string(parsed, text + 1);
    free(text);
    return good;
}

/* Whether the item at which libconfig stopped is a name that its group has already, and notes where. The item
 * read last is the last member of each group. */
static bool note_repeat(struct scan *scan, config_setting_t *group, unsigned number)
{
    struct item *item = &scan->items[number];
    const config_setting_t *before;
    char name[CONF_NAME_MAX + 1];

    if (item->token.kind != CONF_TOKEN_NAME || is_too_long(item) || item->first)
        return false;
    for (unsigned depth = item->depth; depth > 0; depth--)
        group = config_setting_get_elem(group, (unsigned)config_setting_length(group) - 1);
    snprintf(name, sizeof(name), "%.*s", (int)item->token.length, item->token.start);
    before = config_setting_get_member(group, name);
    if (before)
        item->first = scan->items[config_setting_source_line(before)].token.line;
    return before;
}

/* Finds where libconfig stops. A name that is set twice is replaced by another one, so that the rest can be
 * read. */
static void find_stop(struct scan *scan)
{
    bool again = true;

    for (int tries = 0; again && tries < REPEATS_MAX; tries++) {
        config_t parsed;

        config_init(&parsed);
        again = false;
        if (!read_items(scan, &parsed)) {
            unsigned number = (unsigned)config_error_line(&parsed);

            again = note_repeat(scan, config_root_setting(&parsed), number);
            if (!again && number > 0 && strcmp(config_error_text(&parsed), "syntax error") == 0)
                scan->stop = number;
        }
        config_destroy(&parsed);
    }
}

/* The kind of the token, given the one before it. */
static enum conf_token_kind kind_of(const struct scan *scan, const struct conf_token *token)
{
    const char *wanted = wanted_after(scan, scan->count - 1);

    if (token->kind == CONF_TOKEN_NUMBER && *token->start == '.' && token->length > 1 &&
        scan->items[scan->count - 1].token.kind == CONF_TOKEN_NAME)
        return CONF_TOKEN_DOTS;
    if (token->kind == CONF_TOKEN_NAME && wanted != name_wanted && wanted != semicolon_wanted)
        return CONF_TOKEN_WORD;
    return token->kind;
}

/* The place of the token after the last item. */
static struct item place_after(const struct scan *scan)
{
    const struct item *last = &scan->items[scan->count - 1];
    struct item item = *last;

    if (last->token.kind == CONF_TOKEN_NAME)
        item.owner = scan->count - 1;
    else if (last->token.kind == CONF_TOKEN_CLOSE && last->depth > 0)
        item = scan->items[last->opening];
    else if (last->token.kind == CONF_TOKEN_SEPARATOR && is_group(scan, last->opening))
        item.owner = scan->items[last->opening].owner;
    else if (last->token.kind == CONF_TOKEN_OPEN)
        item.opening = scan->count - 1;
    item.depth += last->token.kind == CONF_TOKEN_OPEN;
    return item;
}

/* items has room for all. */
static void add_items(struct scan *scan, struct conf_lexer lexer)
{
    struct item *item = scan->items;

    /* as if names were expected after a separator in a group */
    *item = (struct item){.token = {CONF_TOKEN_SEPARATOR, "{", 1, 1}};
    do {
        scan->count++;
        item = &scan->items[scan->count];
        *item = place_after(scan);
        item->token = conf_lex_next(&lexer);
        item->token.kind = kind_of(scan, &item->token);
        if (item->token.kind == CONF_TOKEN_NAME)
            item->owner = scan->items[item->opening].owner;
    } while (item->token.kind != CONF_TOKEN_END);
    scan->count++;
}

static int refuse_byte(const char *text, const char *at, struct conf_report *report, const char *what)
{
    unsigned line = 1;

    while (text < at)
        line += *text++ == '\n';
    conf_error(report, line, "syntax", "%s", what);
    return -1;
}

static int check_bytes(const char *text, size_t length, struct conf_report *report)
{
    const char *nul = memchr(text, '\0', length);

    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        return refuse_byte(text, text, report,
                           "the file begins with a byte-order mark; save it as UTF-8 without one");
    if (nul)
        return refuse_byte(text, nul, report, "a NUL byte; allowed: text");
    return 0;
}

int conf_scan(const char *text, size_t length, struct conf_report *report)
{
    const struct conf_lexer lexer = {.at = text, .end = text + length, .line = 1};
    struct scan scan = {.report = report};
    int result;

    if (check_bytes(text, length, report) < 0)
        return -1;
    scan.items = calloc(length + 2, sizeof(*scan.items)); /* a token for each byte, the file and its end */
    if (!scan.items) {
        conf_error(report, 0, "configuration", "out of memory");
        return -1;
    }
    add_items(&scan, lexer);
    find_stop(&scan);
    result = check_items(&scan);
    free(scan.items);
    return result;
}
