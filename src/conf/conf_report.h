/* SPDX-License-Identifier: MIT */
/* conf_report: the messages about a configuration, bounded, in memory that the loader's parent can read. */
#ifndef SOCKGREET_CONF_REPORT_H
#define SOCKGREET_CONF_REPORT_H

#include "base/message.h"
#include "conf/conf.h"

#include <stddef.h>

#define CONF_REPORT_MAX  (64 * 1024) /* bytes of all messages */
#define CONF_MESSAGE_MAX 1024        /* bytes of one message */
#define CONF_FILE_SHOWN  512         /* bytes of the file's name in a message */
#define CONF_MESSAGES    2048        /* how many messages */

enum conf_level { CONF_ERROR, CONF_WARNING };

/* A message: one line of the report's text. */
struct conf_entry {
    enum conf_level level;
    unsigned start;  /* in the text */
    unsigned place;  /* bytes of the part "file:line: setting: " */
    unsigned length; /* bytes in all, without the end of the line */
};

/* Holds no pointers, so that it can lie in shared memory. */
struct conf_report {
    char file[CONF_FILE_SHOWN]; /* the file being read */
    char activity[128];         /* what is being done that may take long; "": nothing */
    unsigned errors;
    unsigned temporary;            /* of these: temporary ones, not caused by the text of the file */
    unsigned omitted;              /* messages that did not fit */
    enum conf_level omitted_level; /* the worst level of these */
    unsigned count;
    struct conf_entry entries[CONF_MESSAGES];
    size_t used;
    char text[CONF_REPORT_MAX]; /* the messages as lines, whose levels the entries have */
};

/* Untrusted text, made safe and short for a message: "…" with the quotes. */
struct conf_quoted {
    char text[72];
};
struct conf_quoted conf_quote(const char *text);

/* Empties the report. Messages are about file from now on. */
void conf_report_open(struct conf_report *report, const char *file);

/* Messages with a line are about this file from now on. */
void conf_report_enter(struct conf_report *report, const char *file);

/* The line of a place, for a message. Further messages are about its file. */
unsigned conf_report_line(struct conf_report *report, struct conf_place place);

/* "file:line", for the text of a message. */
struct message conf_report_place(struct conf_place place);

/* Notes what is being done that may take long, for the message if the loader is killed meanwhile; "" for
 * nothing. */
void conf_report_activity(struct conf_report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Marks the last error as temporary. */
void conf_report_temporary(struct conf_report *report);

/* Whether an errno means a shortage or a device error, rather than a fault of the file. */
bool conf_report_is_temporary(int error);

/* Several errors of one setting on one line, which are kept or omitted together. */
void conf_errors(struct conf_report *report, unsigned line, const char *setting, const struct message *errors,
                 size_t count);

/* conf_error() and conf_warning(), which conf.h declares: with line 0 the message begins with the setting.
 * Of the errors that a setting has on one line only the first is kept, since the others mostly follow from
 * it. */

#endif
