/* SPDX-License-Identifier: MIT */
/* sockgreetctl: shows and changes the state of a running sockgreetd. */
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
    output_replace_stderr(&errors, NULL, NULL); /* if out of memory, messages are printed anyway */
    setlocale(LC_CTYPE, "");
    signal(SIGPIPE, SIG_IGN); /* a reader that has gone has an exit status of its own */
    options_parse(argc, argv, &options);
    return commands_run(&options);
}
