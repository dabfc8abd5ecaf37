/* SPDX-License-Identifier: MIT
 *
 * From the system's error numbers to ours: called once, right at the system call.
 */
#ifndef NV_ERR_H
#define NV_ERR_H

#include <nave/error.h>

/* What errno value `number` is among nave_err; NAVE_EIO when it has no value of its own, NAVE_OK
 * for 0. Thread: [any]. */
nave_err nv_err_from_errno(int number);

#endif
