/* SPDX-License-Identifier: MIT
 *
 * What a service manager is told: the protocol of sd_notify(3), which is one datagram to the socket
 * that NOTIFY_SOCKET names. Without that variable nothing is opened and nothing is sent.
 */
#ifndef CLI_NOTIFY_H
#define CLI_NOTIFY_H

#include <stddef.h>
#include <stdint.h>

#include <nave/runtime.h>

struct cli_notify {
    int fd;             /* -1: nobody wants to know                           */
    nave_nsec beat_ns;  /* how often WATCHDOG=1 is due; 0: no watchdog        */
    const char *serves; /* the file, for STATUS=; borrowed                    */
    char said[160];     /* why NOTIFY_SOCKET or WATCHDOG_USEC was not heeded  */
};

/* Read NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID and remove them, so that no child speaks for us.
 * What is wrong with them is in `said`: a service that cannot tell still serves. Thread: [control]. */
void cli_notify_open(struct cli_notify *n, const char *serves);

/* Close it. Twice is fine. */
void cli_notify_close(struct cli_notify *n);

/* READY=1: it listens; also the end of a reload, which `err` says to have been refused or not.
 * RELOADING=1 with the time, as Type=notify-reload wants it. STOPPING=1: it drains. WATCHDOG=1.
 * Thread: [control]. What cannot be sent within a second is dropped. */
void cli_notify_ready(struct cli_notify *n, nave_err err);
void cli_notify_reloading(struct cli_notify *n);
void cli_notify_stopping(struct cli_notify *n);
void cli_notify_beat(struct cli_notify *n);

/* nave_event_fn: call the one of these that the event means; `arg` is the struct cli_notify. */
void cli_notify_event(void *arg, uint32_t event, nave_err err);

#endif
