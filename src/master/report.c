/* SPDX-License-Identifier: MIT */
#include "master/report.h"

#include "base/util.h"
#include "log/log.h"
#include "master/accounts.h"
#include "master/listening.h"

#include <inttypes.h>

void report_start(const struct generation *first, const struct conf_source *source)
{
    size_t listeners = first->conf->listener_count;
    unsigned workers = first->slots.count, threads = first->conf->thread_count;

    if (!first->conf->file)
        log_notice(source->endpoint_count
                       ? "No configuration file: using default settings"
                       : "No configuration file: using the built-in defaults, which serve this host only");
    listening_report(&first->sockets);
    log_event(LOG_INFO, MESSAGE_STARTED, NULL, "Ready: %zu listener%s, %u worker%s with %u thread%s each",
              listeners, plural(listeners), workers, plural(workers), threads, plural(threads));
}

void report_counters(const struct generations *generations, int level)
{
    struct totals totals;
    char text[1024];
    uint64_t written;

    generations_totals(generations, &totals, &written);
    totals_text(&totals, text, sizeof(text));
    log_event(level, MESSAGE_COUNTERS, NULL, "Counters: %s written=%" PRIu64, text, written);
}

void report_end(const struct generations *generations)
{
    struct totals totals;
    uint64_t written;

    log_flush(); /* no worker reads the ring of events any more */
    log_use_stderr();
    accounts_report_rest(generations->service);
    generations_totals(generations, &totals, &written);
    if (totals.clients.taken)
        report_counters(generations, LOG_DEBUG);
    log_event(LOG_INFO, MESSAGE_STOPPED, NULL, "Stopped: %" PRIu64 " client%s served", totals_served(&totals),
              plural(totals_served(&totals)));
}
