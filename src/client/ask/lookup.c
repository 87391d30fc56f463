/* SPDX-License-Identifier: MIT */
#include "client/ask/lookup.h"

#include "base/util.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

/* A look-up in a thread of its own, because getaddrinfo can be neither bounded nor interrupted. */
struct job {
    char *host;
    char *service;
    struct addrinfo hints;
    struct addrinfo *found;
    int code;
    int error;
    int done_fd;
    atomic_bool left; /* by one of the two sides; the other one frees the job */
};

static void job_free(struct job *job)
{
    if (!job)
        return;
    if (job->found)
        freeaddrinfo(job->found);
    close_fd(&job->done_fd);
    free(job->service);
    free(job->host);
    free(job);
}

static struct job *job_new(const char *host, const char *service, const struct addrinfo *hints)
{
    struct job *job = calloc(1, sizeof(*job));

    if (!job)
        return NULL;
    job->hints = *hints;
    job->done_fd = eventfd(0, EFD_CLOEXEC);
    job->host = strdup(host);
    job->service = service ? strdup(service) : NULL;
    if (job->done_fd >= 0 && job->host && (job->service || !service))
        return job;
    job_free(job);
    return NULL;
}

static void *job_run(void *argument)
{
    struct job *job = argument;

    job->code = getaddrinfo(job->host, job->service, &job->hints, &job->found);
    job->error = errno;
    eventfd_write(job->done_fd, 1);
    if (atomic_exchange(&job->left, true))
        job_free(job);
    return NULL;
}

static int job_take(struct job *job, pthread_t thread, struct addrinfo **found)
{
    int code;

    pthread_join(thread, NULL);
    code = job->code;
    *found = job->found;
    job->found = NULL;
    errno = job->error;
    job_free(job);
    return code;
}

static int job_leave(struct job *job, pthread_t thread, enum patience_end end)
{
    pthread_detach(thread);
    if (atomic_exchange(&job->left, true))
        job_free(job);
    return end == PATIENCE_INTERRUPTED ? EAI_INTR : EAI_CANCELED;
}

static int lookup_in_thread(const char *host, const char *service, const struct addrinfo *hints,
                            const struct patience *patience, struct addrinfo **found)
{
    struct job *job = job_new(host, service, hints);
    enum patience_end end;
    pthread_t thread;

    if (!job)
        return EAI_MEMORY;
    errno = pthread_create(&thread, NULL, job_run, job);
    if (errno) {
        job_free(job);
        return EAI_SYSTEM;
    }
    end = patience_wait(patience, job->done_fd, POLLIN);
    return end == PATIENCE_READY ? job_take(job, thread, found) : job_leave(job, thread, end);
}

int lookup_host(const char *host, const char *service, const struct addrinfo *hints,
                const struct patience *patience, struct addrinfo **found)
{
    struct addrinfo numeric = *hints;

    /* An address needs neither a name server nor a thread. */
    *found = NULL;
    numeric.ai_flags |= AI_NUMERICHOST;
    if (getaddrinfo(host, service, &numeric, found) == 0)
        return 0;
    return lookup_in_thread(host, service, hints, patience, found);
}
