/* SPDX-License-Identifier: MIT */
#include "conf/conf_print.h"

#include "base/util.h"
#include "service/services.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LINE_TEXTS 4 /* strings of a list on one line */

/* A string that libconfig reads back as the same bytes. UTF-8 stays readable. */
static void print_string(FILE *out, const char *text)
{
    static const char escapes[] = "\"\"\\\\\nn\rr\tt\ff";

    fputc('"', out);
    for (; *text; text++) {
        const char *escape = strchr("\"\\\n\r\t\f", *text);

        if (escape)
            fprintf(out, "\\%c", strchr(escapes, *text)[1]);
        else if ((unsigned char)*text < 0x20 || *text == 0x7f)
            fprintf(out, "\\x%02x", (unsigned)*text);
        else
            fputc(*text, out);
    }
    fputc('"', out);
}

/* Seconds with all digits and at least one after the point, so that they are the same time when read
 * again. */
static void print_time(FILE *out, int64_t ns)
{
    char fraction[16];
    int length = snprintf(fraction, sizeof(fraction), "%09" PRId64, ns % NS_PER_S);

    while (length > 1 && fraction[length - 1] == '0')
        fraction[--length] = '\0';
    fprintf(out, "%" PRId64 ".%s", ns / NS_PER_S, fraction);
}

/* The fewest digits that give the same number again, at least one of them after the point; for numbers from
 * 0.01. */
static void print_number(FILE *out, double number)
{
    char text[64];
    int digits = 0;

    do
        snprintf(text, sizeof(text), "%.*f", ++digits, number);
    while (digits < 19 && strtod(text, NULL) != number);
    fputs(text, out);
}

/* A CONF_WORD that is a number is written as one, unless reading it would change it. */
static void print_word(FILE *out, const char *word)
{
    char *end;
    unsigned long long number = strtoull(word, &end, 10);
    char same[32];

    snprintf(same, sizeof(same), "%llu", number);
    if (*end || strcmp(same, word) != 0 || number > UINT32_MAX)
        print_string(out, word);
    else
        fprintf(out, "%s%s", word, number > INT32_MAX ? "L" : "");
}

static const char *text_at(const struct conf_setting *setting, const void *value)
{
    return *(const char *const *)(const void *)((const char *)value + setting->offset);
}

static void print_list(FILE *out, const struct conf_list *list)
{
    fputc('(', out);
    for (size_t i = 0; i < list->count; i++) {
        fputs(i == 0 ? "" : i % LINE_TEXTS == 0 ? ",\n        " : ", ", out);
        print_string(out, list->texts[i]);
    }
    fputc(')', out);
}

void conf_print_value(const struct conf_setting *setting, const void *value, FILE *out)
{
    const void *place = (const char *)value + setting->offset;

    switch (setting->type) {
    case CONF_STRING:
        print_string(out, text_at(setting, value));
        break;
    case CONF_WORD:
        print_word(out, text_at(setting, value));
        break;
    case CONF_BOOL:
        fputs(*(const bool *)place ? "true" : "false", out);
        break;
    case CONF_COUNT:
        fprintf(out, "%d", *(const int *)place);
        break;
    case CONF_NUMBER:
        print_number(out, *(const double *)place);
        break;
    case CONF_TIME:
        print_time(out, *(const int64_t *)place);
        break;
    case CONF_CHOICE:
        print_string(out, conf_table_word(setting, *(const int *)place));
        break;
    case CONF_LIST:
        print_list(out, place);
        break;
    case CONF_GROUPS:
        break;
    }
}

static void print_line(FILE *out, int indent, const char *name, const struct conf_setting *setting,
                       const void *value)
{
    fprintf(out, "%*s%s = ", indent, "", name);
    conf_print_value(setting, value, out);
    fputs(";\n", out);
}

static bool is_rate(const struct conf_setting *setting)
{
    size_t first = offsetof(struct conf_listener, rates);

    return setting->offset >= first && setting->offset < first + sizeof(struct conf_rates);
}

/* Whether the setting would make the file invalid, or change it. */
static bool is_left_out(const struct conf *conf, const struct conf_listener *listener,
                        const struct conf_setting *setting)
{
    const struct service *service = services_row((size_t)listener->service);

    if (!(setting->transports >> listener->transport & 1))
        return true;
    if (strcmp(setting->path, "greeting") == 0)
        return !service->says_text || strcmp(listener->greeting_text, conf->greeting) == 0;
    if (strcmp(setting->path, "format") == 0)
        return !service->says_text;
    if (strcmp(setting->path, "quote") == 0)
        return !service->says_quotes;
    if (strcmp(setting->path, "weight_by_load") == 0)
        return !service->tells_weight;
    if (is_rate(setting))
        return !listener->rates_given;
    if (strcmp(setting->path, "allow") == 0 || strcmp(setting->path, "deny") == 0)
        return !listener->access_given;
    if (listener->path && listener->path[0] == '@')
        return strcmp(setting->path, "mode") == 0 || strcmp(setting->path, "owner") == 0 ||
               strcmp(setting->path, "group") == 0;
    return false;
}

static void print_listener(const struct conf *conf, const struct conf_listener *listener, FILE *out)
{
    fprintf(out, "    %s = {\n", listener->name);
    for (size_t i = 0; i < conf_listener_table.count; i++) {
        const struct conf_setting *setting = &conf_listener_table.settings[i];

        if (!is_left_out(conf, listener, setting))
            print_line(out, 8, setting->path, setting, listener);
    }
    fputs("    };\n", out);
}

static void print_listeners(const struct conf *conf, FILE *out)
{
    fputs("listeners = {\n", out);
    for (size_t i = 0; i < conf->listener_count; i++)
        print_listener(conf, &conf->listeners[i], out);
    fputs("};\n", out);
}

static void print_networks(const struct conf *conf, FILE *out)
{
    fputs("networks = {\n", out);
    for (size_t i = 0; i < conf->network_count; i++) {
        fprintf(out, "    %s = ", conf->networks[i].name);
        print_list(out, &conf->networks[i].list);
        fputs(";\n", out);
    }
    fputs("};\n", out);
}

static void print_groups(const struct conf_setting *setting, const struct conf *conf, FILE *out)
{
    if (strcmp(setting->path, "networks") == 0)
        print_networks(conf, out);
    else
        print_listeners(conf, out);
}

/* Closes the group that is open and opens the one of path, unless they are the same; *group is NULL outside
 * groups. */
static void change_group(FILE *out, const char **group, const char *path)
{
    const char *dot = strchr(path, '.');
    size_t length = dot ? (size_t)(dot - path) + 1 : 0;

    if (*group && dot && strncmp(*group, path, length) == 0)
        return;
    if (*group)
        fputs("};\n", out);
    *group = dot ? path : NULL;
    if (dot)
        fprintf(out, "%.*s = {\n", (int)length - 1, path);
}

void conf_print(const struct conf *conf, FILE *out)
{
    const char *group = NULL;

    fputs("// The effective configuration of sockgreetd.\n", out);
    for (size_t i = 0; i < conf_service_table.count; i++) {
        const struct conf_setting *setting = &conf_service_table.settings[i];

        change_group(out, &group, setting->path);
        if (setting->type == CONF_GROUPS)
            print_groups(setting, conf, out);
        else if (group)
            print_line(out, 4, strchr(setting->path, '.') + 1, setting, conf);
        else
            print_line(out, 0, setting->path, setting, conf);
    }
}

void conf_print_resolved(const struct conf *conf, unsigned connections, FILE *out)
{
    struct conf_listener *listeners = calloc(conf->listener_count, sizeof(*listeners));
    struct conf resolved = *conf;

    resolved.threads = conf->thread_count;
    resolved.connections = connections;
    if (listeners)
        resolved.listeners = listeners;
    for (size_t i = 0; listeners && i < conf->listener_count; i++) {
        listeners[i] = conf->listeners[i];
        listeners[i].shards_given = listeners[i].shards;
    }
    conf_print(&resolved, out);
    free(listeners);
}
