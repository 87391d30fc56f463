/* SPDX-License-Identifier: MIT */
#include "client/load/destination.h"

#include "base/util.h"
#include "client/errors.h"

/* The result of trying an address. */
struct trial {
    int error; /* an errno value, or 0 */
    bool has_socket;
};

static struct trial try_address(const struct plan_target *found, bool connecting,
                                const struct dial_source *source, const struct deadline *deadline)
{
    const struct address *address = &found->address;
    int fd = dial_socket(address, found->transport, source);
    struct trial trial = {.has_socket = true};

    if (fd < 0)
        return (struct trial){.error = -fd};
    if (connecting)
        trial.error = dial_connect(fd, address, deadline);
    close_fd(&fd);
    return trial;
}

/* The name of a target can have addresses on which no server listens. */
static struct trial choose(struct plan_target *found, const struct dial_list *list,
                           const struct dial_source *source, const struct deadline *deadline)
{
    struct trial trial = {0};

    for (size_t i = 0; i < list->count; i++) {
        struct deadline share = *deadline;

        if (deadline->until_ns != INT64_MAX)
            share = deadline_at_most(deadline,
                                     (deadline->until_ns - monotonic_ns()) / (int64_t)(list->count - i));
        found->address = list->addresses[i];
        trial = try_address(found, list->count > 1, source, &share);
        if (trial.error == 0)
            break;
    }
    return trial;
}

/* Returns false with a message in error. */
static bool look_up(struct dial_list *list, const struct target *target, int family,
                    const struct deadline *deadline, struct message *error)
{
    struct errors_lookup lookup = {.host = target->endpoint.host, .family = family};
    int64_t began_ns = monotonic_ns();

    lookup.code = dial_lookup(list, &target->endpoint, family, deadline);
    lookup.error = errno;
    lookup.nanoseconds = monotonic_ns() - began_ns;
    if (lookup.code)
        errors_lookup(error->text, ERRORS_MAX, &lookup);
    return lookup.code == 0;
}

enum outcome destination_find(struct plan_target *found, const struct target *target, int family,
                              const struct dial_source *source, const struct deadline *deadline,
                              struct message *error)
{
    struct dial_list list;
    struct trial trial;

    found->transport = target->endpoint.transport;
    if (!look_up(&list, target, family, deadline, error))
        return OUTCOME_DNS;
    trial = choose(found, &list, source, deadline);
    dial_list_free(&list);
    if (trial.error && !trial.has_socket)
        errors_dial(error->text, ERRORS_MAX, source, trial.error);
    else if (trial.error)
        errors_errno(error->text, ERRORS_MAX, trial.error);
    return trial.error && !trial.has_socket ? OUTCOME_LOCAL : outcome_of_errno(trial.error);
}
