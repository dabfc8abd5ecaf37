/* SPDX-License-Identifier: MIT
 *
 * nave.admin/1 of a runtime, and how a host program gets services.
 */
#ifndef NV_ADMIN_H
#define NV_ADMIN_H

#include <nave/admin.h>

/* The table behind nave_runtime.admin. */
extern const struct nave_admin_iface nv_admin_table;

#endif
