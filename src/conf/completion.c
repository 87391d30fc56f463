/* SPDX-License-Identifier: MIT */
#include "conf/completion.h"

#include "conf/conf_tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

unsigned completion_line(const struct completion *c, const char *setting)
{
    const config_setting_t *member = c->group ? config_setting_get_member(c->group, setting) : NULL;

    return conf_report_line(c->builder->report, member ? conf_tree_place(member) : c->listener->place);
}

bool completion_has(const struct completion *c, const char *setting)
{
    return c->group && config_setting_get_member(c->group, setting);
}

/* Whether the listener was given by -l, which has only these settings. */
static bool is_option(const struct completion *c, const char *setting)
{
    return c->builder->source->endpoint_count > 0 &&
           (strcmp(setting, "address") == 0 || strcmp(setting, "port") == 0 || strcmp(setting, "path") == 0);
}

struct completion_path completion_path(const struct completion *c, const char *setting)
{
    struct completion_path name;

    if (is_option(c, setting))
        snprintf(name.text, sizeof(name.text), "-l");
    else
        snprintf(name.text, sizeof(name.text), "listeners.%s.%s", c->listener->name, setting);
    return name;
}

void completion_error(const struct completion *c, const char *setting, const char *format, ...)
{
    char message[CONF_MESSAGE_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    conf_error(c->builder->report, completion_line(c, setting), completion_path(c, setting).text, "%s",
               message);
}
