/* SPDX-License-Identifier: MIT */
#include "conf/conf_quotes.h"

#include "conf/conf_content.h"
#include "conf/conf_fortune.h"
#include "conf/conf_tree.h"

#include <stdlib.h>
#include <string.h>

static const struct quotes *nothing(void)
{
    static const struct quote empty = {"", 0};
    static const struct quotes one = {&empty, 1, 0};

    return &one;
}

/* The line of an entry, for a message. A list of one string may be written as the string alone. */
static unsigned line_of(struct conf_builder *builder, const config_setting_t *setting, size_t entry)
{
    bool is_list = config_setting_is_aggregate(setting);

    return conf_tree_line(builder->report,
                          is_list ? config_setting_get_elem(setting, (unsigned)entry) : setting);
}

/* Returns 0, or -1 with errors. */
static int read_file(struct conf_builder *builder, const char *path, struct conf_fortune *found,
                     struct template_errors *errors)
{
    const struct conf_regular *file;
    struct message error = {"is a relative path; allowed: an absolute path"};

    if (*path == '/' && conf_content_read(builder, path, &file, &error) == 0)
        return conf_fortune_parse(builder->arena, path, file->text, file->length, found, errors);
    errors->count = 1;
    return message_set(&errors->list[0], "%s %s", conf_quote(path).text, error.text);
}

static const struct quotes *make(struct conf_builder *builder, const struct quote *list, size_t count)
{
    struct quotes *quotes = conf_builder_alloc(builder, sizeof(*quotes));
    struct quote *kept = conf_builder_alloc(builder, count * sizeof(*kept));

    if (!quotes || !kept)
        return nothing();
    memcpy(kept, list, count * sizeof(*kept));
    *quotes = (struct quotes){.list = kept, .count = count};
    for (size_t i = 0; i < count; i++)
        if (kept[i].length > quotes->longest)
            quotes->longest = kept[i].length;
    return quotes;
}

void conf_quotes_build(struct conf_builder *builder, const config_setting_t *setting)
{
    const struct conf_list *files = &builder->conf->quotes;
    struct conf_fortune found = {0};
    struct template_errors errors;
    bool good = true;

    for (size_t i = 0; i < files->count; i++)
        if (read_file(builder, files->texts[i], &found, &errors) < 0) {
            conf_errors(builder->report, line_of(builder, setting, i), "quotes", errors.list, errors.count);
            good = false;
        }
    if (files->count > 0)
        builder->quotes[FORMAT_TEXT] = good ? make(builder, found.list, found.count) : nothing();
    free(found.list);
}

/* Returns false if out of memory. */
static bool rewrite(struct conf_builder *builder, enum format format, struct quote *quote)
{
    char *text = format_value(format, quote->text);
    const char *kept = text ? conf_builder_copy(builder, text) : NULL;

    if (kept)
        *quote = (struct quote){kept, strlen(kept)};
    free(text);
    return kept != NULL;
}

static const struct quotes *make_in(struct conf_builder *builder, const struct quotes *plain,
                                    enum format format)
{
    struct quote *list = calloc(plain->count, sizeof(*list));
    const struct quotes *made = nothing();
    bool good = list != NULL;

    for (size_t i = 0; i < plain->count && good; i++) {
        list[i] = plain->list[i];
        good = rewrite(builder, format, &list[i]);
    }
    if (good)
        made = make(builder, list, plain->count);
    else
        conf_builder_full(builder);
    free(list);
    return made;
}

const struct quotes *conf_quotes_in(void *context, enum format format)
{
    struct conf_builder *builder = context;
    const struct quotes *plain = builder->quotes[FORMAT_TEXT];

    if (plain && !builder->quotes[format])
        builder->quotes[format] = make_in(builder, plain, format);
    return builder->quotes[format];
}
