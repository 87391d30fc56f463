/* SPDX-License-Identifier: MIT */
/* path_text: prints the verdicts on a path, one a line, and with -v the values behind them. */
#ifndef SOCKGREET_PATH_TEXT_H
#define SOCKGREET_PATH_TEXT_H

#include "client/ask/target.h"
#include "client/mode/path_leg.h"

#include <stdio.h>

/* Prints a line that names the target, and the verdicts; those that both legs share are printed once. */
void path_text_print(FILE *out, const struct target *target, const struct path_leg *legs, size_t count);

/* Prints what was sent and received, on standard error. */
void path_text_details(const struct path_leg *leg);

#endif
