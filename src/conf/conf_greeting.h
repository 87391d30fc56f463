/* SPDX-License-Identifier: MIT */
/* conf_greeting: compiles the answer of a listener: the plan of its service. */
#ifndef SOCKGREET_CONF_GREETING_H
#define SOCKGREET_CONF_GREETING_H

#include "conf/completion.h"

/* Compiles the greeting that listeners inherit, so that an error in it is reported once, at its place. */
void conf_greeting_inherit(struct conf_builder *builder, struct conf_place place);

/* Makes the plan of a listener whose other settings are complete. */
void conf_greeting_complete(const struct completion *c);

#endif
