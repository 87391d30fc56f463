/* SPDX-License-Identifier: MIT */
#include "conf/conf_build.h"

#include "conf/conf_builder.h"
#include "conf/conf_check.h"
#include "conf/conf_file.h"
#include "conf/conf_group.h"
#include "conf/conf_listeners.h"
#include "conf/conf_scan.h"
#include "conf/conf_table.h"
#include "conf/conf_user.h"

#include <libconfig.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UDP_PORT_WORDS (65536 / 64)

static unsigned line_of(const config_setting_t *root, const char *path)
{
    const config_setting_t *setting = root ? config_setting_lookup((config_setting_t *)root, path) : NULL;

    return setting ? config_setting_source_line(setting) : 0;
}

static void derive_threads(struct conf *conf)
{
    unsigned share = conf_complete_cpus() / conf->processes;

    conf->thread_count = conf->threads ? conf->threads : share ? share : 1;
}

static void check_linger(struct conf_builder *builder, const config_setting_t *root)
{
    unsigned line = line_of(root, "timeouts.linger");

    if (builder->conf->linger_ns > builder->conf->linger_total_ns)
        conf_error(builder->report, line ? line : line_of(root, "timeouts.linger_total"), "timeouts.linger",
                   "is longer than timeouts.linger_total; allowed: at most that");
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

/* Fills builder->conf from the file's top group, or from nothing but defaults if root is NULL. */
static void build(struct conf_builder *builder, const config_setting_t *root)
{
    struct conf *conf = builder->conf;

    conf_table_defaults(&conf_service_table, conf);
    if (root)
        conf_fill(builder, &conf_service_table, root, "", 0, conf);
    conf->user_given = line_of(root, "user") != 0;
    conf->connections_given = line_of(root, "limits.connections") != 0;
    if (builder->source->log_to_stderr)
        conf->log_target = CONF_LOG_STDERR;
    derive_threads(conf);
    check_linger(builder, root);
    conf_user_resolve(builder, line_of(root, "user"), line_of(root, "group"));
    conf_user_resolve_control(builder, line_of(root, "control.group"));
    conf_complete_greeting(builder, line_of(root, "greeting"));
    conf_listener_build(builder, root);
    collect_udp_ports(builder);
}

static void build_from_text(struct conf_builder *builder, const char *text, size_t length)
{
    config_t parsed;

    if (conf_scan(text, length, builder->report) < 0)
        return;
    config_init(&parsed);
    if (config_read_string(&parsed, text))
        build(builder, config_root_setting(&parsed));
    else
        conf_error(builder->report, (unsigned)config_error_line(&parsed), "syntax", "%s",
                   config_error_text(&parsed));
    config_destroy(&parsed);
}

static void build_from_source(struct conf_builder *builder)
{
    const struct conf_source *source = builder->source;
    struct conf_file file;

    if (conf_read(source->path, !source->path_given, &file, builder->report) == 0) {
        builder->conf->file = conf_builder_copy(builder, source->path);
        builder->conf->file_modified = file.modified;
        build_from_text(builder, file.text, file.length);
    } else if (file.missing && !source->path_given) {
        build(builder, NULL);
    }
    free(file.text);
}

const struct conf *conf_build(struct arena *arena, const struct conf_source *source,
                              struct conf_report *report)
{
    struct conf_builder builder = {.arena = arena, .report = report, .source = source};

    conf_report_open(report, source->path);
    builder.conf = conf_builder_alloc(&builder, sizeof(*builder.conf));
    if (!builder.conf)
        return NULL;
    if (gethostname(builder.hostname, sizeof(builder.hostname) - 1) < 0)
        strcpy(builder.hostname, "localhost");
    build_from_source(&builder);
    if (report->errors > 0)
        return NULL;
    builder.conf->arena = *arena;
    return builder.conf;
}
