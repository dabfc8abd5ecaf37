/* SPDX-License-Identifier: MIT
 *
 * Two plugins, "x" and "y", with a transport, a layer, two protocols and two handlers that do nothing
 * but tell what is done to them. They are linked into the test, so that plain variables are enough.
 */
#ifndef TESTS_HOST_WIRED_H
#define TESTS_HOST_WIRED_H

#include <nave/plugin.h>

extern struct wired {
    char text[8192];         /* "x.prepare h#1.make ..."; a handle is KIND#number                */
    uint32_t numbers;        /* of handles made                                                  */
    int32_t handles;         /* made and not unmade                                              */
    uint32_t is_busy;        /* set_next and retire complete later: ops                          */
    struct nave_op *ops[16]; /* of these                                                         */
    uint32_t op_count;
    struct nave_protocol *in; /* what the newest listener hands its streams to                    */
    struct nave_str kept;     /* a text of the first options of "x"                               */
    nave_nsec live_ns;        /* committed                                                        */
} wired;

/* Note "WHAT". */
void wired_note(const char *format, ...) NAVE_FORMAT(1, 2);

/* Complete all operations in flight. Thread: [worker]. */
void wired_complete(void);

const struct nave_plugin *wired_x_plugin_entry_v1(void);
const struct nave_plugin *wired_y_plugin_entry_v1(void);

#endif
