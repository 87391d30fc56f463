/* SPDX-License-Identifier: MIT */
/* conf_table: every setting with its type, range, default and offset: a table for the service and one for
 * listeners. */
#ifndef SOCKGREET_CONF_TABLE_H
#define SOCKGREET_CONF_TABLE_H

#include "conf/conf.h"

#include <stddef.h>

enum conf_type {
    CONF_STRING, /* const char * */
    CONF_WORD,   /* const char *, written as a string or as a whole number that is not negative */
    CONF_BOOL,   /* bool */
    CONF_COUNT,  /* unsigned or int */
    CONF_NUMBER, /* double */
    CONF_TIME,   /* int64_t in nanoseconds, written as seconds */
    CONF_CHOICE, /* an enum or int, written as one of a few words */
    CONF_LIST,   /* struct conf_list, written as a list or an array of strings, or as a single string */
    CONF_GROUPS  /* no value: listeners and networks, which are read separately */
};

struct conf_choice {
    const char *word; /* NULL after the last */
    int value;
};

struct conf_setting {
    const char *path; /* dotted, relative to the table */
    enum conf_type type;
    size_t offset;
    const char
        *text; /* default of CONF_STRING and CONF_WORD, the single string of CONF_LIST or NULL for none */
    const char *example; /* of CONF_LIST */
    double number;       /* default of the others; seconds for CONF_TIME */
    double min, max;     /* for CONF_LIST, of the count */
    bool or_zero;        /* 0 is allowed below min */
    const struct conf_choice *choices;
    unsigned transports; /* bit per transport that has the setting; 0 in the table of the service */
};

struct conf_table {
    const struct conf_setting *settings;
    size_t count;
};

extern const struct conf_table conf_service_table;  /* of struct conf */
extern const struct conf_table conf_listener_table; /* of struct conf_listener */

/* Sets every setting of value to its default. */
void conf_table_defaults(const struct conf_table *table, void *value);

/* Rounds to the nearest nanosecond; seconds must not be negative, and at most a century. */
int64_t conf_table_ns(double seconds);

/* Sets the setting in value to a number (seconds for CONF_TIME), a text or a list. */
void conf_table_put_number(const struct conf_setting *setting, double number, void *value);
void conf_table_put_text(const struct conf_setting *setting, const char *text, void *value);
void conf_table_put_list(const struct conf_setting *setting, struct conf_list list, void *value);

/* The word of a choice; "" if there is none. */
const char *conf_table_word(const struct conf_setting *setting, int value);

/* Finds one setting in a table by its path; it must be there. */
const struct conf_setting *conf_table_find(const struct conf_table *table, const char *path);

/* Writes what is allowed for the setting to text. Returns text. */
const char *conf_table_allowed(const struct conf_setting *setting, char *text, size_t size);

#endif
