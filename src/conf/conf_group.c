/* SPDX-License-Identifier: MIT */
#include "conf/conf_group.h"

#include "base/suggest.h"
#include "conf/conf_advice.h"
#include "conf/conf_tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A walk over a group of the file. */
struct walk {
    struct conf_builder *builder;
    const struct conf_table *table;
    const char *base;
    unsigned transports;
    void *value;
};

struct full_path {
    char text[CONF_PATH_MAX];
};

static struct full_path full(const struct walk *walk, const char *path)
{
    struct full_path result;

    snprintf(result.text, sizeof(result.text), "%s%s%s", walk->base, *walk->base ? "." : "", path);
    return result;
}

static unsigned line_of(const struct walk *walk, const config_setting_t *member)
{
    return conf_tree_line(walk->builder->report, member);
}

/* Reports an error of the value of member, and what is allowed. */
static void __attribute__((format(printf, 4, 5)))
report_value(const struct walk *walk, const struct conf_setting *setting, const config_setting_t *member,
             const char *format, ...)
{
    char what[128], allowed[128];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    conf_error(walk->builder->report, line_of(walk, member), full(walk, setting->path).text,
               "%s; allowed: %s", what, conf_table_allowed(setting, allowed, sizeof(allowed)));
}

static const char *type_name(const config_setting_t *member)
{
    switch (config_setting_type(member)) {
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        return "a whole number";
    case CONFIG_TYPE_FLOAT:
        return "a number with a fraction";
    case CONFIG_TYPE_STRING:
        return "a string";
    case CONFIG_TYPE_BOOL:
        return "a boolean";
    case CONFIG_TYPE_ARRAY:
        return "an array";
    case CONFIG_TYPE_LIST:
        return "a list";
    default:
        return "a group";
    }
}

static bool is_whole(const config_setting_t *member)
{
    int type = config_setting_type(member);

    return type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64;
}

static long long whole_value(const config_setting_t *member)
{
    if (config_setting_type(member) == CONFIG_TYPE_INT)
        return config_setting_get_int(member);
    return config_setting_get_int64(member);
}

static bool in_range(const struct conf_setting *setting, double number)
{
    return (setting->or_zero && number == 0) || (number >= setting->min && number <= setting->max);
}

static void read_number(const struct walk *walk, const struct conf_setting *setting,
                        const config_setting_t *member)
{
    bool whole = is_whole(member);
    double number;

    if (!whole && (setting->type == CONF_COUNT || config_setting_type(member) != CONFIG_TYPE_FLOAT)) {
        report_value(walk, setting, member, "is %s", type_name(member));
        return;
    }
    number = whole ? (double)whole_value(member) : config_setting_get_float(member);
    if (!in_range(setting, number))
        report_value(walk, setting, member, "%.15g is out of range", number);
    else if (setting->type == CONF_TIME && number > 0 && conf_table_ns(number) == 0)
        report_value(walk, setting, member, "%.15g is less than a nanosecond", number);
    else
        conf_table_put_number(setting, number, walk->value);
}

static void refuse_mode(const struct walk *walk, const struct conf_setting *setting,
                        const config_setting_t *member)
{
    bool is_decimal = config_setting_get_format(member) == CONFIG_FORMAT_DEFAULT;

    conf_error(walk->builder->report, line_of(walk, member), full(walk, setting->path).text, "%s",
               conf_advice_mode(is_decimal ? whole_value(member) : -1).text);
}

static void read_text(const struct walk *walk, const struct conf_setting *setting,
                      const config_setting_t *member)
{
    char digits[32];

    if (config_setting_type(member) == CONFIG_TYPE_STRING) {
        conf_table_put_text(setting, conf_builder_copy(walk->builder, config_setting_get_string(member)),
                            walk->value);
    } else if (setting->type == CONF_WORD && is_whole(member)) {
        snprintf(digits, sizeof(digits), "%lld", whole_value(member));
        conf_table_put_text(setting, conf_builder_copy(walk->builder, digits), walk->value);
    } else if (strcmp(setting->path, "mode") == 0 && is_whole(member)) {
        refuse_mode(walk, setting, member);
    } else {
        report_value(walk, setting, member, "is %s", type_name(member));
    }
}

static void read_choice(const struct walk *walk, const struct conf_setting *setting,
                        const config_setting_t *member)
{
    const char *word = config_setting_get_string(member);

    if (!word) {
        report_value(walk, setting, member, "is %s", type_name(member));
        return;
    }
    for (const struct conf_choice *choice = setting->choices; choice->word; choice++)
        if (strcmp(choice->word, word) == 0) {
            conf_table_put_number(setting, choice->value, walk->value);
            return;
        }
    report_value(walk, setting, member, "%s is unknown", conf_quote(word).text);
}

static void read_bool(const struct walk *walk, const struct conf_setting *setting,
                      const config_setting_t *member)
{
    if (config_setting_type(member) == CONFIG_TYPE_BOOL)
        conf_table_put_number(setting, config_setting_get_bool(member), walk->value);
    else
        report_value(walk, setting, member, "is %s", type_name(member));
}

/* A string of a list; NULL, after reporting it, if it is not one. number is its number in the message. */
static const char *read_element(const struct walk *walk, const struct conf_setting *setting,
                                const config_setting_t *element, int number)
{
    const char *text = config_setting_get_string(element);

    if (!text)
        report_value(walk, setting, element, "entry %d is %s", number, type_name(element));
    else if (!*text)
        report_value(walk, setting, element, "entry %d is empty", number);
    else if (strlen(text) > CONF_TEXT_MAX)
        report_value(walk, setting, element, "entry %d is %zu bytes long", number, strlen(text));
    else
        return conf_builder_copy(walk->builder, text);
    return NULL;
}

static void read_list(const struct walk *walk, const struct conf_setting *setting,
                      const config_setting_t *member)
{
    bool is_list = config_setting_is_list(member) || config_setting_is_array(member);
    int count = is_list ? config_setting_length(member) : 1;
    const char **texts;
    bool good = true;

    if (!is_list && config_setting_type(member) != CONFIG_TYPE_STRING) {
        report_value(walk, setting, member, "is %s", type_name(member));
        return;
    }
    if (count < setting->min || count > setting->max) {
        report_value(walk, setting, member, "has %d entries", count);
        return;
    }
    texts = conf_builder_alloc(walk->builder, (size_t)count * sizeof(*texts));
    for (int i = 0; texts && i < count; i++) {
        texts[i] = read_element(walk, setting,
                                is_list ? config_setting_get_elem(member, (unsigned)i) : member, i + 1);
        good = good && texts[i];
    }
    if (texts && good)
        conf_table_put_list(setting, (struct conf_list){texts, (size_t)count}, walk->value);
}

/* Reports a setting that listeners of this transport do not have, and which ones do. */
static void refuse_transport(const struct walk *walk, const struct conf_setting *setting,
                             const config_setting_t *member)
{
    char types[64] = "";

    for (int i = 0; i < TRANSPORT_COUNT; i++)
        if (setting->transports >> i & 1) {
            strcat(types, *types ? ", " : "");
            strcat(types, transport_name((enum transport)i));
        }
    for (int i = 0; i < TRANSPORT_COUNT; i++)
        if (walk->transports >> i & 1)
            conf_error(walk->builder->report, line_of(walk, member), full(walk, setting->path).text,
                       "does not apply to listeners of type %s; allowed: only in listeners of type %s",
                       transport_name((enum transport)i), types);
}

static void read_setting(const struct walk *walk, const struct conf_setting *setting,
                         const config_setting_t *member)
{
    if (walk->transports && !(setting->transports & walk->transports)) {
        refuse_transport(walk, setting, member);
        return;
    }
    switch (setting->type) {
    case CONF_STRING:
    case CONF_WORD:
        read_text(walk, setting, member);
        break;
    case CONF_BOOL:
        read_bool(walk, setting, member);
        break;
    case CONF_COUNT:
    case CONF_NUMBER:
    case CONF_TIME:
        read_number(walk, setting, member);
        break;
    case CONF_CHOICE:
        read_choice(walk, setting, member);
        break;
    case CONF_LIST:
        read_list(walk, setting, member);
        break;
    case CONF_GROUPS:
        if (!config_setting_is_group(member))
            report_value(walk, setting, member, "is %s", type_name(member));
        break;
    }
}

/* The setting called path in the walk's table, NULL if there is none; *is_group tells whether the paths of
 * others begin with "path.". */
static const struct conf_setting *look_up(const struct walk *walk, const char *path, bool *is_group)
{
    size_t length = strlen(path);

    *is_group = false;
    for (size_t i = 0; i < walk->table->count; i++) {
        const struct conf_setting *setting = &walk->table->settings[i];

        if (strcmp(setting->path, path) == 0)
            return setting;
        if (strncmp(setting->path, path, length) == 0 && setting->path[length] == '.')
            *is_group = true;
    }
    return NULL;
}

/* One that stands beside the group "listeners" instead of in it. */
static bool is_listener(const struct walk *walk, const char *path, const config_setting_t *member)
{
    return !*walk->base && !strchr(path, '.') && config_setting_is_group(member) &&
           config_setting_get_member(member, "type");
}

static void refuse_unknown(const struct walk *walk, const char *path, const config_setting_t *member)
{
    struct suggestion meant = SUGGESTION_NONE;
    struct full_path setting = full(walk, path);
    unsigned line = line_of(walk, member);

    for (size_t i = 0; i < walk->table->count; i++) {
        const char *known = walk->table->settings[i].path;

        suggest_try(&meant, path, known, strlen(known));
        suggest_try(&meant, path, known, strcspn(known, "."));
    }
    if (is_listener(walk, path, member))
        conf_error(walk->builder->report, line, setting.text,
                   "unknown setting; a listener belongs in listeners = { ... }");
    else if (*meant.name)
        conf_error(walk->builder->report, line, setting.text, "unknown setting; did you mean %s?",
                   full(walk, meant.name).text);
    else
        conf_error(walk->builder->report, line, setting.text,
                   "unknown setting; allowed: those in sockgreet.conf(5)");
}

static void read_group(const struct walk *walk, const config_setting_t *group, const char *prefix);

static void read_member(const struct walk *walk, const config_setting_t *member, const char *path)
{
    bool is_group;
    const struct conf_setting *setting = look_up(walk, path, &is_group);

    if (setting)
        read_setting(walk, setting, member);
    else if (!is_group)
        refuse_unknown(walk, path, member);
    else if (config_setting_is_group(member))
        read_group(walk, member, path);
    else
        conf_error(walk->builder->report, line_of(walk, member), full(walk, path).text,
                   "is %s; allowed: a group { ... }", type_name(member));
}

static void read_group(const struct walk *walk, const config_setting_t *group, const char *prefix)
{
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *member = config_setting_get_elem(group, (unsigned)i);
        char path[CONF_PATH_MAX / 2];

        snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix ? "." : "", config_setting_name(member));
        read_member(walk, member, path);
    }
}

void conf_group_read(struct conf_builder *builder, const struct conf_table *table,
                     const config_setting_t *group, const char *base, unsigned transports, void *value)
{
    struct walk walk = {builder, table, base, transports, value};

    read_group(&walk, group, "");
}
