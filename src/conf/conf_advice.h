/* SPDX-License-Identifier: MIT */
/* conf_advice: what to write instead, so that it works as it stands. */
#ifndef SOCKGREET_CONF_ADVICE_H
#define SOCKGREET_CONF_ADVICE_H

#include "base/message.h"
#include "conf/conf_lex.h"

#include <stdbool.h>

/* What is wrong with a number that libconfig would not read as it is written, in view of the setting (its
 * path) that it is the value of; wrong is what conf_lex_number() says, which knows no setting. */
struct message conf_advice_number(const char *setting, const struct conf_token *number, bool is_number,
                                  const char *wrong);

/* What to write instead of a path with dots, with "; " before it: "log = { level = 3; };" for log.level = 3,
 * where group is "log", rest the token ".level", and lexer stands before the assignment; line is that of the
 * group if it is there already. "" if there can be no such group. */
struct message conf_advice_groups(const char *group, unsigned line, const struct conf_token *rest,
                                  struct conf_lexer lexer);

/* Whether word is an address and a port, as "127.0.0.1:80" is; what to write is in error then. */
bool conf_advice_port(const char *word, struct message *error);

/* What is wrong with a mode that is this number, or with -1 another one. */
struct message conf_advice_mode(long long number);

#endif
