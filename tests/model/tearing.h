/* SPDX-License-Identifier: MIT
 *
 * For models of what stands behind a lock, to be included in front of its source: with model_tears copies of items
 * are made in two steps, and what follows the end of a lock comes later than it. So what is done without the lock,
 * or behind it, is seen.
 */
#ifndef MODEL_TEARING_H
#define MODEL_TEARING_H

#include <string.h>

#include "explore.h"

#include "worker/sync_wait.h"

static inline void model_left(void)
{
    if (model_tears)
        model_point();
}

#undef memcpy
#define memcpy model_copy
#define nv_lock_leave(l)  \
    do {                  \
        nv_lock_leave(l); \
        model_left();     \
    } while (0)

#endif
