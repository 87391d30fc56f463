/* SPDX-License-Identifier: MIT */
/* proxy_info: what a PROXY header contains besides the client's address, kept for greetings that use it. */
#ifndef SOCKGREET_PROXY_INFO_H
#define SOCKGREET_PROXY_INFO_H

#include "base/proxy_header.h"
#include "base/seen.h"

struct proxy_info;

/* Copies it from a header. Returns NULL without memory; to be freed with free(3). */
struct proxy_info *proxy_info_keep(const struct proxy_header *header);

/* Sets it in seen, which then points into info. */
void proxy_info_show(const struct proxy_info *info, struct seen *seen);

#endif
