/* SPDX-License-Identifier: MIT */
#include "conf/conf_tree.h"

#include "conf/conf_file.h"
#include "conf/conf_lines.h"
#include "conf/conf_scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct conf_place conf_tree_place(const config_setting_t *setting)
{
    const config_setting_t *root = setting;

    if (!setting)
        return (struct conf_place){0};
    while (!config_setting_is_root(root))
        root = config_setting_parent(root);
    return (struct conf_place){config_setting_get_hook(root), conf_lines_of(setting)};
}

unsigned conf_tree_line(struct conf_report *report, const config_setting_t *setting)
{
    return conf_report_line(report, conf_tree_place(setting));
}

const config_setting_t *conf_tree_lookup(const struct conf_trees *trees, const char *path)
{
    const config_setting_t *setting = NULL;

    for (size_t i = 0; i < trees->count && !setting; i++)
        setting = config_lookup(&trees->list[i], path);
    return setting;
}

/* --- Reading --- */

/* The tree's root keeps the name of its file: libconfig has none for a text. */
/* libconfig's words, except for those that say neither what is wrong nor what is allowed. */
static const char *error_text(const config_t *tree)
{
    const char *text = config_error_text(tree);

    if (strcmp(text, "mismatched element type in array") == 0)
        return "values of different types in [ ... ]; allowed: values of one type";
    return text;
}

static bool parse(struct conf_trees *trees, const char *name, const struct conf_regular *file,
                  struct conf_report *report)
{
    config_t *tree = &trees->list[trees->count];

    if (conf_scan(file->text, file->length, report) < 0)
        return false;
    config_init(tree);
    trees->count++;
    if (config_read_string(tree, file->text)) {
        config_setting_set_hook(config_root_setting(tree), (void *)name);
        conf_lines_note(config_root_setting(tree), file->text, file->length);
        return true;
    }
    conf_error(report, (unsigned)config_error_line(tree), "syntax", "%s", error_text(tree));
    return false;
}

static bool is_newer(struct timespec a, struct timespec b)
{
    return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

static void note_file(struct conf *conf, const char *name, const struct conf_regular *file)
{
    if (!conf->file)
        conf->file = name;
    if (conf->file_count++ == 0 || is_newer(file->modified, conf->file_modified))
        conf->file_modified = file->modified;
}

static bool read_file(struct conf_builder *builder, struct conf_trees *trees, const char *path,
                      bool may_be_missing)
{
    const char *name = conf_builder_copy(builder, path);
    struct conf_regular file;
    bool good = false;
    int result;

    conf_report_enter(builder->report, path);
    result = conf_file_read(path, may_be_missing, trees->room, &file, builder->report);
    if (result == 0) {
        note_file(builder->conf, name, &file);
        trees->room -= file.length;
        good = parse(trees, name, &file, builder->report);
    }
    free(file.text);
    return good || (result == -ENOENT && may_be_missing);
}

static void report_directory(struct conf_report *report, const struct fragments *fragments, int error)
{
    if (fragments->directory)
        conf_report_enter(report, fragments->directory);
    if (error == E2BIG)
        conf_error(report, 0, report->file, "has too many files; allowed: at most %d that end in .conf",
                   FRAGMENTS_MAX);
    else
        conf_error(report, 0, report->file, "cannot be read: %s", strerror(error));
    if (conf_report_is_temporary(error))
        conf_report_temporary(report);
}

/* An error in one file does not prevent those of the others from being reported. */
static bool read_directory(struct conf_builder *builder, struct conf_trees *trees)
{
    struct fragments fragments;
    int result = fragments_find(&fragments, builder->source->path);
    bool good = result == 0;

    if (result < 0)
        report_directory(builder->report, &fragments, -result);
    for (size_t i = 0; i < fragments.count && result == 0; i++)
        good &= read_file(builder, trees, fragments.paths[i], false);
    fragments_free(&fragments);
    return good;
}

/* --- Settings in two files --- */

static void report_twice(struct conf_report *report, const config_setting_t *later,
                         const config_setting_t *earlier, const char *path)
{
    struct message first = conf_report_place(conf_tree_place(earlier));

    conf_error(report, conf_tree_line(report, later), path, "is set twice, first in %s", first.text);
}

/* Groups are merged, but a listener must be in one file as a whole. */
static bool is_apart(struct conf_report *report, const config_setting_t *later,
                     const config_setting_t *earlier, const char *base)
{
    bool listeners = strcmp(base, "listeners") == 0, apart = true;

    for (int i = 0; i < config_setting_length(later); i++) {
        const config_setting_t *member = config_setting_get_elem(later, (unsigned)i);
        const config_setting_t *other = config_setting_get_member(earlier, config_setting_name(member));
        struct message path;

        if (!other)
            continue;
        message_set(&path, "%s%s%s", base, *base ? "." : "", config_setting_name(member));
        if (!listeners && config_setting_is_group(member) && config_setting_is_group(other)) {
            apart &= is_apart(report, member, other, path.text);
        } else {
            report_twice(report, member, other, path.text);
            apart = false;
        }
    }
    return apart;
}

static bool are_apart(const struct conf_trees *trees, struct conf_report *report)
{
    bool apart = true;

    for (size_t later = 1; later < trees->count; later++)
        for (size_t earlier = 0; earlier < later; earlier++)
            apart &= is_apart(report, config_root_setting(&trees->list[later]),
                              config_root_setting(&trees->list[earlier]), "");
    return apart;
}

bool conf_tree_read(struct conf_builder *builder, struct conf_trees *trees)
{
    const struct conf_source *source = builder->source;
    bool good;

    trees->count = 0;
    trees->room = CONF_FILE_MAX;
    good = read_file(builder, trees, source->path, !source->path_given);
    if (builder->conf->file && !source->alone)
        good &= read_directory(builder, trees);
    return good && are_apart(trees, builder->report);
}

void conf_tree_close(struct conf_trees *trees)
{
    while (trees->count > 0)
        config_destroy(&trees->list[--trees->count]);
}
