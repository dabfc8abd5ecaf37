/* SPDX-License-Identifier: MIT
 *
 * Tables: whether every slot is filled, and which table a handle should carry.
 */
#ifndef NV_PUBLISH_H
#define NV_PUBLISH_H

#include <nave/iface.h>

#include "registry.h"
#include "log/report.h"

/* Check `table` up to `min_size` bytes (0: as far as it reaches). NULL is refused as well.
 * Thread: [any]. Errors: NAVE_EINVAL; `why` says what and where. */
NAVE_NODISCARD nave_err nv_iface_check(const struct nave_iface *table, uint32_t min_size,
                                       struct nv_why *why);

/* What nave_host_iface.publish does for plugin `p`. Thread: [control]. */
const struct nave_iface *nv_publish(struct nv_plugin *p, const struct nave_iface *table);

#endif
