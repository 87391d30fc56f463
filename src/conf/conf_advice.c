/* SPDX-License-Identifier: MIT */
#include "conf/conf_advice.h"

#include "conf/conf_report.h"
#include "conf/conf_table.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LISTENERS "listeners."
#define VALUE_MAX 40 /* bytes of a value that a message repeats */

static const struct conf_setting *find_in(const struct conf_table *table, const char *path)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->settings[i].path, path) == 0)
            return &table->settings[i];
    return NULL;
}

/* The setting with a path from the top of the file, or NULL. */
static const struct conf_setting *find(const char *path)
{
    const char *dot;

    if (strncmp(path, LISTENERS, strlen(LISTENERS)) != 0)
        return find_in(&conf_service_table, path);
    dot = strchr(path + strlen(LISTENERS), '.');
    return dot ? find_in(&conf_listener_table, dot + 1) : NULL;
}

static bool is_octal(const char *text, size_t length)
{
    return (length == 3 || (length == 4 && *text == '0')) && strspn(text, "01234567") >= length;
}

struct message conf_advice_mode(long long number)
{
    struct message text;
    char digits[24];
    int length = snprintf(digits, sizeof(digits), "%lld", number);

    if (is_octal(digits, (size_t)length))
        message_set(&text, "is a whole number; write mode = \"0%s\"", digits);
    else
        message_set(&text, "is a whole number; allowed: octal digits as a string, \"0000\" to \"0777\"");
    return text;
}

static bool is_hex(const struct conf_token *number)
{
    return number->length > 2 && (number->start[1] | 32) == 'x';
}

static bool is_fraction(const struct conf_token *number)
{
    if (is_hex(number))
        return false;
    return memchr(number->start, '.', number->length) || memchr(number->start, 'e', number->length) ||
           memchr(number->start, 'E', number->length);
}

/* The range of a CONF_WORD depends on the setting. */
static const char *range(const struct conf_setting *setting, const struct conf_token *number, char *text,
                         size_t size)
{
    if (strcmp(setting->path, "port") == 0)
        return "1 to 65535, or a service name";
    if (strcmp(setting->path, "address") != 0)
        return conf_table_allowed(setting, text, size);
    if (*number->start != '-' && strtoull(number->start, NULL, is_hex(number) ? 16 : 10) <= UINT32_MAX)
        return NULL; /* an L helps */
    return "0 to 4294967295, with an L appended above 2147483647";
}

static bool has_leading_zero(const struct conf_token *number)
{
    const char *digits = number->start + (*number->start == '+' || *number->start == '-');

    return digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9';
}

static bool takes_number(const struct conf_setting *setting)
{
    return setting->type == CONF_COUNT || setting->type == CONF_NUMBER || setting->type == CONF_TIME ||
           setting->type == CONF_WORD;
}

static struct message advise_zero(const struct conf_setting *setting, const struct conf_token *number)
{
    struct message text;

    if (strcmp(setting->path, "mode") == 0 && is_octal(number->start, number->length))
        message_set(&text, "is a whole number; write mode = \"%.*s\"", (int)number->length, number->start);
    else if (takes_number(setting))
        message_set(&text, "has a leading zero, but octal numbers are not supported; remove the zero");
    else
        message_set(&text, "is a whole number; allowed: a string in double quotes");
    return text;
}

struct message conf_advice_number(const char *path, const struct conf_token *number, bool is_number,
                                  const char *wrong)
{
    const struct conf_setting *setting = find(path);
    struct message text = {0};
    char room[128];
    const char *allowed;

    message_set(&text, "%s", wrong);
    if (!setting || !is_number)
        return text;
    if (is_fraction(number)) {
        if (!has_leading_zero(number))
            message_add(&text, "; allowed: %s", conf_table_allowed(setting, room, sizeof(room)));
        return text;
    }
    if (has_leading_zero(number))
        return advise_zero(setting, number);
    allowed = range(setting, number, room, sizeof(room));
    if (allowed)
        message_set(&text, "%s; allowed: %s", takes_number(setting) ? "is out of range" : "is a whole number",
                    allowed);
    return text;
}

static bool is_printable(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] < 0x20 || text[i] > 0x7e)
            return false;
    return true;
}

/* The value that follows, if it is short and a single token. */
static struct message value_of(struct conf_lexer *lexer)
{
    struct conf_token token = conf_lex_next(lexer);
    struct message value = {"..."};

    if (token.kind == CONF_TOKEN_ASSIGN)
        token = conf_lex_next(lexer);
    if (token.kind == CONF_TOKEN_OPEN && *token.start == '{')
        message_set(&value, "{ ... }");
    else if (token.length > VALUE_MAX || !is_printable(token.start, token.length))
        return value;
    else if (token.kind == CONF_TOKEN_STRING)
        message_set(&value, "%.*s", (int)token.length + 2, token.start - 1);
    else if (token.kind == CONF_TOKEN_NUMBER || token.kind == CONF_TOKEN_NAME)
        message_set(&value, "%.*s", (int)token.length, token.start);
    return value;
}

/* Whether there are settings below this path. */
static bool is_group(const char *path)
{
    size_t length = strlen(path);

    if (strcmp(path, "listeners") == 0)
        return true;
    if (strncmp(path, LISTENERS, strlen(LISTENERS)) == 0)
        return !strchr(path + strlen(LISTENERS), '.');
    for (size_t i = 0; i < conf_service_table.count; i++) {
        const char *known = conf_service_table.settings[i].path;

        if (strncmp(known, path, length) == 0 && known[length] == '.')
            return true;
    }
    return false;
}

/* Adds "a = { b = VALUE; };" for the path a.b. */
static void add_groups(struct message *text, const char *path, const char *value)
{
    unsigned depth = 0;

    for (const char *name = path; *name; depth++) {
        size_t length = strcspn(name, ".");

        message_add(text, "%.*s = %s", (int)length, name, name[length] ? "{ " : "");
        name += length + (name[length] == '.');
    }
    message_add(text, "%s;", value);
    while (depth-- > 1)
        message_add(text, " };");
}

struct message conf_advice_groups(const char *group, unsigned line, const struct conf_token *rest,
                                  struct conf_lexer lexer)
{
    const char *dot = strrchr(group, '.');
    struct message path, text = {""};

    if (!is_group(group))
        return text;
    message_set(&path, "%s%.*s", line ? "" : dot ? dot + 1 : group, (int)rest->length, rest->start);
    message_set(&text, "; write ");
    add_groups(&text, path.text + (line > 0), value_of(&lexer).text);
    if (line)
        message_add(&text, " in the group on line %u", line);
    return text;
}

/* Finds the port in word, which has no scheme. Returns NULL if there is none. */
static const char *find_port(const char *word)
{
    const char *colon = strrchr(word, ':');

    if (!colon || !colon[1])
        return NULL;
    if (*word == '[')
        return colon[-1] == ']' ? colon + 1 : NULL;
    return strchr(word, ':') == colon ? colon + 1 : NULL;
}

bool conf_advice_port(const char *word, struct message *error)
{
    const char *scheme = strstr(word, "://");
    const char *host = scheme ? scheme + 3 : word;
    const char *port = find_port(host);
    bool is_bracketed = *host == '[';
    bool is_number = port && !port[strspn(port, "0123456789")];
    char address[256];

    if (!port)
        return false;
    snprintf(address, sizeof(address), "%.*s", (int)(port - host) - 1 - 2 * is_bracketed,
             host + is_bracketed);
    message_set(error, "%s includes a port; write address = %s; port = %s;", conf_quote(word).text,
                conf_quote(address).text, is_number ? port : conf_quote(port).text);
    return true;
}
