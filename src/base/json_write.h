/* SPDX-License-Identifier: MIT */
/* json_write: writes one JSON document (RFC 8259) into memory. Members go into the object or array that was
 * begun last; in an array their names are NULL. Without memory nothing is written, and json_write_end()
 * returns NULL. */
#ifndef SOCKGREET_JSON_WRITE_H
#define SOCKGREET_JSON_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json {
    char *text;
    size_t length, size;
    bool failed; /* for want of memory */
    bool first;  /* no member yet in what was begun last */
};

/* Begins a document, which is an object. */
void json_write_begin(struct json *json);

/* Ends it, with a newline. Returns the text, which the caller frees, and its length; NULL without memory. */
char *json_write_end(struct json *json, size_t *length);

void json_write_object(struct json *json, const char *name);
void json_write_array(struct json *json, const char *name);
void json_write_close_object(struct json *json);
void json_write_close_array(struct json *json);

/* A text; bytes that are not UTF-8 become U+FFFD. NULL gives null. */
void json_write_text(struct json *json, const char *name, const char *text);

/* More than INT64_MAX counts as that, since readers refuse larger ones. */
void json_write_number(struct json *json, const char *name, uint64_t number);

/* What is JSON already. */
void json_write_verbatim(struct json *json, const char *name, const char *text);

/* With one decimal; null for what is not a number that JSON has. */
void json_write_real(struct json *json, const char *name, double number);
void json_write_null(struct json *json, const char *name);

/* A time of CLOCK_REALTIME in nanoseconds, as RFC 3339 has it: UTC, with milliseconds. */
void json_write_time(struct json *json, const char *name, int64_t realtime_ns);

#endif
