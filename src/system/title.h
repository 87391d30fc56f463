/* SPDX-License-Identifier: MIT */
/* title: what ps(1) shows of a process in place of its command line. */
#ifndef SOCKGREET_TITLE_H
#define SOCKGREET_TITLE_H

/* Call once, before any title is set: copies the environment, whose place a title takes if that of the
 * arguments is too small. Both stay as they are for getenv(3), and argv is replaced by a copy; returned, or
 * NULL with errno. */
char **title_prepare(char **argv);

/* Sets the title, cut to the room that there is. Does nothing before title_prepare(). */
void title_set(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
