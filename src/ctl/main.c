/* SPDX-License-Identifier: MIT */
/* sockgreetctl: asks the greeting service. */
#include "ctl/commands.h"
#include "ctl/options.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <unistd.h>

/* A socket would otherwise get the number of a stream that the caller closed, and be printed on. */
static void occupy_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
    struct options options;

    occupy_standard_streams();
    setlocale(LC_CTYPE, "");
    signal(SIGPIPE, SIG_IGN); /* a write error is said in words */
    options_parse(argc, argv, &options);
    return commands_run(&options);
}
