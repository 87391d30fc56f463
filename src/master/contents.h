/* SPDX-License-Identifier: MIT */
/* contents: notices when a file changes whose content is said. A child looks, so that a file system that does
 * not answer holds up nobody else. */
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

/* What is known of a file, by the process that looks: what it was when it was loaded or a reload was asked
 * for, and at the last look. */
struct contents_file {
    struct contents_state known, last;
    bool is_new;  /* there was no look yet */
    bool is_gone; /* which was said */
};

struct contents {
    struct children *children;
    struct child child;  /* ends when it has seen something */
    unsigned looked_for; /* the generation that the child was started for */
    unsigned number;     /* of the generation that serves; 0: none */
    struct contents_file
        *files;      /* of its configuration, in memory that children share; NULL: not needed yet */
    int64_t look_at; /* when the next child may be started */
};

/* Goes on for the generation that serves, or for none. Returns when to call again (monotonic ns); *changed is
 * set if a reload is due. */
int64_t contents_step(struct contents *contents, const struct generation *serving, bool *changed,
                      int64_t now);

/* In a child that does not look: unmaps what only those may have that do. */
void contents_forget(struct contents *contents);

/* Ends the child. */
void contents_close(struct contents *contents);

enum contents_finding { CONTENTS_SAME, CONTENTS_CHANGED, CONTENTS_GONE };

/* Looks at a file once. It has changed, or is gone, when it was as it is at the last look already: not while
 * it is written or replaced. What was seen is known from then on. */
enum contents_finding contents_check(const char *path, struct contents_file *file);

#endif
