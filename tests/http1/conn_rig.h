/* SPDX-License-Identifier: MIT
 *
 * The plugin on a stream in memory, with a virtual clock and a handler that does what a test says.
 */
#ifndef CONN_RIG_H
#define CONN_RIG_H

#include "plugins/http1/limits.h"
#include "tests/support/fake_host.h"
#include "tests/support/mem_stream.h"

#include <nave/http.h>
#include <nave/plugin.h>

#define HEAD200 "HTTP/1.1 200 OK\r\nServer: nave\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
#define OK2     HEAD200 "Content-Length: 2\r\n\r\nok"
#define GET     "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

#define TEST(name)  \
    {               \
#        name, name \
    }

extern const struct nave_plugin *http1_plugin_entry_v1(void);

extern struct fake_host host;
extern struct fake_worker worker;
extern const struct nave_plugin *plugin;
extern void *self;
extern struct nave_handle *proto;
extern struct mem_pair *pair; /* of the present connection */
extern struct http1_options options;

/* The script of the handler, and what it saw. */
extern void (*script)(struct nave_http *x);
extern void (*after_stop)(void); /* in finish(), before destroy; NULL again after it */
extern uint32_t handled;
extern uint32_t ended;         /* calls of on_end */
extern struct nave_http *held; /* by hold_it; NULL once it has ended */
extern nave_err last_err;

/* Begin with all defaults, `what` as the script, and one connection. */
void begin(void (*what)(struct nave_http *x));
/* The plugin alone, with `options`; allocations fail as in fake_host. finish() also after a failure. */
nave_err begin_plugin(int64_t fail_after, uint32_t fail_once);
/* A new connection; the one before it must be closed. */
void connect_peer(void);
/* Stop in the order of the core; nothing may be left. */
void finish(void);

/* The peer sends, and the worker runs. */
void put(const char *text);
void put_n(const char *text, size_t len);
void put_split(const char *text, size_t cut);
/* The peer takes all that was written. */
void take_all(void);
/* Is this exactly what was written and not taken? */
int wrote(const char *text);
uint32_t count_written(const char *text);
int is_closed_with(uint32_t flags);

/* Scripts. */
nave_err respond(struct nave_http *x, const char *body);
void say_ok(struct nave_http *x);
void say_nothing(struct nave_http *x);
void hold_it(struct nave_http *x);
/* Take the body three bytes at a time, then answer with it: as the watch, and as a script. */
void take_body(struct nave_http *x, void *arg);
void read_body(struct nave_http *x);

#endif
