/* SPDX-License-Identifier: MIT */
/* conf_quotes: the quotes in the files of the setting "quotes", encoded for each format. */
#ifndef SOCKGREET_CONF_QUOTES_H
#define SOCKGREET_CONF_QUOTES_H

#include "conf/conf_builder.h"

#include <libconfig.h>

/* Reads the files. setting: where they are named; NULL if it is not set. */
void conf_quotes_build(struct conf_builder *builder, const config_setting_t *setting);

/* The quotes, NULL if they are not set; builder is the struct conf_builder. After an error in the setting it
 * returns an empty quote, so that no service that needs quotes reports another error. */
const struct quotes *conf_quotes_in(void *builder, enum format format);

#endif
