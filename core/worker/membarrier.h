/* SPDX-License-Identifier: MIT
 *
 * A full memory barrier on all running threads of the process, where the system has it: see group.h.
 */
#ifndef NV_MEMBARRIER_H
#define NV_MEMBARRIER_H

#include <stdint.h>

/* 1: nv_membarrier() works in this process from now on. Thread: [any]. */
int32_t nv_membarrier_init(void);

/* State: nv_membarrier_init said 1. Thread: [any]. */
void nv_membarrier(void);

#endif
