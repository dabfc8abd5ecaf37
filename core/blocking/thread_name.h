/* SPDX-License-Identifier: MIT
 *
 * The name of a thread, for debuggers and top(1): not every system has one.
 */
#ifndef NV_THREAD_NAME_H
#define NV_THREAD_NAME_H

/* Name the calling thread "nave-NAME", cut to what the system takes. Thread: [any]. */
void nv_thread_name(const char *name);

#endif
