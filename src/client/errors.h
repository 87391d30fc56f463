/* SPDX-License-Identifier: MIT */
/* words: what went wrong, in words for people. */
#ifndef SOCKGREET_WORDS_H
#define SOCKGREET_WORDS_H

#include <stddef.h>
#include <stdint.h>

#define WORDS_MAX 96

/* An errno value in lower case: "connection refused". */
void words_errno(char *text, size_t size, int error);

/* "timed out after 5.0 s". */
void words_timeout(char *text, size_t size, int64_t nanoseconds);

/* A look-up that failed. */
struct words_lookup {
    int code;            /* what lookup_host returned */
    int error;           /* errno, for EAI_SYSTEM */
    int family;          /* that was asked for */
    int64_t nanoseconds; /* that it took */
};

/* "no such host", "no IPv6 address", "timed out after 5.0 s". */
void words_lookup(char *text, size_t size, const struct words_lookup *lookup);

#endif
