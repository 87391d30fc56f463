/* SPDX-License-Identifier: MIT */
#include "client/ask/reverse.h"

#include "base/util.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

/* In a thread of its own, because getnameinfo has no timeout and cannot be interrupted. */
struct job {
    struct address address;
    char name[NI_MAXHOST];
    int code;
    int done_fd;
    atomic_bool left; /* by one of the two sides; the other one frees the job */
};

static void job_free(struct job *job)
{
    close_fd(&job->done_fd);
    free(job);
}

static struct job *job_new(const struct address *address)
{
    struct job *job = calloc(1, sizeof(*job));

    if (!job)
        return NULL;
    job->address = *address;
    job->done_fd = eventfd(0, EFD_CLOEXEC);
    if (job->done_fd >= 0)
        return job;
    free(job);
    return NULL;
}

static void job_leave(struct job *job)
{
    if (atomic_exchange(&job->left, true))
        job_free(job);
}

static void *job_run(void *argument)
{
    struct job *job = argument;

    job->code = getnameinfo(&job->address.sa, job->address.length, job->name, sizeof(job->name), NULL, 0,
                            NI_NAMEREQD);
    eventfd_write(job->done_fd, 1);
    job_leave(job);
    return NULL;
}

static int wait_for_name(struct job *job, const struct deadline *deadline, char name[NI_MAXHOST])
{
    switch (deadline_wait(deadline, job->done_fd, POLLIN)) {
    case DEADLINE_OVER:
        return EAI_CANCELED;
    case DEADLINE_INTERRUPTED:
        return EAI_INTR;
    case DEADLINE_READY:
        break;
    }
    if (job->code == 0)
        strcpy(name, job->name);
    return job->code;
}

int reverse_lookup(const struct address *address, const struct deadline *deadline, char name[NI_MAXHOST])
{
    struct job *job = job_new(address);
    pthread_t thread;
    int code;

    name[0] = '\0';
    if (!job)
        return EAI_MEMORY;
    errno = pthread_create(&thread, NULL, job_run, job);
    if (errno) {
        job_free(job);
        return EAI_SYSTEM;
    }
    pthread_detach(thread);
    code = wait_for_name(job, deadline, name);
    job_leave(job);
    return code;
}
