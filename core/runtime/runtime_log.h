/* SPDX-License-Identifier: MIT
 *
 * The log of a runtime: the keys of runtime.log, when the log is there, and how much each plugin says.
 *
 * There is one from start to destroy, where the configuration gives it a place of its own or the host
 * program wants its reports from a thread of their own. Without one every report goes straight to the
 * host's callback.
 */
#ifndef NV_RUNTIME_LOG_H
#define NV_RUNTIME_LOG_H

#include <nave/option.h>

#include "log/log.h"

struct nave_runtime;

#define NV_LOG_LEVEL_WORDS "error|warn|info|debug" /* in the order of NAVE_LOG_* */

/* The keys of runtime.log. */
#define NV_LOG_CONF(OPTION)                                                                  \
    OPTION(choice, level, "info", NV_LOG_LEVEL_WORDS, "", NAVE_OPTION_LIVE,                  \
           "the most that is told")                                                          \
    OPTION(pairs, levels, "", "", "256", NAVE_OPTION_LIVE,                                   \
           "from the id of a plugin to the most that is told of it")                         \
    OPTION(choice, to, "program", "program|stderr|stdout|file|syslog|journald", "", 0,       \
           "where lines go while it runs; program: whoever runs it shows them")              \
    OPTION(path, file, "", "", "", 0, "the file of \"to\": \"file\"")                        \
    OPTION(choice, format, "text", "text|json", "", 0, "how a line is written")              \
    OPTION(text, name, "nave", "1", "32", 0,                                                 \
           "what the runtime is called in its lines, in syslog and in the journal")          \
    OPTION(count, rate, "100", "0", "1000000", 0,                                            \
           "lines of one source a second, on each worker; more is held back; 0: any number") \
    OPTION(size, buffer, "256KiB", "64KiB", "64MiB", 0,                                      \
           "room of each worker for lines that wait; more is dropped")

NAVE_OPTION_STRUCT(nv_log_conf, NV_LOG_CONF);

/* The table of NV_LOG_CONF. */
const struct nave_option_table *nv_log_conf_table(void);

/* Read `c`, the value of runtime.log or NULL, into rt->log_conf, and set the level of the core. Errors are
 * reported; rt->log_conf is NULL then. Thread: [control]. Errors: NAVE_ENOMEM, not reported. */
NAVE_NODISCARD nave_err nv_runtime_log_read(struct nave_runtime *rt, struct nave_conf *c);

/* Check that runtime.log.levels names members of section plugins, also such as could not be read or are left out.
 * Errors are reported. Thread: [control]. */
void nv_runtime_log_check(struct nave_runtime *rt);

/* Bring the levels in line with rt->log_conf: at the start, and when a reload has put another one there.
 * Thread: [control]; workers may run. */
void nv_runtime_log_apply(struct nave_runtime *rt);

/* Open the log that the configuration or the host asks for, if any; errors that follow are shown
 * by the program too, until nv_runtime_log_started. Thread: [control]. Errors: as of nv_log_open,
 * reported. */
NAVE_NODISCARD nave_err nv_runtime_log_open(struct nave_runtime *rt);
void nv_runtime_log_started(struct nave_runtime *rt);

/* Have what was logged so far written, within a second. Thread: [any]. */
void nv_runtime_log_flush(struct nave_runtime *rt);

/* Have a log file opened anew, as logrotate(8) wants it. Thread: [any]. */
void nv_runtime_log_reopen(struct nave_runtime *rt);

/* Write what is left, and go back to the callback. Thread: [control]. State: nobody else reports. */
void nv_runtime_log_close(struct nave_runtime *rt);

#endif
