/* SPDX-License-Identifier: MIT
 *
 * The rule of copy_struct_from_user: min(theirs, ours) is copied, a longer tail must be zero.
 */
#include "sized.h"

#include <string.h>

nave_err nv_sized_copy(void *dst, uint32_t dst_size, const void *src, uint32_t min_size,
                       uint32_t *out_offset)
{
    const unsigned char *bytes = src;
    uint32_t size, i;

    memcpy(&size, src, sizeof(size));
    if (size < min_size || size < sizeof(size) || size > NV_SIZED_MAX)
        return NAVE_EINVAL;
    for (i = dst_size; i < size; i++) {
        if (bytes[i]) {
            if (out_offset)
                *out_offset = i;
            return NAVE_ETOONEW;
        }
    }
    memset(dst, 0, dst_size);
    memcpy(dst, src, size < dst_size ? size : dst_size);
    memcpy(dst, &dst_size, sizeof(dst_size));
    return NAVE_OK;
}
