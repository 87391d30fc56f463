/* SPDX-License-Identifier: MIT */
#include "conf/conf_access.h"

#include "base/ascii.h"
#include "base/suggest.h"
#include "conf/conf_group.h"
#include "conf/conf_table.h"

#include <stdlib.h>
#include <string.h>

/* An entry of a list, for the place of a message. A list of one string may be written as the string alone. */
static const config_setting_t *element_of(const config_setting_t *list, size_t entry)
{
    return config_setting_is_aggregate(list) ? config_setting_get_elem(list, (unsigned)entry) : list;
}

/* --- Networks --- */

static const config_setting_t *networks_of(const struct conf_trees *trees, size_t tree)
{
    const config_setting_t *group = config_lookup(&trees->list[tree], "networks");

    return group && config_setting_is_group(group) ? group : NULL; /* reported already if it is not a group */
}

static void check_name(struct conf_builder *builder, const config_setting_t *list, const char *path)
{
    /* libconfig allows letters, digits, _, - and * in names; conf_scan.c checks their length */
    if (strchr(config_setting_name(list), '*'))
        conf_error(builder->report, conf_tree_line(builder->report, list), path,
                   "is not a valid name; allowed: a letter, then up to %d letters, digits, _ and -",
                   CONF_NAME_MAX - 1);
}

static void check_network(struct conf_builder *builder, const config_setting_t *list,
                          const struct conf_network *network)
{
    struct message path, error;
    struct prefix unused;

    message_set(&path, "networks.%s", network->name);
    check_name(builder, list, path.text);
    for (size_t i = 0; i < network->list.count; i++)
        if (prefix_parse(network->list.texts[i], &unused, &error) < 0)
            conf_error(builder->report, conf_tree_line(builder->report, element_of(list, i)), path.text,
                       "%s %s", conf_quote(network->list.texts[i]).text, error.text);
}

/* A table with a row for each network makes them settings like others. */
static void read_networks(struct conf_builder *builder, const config_setting_t *group,
                          struct conf_network *networks)
{
    size_t count = (size_t)config_setting_length(group);
    struct conf_setting *rows = conf_builder_alloc(builder, count * sizeof(*rows));
    const struct conf_table table = {rows, count};

    for (size_t i = 0; rows && i < count; i++) {
        networks[i].name = conf_builder_copy(builder, config_setting_name(element_of(group, i)));
        rows[i] = *conf_table_find(&conf_service_table, "access.allow");
        rows[i].path = networks[i].name;
        rows[i].offset = i * sizeof(*networks) + offsetof(struct conf_network, list);
        rows[i].min = 1;
    }
    if (rows)
        conf_group_read(builder, &table, group, "networks", 0, networks);
    for (size_t i = 0; rows && i < count; i++)
        check_network(builder, element_of(group, i), &networks[i]);
}

void conf_access_networks(struct conf_builder *builder, const struct conf_trees *trees)
{
    struct conf_network *networks;
    size_t count = 0, done = 0;

    for (size_t i = 0; i < trees->count; i++)
        count += networks_of(trees, i) ? (size_t)config_setting_length(networks_of(trees, i)) : 0;
    if (count > CONF_NETWORKS_MAX) {
        conf_error(builder->report, 0, "networks", "%zu lists; allowed: up to %d", count, CONF_NETWORKS_MAX);
        return;
    }
    networks = conf_builder_alloc(builder, count * sizeof(*networks));
    for (size_t i = 0; networks && i < trees->count; i++) {
        const config_setting_t *group = networks_of(trees, i);

        if (!group)
            continue;
        read_networks(builder, group, networks + done);
        done += (size_t)config_setting_length(group);
    }
    builder->conf->networks = networks;
    builder->conf->network_count = done;
}

static const struct conf_network *find_network(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->network_count; i++)
        if (strcmp(conf->networks[i].name, name) == 0)
            return &conf->networks[i];
    return NULL;
}

/* --- Lists --- */

enum { DENY, ALLOW, LISTS };

/* The two lists of a service or listener while they are compiled. */
struct lists {
    struct conf_builder *builder;
    const char *base; /* their group */
    const char *names[LISTS];
    const config_setting_t *settings[LISTS];
    const struct conf_list *texts[LISTS];
    struct prefix_rule *rules;
    size_t count;
};

/* Reports an error of an entry. */
static void report_entry(const struct lists *lists, unsigned which, size_t entry, const char *what)
{
    struct conf_report *report = lists->builder->report;
    struct message path;

    message_set(&path, "%s.%s", lists->base, lists->names[which]);
    conf_error(report, conf_tree_line(report, element_of(lists->settings[which], entry)), path.text, "%s %s",
               conf_quote(lists->texts[which]->texts[entry]).text, what);
}

/* Whether the text is a name of networks and not an address, which has dots or colons. */
static bool is_name(const char *text)
{
    if (!ascii_is_letter(*text))
        return false;
    while (ascii_is_letter(*text) || ascii_is_digit(*text) || *text == '_' || *text == '-')
        text++;
    return !*text;
}

static void refuse_name(const struct lists *lists, unsigned which, size_t entry)
{
    const struct conf *conf = lists->builder->conf;
    const char *name = lists->texts[which]->texts[entry];
    struct suggestion meant = SUGGESTION_NONE;
    struct message what;

    for (size_t i = 0; i < conf->network_count; i++)
        suggest_try(&meant, name, conf->networks[i].name, strlen(conf->networks[i].name));
    message_set(&what, "is not the name of a list in networks; ");
    if (*meant.name)
        message_add(&what, "did you mean \"%s\"?", meant.name);
    else
        message_add(&what, "allowed: one of these names, or an address or network such as \"192.0.2.0/24\"");
    report_entry(lists, which, entry, what.text);
}

static void add_rule(struct lists *lists, const struct prefix *prefix, unsigned which, size_t entry)
{
    lists->rules[lists->count++] =
        (struct prefix_rule){.prefix = *prefix, .admits = which == ALLOW, .entry = (unsigned)entry};
}

/* Errors in the network itself were reported at its place. */
static void add_network(struct lists *lists, const struct conf_network *network, unsigned which, size_t entry)
{
    struct prefix prefix;
    struct message ignored;

    for (size_t i = 0; i < network->list.count; i++)
        if (prefix_parse(network->list.texts[i], &prefix, &ignored) == 0)
            add_rule(lists, &prefix, which, entry);
}

static void add_entry(struct lists *lists, unsigned which, size_t entry)
{
    const char *text = lists->texts[which]->texts[entry];
    const struct conf_network *network = find_network(lists->builder->conf, text);
    struct message error;
    struct prefix prefix;

    if (network)
        add_network(lists, network, which, entry);
    else if (is_name(text))
        refuse_name(lists, which, entry);
    else if (prefix_parse(text, &prefix, &error) < 0)
        report_entry(lists, which, entry, error.text);
    else
        add_rule(lists, &prefix, which, entry);
}

static void refuse_contradictions(const struct lists *lists)
{
    for (size_t i = 1; i < lists->count; i++) {
        const struct prefix_rule *deny = &lists->rules[i - 1], *allow = &lists->rules[i];
        char text[PREFIX_TEXT_MAX];
        struct message what = {""};

        if (deny->admits == allow->admits || prefix_compare(&deny->prefix, &allow->prefix) != 0)
            continue;
        if (is_name(lists->texts[DENY]->texts[deny->entry]))
            message_set(&what, "contains %s, which ", prefix_text(&deny->prefix, text));
        message_add(&what, "is also in allow; allowed: each network in only one of allow and deny");
        report_entry(lists, DENY, deny->entry, what.text);
    }
}

/* The most rules that the lists can have. */
static size_t count_rules(const struct lists *lists)
{
    size_t count = 0;

    for (unsigned which = 0; which < LISTS; which++)
        for (size_t i = 0; i < lists->texts[which]->count; i++) {
            const struct conf_network *network =
                find_network(lists->builder->conf, lists->texts[which]->texts[i]);

            count += network ? network->list.count : 1;
        }
    return count;
}

static const struct prefixes *build(struct lists *lists)
{
    struct conf_builder *builder = lists->builder;
    unsigned errors = builder->report->errors;
    const struct prefixes *prefixes;

    for (unsigned which = LISTS; which-- > 0;)
        for (size_t i = 0; i < lists->texts[which]->count; i++)
            add_entry(lists, which, i);
    prefixes_sort(lists->rules, lists->count);
    refuse_contradictions(lists);
    if (builder->report->errors > errors)
        return NULL;
    prefixes = prefixes_build(builder->arena, lists->rules, lists->count, lists->texts[ALLOW]->count == 0);
    if (!prefixes)
        conf_builder_full(builder);
    return prefixes;
}

static const struct prefixes *compile(struct lists *lists)
{
    size_t room = count_rules(lists);
    const struct prefixes *prefixes;

    if (room == 0)
        return NULL;
    if (room > CONF_RULES_MAX) {
        conf_error(lists->builder->report, 0, lists->base, "%s %zu networks; allowed: up to %d",
                   lists->names[DENY] ? "allow and deny contain" : "proxy_from contains", room,
                   CONF_RULES_MAX);
        return NULL;
    }
    lists->rules = calloc(room, sizeof(*lists->rules));
    if (!lists->rules) {
        conf_error(lists->builder->report, 0, "configuration", "out of memory");
        return NULL;
    }
    prefixes = build(lists);
    free(lists->rules);
    return prefixes;
}

static bool is_same_list(const struct conf_list *a, const struct conf_list *b)
{
    bool same = a->count == b->count;

    for (size_t i = 0; same && i < a->count; i++)
        same = strcmp(a->texts[i], b->texts[i]) == 0;
    return same;
}

/* The result of the same lists elsewhere, so that many listeners with one long list need it once. */
static const struct prefixes *find_compiled(const struct conf *conf, const struct conf_access *access)
{
    for (size_t i = 0; i < conf->listener_count; i++) {
        const struct conf_access *other = &conf->listeners[i].access;

        if (other->prefixes && is_same_list(&other->allow, &access->allow) &&
            is_same_list(&other->deny, &access->deny))
            return other->prefixes;
    }
    return NULL;
}

static void complete(struct conf_builder *builder, const char *base, const config_setting_t *allow,
                     const config_setting_t *deny, struct conf_access *access)
{
    struct lists lists = {.builder = builder,
                          .base = base,
                          .names = {[DENY] = "deny", [ALLOW] = "allow"},
                          .settings = {[DENY] = deny, [ALLOW] = allow},
                          .texts = {[DENY] = &access->deny, [ALLOW] = &access->allow}};

    access->prefixes = find_compiled(builder->conf, access);
    if (!access->prefixes)
        access->prefixes = compile(&lists);
}

void conf_access_service(struct conf_builder *builder, const struct conf_trees *trees)
{
    complete(builder, "access", conf_tree_lookup(trees, "access.allow"),
             conf_tree_lookup(trees, "access.deny"), &builder->conf->access);
}

void conf_access_listener(struct conf_builder *builder, const config_setting_t *group,
                          struct conf_listener *listener)
{
    const config_setting_t *allow = group ? config_setting_get_member(group, "allow") : NULL;
    const config_setting_t *deny = group ? config_setting_get_member(group, "deny") : NULL;
    struct message base;

    listener->access_given = allow || deny;
    if (!listener->access_given) {
        listener->access = builder->conf->access;
        return;
    }
    message_set(&base, "listeners.%s", listener->name);
    complete(builder, base.text, allow, deny, &listener->access);
}

void conf_access_proxies(struct conf_builder *builder, const config_setting_t *group,
                         struct conf_listener *listener)
{
    static const struct conf_list nobody;
    struct lists lists = {.builder = builder,
                          .names = {[ALLOW] = "proxy_from"},
                          .texts = {[DENY] = &nobody, [ALLOW] = &listener->proxy_from}};
    struct message base;

    message_set(&base, "listeners.%s", listener->name);
    lists.base = base.text;
    lists.settings[ALLOW] = config_setting_get_member(group, "proxy_from");
    listener->proxies = compile(&lists);
}
