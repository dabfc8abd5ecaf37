/* SPDX-License-Identifier: MIT
 *
 * Uses of handlers inside of the options of plugins: {"GET /": {"text": "..."}}. The schema of an option
 * of kind conf says where they stand, {"$ref": "#/$defs/handler"}; so they are checked from manifests
 * alone, before any code runs.
 */
#ifndef NV_USES_H
#define NV_USES_H

#include <nave/error.h>

struct nave_runtime;

/* Check the uses in the options of all plugins: each has a name that some plugin has as a handler, and
 * options that fit. Reports at each use. What is named like a plugin in `unread` (see wiring.h) may be
 * its. Thread: [control]. Errors: NAVE_ENOMEM. */
NAVE_NODISCARD nave_err nv_uses_check(struct nave_runtime *rt, const char *unread);

#endif
