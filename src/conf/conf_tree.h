/* SPDX-License-Identifier: MIT */
/* conf_tree: the files of a configuration, parsed, and where in which of them a setting stands. */
#ifndef SOCKGREET_CONF_TREE_H
#define SOCKGREET_CONF_TREE_H

#include "base/fragments.h"
#include "conf/conf_builder.h"

#include <libconfig.h>
#include <stdbool.h>

/* A tree for the file itself, then one for each file in its directory. */
struct conf_trees {
    config_t list[1 + FRAGMENTS_MAX];
    size_t count; /* 0: there is no file, which means built-in defaults */
    size_t room;  /* bytes that the next file may have */
};

/* Reads the files of builder's source, and notes in its configuration which and of when. Returns whether they
 * can be built from; if not, the report says why. The caller closes trees in any case. */
bool conf_tree_read(struct conf_builder *builder, struct conf_trees *trees);

/* The setting of the first file that has it, NULL if none has. */
const config_setting_t *conf_tree_lookup(const struct conf_trees *trees, const char *path);

/* Where the setting stands; nowhere for NULL. The name of the file lives as long as the configuration. */
struct conf_place conf_tree_place(const config_setting_t *setting);

/* The setting's line, for a message: the report's next messages are about its file. */
unsigned conf_tree_line(struct conf_report *report, const config_setting_t *setting);

void conf_tree_close(struct conf_trees *trees);

#endif
