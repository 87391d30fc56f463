/* SPDX-License-Identifier: MIT */
/* needs: what the variables of a greeting need. Sets of variables are bits, see VARIABLE_BIT(). */
#ifndef SOCKGREET_NEEDS_H
#define SOCKGREET_NEEDS_H

#include "service/service.h"

#include <stdbool.h>
#include <stdint.h>

/* The variables that no client of a listener ever has. */
uint64_t needs_never(const struct site *site);

/* The precision of the time that variables need. is_exact: one is the time with milliseconds. */
enum plan_time needs_time(uint64_t variables, bool is_exact);

/* What else they need (enum plan_need). */
unsigned needs_of(uint64_t variables);

#endif
