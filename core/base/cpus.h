/* SPDX-License-Identifier: MIT
 *
 * How many processors this process may use.
 */
#ifndef NV_CPUS_H
#define NV_CPUS_H

#include <stdint.h>

/* At least 1. Thread: [any]. */
uint32_t nv_cpus(void);

#endif
