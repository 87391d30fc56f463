/* SPDX-License-Identifier: MIT */
/* bind_error: explains why an endpoint cannot be bound, and what to do about it. */
#ifndef SOCKGREET_BIND_ERROR_H
#define SOCKGREET_BIND_ERROR_H

#include "base/message.h"
#include "net/registry.h"

/* The end of an error message, beginning with ": "; "" if there is nothing to add to error (-errno). The
 * result may point into *hint. */
const char *bind_error_hint(const struct registry *registry, const struct wanted *wanted, int error,
                            struct message *hint);

#endif
