/* SPDX-License-Identifier: MIT
 *
 * membarrier(2), of Linux 4.14 and later. A system call filter may refuse it: then the caller uses
 * fences. The thread sanitizer knows nothing of it, so its builds use fences, too.
 */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#include "membarrier.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_THREAD__)
#    define USES_FENCES 1
#elif defined(__has_feature)
#    if __has_feature(thread_sanitizer)
#        define USES_FENCES 1
#    endif
#endif

int32_t nv_membarrier_init(void)
{
#ifdef USES_FENCES
    return 0;
#else
    return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
#endif
}

void nv_membarrier(void)
{
    (void)syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}
