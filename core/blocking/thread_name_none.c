/* SPDX-License-Identifier: MIT
 *
 * See thread_name.h: where threads have no names.
 */
#include "thread_name.h"

void nv_thread_name(const char *name)
{
    (void)name;
}
