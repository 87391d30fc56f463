/* SPDX-License-Identifier: MIT */
#include "client/mode/check.h"

#include "client/exit_profile.h"
#include "client/mode/rounds.h"
#include "client/report/plugin.h"

#include <math.h>

int check_run(const struct check_options *options, const struct target_list *targets,
              const struct deadline *deadline, struct streams *streams)
{
    struct plugin plugin = {
        .options = options, .state = NAGIOS_UNKNOWN, .seconds = NAN, .text = "no request could be sent"};
    const struct rounds_settings settings = {.cmdline = &options->cmdline,
                                             .targets = targets,
                                             .deadline = deadline,
                                             .streams = streams,
                                             .report = {&plugin_ops, &plugin}};

    rounds_run(&settings);
    plugin_print(streams->output.stream, &plugin);
    if (!streams_flush(streams))
        plugin.state = NAGIOS_UNKNOWN;
    return exit_profile_status(EXIT_PROFILE_NAGIOS, plugin.state);
}
