/* SPDX-License-Identifier: MIT */
#include "client/report/load_plot.h"

#include "base/escape.h"
#include "base/util.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define WIDTH  860
#define HEIGHT 480
#define LEFT   78.0
#define RIGHT  815.0
#define TOP    78.0
#define BOTTOM 418.0

#define NINES_MAX  6
#define STEPS      40  /* points of the curve for each nine */
#define ROOM_ABOVE 1.1 /* of the greatest latency, and below the least */

struct plot {
    FILE *out;
    const struct load_report *report;
    double nines;       /* end of the axis: 3 is 99.9 % */
    double least, most; /* logarithms of milliseconds at its ends */
};

static double x_of(const struct plot *plot, double nines)
{
    return LEFT + (RIGHT - LEFT) * nines / plot->nines;
}

static double y_of(const struct plot *plot, double ms)
{
    return BOTTOM - (BOTTOM - TOP) * (log10(ms) - plot->least) / (plot->most - plot->least);
}

static double latency_at(const struct plot *plot, double nines)
{
    double ms = load_report_quantile_ms(plot->report, 1 - pow(10, -nines));

    return ms > 0 ? ms : 1e-6;
}

/* Escapes markup. */
static void print_text(FILE *out, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        default:
            fputc(*text, out);
        }
}

static void print_targets(const struct plot *plot)
{
    const struct target_list *targets = plot->report->targets;
    char text[TARGET_LABEL_MAX + 32], safe[4 * sizeof(text) + 1];

    target_text(&targets->targets[0], text, sizeof(text));
    escape_bytes(safe, sizeof(safe), text, strlen(text));
    print_text(plot->out, safe);
    if (targets->count > 1)
        fprintf(plot->out, " and %zu more", targets->count - 1);
}

static void print_head(const struct plot *plot)
{
    const struct load_plan *plan = plot->report->plan;
    const struct engine_result *result = plot->report->result;

    fprintf(plot->out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
            "font-family=\"Helvetica, Arial, sans-serif\" font-size=\"13\" fill=\"#222\">\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
            "<text x=\"%g\" y=\"30\" font-size=\"17\">Latency of ",
            WIDTH, HEIGHT, WIDTH, HEIGHT, LEFT);
    print_targets(plot);
    fprintf(plot->out, "</text>\n<text x=\"%g\" y=\"52\" fill=\"#555\">", LEFT);
    if (plan->rate > 0)
        fprintf(plot->out, "open loop at %g requests a second; ", plan->rate);
    else
        fprintf(plot->out, "closed loop, %u connections; ", plan->connections);
    fprintf(plot->out, "%" PRIu64 " answers in %.1f s, %.0f a second, %" PRIu64 " errors</text>\n",
            result->tally.ended[OUTCOME_ANSWERED], result->seconds, load_report_rate(plot->report),
            tally_errors(&result->tally));
}

static void print_column(const struct plot *plot, double nines, const char *label)
{
    double x = x_of(plot, nines);

    fprintf(plot->out,
            "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%g\" y2=\"%g\" stroke=\"#ddd\"/>"
            "<text x=\"%.1f\" y=\"%g\" text-anchor=\"middle\">%s</text>\n",
            x, x, TOP, BOTTOM, x, BOTTOM + 20, label);
}

static void print_columns(const struct plot *plot)
{
    static const char *const labels[NINES_MAX + 1] = {"0 %",     "90 %",     "99 %",     "99.9 %",
                                                      "99.99 %", "99.999 %", "99.9999 %"};

    for (int i = 0; i <= (int)plot->nines; i++)
        print_column(plot, i, labels[i]);
    print_column(plot, log10(2), "50 %");
}

static void print_row(const struct plot *plot, double ms)
{
    double y = y_of(plot, ms);

    if (y < TOP || y > BOTTOM)
        return;
    fprintf(plot->out,
            "<line x1=\"%g\" x2=\"%g\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>"
            "<text x=\"%g\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n",
            LEFT, RIGHT, y, y, LEFT - 8, y + 4.5, ms);
}

/* The fewer decades, the more lines in each. */
static void print_rows(const struct plot *plot)
{
    static const double few[] = {1}, some[] = {1, 2, 5}, many[] = {1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8};
    double decades = plot->most - plot->least;
    const double *steps = decades > 3 ? few : decades > 1 ? some : many;
    size_t count = decades > 3 ? ARRAY_SIZE(few) : decades > 1 ? ARRAY_SIZE(some) : ARRAY_SIZE(many);

    for (double decade = floor(plot->least); decade <= plot->most; decade++)
        for (size_t i = 0; i < count; i++)
            print_row(plot, steps[i] * pow(10, decade));
}

static void print_axes(const struct plot *plot)
{
    print_columns(plot);
    print_rows(plot);
    fprintf(plot->out,
            "<path d=\"M%g %gV%gH%g\" fill=\"none\" stroke=\"#666\"/>\n"
            "<text x=\"%g\" y=\"%g\" text-anchor=\"middle\">percentile of the answers</text>\n"
            "<text transform=\"translate(22 %g) rotate(-90)\" text-anchor=\"middle\">latency (ms)</text>\n",
            LEFT, TOP, BOTTOM, RIGHT, (LEFT + RIGHT) / 2, BOTTOM + 44, (TOP + BOTTOM) / 2);
}

static void print_curve(const struct plot *plot)
{
    int steps = (int)(plot->nines * STEPS);

    fprintf(plot->out, "<polyline fill=\"none\" stroke=\"#0072b2\" stroke-width=\"2\" points=\"");
    for (int i = 0; i <= steps; i++) {
        double nines = (double)i / STEPS;

        fprintf(plot->out, "%s%.1f,%.1f", i ? " " : "", x_of(plot, nines),
                y_of(plot, latency_at(plot, nines)));
    }
    fprintf(plot->out, "\"/>\n");
}

/* The text is at the lower right, which a rising curve leaves free; at the end it is above, for lack of room.
 */
static void print_mark(const struct plot *plot, double nines)
{
    double ms = latency_at(plot, nines), x = x_of(plot, nines), y = y_of(plot, ms);
    bool last = nines >= plot->nines;

    fprintf(plot->out,
            "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"#0072b2\"/>"
            "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" fill=\"#0072b2\">%.3g ms</text>\n",
            x, y, last ? x : x + 6, last ? y - 9 : y + 18, last ? "end" : "start", ms);
}

static void print_marks(const struct plot *plot)
{
    print_mark(plot, log10(2));
    for (int i = 1; i <= (int)plot->nines; i++)
        print_mark(plot, i);
}

/* The axis of percentiles ends where a single answer determines the value. */
static double nines_of(const struct histogram *latency)
{
    double nines = ceil(log10((double)latency->count));

    return nines < 1 ? 1 : nines > NINES_MAX ? NINES_MAX : nines;
}

void load_plot_print(FILE *out, const struct load_report *report)
{
    const struct histogram *latency = &report->result->tally.latency;
    struct plot plot = {.out = out, .report = report};

    print_head(&plot);
    if (latency->count) {
        plot.nines = nines_of(latency);
        plot.least = log10(latency_at(&plot, 0) / ROOM_ABOVE);
        plot.most = log10(latency_at(&plot, plot.nines) * ROOM_ABOVE);
        print_axes(&plot);
        print_curve(&plot);
        print_marks(&plot);
    } else {
        fprintf(out, "<text x=\"%g\" y=\"%g\">No answers.</text>\n", LEFT, TOP + 30);
    }
    fprintf(out, "</svg>\n");
}
