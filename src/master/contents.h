/* SPDX-License-Identifier: MIT */
/* contents: detects changes of the files that greetings and quotes are read from. A child process checks
 * them, so that a file system that hangs does not block the master. */
#ifndef SOCKGREET_CONTENTS_H
#define SOCKGREET_CONTENTS_H

#include "base/child.h"
#include "conf/conf_content.h"
#include "master/generation.h"

#include <stdbool.h>
#include <stdint.h>

struct contents_state {
    struct timespec modified;
    bool missing;
};

/* What the child knows of a file. known: when it was loaded, or a reload was requested; last: at the last
 * check. */
struct contents_file {
    struct contents_state known, last;
    bool is_new;  /* not checked yet */
    bool is_gone; /* and that was logged */
};

struct contents {
    struct children *children;
    struct child child;  /* ends when it has found a change */
    unsigned looked_for; /* the generation that the child was started for */
    unsigned number;     /* of the serving generation; 0: none */
    struct contents_file
        *files;      /* of its configuration, in memory shared with the child; NULL: not needed yet */
    int64_t look_at; /* when the next child may be started */
};

/* Does what is due. serving may be NULL. Returns when to call again (monotonic ns), and sets *changed if a
 * reload is due. */
int64_t contents_step(struct contents *contents, const struct generation *serving, bool *changed,
                      int64_t now);

/* In any other child process: unmaps the memory shared with the checking child. */
void contents_forget(struct contents *contents);

/* Ends the child. */
void contents_close(struct contents *contents);

enum contents_finding { CONTENTS_SAME, CONTENTS_CHANGED, CONTENTS_GONE };

/* Checks a file once. A change, or that it is gone, is reported only when two checks in a row have found the
 * same, so not while the file is being written or replaced. A reported state counts as known from then on. */
enum contents_finding contents_check(const char *path, struct contents_file *file);

#endif
