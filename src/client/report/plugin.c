/* SPDX-License-Identifier: MIT */
#include "client/report/plugin.h"

#include "base/util.h"
#include "client/report/phrases.h"
#include "client/report/steps.h"
#include "client/safe_text.h"

#include <math.h>

#define GREETING_MAX     256 /* bytes of the greeting in the line */
#define GREETING_COLUMNS 60

static struct nagios_value time_of(const struct plugin *plugin)
{
    const struct check_options *options = plugin->options;

    return (struct nagios_value){.label = "time",
                                 .value = plugin->seconds,
                                 .unit = "s",
                                 .warning = options->has_warning ? &options->warning : NULL,
                                 .critical = options->has_critical ? &options->critical : NULL,
                                 .min = 0,
                                 .max = (double)options->cmdline.timeout_ns / (double)NS_PER_S};
}

static void report_step(void *report, const struct request *request, const struct attempt *attempt,
                        enum request_step step)
{
    const struct plugin *plugin = report;

    if (plugin->options->cmdline.verbose)
        steps_step(request, attempt, step);
}

static void set_answer(struct plugin *plugin, const char *place, const struct request *request,
                       const struct result *result)
{
    struct nagios_value value;
    char line[GREETING_MAX] = "";

    plugin->seconds = (double)request_time(request) / (double)NS_PER_S;
    value = time_of(plugin);
    plugin->state = nagios_judge(&value);
    safe_text_line(line, sizeof(line), GREETING_COLUMNS, result->greeting, result->length);
    snprintf(plugin->text, sizeof(plugin->text), "%.3f ms from %.150s%s%s: %s", plugin->seconds * 1000, place,
             result->who[0] ? " by " : "", result->who, line);
}

static void ended(void *report, const struct visit *visit, const struct request *request,
                  const struct result *result)
{
    struct plugin *plugin = report;
    char place[PHRASES_PLACE_MAX];

    (void)visit;
    phrases_place(place, request->target, request->decisive);
    if (result->outcome == OUTCOME_ANSWERED) {
        set_answer(plugin, place, request, result);
        return;
    }
    plugin->state = result->outcome == OUTCOME_LOCAL ? NAGIOS_UNKNOWN : NAGIOS_CRITICAL;
    snprintf(plugin->text, sizeof(plugin->text), "%.200s: %s: %s", place, outcome_word(result->outcome),
             result->text);
}

void plugin_print(FILE *out, const struct plugin *plugin)
{
    const struct nagios_value value = time_of(plugin);

    nagios_print(out, plugin->state, plugin->text, &value, isnan(plugin->seconds) ? 0 : 1);
}

const struct report_ops plugin_ops = {.step = report_step, .ended = ended};
