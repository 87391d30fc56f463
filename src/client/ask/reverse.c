/* SPDX-License-Identifier: MIT */
#include "client/ask/reverse.h"

#include "client/ask/background.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

struct reverse {
    struct background background;
    struct address address;
    char name[NI_MAXHOST];
    int code;
};

static void look_up(void *context)
{
    struct reverse *reverse = context;

    reverse->code = getnameinfo(&reverse->address.sa, reverse->address.length, reverse->name,
                                sizeof(reverse->name), NULL, 0, NI_NAMEREQD);
}

static int finish(struct reverse *reverse, char name[NI_MAXHOST])
{
    int code;

    background_finish(&reverse->background);
    code = reverse->code;
    if (code == 0)
        strcpy(name, reverse->name);
    free(reverse);
    return code;
}

int reverse_lookup(const struct address *address, const struct deadline *deadline, char name[NI_MAXHOST])
{
    struct reverse *reverse = calloc(1, sizeof(*reverse));
    enum deadline_end end;

    name[0] = '\0';
    if (!reverse)
        return EAI_MEMORY;
    reverse->address = *address;
    errno = background_start(&reverse->background, look_up, free, reverse);
    if (errno) {
        free(reverse);
        return EAI_SYSTEM;
    }
    end = deadline_wait(deadline, reverse->background.done_fd, POLLIN);
    if (end == DEADLINE_READY)
        return finish(reverse, name);
    background_abandon(&reverse->background);
    return end == DEADLINE_INTERRUPTED ? EAI_INTR : EAI_CANCELED;
}
