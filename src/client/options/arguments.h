/* SPDX-License-Identifier: MIT */
/* arguments: numbers, times, ports and bytes that follow options. Each function ends the program with a usage
 * error that names the option, the text and what is allowed, if the text is wrong. */
#ifndef SOCKGREET_ARGUMENTS_H
#define SOCKGREET_ARGUMENTS_H

#include <argp.h>
#include <stddef.h>
#include <stdint.h>

#define ARGUMENTS_SECONDS_MAX 1000000

/* A whole number from min to max. */
unsigned arguments_whole(struct argp_state *state, const char *option, const char *text, unsigned min,
                         unsigned max);

/* A number from min to max, which may have a fraction. */
double arguments_number(struct argp_state *state, const char *option, const char *text, double min,
                        double max);

/* A time of at least min_ns and at most a million seconds, in nanoseconds: "0.5", "200ms", "50us", "2s",
 * "1.5m", "1h"; a number alone is seconds. */
int64_t arguments_duration(struct argp_state *state, const char *option, const char *text, int64_t min_ns);

/* A port: 1 to 65535, or the name of a service. Returns text. */
const char *arguments_port(struct argp_state *state, const char *option, const char *text);

/* The name or number of a differentiated services code point, 0 to 63 (RFC 2474, RFC 2597, RFC 3246,
 * RFC 5865, RFC 8622): "46", "ef", "af41", "cs1". */
unsigned arguments_dscp(struct argp_state *state, const char *option, const char *text);

/* Copies text to bytes, with \n, \r, \t, \\ and \xHH replaced by one byte each; bytes is as long as text, and
 * may be text. Returns the number of bytes. */
size_t arguments_unescape(struct argp_state *state, const char *option, const char *text, char *bytes);

#endif
