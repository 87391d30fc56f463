/* SPDX-License-Identifier: MIT */
#include "conf/conf_overlap.h"

#include "conf/conf_report.h"

#include <string.h>

/* Whether a's addresses (both families, or the wildcard address) include b's. */
static bool includes(const struct conf_endpoint *a, const struct conf_endpoint *b)
{
    return address_is_any(&a->address) &&
           (a->dual_stack || a->address.sa.sa_family == b->address.sa.sa_family);
}

static bool same_place(const struct conf_endpoint *a, const struct conf_endpoint *b)
{
    if (address_port(&a->address) != address_port(&b->address))
        return false;
    return address_equal(&a->address, &b->address) || includes(a, b) || includes(b, a);
}

/* A file can be one socket only; abstract names are separate for streams and datagrams, like ports of TCP and
 * UDP. */
static bool can_overlap(const struct conf_listener *a, const struct conf_listener *b)
{
    if (transport_is_unix(a->transport) && transport_is_unix(b->transport))
        return a->transport == b->transport || a->path[0] != '@';
    if (a->transport != b->transport)
        return false;
    /* without an interface a socket has the address on all of them */
    return !*a->interface || !*b->interface || strcmp(a->interface, b->interface) == 0;
}

struct overlap {
    const struct conf_endpoint *first, *second; /* NULL: there is none */
};

static struct overlap find_overlap(const struct conf_listener *a, const struct conf_listener *b)
{
    if (!can_overlap(a, b))
        return (struct overlap){NULL, NULL};
    for (size_t i = 0; i < b->endpoint_count; i++)
        for (size_t j = 0; j < a->endpoint_count; j++)
            if (same_place(&a->endpoints[j], &b->endpoints[i]))
                return (struct overlap){&a->endpoints[j], &b->endpoints[i]};
    return (struct overlap){NULL, NULL};
}

static void add_place(struct message *text, struct conf_place place, struct conf_place seen_from)
{
    if (place.line && strcmp(place.file, seen_from.file) == 0)
        message_add(text, " (line %u)", place.line);
    else if (place.line)
        message_add(text, " (%s)", conf_report_place(place).text);
}

/* Users of -l do not know what their listeners are called. */
static void report_overlap(const struct conf_listener *first, const struct conf_listener *second,
                           const struct overlap *overlap, struct conf_builder *builder)
{
    bool is_option = builder->source->endpoint_count > 0;
    char place[ADDRESS_TEXT_MAX], taken[ADDRESS_TEXT_MAX];
    struct message setting = {"-l"}, how, of = {""};

    if (!is_option) {
        message_set(&setting, "listeners.%s", second->name);
        message_set(&of, " of listeners.%s", first->name);
    }
    address_text(&overlap->first->address, taken, sizeof(taken));
    address_text(&overlap->second->address, place, sizeof(place));
    if (strcmp(taken, place) != 0)
        message_set(&how, "overlaps %s%s", taken, of.text);
    else if (is_option)
        message_set(&how, "is given twice");
    else
        message_set(&how, "is already used by listeners.%s", first->name);
    add_place(&how, first->place, second->place);
    conf_error(builder->report, conf_report_line(builder->report, second->place), setting.text,
               "%s %s %s; allowed: each endpoint once", transport_name(second->transport), place, how.text);
}

void conf_overlap_check(struct conf_builder *builder)
{
    const struct conf_listener *listeners = builder->conf->listeners;

    for (size_t second = 1; second < builder->conf->listener_count; second++)
        for (size_t first = 0; first < second; first++) {
            const struct overlap overlap = find_overlap(&listeners[first], &listeners[second]);

            if (overlap.second)
                report_overlap(&listeners[first], &listeners[second], &overlap, builder);
        }
}
