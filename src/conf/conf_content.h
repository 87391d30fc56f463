/* SPDX-License-Identifier: MIT */
/* conf_content: files whose content is sent: the loader reads each once, and notes it so that a change is
 * noticed later. */
#ifndef SOCKGREET_CONF_CONTENT_H
#define SOCKGREET_CONF_CONTENT_H

#include "conf/conf_builder.h"
#include "conf/conf_regular.h"

#define CONF_CONTENTS_MAX 64 /* files */

/* Reads a file of at most CONF_CONTENT_MAX bytes, if it has not been read already; conf_content_close() frees
 * it. Returns 0, or -errno with an error that is to follow the file's name. */
int conf_content_read(struct conf_builder *builder, const char *path, const struct conf_regular **file,
                      struct message *error);

/* The same for greetings, see struct files; builder is the struct conf_builder. */
int conf_content_read_text(void *builder, const char *path, const char **content, struct message *error);

void conf_content_close(struct conf_builder *builder);

#endif
