/* SPDX-License-Identifier: MIT */
#include "client/options/arguments.h"

#include "base/ascii.h"
#include "base/endpoint.h"
#include "base/util.h"
#include "client/decimal.h"

#include <stdlib.h>
#include <string.h>

double arguments_number(struct argp_state *state, const char *option, const char *text, double min,
                        double max)
{
    double number = 0;
    size_t length = decimal_read(text, &number);

    if (length == 0 || text[length] || number < min || number > max)
        argp_error(state, "%s: '%s' is not a number from %g to %.10g", option, text, min, max);
    return number;
}

unsigned arguments_whole(struct argp_state *state, const char *option, const char *text, unsigned min,
                         unsigned max)
{
    double number = -1;

    decimal_read(text, &number);
    if (text[strspn(text, "0123456789")] || number < min || number > max)
        argp_error(state, "%s: '%s' is not a whole number from %u to %u", option, text, min, max);
    return (unsigned)number;
}

struct unit {
    const char *name;
    int64_t ns;
};

static int64_t unit_of(const char *suffix)
{
    static const struct unit units[] = {
        {"", NS_PER_S},  {"us", NS_PER_US},    {"ms", NS_PER_MS},
        {"s", NS_PER_S}, {"m", 60 * NS_PER_S}, {"h", 3600 * NS_PER_S},
    };

    for (size_t i = 0; i < ARRAY_SIZE(units); i++)
        if (strcmp(suffix, units[i].name) == 0)
            return units[i].ns;
    return 0;
}

int64_t arguments_duration(struct argp_state *state, const char *option, const char *text, int64_t min_ns)
{
    double number = 0;
    size_t length = decimal_read(text, &number);
    int64_t unit = unit_of(text + length);
    double ns = number * (double)unit;

    if (length == 0 || unit == 0)
        argp_error(state, "%s: '%s' is not a time; allowed: a number with us, ms, s, m or h (default: s)",
                   option, text);
    if (ns < (double)min_ns || ns > (double)ARGUMENTS_SECONDS_MAX * (double)NS_PER_S)
        argp_error(state, "%s: '%s' is not a time from %g s to %d s", option, text,
                   (double)min_ns / (double)NS_PER_S, ARGUMENTS_SECONDS_MAX);
    return (int64_t)ns;
}

const char *arguments_port(struct argp_state *state, const char *option, const char *text)
{
    if (!endpoint_port_valid(text))
        argp_error(state, "%s: '%s' is not a port; allowed: 1 to 65535, or the name of a service", option,
                   text);
    return text;
}

static int hex(char c)
{
    const char *digits = "0123456789abcdef";
    const char *digit = c ? strchr(digits, c | 0x20) : NULL;

    return digit ? (int)(digit - digits) : -1;
}

/* The byte that an escape stands for; *length becomes that of the escape. -1 if there is none. */
static int unescape(const char *text, size_t *length)
{
    static const char letters[] = "nrt\\", bytes[] = "\n\r\t\\";
    const char *letter = text[1] ? strchr(letters, text[1]) : NULL;

    *length = 2;
    if (letter)
        return bytes[letter - letters];
    if (text[1] != 'x' || hex(text[2]) < 0 || hex(text[3]) < 0)
        return -1;
    *length = 4;
    return hex(text[2]) << 4 | hex(text[3]);
}

size_t arguments_unescape(struct argp_state *state, const char *option, const char *text, char *bytes)
{
    size_t count = 0;

    for (size_t i = 0, length; text[i]; i += length) {
        int byte = (unsigned char)text[i];

        length = 1;
        if (byte == '\\')
            byte = unescape(text + i, &length);
        if (byte < 0)
            argp_error(state, "%s: '%s' is not an escape; allowed: \\n, \\r, \\t, \\\\ and \\xHH", option,
                       text + i);
        bytes[count++] = (char)byte;
    }
    return count;
}

struct code_point {
    const char *name;
    unsigned value;
};

unsigned arguments_dscp(struct argp_state *state, const char *option, const char *text)
{
    static const struct code_point points[] = {
        {"cs0", 0},   {"cs1", 8},   {"cs2", 16},  {"cs3", 24},  {"cs4", 32},  {"cs5", 40},
        {"cs6", 48},  {"cs7", 56},  {"af11", 10}, {"af12", 12}, {"af13", 14}, {"af21", 18},
        {"af22", 20}, {"af23", 22}, {"af31", 26}, {"af32", 28}, {"af33", 30}, {"af41", 34},
        {"af42", 36}, {"af43", 38}, {"ef", 46},   {"va", 44},   {"le", 1},    {"be", 0},
    };

    for (size_t i = 0; i < ARRAY_SIZE(points); i++)
        if (ascii_same(text, points[i].name, SIZE_MAX))
            return points[i].value;
    if (!text[0] || text[strspn(text, "0123456789")] || strlen(text) > 2 || atoi(text) > 63)
        argp_error(state, "%s: '%s' is not a code point; allowed: 0 to 63, or a name such as ef, af41 or cs1",
                   option, text);
    return (unsigned)atoi(text);
}
