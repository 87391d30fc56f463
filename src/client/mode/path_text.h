/* SPDX-License-Identifier: MIT */
/* path_text: the verdicts on a path for people, one a line, and with -v what they come from. */
#ifndef SOCKGREET_PATH_TEXT_H
#define SOCKGREET_PATH_TEXT_H

#include "client/ask/target.h"
#include "client/mode/path_leg.h"

#include <stdio.h>

/* A line that names the target, and the verdicts; those that several legs share are printed once. */
void path_text_print(FILE *out, const struct target *target, const struct path_leg *legs, size_t count);

/* What was sent and seen, on standard error. */
void path_text_details(const struct path_leg *leg);

#endif
