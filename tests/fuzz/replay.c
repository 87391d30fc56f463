/* SPDX-License-Identifier: MIT */
/* Runs a target on inputs without libFuzzer: those that are named or, as a test, those of its corpus. Of each
 * it runs a few beginnings too, as an input is that was cut. */
#include "fuzz.h"

#include <dirent.h>
#include <err.h>
#include <limits.h>
#include <sys/stat.h>

#define BEGINNINGS 4 /* of each input */

static unsigned runs;

/* In a block of that size, so that a sanitizer sees who reads beyond. */
static void run(const char *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);

    if (!copy)
        err(1, "memory");
    if (size > 0)
        memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    runs++;
}

static void replay(const char *path)
{
    FILE *file = fopen(path, "re");
    struct stat status;
    size_t size;
    char *bytes;

    if (!file || fstat(fileno(file), &status) < 0)
        err(1, "%s", path);
    size = (size_t)status.st_size;
    bytes = malloc(size + 1);
    if (!bytes || fread(bytes, 1, size, file) != size)
        err(1, "%s", path);
    fclose(file);
    printf("%s\n", path);
    fflush(stdout); /* so that a crash comes after its input's name */
    for (size_t i = 0; i < BEGINNINGS && i < size; i++)
        run(bytes, i * size / BEGINNINGS);
    run(bytes, size);
    free(bytes);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Returns how many inputs there are. */
static int replay_corpus(const char *target)
{
    const char *source = getenv("srcdir");
    char directory[PATH_MAX], path[PATH_MAX + NAME_MAX + 2];
    struct dirent **entries;
    int count;

    snprintf(directory, sizeof(directory), "%s/tests/fuzz/corpus/%s", source ? source : ".", target);
    count = scandir(directory, &entries, is_visible, alphasort);
    if (count < 0)
        err(1, "%s", directory);
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "%s/%s", directory, entries[i]->d_name);
        replay(path);
        free(entries[i]);
    }
    free((void *)entries);
    return count;
}

/* The closing line is what tests/unit/run looks for: a target is one test. */
int main(int argc, char **argv)
{
    const char *name = strrchr(argv[0], '_');
    int inputs = argc - 1;

    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    if (argc < 2)
        inputs = replay_corpus(name ? name + 1 : argv[0]);
    printf("Synthesis: Tested: %d | %d inputs, with their beginnings %u runs\n", inputs > 0, inputs, runs);
    return inputs > 0 ? 0 : 1;
}
