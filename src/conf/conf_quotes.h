/* SPDX-License-Identifier: MIT */
/* conf_quotes: the quotes in the files of the setting "quotes", as each format has them. */
#ifndef SOCKGREET_CONF_QUOTES_H
#define SOCKGREET_CONF_QUOTES_H

#include "conf/conf_builder.h"

#include <libconfig.h>

/* Reads the files. setting: where they are named; NULL: nowhere. */
void conf_quotes_build(struct conf_builder *builder, const config_setting_t *setting);

/* The quotes, NULL without the setting; builder is the struct conf_builder. After an error in it there is one
 * that says nothing, so that nobody who needs quotes reports another. */
const struct quotes *conf_quotes_in(void *builder, enum format format);

#endif
