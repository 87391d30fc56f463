/* SPDX-License-Identifier: MIT */
#include "client/ask/background.h"

#include "base/util.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/eventfd.h>

/* The second of both sides frees. */
static void release(struct background *background)
{
    if (!atomic_exchange(&background->released, true))
        return;
    close_fd(&background->done_fd);
    background->destroy(background->context);
}

static void *run(void *argument)
{
    struct background *background = argument;

    background->call(background->context);
    eventfd_write(background->done_fd, 1);
    release(background);
    return NULL;
}

int background_start(struct background *background, void (*call)(void *context),
                     void (*destroy)(void *context), void *context)
{
    int error;

    *background = (struct background){
        .done_fd = eventfd(0, EFD_CLOEXEC), .call = call, .destroy = destroy, .context = context};
    if (background->done_fd < 0)
        return errno;
    error = pthread_create(&background->thread, NULL, run, background);
    if (error)
        close_fd(&background->done_fd);
    return error;
}

void background_finish(struct background *background)
{
    pthread_join(background->thread, NULL);
    close_fd(&background->done_fd);
}

void background_abandon(struct background *background)
{
    pthread_detach(background->thread);
    release(background);
}
