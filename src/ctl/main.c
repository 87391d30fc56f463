/* SPDX-License-Identifier: MIT */
/* sockgreetctl: asks the greeting service. */
#include "base/output.h"
#include "ctl/commands.h"
#include "ctl/options.h"

#include <locale.h>
#include <signal.h>

int main(int argc, char **argv)
{
    static struct output errors;
    struct options options;

    output_occupy_standard();
    output_replace_stderr(&errors, NULL, NULL); /* without memory for it messages are printed all the same */
    setlocale(LC_CTYPE, "");
    signal(SIGPIPE, SIG_IGN); /* a reader that went away is an exit status of our own */
    options_parse(argc, argv, &options);
    return commands_run(&options);
}
