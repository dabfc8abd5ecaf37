/* SPDX-License-Identifier: MIT
 *
 * nave.host/1 as each plugin sees it. Its slots check who calls from where by themselves: they are
 * called while things are set up, where that costs nothing.
 */
#ifndef NV_PLUGIN_HOST_H
#define NV_PLUGIN_HOST_H

#include <nave/host.h>

#include "plugin/registry.h"

extern const struct nave_host_iface nv_host_table;

#endif
