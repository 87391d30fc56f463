/* SPDX-License-Identifier: MIT */
/* completion: a listener while it is checked and completed, and the errors about it. */
#ifndef SOCKGREET_COMPLETION_H
#define SOCKGREET_COMPLETION_H

#include "conf/conf_builder.h"

#include <libconfig.h>
#include <stdbool.h>

struct completion {
    struct conf_builder *builder;
    const config_setting_t *group; /* NULL if it is not in a file */
    struct conf_listener *listener;
};

/* The line of a setting, or of the listener if the setting is not in the file, for a message. */
unsigned completion_line(const struct completion *c, const char *setting);

/* Whether the file has the setting. */
bool completion_has(const struct completion *c, const char *setting);

struct completion_path {
    char text[2 * CONF_NAME_MAX];
};

/* "listeners.NAME.setting". */
struct completion_path completion_path(const struct completion *c, const char *setting);

/* Reports an error of a setting. */
void completion_error(const struct completion *c, const char *setting, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
