/* SPDX-License-Identifier: MIT */
/* bind_error: says what is in the way of an endpoint that cannot be bound, and what to do about it. */
#ifndef SOCKGREET_BIND_ERROR_H
#define SOCKGREET_BIND_ERROR_H

#include "base/message.h"
#include "net/registry.h"

/* The end of an error message, from ": " on; "" if there is nothing to say beyond error (-errno). It may be
 * kept in *hint. */
const char *bind_error_hint(const struct registry *registry, const struct wanted *wanted, int error,
                            struct message *hint);

#endif
