/* SPDX-License-Identifier: MIT */
/* exchange: one request and its answer, with limits on time and size. */
#ifndef SOCKGREET_CTL_EXCHANGE_H
#define SOCKGREET_CTL_EXCHANGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define EXCHANGE_MAX ((size_t)16 << 20) /* bytes of an answer */

/* Sends a line and reads until the end of file, until a time of monotonic_ns(). Returns the size of the
 * answer, which the caller frees, or -errno: -ETIMEDOUT, -EMSGSIZE if it is larger than EXCHANGE_MAX,
 * -ENODATA if it is empty. */
ssize_t exchange_run(int fd, const char *request, int64_t until_ns, char **answer);

#endif
