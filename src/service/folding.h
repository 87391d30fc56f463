/* SPDX-License-Identifier: MIT */
/* folding: a greeting's template as one thread renders it. Values that are the same for many clients, such as
 * the state of the service, are written once and then copied together with the text around them. */
#ifndef SOCKGREET_FOLDING_H
#define SOCKGREET_FOLDING_H

#include "service/service.h"
#include "service/template.h"

#include <stddef.h>

/* Bytes that a thread keeps for a template. 0: not worth folding. */
size_t folding_size(const struct template *compiled);

/* The folded template of this occasion, which renders to the same as compiled. kept: folding_size() bytes,
 * aligned for any type, and zeroed before their first use. */
const struct template *folding_of(const struct template *compiled, const struct occasion *occasion,
                                  void *kept);

#endif
