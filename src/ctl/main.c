/* SPDX-License-Identifier: MIT */
/* sockgreetctl: controls the greeting service. */
#include "ctl/commands.h"

int main(int argc, char **argv)
{
    struct ctl_cmdline cmdline;

    ctl_cmdline_parse(argc, argv, &cmdline);
    return cmdline.command == CTL_RELOAD ? control_reload(&cmdline) : control_status(&cmdline);
}
