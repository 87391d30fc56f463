/* SPDX-License-Identifier: MIT */
/* told: what a proxy says of its client beside its address, kept until the greeting where that says it. */
#ifndef SOCKGREET_PROXY_INFO_H
#define SOCKGREET_PROXY_INFO_H

#include "base/proxy_header.h"
#include "base/seen.h"

struct proxy_info;

/* Keeps it of a header that is known. Returns NULL without memory, and then it is not known; free(3) it. */
struct proxy_info *proxy_info_keep(const struct proxy_header *header);

/* It stays where it is. */
void proxy_info_show(const struct proxy_info *info, struct seen *seen);

#endif
