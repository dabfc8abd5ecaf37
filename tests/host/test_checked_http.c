/* SPDX-License-Identifier: MIT
 *
 * NAVE_CHECK=1: what is said of exchanges, replies and handlers that are used against their rules; and that who
 * breaks none goes on.
 */
#include <unistd.h>

#include "checked_rig.h"
#include "test_main.h"

/* --- nave.http/1, nave.http.reply/1, nave.http.handler/1 ------------------------------------- */

static struct nave_http_response response = {.size = sizeof(response), .status = 200};

static void respond(void)
{
    (void)x.api->respond(&x, &response);
}

static void x_elsewhere(struct nave_worker *w)
{
    (void)w;
    handler.api->handle(&handler, &x);
    on_a_thread(respond);
}

static void x_answered_twice(struct nave_worker *w)
{
    (void)w;
    respond();
    respond();
}

static void x_after_abort(struct nave_worker *w)
{
    (void)w;
    x.api->abort(&x);
    (void)x.api->hold(&x);
}

static void on_end(struct nave_http *one, void *arg)
{
    (void)arg;
    if (one != &x)
        _exit(4);
}

static void x_after_its_end(struct nave_worker *w)
{
    (void)w;
    x.api->on_end(&x, on_end, NULL);
    respond();
    (void)x.api->hold(&x); /* it is not over yet */
    end_fn(&x, end_arg);
    (void)x.api->hold(&x);
}

static void x_after_upgrade(struct nave_worker *w)
{
    struct nave_stream *out;

    (void)w;
    answer = NAVE_ESTATE; /* which does not end it */
    (void)x.api->upgrade(&x, &response, &out);
    answer = NAVE_OK;
    (void)x.api->upgrade(&x, &response, &out);
    x.api->abort(&x);
}

static void x_no_response(struct nave_worker *w)
{
    (void)w;
    (void)x.api->respond(&x, NULL);
}

static void handle(void)
{
    handler.api->handle(&handler, &x);
}

static void n_elsewhere(struct nave_worker *w)
{
    (void)w;
    on_a_thread(handle);
}

static void n_over(struct nave_worker *w)
{
    (void)w;
    respond();
    handle();
}

static void r_answered_twice(struct nave_worker *w)
{
    (void)w;
    answer = NAVE_EINVAL; /* the reply is still there */
    (void)reply.api->respond(&reply, &response);
    answer = NAVE_ECLOSED; /* and now it is not */
    (void)reply.api->respond(&reply, &response);
    (void)reply.api->respond(&reply, &response);
}

static void r_after_drop(struct nave_worker *w)
{
    (void)w;
    reply.api->drop(&reply);
    (void)reply.api->is_closed(&reply);
}

static void r_no_response(struct nave_worker *w)
{
    (void)w;
    (void)reply.api->respond(&reply, NULL);
}

static void http_rules(void)
{
#define HTTP(call)    "the program called nave.http/1 " call " of plugin \"breach\": "
#define REPLY(call)   "the program called nave.http.reply/1 " call " of plugin \"breach\": "
#define HANDLER(call) "the program called nave.http.handler/1 " call " of plugin \"breach\": "
    static const struct row rows[] = {
        {x_elsewhere,
         HTTP("respond") "it belongs to worker 0, and this thread is no worker's; reach "
                         "that worker with nave_worker_post()"},
        {x_answered_twice, HTTP("respond") OVER},
        {x_after_abort, HTTP("hold") OVER},
        {x_after_its_end, HTTP("hold") OVER},
        {x_after_upgrade, HTTP("abort") OVER},
        {x_no_response, HTTP("respond") "r" MAY_BE_NULL},
        {n_elsewhere, HANDLER("handle") NO_WORKER},
        {n_over, HANDLER("handle") "the exchange that it is given is over; forget the handle where "
                                   "it is given up"},
        {r_answered_twice, REPLY("respond") OVER},
        {r_after_drop, REPLY("is_closed") OVER},
        {r_no_response, REPLY("respond") "response" MAY_BE_NULL},
    };

    EXPECT(rows);
}

/* --- and who breaks no rule ------------------------------------------------------------------ */

static void reply_elsewhere(void)
{
    if (!reply.api->is_closed(&reply))
        (void)reply.api->respond(&reply, &response);
}

static void accept_stream(void)
{
    static struct nave_accept_info info;

    protocol.api->accept(&protocol, &stream, &info);
}

static void read_stream(void)
{
    char room[16];
    size_t len;

    (void)!nave_stream_read(&stream, room, sizeof(room), &len);
}

static void nothing_wrong(struct nave_worker *w)
{
    struct nave_http_reply *out;
    struct nave_stream_info info;

    if (publish(&stream_table.hdr) != (const void *)stream.api)
        _exit(4); /* the same table each time */
    nave_worker_free(w, nave_worker_alloc(w, 32), 32);
    accept_stream();
    read_stream();
    nave_stream_watch(&stream, NAVE_STREAM_READ | NAVE_STREAM_WRITE, NULL, NULL);
    (void)nave_stream_get_info(&stream, &info);
    nave_stream_close(&stream, NAVE_CLOSE_ABORT | NAVE_CLOSE_LINGER);
    make_objects(); /* in the same memory */
    read_stream();
    handle();
    handle(); /* handed on */
    answer = NAVE_ENOMEM;
    respond(); /* another may be tried */
    answer = NAVE_OK;
    respond();
    make_objects();
    handle();
    (void)x.api->hold(&x);
    respond();
    (void)x.api->body_peek(&x, &(struct nave_bytes){NULL, 0}); /* held: until its end */
    make_objects();
    (void)x.api->defer(&x, &out);
    x.api->body_watch(&x, NULL, NULL);
    on_a_thread(reply_elsewhere);
    (void)listener.api->start(&listener, w->index);
    listener.api->stop(&listener, w->index);
}

static void who_breaks_no_rule_goes_on(void)
{
    goes_on(nothing_wrong, ONE_WORKER);
}

static CU_TestInfo tests[] = {
    {"http_rules", http_rules},
    {"who_breaks_no_rule_goes_on", who_breaks_no_rule_goes_on},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"checked: http", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)
