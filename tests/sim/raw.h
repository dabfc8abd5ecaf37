/* SPDX-License-Identifier: MIT
 *
 * Plugin "raw": a protocol that keeps the streams that it gets, for a test that uses both ends itself.
 */
#ifndef SIM_RAW_H
#define SIM_RAW_H

#include <nave/plugin.h>
#include <nave/stream.h>

#define RAW_STREAMS 64u

/* One for each runtime; nave_runtime_options.user. Zero it first. */
struct raw {
    struct nave_stream *streams[RAW_STREAMS];
    uint32_t workers[RAW_STREAMS]; /* whose each is */
    uint32_t count;
    nave_err watches;           /* what io_open says */
    struct nave_worker *own[4]; /* its handles, of the first workers */
};

const struct nave_plugin *raw_plugin_entry_v1(void);

#endif
