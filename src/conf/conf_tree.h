/* SPDX-License-Identifier: MIT */
/* conf_tree: the parsed files of a configuration, and the file and line of each setting. */
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

/* Reads the files of builder's source, and notes their number and their newest modification time in its
 * configuration. Returns whether a configuration can be built from them; if not, the reason is reported. The
 * caller closes trees in any case. */
bool conf_tree_read(struct conf_builder *builder, struct conf_trees *trees);

/* The setting of the first file that has it, NULL if none has. */
const config_setting_t *conf_tree_lookup(const struct conf_trees *trees, const char *path);

/* The place of the setting; none for NULL. The name of the file lives as long as the configuration. */
struct conf_place conf_tree_place(const config_setting_t *setting);

/* The setting's line, for a message. Further messages are about its file. */
unsigned conf_tree_line(struct conf_report *report, const config_setting_t *setting);

void conf_tree_close(struct conf_trees *trees);

#endif
