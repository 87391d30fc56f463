/* SPDX-License-Identifier: MIT */
#include "ctl/top.h"

#include "base/output.h"
#include "base/printable.h"
#include "base/util.h"
#include "ctl/sample.h"
#include "ctl/terminal.h"
#include "ctl/text.h"
#include "ctl/top_view.h"
#include "ctl/wrap.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define PROGRAM  "sockgreetctl"
#define HOST_MAX 65
#define LEAST_NS (100 * NS_PER_MS) /* rates over a shorter time say little */

struct top {
    const struct options *options;
    char host[HOST_MAX];
    struct sample before, now; /* without a status: none */
    struct message trouble;    /* why there is no sample now; "": there is one */
    struct frame_look look;
};

static void open_top(struct top *top, const struct options *options)
{
    *top = (struct top){.options = options};
    if (gethostname(top->host, sizeof(top->host) - 1) < 0)
        strcpy(top->host, "localhost");
    top->look.blocks = printable_is_utf8();
}

static void close_top(struct top *top)
{
    sample_free(&top->before);
    sample_free(&top->now);
}

/* Takes a sample. Without an answer nothing is known, and the next one is the first again. Returns an exit
 * status. */
static int refresh(struct top *top)
{
    struct sample next;
    int status;

    message_set(&top->trouble, "%s", "");
    status = sample_take(&next, top->options, &top->trouble);
    sample_free(&top->before);
    top->before = top->now;
    top->now = next;
    if (status != EX_OK)
        close_top(top);
    return status;
}

static char *draw(struct top *top, size_t *size)
{
    struct top_view view = {.host = top->host, .now = &top->now, .time = time(NULL)};

    if (top->before.status)
        view.before = &top->before;
    if (*top->trouble.text)
        view.trouble = top->trouble.text;
    return top_view_draw(&view, &top->look, size);
}

static int fail(const struct top *top, int status)
{
    char *printable = text_printable(top->trouble.text, "\n\t");

    fprintf(stderr, PROGRAM ": %s\n", printable);
    free(printable);
    return status;
}

/* --- one frame, as text --- */

static void sleep_until(int64_t until_ns)
{
    for (int64_t left; (left = until_ns - monotonic_ns()) > 0;)
        poll(NULL, 0, (int)(left / NS_PER_MS) + 1);
}

static int print_frame(struct top *top)
{
    struct output output;
    size_t size;
    char *text;

    if (output_open_standard(&output, PROGRAM) < 0)
        return EX_OSERR;
    text = draw(top, &size);
    fwrite(text, 1, size, output.stream);
    free(text);
    return output_close_standard(&output, PROGRAM) < 0 ? EX_OSERR : EX_OK;
}

static int run_once(struct top *top)
{
    size_t lines;
    int status;

    if (!terminal_size(&top->look.width, &lines))
        top->look.width = WRAP_WIDTH;
    top->look.height = SIZE_MAX;
    sleep_until(top->now.at + top->options->interval_ns);
    status = refresh(top);
    return status == EX_OK ? print_frame(top) : fail(top, status);
}

/* --- a screen --- */

static int draw_screen(struct top *top)
{
    size_t size;
    char *text;
    int error;

    if (!terminal_size(&top->look.width, &top->look.height))
        top->look.width = WRAP_WIDTH, top->look.height = 24;
    text = draw(top, &size);
    error = terminal_draw(text, size);
    free(text);
    return error;
}

static bool is_fresh(const struct top *top)
{
    return top->now.status && monotonic_ns() - top->now.at < LEAST_NS;
}

/* Draws until a key ends it. Returns 0 or -errno. */
static int show(struct top *top)
{
    int64_t due = top->now.at;

    for (;;) {
        int error = draw_screen(top);

        if (error < 0)
            return error;
        switch (terminal_wait(due + top->options->interval_ns)) {
        case TERMINAL_END:
            return 0;
        case TERMINAL_CHANGED:
            break;
        case TERMINAL_DRAW:
            if (is_fresh(top))
                break;
            /* fall through */
        case TERMINAL_TIME:
            due = monotonic_ns();
            refresh(top);
        }
    }
}

static int run_screen(struct top *top)
{
    const char *no_colour = getenv("NO_COLOR");
    int error;

    top->look.escapes = true;
    top->look.colours = !no_colour || *no_colour == '\0';
    error = show(top);
    terminal_close();
    return error < 0 ? EX_OSERR : EX_OK;
}

int top_run(const struct options *options)
{
    struct top top;
    int status;

    open_top(&top, options);
    status = refresh(&top);
    if (status != EX_OK)
        status = fail(&top, status);
    else if (!options->once && terminal_open())
        status = run_screen(&top);
    else
        status = run_once(&top);
    close_top(&top);
    return status;
}
