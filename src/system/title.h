/* SPDX-License-Identifier: MIT */
/* title: the command line of a process as ps(1) shows it. */
#ifndef SOCKGREET_TITLE_H
#define SOCKGREET_TITLE_H

/* To be called once, before any title is set: copies the environment, whose memory a title takes if that of
 * the arguments is too small. getenv(3) still works. Returns a copy of argv to use instead, or NULL with
 * errno. */
char **title_prepare(char **argv);

/* Sets the title, cut to the available room. Does nothing before title_prepare(). */
void title_set(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
