/* SPDX-License-Identifier: MIT */
/* Prints metrics for other programs to judge: "open", "classic" or "json". */
#include "sample.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    const char *format = argc == 2 ? argv[1] : "";
    struct metrics *metrics = sample_new();
    size_t length = 0;
    char *text = NULL;

    if (metrics && strcmp(format, "open") == 0)
        text = metrics_text(metrics, METRICS_OPEN, &length);
    else if (metrics && strcmp(format, "classic") == 0)
        text = metrics_text(metrics, METRICS_CLASSIC, &length);
    else if (metrics && strcmp(format, "json") == 0)
        text = metrics_json(metrics, "here", &length);
    if (!text || fwrite(text, 1, length, stdout) != length || fflush(stdout) != 0) {
        fprintf(stderr, "usage: print open|classic|json\n");
        return 1;
    }
    free(text);
    free(metrics);
    return 0;
}
