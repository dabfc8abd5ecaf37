/* SPDX-License-Identifier: MIT
 *
 * Structs that are handed in with their size in front (plugin.h, law 2): an older caller's are
 * shorter, a newer caller's are longer and accepted as long as what we do not know is zero.
 */
#ifndef NV_SIZED_H
#define NV_SIZED_H

#include <nave/error.h>

#define NV_SIZED_MAX 65536u /* no struct that crosses is larger */

/* Copy the sized struct at `src` into `dst` of `dst_size` bytes; what `src` lacks is zero, and the
 * size in front becomes dst_size. Thread: [any]. Errors: NAVE_EINVAL smaller than `min_size` or
 * larger than any struct; NAVE_ETOONEW a non-zero unknown tail, with its offset in *out_offset (may
 * be NULL). `dst` is untouched then. */
NAVE_NODISCARD nave_err nv_sized_copy(void *dst, uint32_t dst_size, const void *src,
                                      uint32_t min_size, uint32_t *out_offset);

#endif
