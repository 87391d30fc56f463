/* SPDX-License-Identifier: MIT */
/* json_write: writes one JSON document (RFC 8259) into memory. Members go into the innermost open object or
 * array; in an array their names are NULL. If out of memory, nothing is written, and json_write_end() returns
 * NULL. */
#ifndef SOCKGREET_JSON_WRITE_H
#define SOCKGREET_JSON_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json {
    char *text;
    size_t length, size;
    bool failed; /* out of memory */
    bool first;  /* the innermost object or array is empty */
};

/* Begins a document, which is an object. */
void json_write_begin(struct json *json);

/* Ends it, with a newline. Returns the text, which the caller frees, and its length; NULL if out of
 * memory. */
char *json_write_end(struct json *json, size_t *length);

void json_write_object(struct json *json, const char *name);
void json_write_array(struct json *json, const char *name);
void json_write_close_object(struct json *json);
void json_write_close_array(struct json *json);

/* A text; bytes that are not UTF-8 become U+FFFD. NULL gives null. */
void json_write_text(struct json *json, const char *name, const char *text);

/* A number above INT64_MAX is written as INT64_MAX, since readers refuse larger ones. */
void json_write_number(struct json *json, const char *name, uint64_t number);

/* A value that is JSON already. */
void json_write_verbatim(struct json *json, const char *name, const char *text);

/* With one decimal; null for a number that JSON cannot represent. */
void json_write_real(struct json *json, const char *name, double number);
void json_write_null(struct json *json, const char *name);

/* A time of CLOCK_REALTIME in nanoseconds, in the format of RFC 3339: UTC, with milliseconds. */
void json_write_time(struct json *json, const char *name, int64_t realtime_ns);

#endif
