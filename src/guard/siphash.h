/* SPDX-License-Identifier: MIT */
/* siphash: a hash whose collisions cannot be found without the key: SipHash-1-3 (Aumasson and
 * Bernstein, "SipHash: a fast short-input PRF", 2012). */
#ifndef SOCKGREET_SIPHASH_H
#define SOCKGREET_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
    uint64_t word[2];
};

/* The hash of length bytes of data. */
uint64_t siphash(const struct siphash_key *key, const void *data, size_t length);

#endif
