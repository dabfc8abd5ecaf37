/* SPDX-License-Identifier: MIT
 *
 * NAVE_CHECK=1: whoever breaks a rule of an interface ends the program, and the last words name caller, call, rule
 * and what to do. Each breach is made in a process of its own, in worker_start of a plugin that is a part of this
 * program ("the program"), on objects that the plugin published itself.
 */
#ifndef CHECKED_RIG_H
#define CHECKED_RIG_H

#include <nave/exec.h>
#include <nave/http.h>
#include <nave/plugin.h>
#include <nave/worker.h>

/* What a plugin does on worker `w`, on each there is. */
typedef void breach_fn(struct nave_worker *w);

extern struct nave_host *host; /* of the plugin */
extern struct nave_conf *conf;
extern struct nave_exec *exec;

/* --- objects, which do nothing (checked_objects.c) --------------------------------------------- */

extern const struct nave_stream_iface stream_table;
extern struct nave_stream stream;
extern struct nave_http x;
extern struct nave_http_reply reply;
extern struct nave_http_handler handler;
extern struct nave_protocol protocol;
extern struct nave_transport transport;
extern struct nave_listener listener;

/* What the exchange and the reply say to an answer: NAVE_OK, unless it is set. */
extern nave_err answer;
/* What was given to on_end of the exchange. */
extern nave_http_fn *end_fn;
extern void *end_arg;

/* What the host makes of `table`, which is another one here. */
const void *publish(const struct nave_iface *table);

/* All of them anew, in the same memory. */
void make_objects(void);

/* --- one process each --------------------------------------------------------------------------- */

struct row {
    breach_fn *what;
    const char *text; /* the last words, behind "NAVE_CHECK: " */
};

/* Each breach ends its process with its text, with configuration `with`. */
void expect(const struct row *rows, size_t count, const char *with);
#define EXPECT(rows) expect(rows, NAVE_COUNT(rows), ONE_WORKER)

/* `what` is no breach. */
void goes_on(breach_fn *what, const char *with);

#define ONE_WORKER  "{\"runtime\": {\"workers\": 1}, \"plugins\": {\"breach\": {}}}"
#define TWO_WORKERS "{\"runtime\": {\"workers\": 2}, \"plugins\": {\"breach\": {}}}"

/* Call `what` on a thread that is no worker's, and wait for it. */
void on_a_thread(void (*what)(void));

#define OVER \
    "the handle is over: an earlier call gave it up; forget the handle where it is given up"
#define NO_WORKER "this thread is no worker's; reach that worker with nave_worker_post()"
#define NOT_CONTROL                                                                             \
    "this thread does not have the control role; call it from create, prepare, start, stop or " \
    "make, "                                                                                    \
    "or from the host's own thread"
#define MAY_BE_NULL " is NULL; only what the header names under `Null:` may be"

#endif
