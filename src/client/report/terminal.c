/* SPDX-License-Identifier: MIT */
#include "client/report/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool wants_colour(void)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    return !(no_color && no_color[0]) && term && term[0] && strcmp(term, "dumb") != 0;
}

struct terminal terminal_of(int fd)
{
    struct terminal terminal = {.is_terminal = isatty(fd) == 1, .width = TERMINAL_WIDTH};
    struct winsize size;

    if (!terminal.is_terminal)
        return terminal;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        terminal.width = size.ws_col;
    terminal.has_colour = wants_colour();
    return terminal;
}

const char *terminal_colour(const struct terminal *terminal, enum terminal_colour colour)
{
    static const char *const sequences[] = {
        [TERMINAL_RED] = "\033[1;31m", [TERMINAL_YELLOW] = "\033[33m", [TERMINAL_PLAIN] = "\033[0m"};

    return terminal->has_colour ? sequences[colour] : "";
}
