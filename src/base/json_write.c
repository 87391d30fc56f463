/* SPDX-License-Identifier: MIT */
#include "base/json_write.h"

#include "base/util.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE      4096
#define REAL_PLAIN 1e15 /* larger numbers have no decimals */

/* The length of the UTF-8 sequence at text (RFC 3629, section 4); 0 if it is not one. */
static size_t sequence_length(const unsigned char *text)
{
    unsigned char low = 0x80, high = 0xbf;
    size_t length;

    if (text[0] < 0x80)
        return 1;
    if (text[0] < 0xc2 || text[0] > 0xf4)
        return 0;
    length = text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
    low = text[0] == 0xe0 ? 0xa0 : text[0] == 0xf0 ? 0x90 : low;
    high = text[0] == 0xed ? 0x9f : text[0] == 0xf4 ? 0x8f : high;
    if (text[1] < low || text[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if (text[i] < 0x80 || text[i] > 0xbf)
            return 0;
    return length;
}

/* Grows in whole pieces: chunks of every odd size would stay in the allocator's cache. */
static bool make_room(struct json *json, size_t more)
{
    size_t size = json->size;
    char *text;

    while (size < json->length + more)
        size = size ? 2 * size : PIECE;
    if (size == json->size)
        return true;
    text = json->failed ? NULL : realloc(json->text, size);
    if (!text) {
        json->failed = true;
        return false;
    }
    json->text = text;
    json->size = size;
    return true;
}

static void append(struct json *json, const char *bytes, size_t count)
{
    if (!make_room(json, count))
        return;
    memcpy(json->text + json->length, bytes, count);
    json->length += count;
}

__attribute__((format(printf, 2, 3))) static void print(struct json *json, const char *format, ...)
{
    char text[64]; /* more than any number or escape needs */
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    append(json, text, length > 0 ? (size_t)length : 0);
}

static void append_character(struct json *json, const char *text, size_t length)
{
    if (length == 0)
        append(json, "\\ufffd", 6);
    else if (*text == '"' || *text == '\\')
        print(json, "\\%c", *text);
    else if (*text == '\n')
        append(json, "\\n", 2);
    else if ((unsigned char)*text < 0x20 || *text == 0x7f)
        print(json, "\\u%04x", (unsigned)*text);
    else
        append(json, text, length);
}

static void append_string(struct json *json, const char *text)
{
    append(json, "\"", 1);
    while (*text) {
        size_t length = sequence_length((const unsigned char *)text);

        append_character(json, text, length);
        text += length ? length : 1;
    }
    append(json, "\"", 1);
}

/* Writes the comma and the name before a value. */
static void begin_member(struct json *json, const char *name)
{
    if (!json->first)
        append(json, ",", 1);
    json->first = false;
    if (name) {
        append_string(json, name);
        append(json, ":", 1);
    }
}

static void open(struct json *json, const char *name, const char *bracket)
{
    begin_member(json, name);
    append(json, bracket, 1);
    json->first = true;
}

static void close_with(struct json *json, const char *bracket)
{
    append(json, bracket, 1);
    json->first = false;
}

void json_write_begin(struct json *json)
{
    *json = (struct json){.first = true};
    open(json, NULL, "{");
}

char *json_write_end(struct json *json, size_t *length)
{
    append(json, "}\n", 3); /* and the NUL */
    if (json->failed) {
        free(json->text);
        return NULL;
    }
    *length = json->length - 1;
    return json->text;
}

void json_write_object(struct json *json, const char *name)
{
    open(json, name, "{");
}

void json_write_array(struct json *json, const char *name)
{
    open(json, name, "[");
}

void json_write_close_object(struct json *json)
{
    close_with(json, "}");
}

void json_write_close_array(struct json *json)
{
    close_with(json, "]");
}

void json_write_text(struct json *json, const char *name, const char *text)
{
    if (!text) {
        json_write_null(json, name);
        return;
    }
    begin_member(json, name);
    append_string(json, text);
}

/* Readers accept no larger numbers. A counter that large comes from a fault or an attack and means
 * nothing. */
void json_write_number(struct json *json, const char *name, uint64_t number)
{
    begin_member(json, name);
    print(json, "%" PRIu64, number < INT64_MAX ? number : INT64_MAX);
}

void json_write_real(struct json *json, const char *name, double number)
{
    if (!isfinite(number)) {
        json_write_null(json, name);
        return;
    }
    begin_member(json, name);
    print(json, fabs(number) < REAL_PLAIN ? "%.1f" : "%.1e", number);
}

void json_write_verbatim(struct json *json, const char *name, const char *text)
{
    begin_member(json, name);
    append(json, text, strlen(text));
}

void json_write_null(struct json *json, const char *name)
{
    json_write_verbatim(json, name, "null");
}

void json_write_time(struct json *json, const char *name, int64_t realtime_ns)
{
    time_t seconds = (time_t)(realtime_ns / NS_PER_S);
    char text[64];
    struct tm tm;
    size_t used;

    gmtime_r(&seconds, &tm);
    used = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text + used, sizeof(text) - used, ".%03dZ", (int)(realtime_ns % NS_PER_S / NS_PER_MS));
    json_write_text(json, name, text);
}
