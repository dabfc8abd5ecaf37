/* SPDX-License-Identifier: MIT
 *
 * Systems without a call that opens below a folder: the walk is the way.
 */
#if !defined(__linux__)

#    include "open.h"

#    include <errno.h>

int files_open_kernel(int folder, const char *path, uint32_t links, int is_folder)
{
    (void)folder;
    (void)path;
    (void)links;
    (void)is_folder;
    return -ENOSYS;
}

int files_open_has_kernel(void)
{
    return 0;
}

#endif
