/* SPDX-License-Identifier: MIT */
#include "daemon/cmdline.h"

#include "base/output.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static const char usage[] =
    "Usage: sockgreetd [-ftT] [-c FILE] [-l ENDPOINT]...\n"
    "Greets every client over TCP, UDP and Unix sockets.\n"
    "\n"
    "  -c, --config=FILE      read FILE instead of " SYSCONFDIR "/sockgreet.conf\n"
    "  -t, --test             check the configuration and exit\n"
    "  -T, --print            print the effective configuration and exit\n"
    "  -l, --listen=ENDPOINT  listen here instead of on the configured listeners;\n"
    "                         may be repeated. HOST, HOST:PORT, [IPV6]:PORT, *:PORT,\n"
    "                         tcp://HOST:PORT, udp://HOST:PORT, unix:PATH or\n"
    "                         unix-dgram:PATH\n"
    "  -f, --stderr           log to standard error\n"
    "  -V, --version          print version and build options\n"
    "  -h, --help             print this help\n"
    "\n"
    "Runs in the foreground.\n"
    "Exit status: 0 success, 64 usage, 71 operating system, 78 configuration.\n";

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'}, {"test", no_argument, NULL, 't'},
    {"print", no_argument, NULL, 'T'},        {"listen", required_argument, NULL, 'l'},
    {"stderr", no_argument, NULL, 'f'},       {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
};

static int fail_usage(void)
{
    fputs("Try 'sockgreetd --help'.\n", stderr);
    return EX_USAGE;
}

static int print(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int print(const char *format, ...)
{
    struct output output;
    va_list arguments;

    if (output_open_standard(&output, "sockgreetd") < 0)
        return EX_OSERR;
    va_start(arguments, format);
    vfprintf(output.stream, format, arguments);
    va_end(arguments);
    return output_close_standard(&output, "sockgreetd") < 0 ? EX_OSERR : EX_OK;
}

static int take_option(struct cmdline *cmdline, char **endpoints, int option)
{
    switch (option) {
    case 'c':
        cmdline->source.path = optarg;
        cmdline->source.path_given = true;
        return CMDLINE_GO_ON;
    case 'l':
        endpoints[cmdline->source.endpoint_count++] = optarg;
        return CMDLINE_GO_ON;
    case 'f':
        cmdline->source.log_to_stderr = true;
        return CMDLINE_GO_ON;
    case 't':
        cmdline->action = CMDLINE_TEST;
        return CMDLINE_GO_ON;
    case 'T':
        cmdline->action = CMDLINE_PRINT;
        return CMDLINE_GO_ON;
    case 'V':
        return print("sockgreetd %s\n%s\n", PACKAGE_VERSION, BUILD_OPTIONS);
    case 'h':
        return print("%s", usage);
    default:
        return fail_usage();
    }
}

int cmdline_parse(int argc, char **argv, struct cmdline *cmdline)
{
    static char name[] = "sockgreetd";
    char **endpoints = calloc((size_t)argc + 1, sizeof(*endpoints)); /* more than -l can fill */
    char *path = argv[0];
    int option, result = CMDLINE_GO_ON;

    if (!endpoints) {
        fprintf(stderr, "sockgreetd: %s\n", strerror(errno));
        return EX_OSERR;
    }
    argv[0] = name; /* for the messages of getopt */
    *cmdline = (struct cmdline){.source = {.path = SYSCONFDIR "/sockgreet.conf", .endpoints = endpoints}};
    while (result == CMDLINE_GO_ON && (option = getopt_long(argc, argv, "c:l:ftTVh", options, NULL)) != -1)
        result = take_option(cmdline, endpoints, option);
    if (result == CMDLINE_GO_ON && optind < argc) {
        fprintf(stderr, "sockgreetd: unexpected argument '%s'\n", argv[optind]);
        result = fail_usage();
    }
    argv[0] = path;
    if (result != CMDLINE_GO_ON)
        cmdline_free(cmdline);
    return result;
}

void cmdline_free(struct cmdline *cmdline)
{
    free((void *)cmdline->source.endpoints);
    cmdline->source.endpoints = NULL;
}
