/* SPDX-License-Identifier: MIT */
#include "client/report/text.h"

#include "base/escape.h"
#include "base/util.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#define QUOTED_MAX 72 /* characters of a greeting in a line about it */

static double ms(double nanoseconds)
{
    return nanoseconds / (double)NS_PER_MS;
}

static const char *transport_of(const struct probe *probe)
{
    return transport_name(probe->target->endpoint.transport);
}

/* "localhost port 12345 (127.0.0.1, tcp)"; a path is its own address. */
static void name_probe(char *text, size_t size, const struct probe *probe)
{
    char host[ADDRESS_TEXT_MAX];

    address_host(&probe->peer, host, sizeof(host));
    if (transport_is_unix(probe->target->endpoint.transport))
        snprintf(text, size, "%s (%s)", probe->target->label, transport_of(probe));
    else
        snprintf(text, size, "%s (%s, %s)", probe->target->label, host, transport_of(probe));
}

static void print_failure(FILE *out, const struct report_text *report, const struct probe *probe)
{
    char name[TARGET_LABEL_MAX + ADDRESS_TEXT_MAX + 16];

    name_probe(name, sizeof(name), probe);
    fprintf(out, "%s: %s: ", program_invocation_short_name, name);
    if (report->counting)
        fprintf(out, "seq=%lu ", probe->sequence);
    fprintf(out, "%s\n", probe->error);
}

static void keep_failure(struct report_text *report, const struct probe *probe)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    if (!out)
        return;
    if (report->failures)
        fwrite(report->failures, 1, report->failures_length, out);
    print_failure(out, report, probe);
    fclose(out);
    free(report->failures);
    report->failures = text;
    report->failures_length = length;
}

static void forget_failures(struct report_text *report)
{
    free(report->failures);
    report->failures = NULL;
    report->failures_length = 0;
}

static void print_connected(const struct probe *probe)
{
    char local[ADDRESS_TEXT_MAX];

    address_text(&probe->local, local, sizeof(local));
    if (transport_socket_type(probe->target->endpoint.transport) == SOCK_STREAM)
        warnx("%s: connected in %.3f ms%s%s", probe->target->label, ms((double)probe->connect_ns),
              local[0] ? " from " : "", local);
    else
        warnx("%s: asking from %s", probe->target->label, local);
}

static void print_trying(const struct probe *probe)
{
    char peer[ADDRESS_TEXT_MAX];

    address_text(&probe->peer, peer, sizeof(peer));
    warnx("%s: trying %s over %s", probe->target->label, peer, transport_of(probe));
}

void report_text_step(void *context, const struct probe *probe, enum probe_step step)
{
    struct report_text *report = context;

    if (step == PROBE_GIVEN_UP && !report->verbose)
        keep_failure(report, probe);
    else if (step == PROBE_GIVEN_UP)
        print_failure(stderr, report, probe);
    else if (step == PROBE_TRYING && report->verbose)
        print_trying(probe);
    else if (step == PROBE_CONNECTED && report->verbose)
        print_connected(probe);
}

void report_text_no_address(const struct report_text *report, const struct target *target, const char *error)
{
    if (!(report->counting && report->quiet))
        warnx("%s: %s", target->label, error);
}

/* Controls, and the marks that turn the direction of the text around, could make a terminal show what is not
 * there. */
static bool is_safe(wchar_t c)
{
    bool turns = (c >= 0x200e && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);

    return iswprint((wint_t)c) && !turns;
}

/* How many bytes from here on can go to the terminal as they are; 0 if the first must be escaped. */
static size_t safe_length(const char *bytes, size_t count)
{
    mbstate_t state = {0};
    wchar_t c;
    size_t length;

    if (bytes[0] == '\n' || bytes[0] == '\t')
        return 1;
    if (bytes[0] == '\r')
        return count > 1 && bytes[1] == '\n' ? 2 : 0;
    length = mbrtowc(&c, bytes, count, &state);
    return length <= count && length > 0 && is_safe(c) ? length : 0;
}

void report_text_safely(FILE *out, const char *bytes, size_t count)
{
    bool line_ended = true;

    for (size_t i = 0; i < count;) {
        size_t length = safe_length(bytes + i, count - i);
        char escaped[8];

        line_ended = length > 0 && bytes[i + length - 1] == '\n';
        if (length > 0) {
            fwrite(bytes + i, 1, length, out);
        } else {
            escape_bytes(escaped, sizeof(escaped), bytes + i, 1);
            fputs(escaped, out);
            length = 1;
        }
        i += length;
    }
    if (!line_ended)
        fputc('\n', out);
}

static void print_line(FILE *out, const struct probe *probe)
{
    char from[ADDRESS_TEXT_MAX];
    char quoted[QUOTED_MAX + 1];
    char whole[4 * QUOTED_MAX + 1];
    size_t shown = probe->length < QUOTED_MAX ? probe->length : QUOTED_MAX;
    bool cut = shown < probe->length;

    address_text(&probe->peer, from, sizeof(from));
    cut |= escape_bytes(quoted, sizeof(quoted), probe->greeting, shown) <
           escape_bytes(whole, sizeof(whole), probe->greeting, shown);
    fprintf(out, "%zu bytes from %s over %s: seq=%lu time=%.3f ms \"%s\"%s%s\n", probe->length, from,
            transport_of(probe), probe->sequence, ms((double)probe->last_ns), quoted, cut ? "..." : "",
            probe->unended ? " (no end of file)" : "");
}

static void print_times(const struct probe *probe)
{
    char from[ADDRESS_TEXT_MAX];

    address_text(&probe->peer, from, sizeof(from));
    warnx("%s: %zu bytes from %s, the first after %.3f ms, the last after %.3f ms", probe->target->label,
          probe->length, from, ms((double)probe->first_ns), ms((double)probe->last_ns));
}

static void print_answer(const struct report_text *report, const struct probe *probe)
{
    FILE *out = report->streams->output.stream;

    if (report->verbose)
        print_times(probe);
    if (!report->counting && probe->unended)
        warnx("%s: %zu bytes, but no end of file in time", probe->target->label, probe->length);
    if (report->quiet)
        return;
    if (report->counting)
        print_line(out, probe);
    else if (report->terminal)
        report_text_safely(out, probe->greeting, probe->length);
    else
        fwrite(probe->greeting, 1, probe->length, out);
}

bool report_text_outcome(struct report_text *report, const struct probe *probe, enum probe_outcome outcome)
{
    if (outcome == PROBE_ANSWERED)
        print_answer(report, probe);
    if (outcome == PROBE_FAILED && report->failures && !(report->counting && report->quiet))
        fwrite(report->failures, 1, report->failures_length, stderr);
    if (outcome == PROBE_BROKEN)
        print_failure(stderr, report, probe);
    forget_failures(report);
    return streams_flush(report->streams);
}

static void print_summary(FILE *out, const struct report_text *report, const struct target *target,
                          const struct statistics *statistics, int64_t nanoseconds)
{
    char name[TARGET_LABEL_MAX + 32];

    target_text(target, name, sizeof(name));
    fprintf(out, "%s--- %s greeting statistics ---\n", report->quiet ? "" : "\n", name);
    fprintf(out, "%llu sent, %llu answered, %.3g%% lost, time %.0f ms\n",
            (unsigned long long)statistics->sent, (unsigned long long)statistics->answered,
            statistics_loss_percent(statistics), ms((double)nanoseconds));
    if (statistics->answered > 0)
        fprintf(out, "min/avg/max/mdev = %.3f/%.3f/%.3f/%.3f ms\n", ms((double)statistics->min_ns),
                ms(statistics->average_ns), ms((double)statistics->max_ns),
                ms(statistics_mdev_ns(statistics)));
}

bool report_text_summary(const struct report_text *report, const struct target *target,
                         const struct statistics *statistics, int64_t nanoseconds)
{
    struct streams *streams = report->streams;
    FILE *out = streams_best(streams);
    bool lost = out != streams->output.stream;

    if (!report->counting)
        return !lost;
    if (!lost) {
        print_summary(out, report, target, statistics, nanoseconds);
        lost = !streams_flush(streams);
        out = streams_best(streams);
    }
    if (lost && out)
        print_summary(out, report, target, statistics, nanoseconds);
    return !lost;
}

void report_text_free(struct report_text *report)
{
    forget_failures(report);
}
