/* SPDX-License-Identifier: MIT
 *
 * Reading the configuration again while everything runs. The file is resolved as at the start, into
 * a scratch runtime; what differs is compared, prepared and opened; only when nothing is left that
 * can fail does the new take the place of the old. One reload at a time.
 */
#ifndef NV_RELOAD_H
#define NV_RELOAD_H

#include "plugin/registry.h"

/* Do the reload that was asked for, if one was and none is under way. Thread: [control].
 * State: running. */
void nv_reload_poll(struct nave_runtime *rt);

/* Prepare plugin `p` when this reload wants it and it was not yet. Thread: [control].
 * Errors: any, reported; NAVE_ECYCLE not reported, it is being prepared. */
NAVE_NODISCARD nave_err nv_reload_prepare(struct nv_plugin *p);

#endif
