/* SPDX-License-Identifier: MIT */
#include "conf/conf_build.h"

#include "base/util.h"
#include "conf/conf_access.h"
#include "conf/conf_builder.h"
#include "conf/conf_check.h"
#include "conf/conf_content.h"
#include "conf/conf_greeting.h"
#include "conf/conf_group.h"
#include "conf/conf_listeners.h"
#include "conf/conf_quotes.h"
#include "conf/conf_syscalls.h"
#include "conf/conf_table.h"
#include "conf/conf_tree.h"
#include "conf/conf_user.h"

#include <unistd.h>

#define UDP_PORT_WORDS (65536 / 64)

static struct conf_place place_of(const struct conf_trees *trees, const char *path)
{
    return conf_tree_place(conf_tree_lookup(trees, path));
}

static void derive_threads(struct conf *conf)
{
    unsigned share = conf_check_cpus() / conf->processes;

    conf->thread_count = conf->threads ? conf->threads : share ? share : 1;
}

static void check_linger(struct conf_builder *builder, const struct conf_trees *trees)
{
    struct conf_place place = place_of(trees, "timeouts.linger");

    if (builder->conf->linger_ns <= builder->conf->linger_total_ns)
        return;
    if (!place.line)
        place = place_of(trees, "timeouts.linger_total");
    conf_error(builder->report, conf_report_line(builder->report, place), "timeouts.linger",
               "is longer than timeouts.linger_total (%g s); allowed: at most that",
               (double)builder->conf->linger_total_ns / NS_PER_S);
}

/* A longer time for each piece of a greeting raises the default for all of it. */
static void derive_send_total(struct conf_builder *builder, const struct conf_trees *trees)
{
    struct conf *conf = builder->conf;
    struct conf_place place = place_of(trees, "timeouts.send_total");

    if (conf->send_total_ns >= conf->send_ns)
        return;
    if (!place.line)
        conf->send_total_ns = conf->send_ns;
    else
        conf_error(builder->report, conf_report_line(builder->report, place), "timeouts.send_total",
                   "is shorter than timeouts.send (%g s); allowed: at least that",
                   (double)conf->send_ns / NS_PER_S);
}

/* Absolute, since the master's working directory may be any. */
static void check_maintenance(struct conf_builder *builder, const struct conf_trees *trees)
{
    const char *path = builder->conf->maintenance_file;
    struct conf_place place = place_of(trees, "maintenance_file");

    if (*path && *path != '/')
        conf_error(builder->report, conf_report_line(builder->report, place), "maintenance_file",
                   "%s is a relative path; allowed: an absolute path, or \"\" for none",
                   conf_quote(path).text);
}

static void collect_udp_ports(struct conf_builder *builder)
{
    struct conf *conf = builder->conf;
    uint64_t *ports = conf_builder_alloc(builder, UDP_PORT_WORDS * sizeof(*ports));

    conf->udp_ports = ports;
    for (size_t i = 0; ports && i < conf->listener_count; i++) {
        const struct conf_listener *listener = &conf->listeners[i];

        for (size_t j = 0; listener->transport == TRANSPORT_UDP && j < listener->endpoint_count; j++) {
            unsigned port = address_port(&listener->endpoints[j].address);

            ports[port / 64] |= UINT64_C(1) << (port % 64);
        }
    }
}

/* Some facts about the host that greetings contain come from settings. */
static void name_host(struct conf_builder *builder)
{
    const struct conf *conf = builder->conf;

    if (*conf->instance)
        builder->host.instance = conf->instance;
    builder->host.environment = conf->environment.texts;
    builder->host.environment_count = conf->environment.count;
}

/* Fills builder->conf from the files, or with defaults only if there are none. */
static void build(struct conf_builder *builder, const struct conf_trees *trees)
{
    struct conf *conf = builder->conf;

    conf_table_defaults(&conf_service_table, conf);
    for (size_t i = 0; i < trees->count; i++)
        conf_group_read(builder, &conf_service_table, config_root_setting(&trees->list[i]), "", 0, conf);
    conf->connections_given = place_of(trees, "limits.connections").line != 0;
    if (builder->source->log_to_stderr)
        conf->log_target = CONF_LOG_STDERR;
    derive_threads(conf);
    check_linger(builder, trees);
    derive_send_total(builder, trees);
    check_maintenance(builder, trees);
    conf_user_resolve(builder, place_of(trees, "user"), place_of(trees, "group"));
    conf_user_resolve_control(builder, place_of(trees, "control.group"));
    name_host(builder);
    conf_quotes_build(builder, conf_tree_lookup(trees, "quotes"));
    conf_greeting_inherit(builder, place_of(trees, "greeting"));
    conf_access_networks(builder, trees);
    conf_access_service(builder, trees);
    conf_listeners_build(builder, trees);
    collect_udp_ports(builder);
    conf_syscalls_compile(builder);
}

const struct conf *conf_build(struct arena *arena, const struct conf_source *source,
                              struct conf_report *report)
{
    struct conf_builder builder = {.arena = arena, .report = report, .source = source};
    struct conf_trees trees;

    conf_report_open(report, source->path);
    builder.conf = conf_builder_alloc(&builder, sizeof(*builder.conf));
    if (!builder.conf)
        return NULL;
    host_learn(&builder.host);
    if (conf_tree_read(&builder, &trees))
        build(&builder, &trees);
    conf_content_close(&builder);
    conf_tree_close(&trees);
    conf_report_enter(report, source->path);
    if (report->errors > 0)
        return NULL;
    builder.conf->arena = *arena;
    return builder.conf;
}
