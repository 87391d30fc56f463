/* SPDX-License-Identifier: MIT */
#include "net/bind_error.h"

#include "system/notify.h"

#include <errno.h>
#include <stdlib.h>

static const char *foreign_hint(const struct wanted *wanted)
{
    return wanted->endpoint.address.sa.sa_family == AF_UNIX
               ? ": another program listens there (ss -lxp shows which)"
               : ": another program listens there (ss -lntup shows which)";
}

static const char *in_use_hint(const struct registry *registry, const struct wanted *wanted,
                               struct message *hint)
{
    const struct socket *own = registry_find_obstacle(registry, wanted);
    char where[ADDRESS_TEXT_MAX];

    if (!own)
        return foreign_hint(wanted);
    socket_text(own, where, sizeof(where));
    if (!own->owned)
        message_set(hint, ": %s already has %s; change that unit too", own->label, where);
    else if (own->broken)
        message_set(hint, ": a worker has shut down %s, which this service still holds; restart it", where);
    else if (socket_is_of_other_user(own))
        message_set(hint, ": this service already has %s, created by another user; stop and start it", where);
    else
        return ": another program listens on one of its addresses (ss -lntup shows which)";
    return hint->text;
}

static const char *path_hint(const struct conf_listener *conf, int error, struct message *hint)
{
    const char *directory = getenv("RUNTIME_DIRECTORY");

    if (error == -EPERM && *conf->group) {
        message_set(
            hint,
            ": the service is not a member of group %s; add SupplementaryGroups=%s to the section [Service] "
            "with systemctl edit sockgreet, and restart it",
            conf->group, conf->group);
        return hint->text;
    }
    if (notify_enabled() && (error == -EACCES || error == -EROFS || error == -ENOENT)) {
        message_set(hint, ": the service may create sockets only below %s",
                    directory ? directory : "/run/sockgreet");
        return hint->text;
    }
    return "";
}

const char *bind_error_hint(const struct registry *registry, const struct wanted *wanted, int error,
                            struct message *hint)
{
    unsigned port = address_port(&wanted->endpoint.address);

    if (error == -EADDRINUSE)
        return in_use_hint(registry, wanted, hint);
    if (path_is(&wanted->endpoint.address))
        return path_hint(wanted->conf, error, hint);
    if (error == -EACCES && port && port < 1024)
        return ": ports below 1024 need CAP_NET_BIND_SERVICE";
    if (error == -EADDRNOTAVAIL)
        return ": no interface has this address (free_bind = true binds it anyway)";
    if (error == -ENODEV)
        return ": there is no such interface";
    return "";
}
