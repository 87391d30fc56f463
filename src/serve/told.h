/* SPDX-License-Identifier: MIT */
/* told: what a proxy says of its client beside its address, kept until the greeting where that says it. */
#ifndef SOCKGREET_TOLD_H
#define SOCKGREET_TOLD_H

#include "base/proxy_header.h"
#include "base/seen.h"

struct told;

/* Keeps it of a header that is known. Returns NULL without memory, and then it is not known; free(3) it. */
struct told *told_keep(const struct proxy_header *header);

/* It stays where it is. */
void told_show(const struct told *told, struct seen *seen);

#endif
