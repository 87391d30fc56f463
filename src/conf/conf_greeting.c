/* SPDX-License-Identifier: MIT */
#include "conf/conf_greeting.h"

#include "base/message.h"
#include "conf/conf_content.h"
#include "conf/conf_quotes.h"
#include "conf/conf_table.h"
#include "service/services.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static const struct service *service_of(const struct conf_listener *listener)
{
    return services_row((size_t)listener->service);
}

static struct files files_of(struct conf_builder *builder)
{
    return (struct files){.read = conf_content_read_text, .quotes = conf_quotes_in, .context = builder};
}

/* Returns the plan, or NULL with errors. */
static const struct plan *compile(const struct completion *c, const char *text,
                                  struct template_errors *errors)
{
    struct conf_builder *builder = c->builder;
    const struct conf_listener *listener = c->listener;
    const struct site site = {.host = &builder->host,
                              .listener = listener->name,
                              .transport = listener->transport,
                              .path = listener->path,
                              .format = listener->format,
                              .has_proxies = conf_is_proxied(listener),
                              .files = files_of(builder),
                              .is_daily = listener->quote == CONF_QUOTE_DAILY,
                              .weighs_by_load = listener->weight_by_load};

    return service_of(listener)->compile(builder->arena, text, strlen(text), &site, errors);
}

static void report(const struct completion *c, const char *setting, const struct template_errors *errors)
{
    conf_errors(c->builder->report, completion_line(c, setting), completion_path(c, setting).text,
                errors->list, errors->count);
}

static void compile_greeting(const struct completion *c)
{
    struct conf_listener *listener = c->listener;
    struct template_errors errors;

    if (!*listener->greeting_text) {
        completion_error(c, "greeting", "is empty; allowed: at least one byte");
        return;
    }
    listener->plan = compile(c, listener->greeting_text, &errors);
    if (!listener->plan)
        report(c, "greeting", &errors);
}

static void compile_without_text(const struct completion *c)
{
    struct conf_listener *listener = c->listener;
    struct template_errors errors;

    if (service_of(listener)->says_quotes && !conf_quotes_in(c->builder, FORMAT_TEXT)) {
        completion_error(c, "service",
                         "\"%s\" needs quotes; allowed: only with at least one file in the setting quotes",
                         service_of(listener)->name);
        return;
    }
    listener->plan = compile(c, "", &errors);
    if (!listener->plan)
        report(c, "service", &errors);
}

/* What programs read is longer than the greeting, and a datagram of the default size does not hold it. */
static void refuse_format(const struct completion *c)
{
    const struct conf_listener *listener = c->listener;
    const char *format =
        conf_table_word(conf_table_find(&conf_listener_table, "format"), (int)listener->format);
    size_t longest = listener->plan->longest;

    if (longest <= CONF_DATAGRAM_MAX)
        completion_error(
            c, "format",
            "answers in \"%s\" can be %zu bytes long, but max_datagram is %u; allowed: \"text\", or "
            "max_datagram from %zu to %d",
            format, longest, listener->max_datagram, longest, CONF_DATAGRAM_MAX);
    else
        completion_error(
            c, "format",
            "answers in \"%s\" can be %zu bytes long, but a datagram holds %d; allowed: \"text\", or "
            "a shorter greeting",
            format, longest, CONF_DATAGRAM_MAX);
}

/* An inherited greeting is reported where it is set, if the file does not have the listener. */
static void refuse_greeting(const struct completion *c)
{
    const struct conf_listener *listener = c->listener;
    const struct conf_builder *builder = c->builder;

    if (!listener->place.line && builder->greeting_place.line)
        conf_error(
            builder->report, conf_report_line(builder->report, builder->greeting_place), "greeting",
            "can be %zu bytes long, but a datagram of listeners.%s holds %u; allowed: a shorter one, or a "
            "listener with max_datagram up to %d",
            listener->plan->longest, listener->name, listener->max_datagram, CONF_DATAGRAM_MAX);
    else
        completion_error(c, "greeting",
                         "can be %zu bytes long, but max_datagram is %u; allowed: a shorter one, or "
                         "max_datagram up to %d",
                         listener->plan->longest, listener->max_datagram, CONF_DATAGRAM_MAX);
}

/* Names the setting that is to blame. */
static void refuse_length(const struct completion *c)
{
    const struct conf_listener *listener = c->listener;

    if (service_of(listener)->says_quotes)
        completion_error(c, "max_datagram",
                         "is %u, but the longest quote has %zu bytes; allowed: at least that, up to %d",
                         listener->max_datagram, listener->plan->longest, CONF_DATAGRAM_MAX);
    else if (listener->format != FORMAT_TEXT)
        refuse_format(c);
    else
        refuse_greeting(c);
}

static void check_datagram(const struct completion *c)
{
    const struct conf_listener *listener = c->listener;

    if (listener->plan && listener->plan->longest > listener->max_datagram)
        refuse_length(c);
}

static void complete_without_text(const struct completion *c)
{
    const struct service *service = service_of(c->listener);

    if (completion_has(c, "format"))
        completion_error(
            c, "format",
            "service \"%s\" has its own format; allowed: only with service = \"greeting\" or \"http\"",
            service->name);
    if (c->listener->greeting_text)
        completion_error(
            c, "greeting",
            "service \"%s\" does not send a greeting; allowed: only with service = \"greeting\" or \"http\"",
            service->name);
    c->listener->greeting_text = "";
    if (service->fixed)
        c->listener->plan = service->fixed;
    else
        compile_without_text(c);
}

static void check_quote(const struct completion *c)
{
    const struct service *service = service_of(c->listener);

    if (completion_has(c, "quote") && !service->says_quotes)
        completion_error(c, "quote",
                         "service \"%s\" does not send quotes; allowed: only with service = \"qotd\"",
                         service->name);
}

/* A setting that only a service with a weight has. */
static void check_weight(const struct completion *c)
{
    const struct service *service = service_of(c->listener);

    if (completion_has(c, "weight_by_load") && !service->tells_weight)
        completion_error(c, "weight_by_load",
                         "service \"%s\" does not report a weight; allowed: only with service = \"agent\"",
                         service->name);
}

static bool check_transport(const struct completion *c)
{
    const struct service *service = service_of(c->listener);
    char allowed[96] = "";
    size_t used = 0;

    if (service->transports & SERVICE_ON(c->listener->transport))
        return true;
    for (enum transport i = 0; i < TRANSPORT_COUNT && used < sizeof(allowed); i++)
        if (service->transports & SERVICE_ON(i))
            used += (size_t)snprintf(allowed + used, sizeof(allowed) - used, "%s%s", used ? ", " : "",
                                     transport_name(i));
    completion_error(c, "service", "\"%s\" does not answer over %s; allowed: type %s", service->name,
                     transport_name(c->listener->transport), allowed);
    return false;
}

void conf_greeting_complete(const struct completion *c)
{
    struct conf_listener *listener = c->listener;

    if (!check_transport(c))
        return;
    check_quote(c);
    check_weight(c);
    if (!service_of(listener)->says_text) {
        complete_without_text(c);
    } else if (listener->greeting_text) {
        compile_greeting(c);
    } else {
        listener->greeting_text = c->builder->conf->greeting;
        listener->plan = listener->service == 0 && listener->format == FORMAT_TEXT ? c->builder->plan : NULL;
        if (!listener->plan && !c->builder->greeting_bad)
            compile_greeting(c);
    }
    if (!transport_is_stream(listener->transport))
        check_datagram(c);
}

void conf_greeting_inherit(struct conf_builder *builder, struct conf_place place)
{
    const struct site any_listener = {
        .host = &builder->host, .transport = TRANSPORT_COUNT, .files = files_of(builder)};
    const char *text = builder->conf->greeting;
    const struct plan *plan = NULL;
    struct template_errors errors = {{{"is empty; allowed: at least one byte"}}, 1};

    builder->greeting_place = place;
    if (*text)
        plan = services_row(0)->compile(builder->arena, text, strlen(text), &any_listener, &errors);
    builder->greeting_bad = !plan;
    if (builder->greeting_bad)
        conf_errors(builder->report, conf_report_line(builder->report, place), "greeting", errors.list,
                    errors.count);
    else if (!strchr(text, '$'))
        builder->plan = plan;
}
