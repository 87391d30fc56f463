/* SPDX-License-Identifier: MIT */
/* The load generator's command line. */
#include "load.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

void load_usage(FILE *out)
{
    fputs("usage: load [options] tcp:ADDRESS:PORT[-PORT] | udp:ADDRESS:PORT | unix:PATH | unix-dgram:PATH\n"
          "  PORT-PORT    clients take turns with all ports from the first to the last\n"
          "  -c CLIENTS   at once, in all threads (64); with -r: at most\n"
          "  -r RATE      open loop: start so many a second, and count latency from when each was due\n"
          "  -t THREADS   (2)\n"
          "  -a CORE,...  processors, of which each thread gets one, in turn; without: any\n"
          "  -d SECONDS   (3)\n"
          "  -n COUNT     stop after so many\n"
          "  -w SECONDS   wait so long for an answer and its end (5)\n"
          "  -e TEXT      the answer, with \\r \\n \\t \\\\ for what they mean; without: any text that ends "
          "in a newline\n"
          "  -b BYTES     stream clients talk first: they send so many bytes before they read (0)\n"
          "  -p BYTES     payload of a datagram (0)\n"
          "  -s COUNT     take turns with so many source addresses, 127.1.0.1, 127.1.1.1 and on (64); 0: as "
          "the kernel likes\n"
          "  -q           do not print the result\n"
          "Prints one JSON object. Exits 0 if every answer was right, 1 if one was not, 64 or 71 if it could "
          "not be tried.\n",
          out);
}

static size_t unescape(char *text)
{
    char *out = text;

    for (const char *in = text; *in; in++) {
        if (*in == '\\' && in[1]) {
            in++;
            *out++ = *in == 'r' ? '\r' : *in == 'n' ? '\n' : *in == 't' ? '\t' : *in;
        } else {
            *out++ = *in;
        }
    }
    *out = '\0';
    return (size_t)(out - text);
}

static bool parse_unix(struct load_target *target, const char *path, int type)
{
    size_t length = strlen(path);

    if (length == 0 || length >= sizeof(target->un.sun_path))
        return false;
    target->type = type;
    target->un.sun_family = AF_UNIX;
    strcpy(target->un.sun_path, path);
    target->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
    if (*path == '@') {
        target->un.sun_path[0] = '\0';
        target->length--;
    }
    return true;
}

/* "PORT", or "FIRST-LAST" for streams. Returns the first, 0 if it is none. */
static in_port_t parse_ports(struct load_target *target, const char *text)
{
    char *end;
    unsigned long first = strtoul(text, &end, 10);
    unsigned long last = *end == '-' && target->type == SOCK_STREAM ? strtoul(end + 1, &end, 10) : first;

    if (*end || first < 1 || last < first || last > 65535)
        return 0;
    target->ports = (unsigned)(last - first + 1);
    return htons((in_port_t)first);
}

static bool parse_ip(struct load_target *target, const char *text, int type)
{
    char host[64] = "";
    const char *colon = strrchr(text, ':');
    in_port_t port;

    target->type = type;
    port = colon ? parse_ports(target, colon + 1) : 0;
    if (port == 0 || colon - text >= (ptrdiff_t)sizeof(host))
        return false;
    memcpy(host, text, (size_t)(colon - text));
    if (inet_pton(AF_INET, host, &target->in.sin_addr) == 1) {
        target->in.sin_family = AF_INET;
        target->in.sin_port = port;
        target->length = sizeof(target->in);
        return true;
    }
    target->in6.sin6_family = AF_INET6;
    target->in6.sin6_port = port;
    target->length = sizeof(target->in6);
    return target->ports == 1 && inet_pton(AF_INET6, host, &target->in6.sin6_addr) == 1;
}

static bool parse_target(struct load_target *target, const char *text)
{
    target->text = text;
    if (strncmp(text, "tcp:", 4) == 0)
        return parse_ip(target, text + 4, SOCK_STREAM);
    if (strncmp(text, "udp:", 4) == 0)
        return parse_ip(target, text + 4, SOCK_DGRAM);
    if (strncmp(text, "unix:", 5) == 0)
        return parse_unix(target, text + 5, SOCK_STREAM);
    return strncmp(text, "unix-dgram:", 11) == 0 && parse_unix(target, text + 11, SOCK_DGRAM);
}

static bool parse_cores(struct load_options *options, const char *text)
{
    char *end;

    for (options->core_count = 0; options->core_count < LOAD_THREADS_MAX; text = end + 1) {
        options->cores[options->core_count++] = (unsigned)strtoul(text, &end, 10);
        if (end == text || *end != ',')
            return end != text && !*end;
    }
    return false;
}

static bool are_sane(struct load_options *options)
{
    if (options->clients == 0 || options->threads == 0 || options->threads > LOAD_THREADS_MAX ||
        options->seconds <= 0 || options->timeout <= 0 || options->payload > 65000 ||
        options->sources > 60000)
        return false;
    if (options->threads > options->clients)
        options->threads = options->clients;
    return true;
}

bool load_parse(struct load_options *options, int argc, char **argv)
{
    int letter;

    while ((letter = getopt(argc, argv, "c:r:t:a:d:n:w:e:b:p:s:q")) != -1)
        switch (letter) {
        case 'c':
            options->clients = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'r':
            options->rate = strtod(optarg, NULL);
            break;
        case 't':
            options->threads = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'a':
            if (!parse_cores(options, optarg))
                return false;
            break;
        case 'd':
            options->seconds = strtod(optarg, NULL);
            break;
        case 'n':
            options->requests = strtoull(optarg, NULL, 10);
            break;
        case 'w':
            options->timeout = strtod(optarg, NULL);
            break;
        case 'b':
            options->talk = strtoul(optarg, NULL, 10);
            break;
        case 'p':
            options->payload = strtoul(optarg, NULL, 10);
            break;
        case 's':
            options->sources = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'q':
            options->quiet = true;
            break;
        case 'e':
            options->expected_length = unescape(optarg);
            options->expected = optarg;
            break;
        default:
            return false;
        }
    return optind == argc - 1 && parse_target(&options->target, argv[optind]) && are_sane(options);
}
