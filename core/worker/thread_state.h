/* SPDX-License-Identifier: MIT
 *
 * Whether a thread waits for something or for a processor: a machine that is too busy to run it is not
 * its fault. thread_state_proc.c where there is /proc/self/task (Linux), else thread_state_none.c.
 */
#ifndef NV_THREAD_STATE_H
#define NV_THREAD_STATE_H

#include <stdint.h>

/* A number for the calling thread; 0: there is none here. Thread: [any]. */
uint64_t nv_thread_number(void);

/* 1: the thread of that number could run, if it had a processor. 0: it waits, or nobody knows.
 * Thread: [any]; reads a file. */
int32_t nv_thread_is_runnable(uint64_t number);

#endif
