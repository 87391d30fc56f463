/* SPDX-License-Identifier: MIT */
#include "service/load.h"

#include <sys/sysinfo.h>

/* sysinfo(2), because a worker cannot open /proc/loadavg. */
bool load_hundredths(unsigned long *load)
{
    struct sysinfo machine;

    if (sysinfo(&machine) < 0)
        return false;
    *load = machine.loads[0] * 100 >> SI_LOAD_SHIFT;
    return true;
}
