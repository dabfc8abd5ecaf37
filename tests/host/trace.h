/* SPDX-License-Identifier: MIT
 *
 * What the plugins trace_a and trace_b did, call by call, and where they shall fail. They are linked
 * into the test, so that a plain variable is enough.
 */
#ifndef TESTS_HOST_TRACE_H
#define TESTS_HOST_TRACE_H

#include <nave/plugin.h>

extern struct trace {
    char text[4096];     /* "a.create b.create ..."                              */
    const char *fail_at; /* "b.prepare": this call fails; NULL: none             */
    uint32_t holds;      /* holds that trace_a takes in worker_start, for ever   */
    nave_nsec deadline_ns;
    /* Called inside worker_start, worker_drain and worker_stop; NULL: none. */
    void (*on_worker)(const char *what, struct nave_worker *w);
} trace;

/* Note "WHO.WHAT"; NAVE_ELIMIT when it shall fail. Thread: [any]. */
nave_err trace_add(const char *who, const char *what);

const struct nave_plugin *trace_a_plugin_entry_v1(void);
const struct nave_plugin *trace_b_plugin_entry_v1(void);

#endif
