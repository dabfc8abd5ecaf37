/* SPDX-License-Identifier: MIT
 *
 * The affinity mask where there is one (taskset and containers narrow it), else what is online.
 */
#include "cpus.h"

#include <sched.h>
#include <unistd.h>

uint32_t nv_cpus(void)
{
    long online;

#ifdef CPU_COUNT
    cpu_set_t set;

    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0)
        return (uint32_t)CPU_COUNT(&set);
#endif
    online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (uint32_t)online : 1;
}
