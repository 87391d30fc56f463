/* SPDX-License-Identifier: MIT */
/* template_fold: folds values into the text of a compiled template, as if they had been known when it was
 * compiled. While these values last, it renders to the same text, with fewer variables to write. */
#ifndef SOCKGREET_TEMPLATE_FOLD_H
#define SOCKGREET_TEMPLATE_FOLD_H

#include "service/template.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether the value of a variable is folded in. */
typedef bool template_lasting(unsigned variable, const char *argument);

/* Bytes of memory that a folded template takes at most. */
size_t template_folded_size(const struct template *compiled);

/* memory must be aligned for any type. folded is valid as long as memory and the parts of compiled are. */
void template_fold(const struct template *compiled, template_lasting *is_lasting, template_value *value,
                   const void *context, void *memory, struct template *folded);

#endif
