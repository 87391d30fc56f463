/* SPDX-License-Identifier: MIT */
/* conf_builder: state shared by the modules that build a configuration. */
#ifndef SOCKGREET_CONF_BUILDER_H
#define SOCKGREET_CONF_BUILDER_H

#include "conf/conf.h"
#include "conf/conf_report.h"

struct conf_reading;

struct conf_builder {
    struct arena *arena;
    struct conf_report *report;
    const struct conf_source *source;
    struct conf *conf;
    struct host host;
    struct conf_place greeting_place;          /* of the greeting that listeners inherit */
    bool greeting_bad;                         /* and has an error, which was reported */
    const struct plan *plan;                   /* its plan, if it is the same for every listener */
    struct conf_reading *readings;             /* files read by conf_content.c */
    const struct quotes *quotes[FORMAT_COUNT]; /* those requested so far, see conf_quotes_in() */
};

/* Memory in the arena, or NULL with an error reported. */
void *conf_builder_alloc(struct conf_builder *builder, size_t size);

/* Reports that there is no more memory. */
void conf_builder_full(struct conf_builder *builder);

/* A copy of text in the arena, or "" with an error reported. */
const char *conf_builder_copy(struct conf_builder *builder, const char *text);

#endif
