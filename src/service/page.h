/* SPDX-License-Identifier: MIT */
/* page: the bytes of page.html, which the build puts into page.c. */
#ifndef SOCKGREET_PAGE_H
#define SOCKGREET_PAGE_H

#include <stddef.h>

extern const char page_bytes[];
extern const size_t page_length;

#endif
