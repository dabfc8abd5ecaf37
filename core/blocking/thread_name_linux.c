/* SPDX-License-Identifier: MIT
 *
 * See thread_name.h: 15 bytes on Linux.
 */
#include "thread_name.h"

#include <pthread.h>
#include <stdio.h>

void nv_thread_name(const char *name)
{
    char text[16];

    snprintf(text, sizeof(text), "nave-%s", name);
    (void)pthread_setname_np(pthread_self(), text);
}
