/* SPDX-License-Identifier: MIT */
/* conf_advice: advice in error messages: what to write instead. */
#ifndef SOCKGREET_CONF_ADVICE_H
#define SOCKGREET_CONF_ADVICE_H

#include "base/message.h"
#include "conf/conf_lex.h"

#include <stdbool.h>

/* The error for a number that libconfig would misread, for the setting with this path; wrong is the error of
 * conf_lex_number(), which does not know the setting. */
struct message conf_advice_number(const char *setting, const struct conf_token *number, bool is_number,
                                  const char *wrong);

/* The advice for a path with dots, beginning with "; ": "log = { level = 3; };" for log.level = 3. group is
 * "log", rest the token ".level", and lexer is before the assignment; line is that of the group if it exists
 * already, else 0. "" if there is no such group. */
struct message conf_advice_groups(const char *group, unsigned line, const struct conf_token *rest,
                                  struct conf_lexer lexer);

/* Whether word is an address with a port, such as "127.0.0.1:80"; if so, error says what to write. */
bool conf_advice_port(const char *word, struct message *error);

/* The error for a mode that is a decimal number, or -1: a number in another base. */
struct message conf_advice_mode(long long number);

#endif
