/* SPDX-License-Identifier: MIT */
#include "net/interfaces.h"

#include "base/util.h"

#define KEPT_NS NS_PER_S

/* The kernel assigns indices one after another, so few share an entry. */
const char *interfaces_name(struct interfaces *interfaces, unsigned index, int64_t now_ns)
{
    unsigned place = index % INTERFACES_KEPT;
    char *name = interfaces->kept[place].name;

    if (index == 0)
        return "";
    if (interfaces->kept[place].index == index && now_ns < interfaces->kept[place].until)
        return name;
    interfaces->kept[place].index = index;
    interfaces->kept[place].until = now_ns + KEPT_NS;
    if (!if_indextoname(index, name))
        name[0] = '\0';
    return name;
}
