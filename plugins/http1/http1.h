/* SPDX-License-Identifier: MIT
 *
 * What the files of this plugin share: the plugin, its part of one worker, a connection, an exchange
 * and a reply. Who calls whom: conn.c drives; exchange.c is nave.http/1; body.c is its pull side;
 * reply.c answers from other threads; upgrade.c hands the connection on. The engine files
 * (parser, chunked, target, writer) know none of this.
 *
 * A connection is *active* while conn.c runs it: its input is a window into the worker's read
 * buffer and its output goes to the worker's write buffer, to be sent once. When it is not active,
 * what is left of both lies in memory of its own; an idle connection has neither.
 */
#ifndef HTTP1_H
#define HTTP1_H

#include <nave/http.h>
#include <nave/plugin.h>
#include <nave/stream.h>
#include <nave/worker.h>

#include "chunked.h"
#include "limits.h"
#include "parser.h"

#define HTTP1_READ_BUFFER  65536u
#define HTTP1_WRITE_BUFFER 65536u
#define HTTP1_HELD_MAX     65536u /* input kept while an exchange is pending       */
/* A response has this at least; what came later is asked for by its size. */
#define HTTP1_RESPONSE_MIN offsetof(struct nave_http_response, prepared)
#define HTTP1_RESPONSE_MAX 4096u /* no response of any minor is larger             */
#define HTTP1_ARENA        448u  /* of nave_http_alloc, before more is fetched    */

struct http1_conn;
struct http1_exchange;
struct http1_reply;
struct http1_worker;

/* Who may call the handler of a generation, after handle() has returned. part NULL: nobody. */
struct http1_use {
    struct http1_part *part;
    uint64_t generation;
};

/* One list of counters: member, name, what it counts. */
#define HTTP1_COUNTERS(X)                                                               \
    X(requests, "http1_requests", "requests taken")                                     \
    X(bad_requests, "http1_bad_requests", "requests refused with 400, 417, 501 or 505") \
    X(too_large, "http1_too_large", "requests refused with 413, 414 or 431")            \
    X(timeouts, "http1_timeouts", "connections ended by a deadline")                    \
    X(retired, "http1_retired", "connections ended by max_requests or max_age")         \
    X(connections, "http1_connections", "connections taken")                            \
    X(no_answer, "http1_no_answer", "handlers that returned without answering")         \
    X(late_replies, "http1_late_replies", "replies that came after the peer had gone")  \
    X(files_cut, "http1_files_cut", "responses cut off because a file ended early or failed")

#define HTTP1_COUNTER_MEMBER_(member, name, doc) struct nave_counter member;
struct http1_counters {
    HTTP1_COUNTERS(HTTP1_COUNTER_MEMBER_)
};
#undef HTTP1_COUNTER_MEMBER_

struct http1_plugin {
    struct nave_host *host;
    const struct nave_protocol_iface *protocol_api;
    const struct nave_http_iface *http_api;
    const struct nave_http_reply_iface *reply_api;
    const struct nave_stream_iface *stream_api;
    struct http1_options
        committed; /* control's alone: a worker reads its own, http1_worker.options */
    struct http1_options prepared;
    struct http1_counters counters;
    int64_t told_ns[HTTP1_TOLD]; /* by peer, when a line was last written; atomic */
    struct http1_worker **workers;
    uint32_t worker_count;
};

/* A protocol's part of one worker, which alone touches it; on cache lines of its own. */
struct http1_part {
    _Alignas(64) struct nave_http_handler *handler; /* the present one */
    uint64_t generation;                            /* counts handlers that had uses */
    uint64_t held;                                  /* uses of the present generation */
    uint64_t streams;        /* connections, and what they were upgraded to */
    struct nave_op *leaving; /* of set_next, one an earlier generation      */
    struct nave_op *retired; /* of retire                                   */
};

/* One use of the protocol: a listener's. */
struct http1_protocol {
    struct nave_protocol pub; /* first */
    struct http1_plugin *plugin;
    void *room; /* of the whole, not aligned */
    size_t room_size;
    struct http1_part parts[]; /* one a worker */
};

/* Bytes of a connection's own: input that was not used up, or output that was not sent. */
struct http1_store {
    uint32_t at;
    uint32_t end;
    uint32_t room;
    uint32_t reserved;
    uint8_t data[];
};

/* The plugin's part of one worker. */
struct http1_worker {
    struct http1_plugin *plugin;
    struct nave_worker *w;
    struct http1_options options;
    struct http1_limits limits;
    struct nave_job adopt; /* posted by commit: take the options of the plugin */
    struct http1_conn *active;
    uint8_t *in; /* window of the active connection: in .. in_end */
    uint8_t *in_end;
    size_t out_len;
    struct http1_exchange *free_exchanges;
    uint32_t exchange_count; /* in use and spare */
    uint32_t is_draining;
    struct http1_conn *conns; /* all */
    struct http1_reply *replies;
    struct http1_reply *free_replies;
    struct http1_reply *used_replies;
    int64_t date_s;
    char date[29];
    uint8_t in_buffer[HTTP1_READ_BUFFER + HTTP1_PADDING];
    char out_buffer[HTTP1_WRITE_BUFFER];
};

#define CONN_BLOCKED  (1u << 0)  /* the stream said NAVE_EAGAIN to a write               */
#define CONN_EOF      (1u << 1)  /* the peer has ended its direction                     */
#define CONN_DEAD     (1u << 2)  /* the stream failed                                    */
#define CONN_CLOSING  (1u << 3)  /* nothing more is read; closed once all is sent        */
#define CONN_LINGER   (1u << 4)  /* close with NAVE_CLOSE_LINGER                         */
#define CONN_ABORT    (1u << 5)  /* close at once, with NAVE_CLOSE_ABORT                 */
#define CONN_QUEUED   (1u << 6)  /* job is in the worker's queue                         */
#define CONN_HEADING  (1u << 7)  /* a head has begun to come: its deadline counts        */
#define CONN_UNREAD   (1u << 8)  /* the stream was left readable                         */
#define CONN_GONE     (1u << 9)  /* closed; the memory waits for job                     */
#define CONN_WATCHING (1u << 10) /* the write watch is set                               */
#define CONN_UPGRADED (1u << 11) /* the stream is somebody else's                        */

struct http1_conn {
    struct nave_timer timer; /* first */
    struct nave_job job;
    struct nave_stream *stream;
    struct http1_worker *hw;
    struct nave_http_handler *handler; /* of part: at hand for each request */
    struct http1_part *part;
    struct http1_exchange *x; /* the present one, or NULL */
    struct http1_store *in;
    struct http1_store *out;
    struct http1_conn *next;
    struct http1_conn *prev;
    nave_nsec old_ns; /* from here on a request is the last */
    uint32_t flags;
    uint32_t requests;
};

#define X_HELD         (1u << 0) /* lives beyond handle(); its texts are its own           */
#define X_HANDLING     (1u << 1) /* inside handle()                                        */
#define X_STARTED      (1u << 2) /* the head of the response is written                    */
#define X_DONE         (1u << 3) /* the whole response is written                          */
#define X_DEFERRED     (1u << 4) /* a reply answers                                        */
#define X_CHUNKED      (1u << 5) /* the response's body is chunked                         */
#define X_UNTIL_END    (1u << 6) /* the response's body ends with the connection           */
#define X_NO_BODY      (1u << 7) /* HEAD, 204, 304: body bytes are dropped                 */
#define X_KEEP         (1u << 8) /* the connection goes on after it                        */
#define X_BODY_DONE    (1u << 9) /* the request's body has come whole                      */
#define X_BODY_CHUNKED (1u << 10)
#define X_BODY_WAITS   (1u << 11) /* peek said NAVE_EAGAIN: the watch is owed              */
#define X_WRITE_WAITS  (1u << 12)
#define X_ENDED        (1u << 13) /* the handler's side is over: on_end was called          */
#define X_TOLD_100     (1u << 14)
#define X_GONE         (1u << 15) /* the connection is gone: every call is NAVE_ECLOSED     */
#define X_ODD          (1u << 16) /* not plain, see there                                  */
#define X_FILE         (1u << 17) /* `file` is to be sent before anything else             */
#define X_FILE_LAST    (1u << 18) /* and ends the body                                     */
#define X_FILE_COPY    (1u << 19) /* by reading it: the stream cannot take it              */

/* Nearly all exchanges are plain: HTTP/1.1, not HEAD, no body, nothing held, nobody to be told, no
 * memory but the arena; the connection goes on. A plain one is answered and is over in few steps; what
 * sets X_ODD takes the long way. */
#define X_PLAIN_MASK                                                                        \
    (X_ODD | X_HELD | X_HANDLING | X_STARTED | X_DONE | X_DEFERRED | X_KEEP | X_BODY_DONE | \
     X_ENDED | X_GONE)
#define X_PLAIN_OPEN (X_HANDLING | X_KEEP | X_BODY_DONE)           /* may be answered */
#define X_PLAIN_OVER (X_PLAIN_OPEN | X_STARTED | X_DONE | X_ENDED) /* was answered    */

struct http1_exchange {
    struct nave_http pub; /* first */
    struct http1_conn *c; /* NULL when gone */
    struct http1_worker *hw;
    struct http1_exchange *next_free;
    uint32_t flags;
    nave_err body_err; /* why the body ended badly   */
    uint32_t peeked;   /* bytes that peek gave       */
    uint32_t consumed_raw;
    uint64_t body_left; /* with a length              */
    uint64_t body_seen;
    uint64_t body_max;
    uint64_t out_left; /* of an announced length     */
    nave_nsec body_since_ns;
    nave_http_fn *end_fn;
    void *end_arg;
    nave_http_fn *body_fn;
    void *body_arg;
    nave_http_fn *write_fn;
    void *write_arg;
    struct http1_reply *reply;
    struct nave_file_range file; /* what is left of it, with X_FILE */
    struct http1_use use;        /* while held */
    char *held;                  /* the texts, once held */
    size_t held_size;
    struct http1_more *more; /* further memory of nave_http_alloc */
    uint32_t arena_used;
    uint32_t field_room;
    struct http1_chunked decoder;
    _Alignas(16) uint8_t arena[HTTP1_ARENA];
    struct nave_http_field fields[HTTP1_FIELDS_MAX];
};

struct http1_more {
    struct http1_more *next;
    size_t size;
};

/* --- store.c --- */
/* An empty store with `room` bytes, or NULL. */
struct http1_store *http1_store_new(struct nave_worker *w, size_t room);
/* NULL is fine. */
void http1_store_free(struct nave_worker *w, struct http1_store *s);
/* Put bytes at the end of `*store`, making or enlarging it. Errors: NAVE_ENOMEM; nothing changed. */
nave_err http1_store_append(struct nave_worker *w, struct http1_store **store, const void *data,
                            size_t len);

/* --- send.c --- */
/* Send all that is there, and `data` behind it; keep what the stream does not take. */
void http1_conn_flush(struct http1_conn *c, const void *data, size_t len);
/* The same for an active connection that has only the write buffer, with something in it, and whose
 * stream is neither blocked nor dead. 1: all was taken; out_len is the caller's to reset. */
int32_t http1_conn_send(struct http1_conn *c);
/* The stream took `sent` bytes of the pieces (the store's, the buffer's, others), or said `err`. */
void http1_conn_wrote_part(struct http1_conn *c, const struct nave_bytes *piece, uint32_t n,
                           size_t sent, nave_err err);
/* The stream took all of the store and the buffer. */
void http1_conn_wrote_all(struct http1_conn *c);
/* The stream is dead: nothing is sent any more. */
void http1_conn_failed(struct http1_conn *c);
/* Put bytes behind what is to be sent. Errors: NAVE_ENOMEM; NAVE_ECLOSED. */
nave_err http1_conn_append(struct http1_conn *c, const void *data, size_t len);
/* `need` bytes of room in the write buffer of an active connection, or NULL. */
char *http1_conn_room(struct http1_conn *c, size_t need);
/* How many bytes are unsent. */
size_t http1_conn_unsent(const struct http1_conn *c);

/* --- request.c --- */
/* Take over what the parser found. */
void http1_exchange_fill(struct http1_exchange *x, const struct http1_head *head);
/* OPTIONS * */
void http1_answer_asterisk(struct http1_exchange *x);

/* --- refusal.c --- */
/* Log `text` behind the address of the peer, unless there was a line about it within a second. */
void http1_tell(struct http1_conn *c, uint32_t level, const char *text);
/* Count what is refused with `status`, and tell it. */
void http1_count_refusal(struct http1_conn *c, uint16_t status);
/* Answer a head that was refused; the connection ends. */
void http1_refuse(struct http1_conn *c, int32_t status);

/* --- conn.c --- */
void http1_conn_accept(struct nave_protocol *p, struct nave_stream *s_take,
                       const struct nave_accept_info *info);
/* Have the connection run once more, soon. */
void http1_conn_kick(struct http1_conn *c);
/* Run what an event on `c` may have made possible; `c` may be gone after. */
void http1_conn_run(struct http1_conn *c);
void http1_conn_drain(struct http1_worker *hw);
void http1_conn_stop(struct http1_worker *hw);
/* The stream may be written again. Thread: [worker]. */
void http1_conn_on_writable(void *arg);
/* The unused input of `c`. */
struct nave_span http1_conn_input(struct http1_conn *c);
void http1_conn_used(struct http1_conn *c, size_t n);
void http1_conn_extend(struct http1_conn *c, nave_nsec timeout_ns);

extern const struct nave_protocol_iface http1_protocol_table; /* plugin.c */

/* --- part.c --- */
/* `use` keeps the present handler of `part` until it is given back. */
void http1_use_take(struct http1_use *use, struct http1_part *part);
void http1_use_give(struct http1_use *use);
/* A stream begins, and ends; `part` may be gone after the latter. */
void http1_part_joined(struct http1_part *part);
void http1_part_left(struct http1_part *part);
nave_err http1_protocol_set_next(struct nave_protocol *p, struct nave_handle *next,
                                 struct nave_op *op);
nave_err http1_protocol_retire(struct nave_protocol *p, struct nave_op *op);

/* --- exchange.c --- */
extern const struct nave_http_iface http1_http_table;
/* One more exchange, or NULL. */
struct http1_exchange *http1_exchange_make(struct http1_worker *hw);
/* Let go of everything that an exchange with X_ODD may have. 1: it is gone itself. */
int32_t http1_exchange_clear(struct http1_exchange *x);
/* The connection is gone, or the response is complete: tell the handler, once. */
void http1_exchange_end(struct http1_exchange *x);
/* Answer with `status` and its reason as the body. */
void http1_exchange_error(struct http1_conn *c, struct http1_exchange *x, uint16_t status);
/* NAVE_EINVAL when a header of `r` may not be sent. Thread: [any]. */
nave_err http1_check_response_headers(const struct nave_http_response *r);
/* Is `r` large enough, and does it say nothing in a tail that is not known here (law 2)? It may be of
 * an older or of a newer SDK. Errors: NAVE_EINVAL its size; NAVE_ETOONEW a non-zero tail. */
nave_err http1_check_other_size(const struct nave_http_response *r);

static inline nave_err http1_check_size(const struct nave_http_response *r)
{
    return NAVE_LIKELY(r->size == sizeof(*r)) ? NAVE_OK : http1_check_other_size(r);
}
nave_err http1_exchange_respond(struct http1_exchange *x, const struct nave_http_response *r);
/* 1: a response was started, and its body may go on. */
int32_t http1_exchange_is_streaming(const struct http1_exchange *x);
/* The body of a started response is complete; what a chunked one ends with is still to be written. */
void http1_exchange_finish(struct http1_exchange *x);

/* --- file.c --- */
nave_err http1_write_file(struct nave_http *pub, const struct nave_file_range *file);
/* Send more of the file of an exchange with X_FILE; its connection is active. 1: all of it has gone. 0:
 * it waits for the peer or for its next turn, or the exchange was cut off. */
int32_t http1_file_run(struct http1_exchange *x);

/* --- body.c --- */
nave_err http1_body_peek(struct nave_http *pub, struct nave_bytes *out);
void http1_body_consume(struct nave_http *pub, size_t n);
void http1_body_watch(struct nave_http *pub, nave_http_fn *fn, void *arg);
nave_err http1_body_limit(struct nave_http *pub, uint64_t max);
nave_err http1_body_trailer(struct nave_http *pub, uint32_t i, struct nave_http_header *out);
/* Skip what comes of the body. 1: it has ended. 0: more is to come. < 0: it ended badly. */
int32_t http1_body_discard(struct http1_exchange *x);
/* Call the body watch when it is owed and peek has something to say. */
void http1_body_tell(struct http1_exchange *x);

/* --- reply.c --- */
extern const struct nave_http_reply_iface http1_reply_table;
nave_err http1_reply_new(struct http1_exchange *x, struct nave_http_reply **out_reply);
/* The exchange of `r` is over. */
void http1_reply_cut(struct http1_reply *r);
void http1_reply_free_all(struct http1_worker *hw);

/* --- upgrade.c --- */
extern const struct nave_stream_iface http1_stream_table;
nave_err http1_upgrade(struct nave_http *pub, const struct nave_http_response *r,
                       struct nave_stream **out_stream);

/* An exchange for the next request of `c`, or NULL. */
static inline struct http1_exchange *http1_exchange_new(struct http1_conn *c)
{
    struct http1_worker *hw = c->hw;
    struct http1_exchange *x = hw->free_exchanges;

    if (NAVE_LIKELY(x != NULL))
        hw->free_exchanges = x->next_free;
    else if (!(x = http1_exchange_make(hw)))
        return NULL;
    x->pub.api = hw->plugin->http_api; /* anew, as iface.h asks */
    x->c = c;
    x->body_max = hw->options.max_body;
    return x;
}

static inline void http1_exchange_free(struct http1_exchange *x)
{
    struct http1_worker *hw = x->hw;

    if (NAVE_UNLIKELY(x->flags & X_ODD) && http1_exchange_clear(x))
        return;
    x->arena_used = 0;
    x->next_free = hw->free_exchanges;
    hw->free_exchanges = x;
}

/* Count one. */
static inline void http1_count(struct http1_worker *hw, const struct nave_counter *counter)
{
    nave_counter_add(counter, hw->w->index, 1);
}

#endif
