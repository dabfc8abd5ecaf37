/* SPDX-License-Identifier: MIT
 *
 * NAVE_CHECK=1: what is said of streams, protocols, transports and listeners that are used against their rules.
 */
#include <sched.h>

#include "checked_rig.h"
#include "test_main.h"

/* --- nave.stream/1 --------------------------------------------------------------------------- */

static char room[16];
static size_t len;

static void read_stream(void)
{
    (void)!nave_stream_read(&stream, room, sizeof(room), &len);
}

static void s_elsewhere(struct nave_worker *w)
{
    (void)w;
    on_a_thread(read_stream);
}

static void s_owned_and_elsewhere(struct nave_worker *w)
{
    (void)w;
    read_stream();
    on_a_thread(read_stream);
}

static void s_after_close(struct nave_worker *w)
{
    (void)w;
    nave_stream_close(&stream, 0);
    read_stream();
}

static void s_closed_twice(struct nave_worker *w)
{
    (void)w;
    nave_stream_close(&stream, 0);
    nave_stream_close(&stream, 0);
}

static void s_too_many(struct nave_worker *w)
{
    struct nave_span spans[17];
    uint32_t i;

    (void)w;
    for (i = 0; i < NAVE_COUNT(spans); i++)
        spans[i] = (struct nave_span){room, 1};
    (void)stream.api->read(&stream, spans, 17, &len);
}

static void s_none(struct nave_worker *w)
{
    struct nave_bytes piece = {room, 1};

    (void)w;
    (void)stream.api->write(&stream, &piece, 0, &len);
}

static void s_no_direction(struct nave_worker *w)
{
    (void)w;
    nave_stream_watch(&stream, 4, NULL, NULL);
}

static void s_unknown_flag(struct nave_worker *w)
{
    (void)w;
    nave_stream_close(&stream, 1u << 7);
}

static void s_no_length(struct nave_worker *w)
{
    (void)w;
    (void)!nave_stream_write(&stream, room, 1, NULL);
}

static void stream_rules(void)
{
#define STREAM(call) "the program called nave.stream/1 " call " of plugin \"breach\": "
    static const struct row rows[] = {
        {s_elsewhere, STREAM("read") NO_WORKER},
        {s_owned_and_elsewhere,
         STREAM("read") "it belongs to worker 0, and this thread is no "
                        "worker's; reach that worker with nave_worker_post()"},
        {s_after_close, STREAM("read") OVER},
        {s_closed_twice, STREAM("close") OVER},
        {s_too_many, STREAM("read") "17 pieces, and 1 to 16 are allowed; split it up"},
        {s_none, STREAM("write") "0 pieces, and 1 to 16 are allowed; split it up"},
        {s_no_direction, STREAM("watch") "4 is no direction; give NAVE_STREAM_READ, "
                                         "NAVE_STREAM_WRITE or both"},
        {s_unknown_flag, STREAM("close") "flags 0x80 are not known; give NAVE_CLOSE_* or 0"},
        {s_no_length, STREAM("write") "out_len" MAY_BE_NULL},
    };

    EXPECT(rows);
}

static uint32_t is_used; /* atomic */

/* Worker 0 uses the stream first, worker 1 then. */
static void s_of_another_worker(struct nave_worker *w)
{
    if (w->index == 0) {
        read_stream();
        __atomic_store_n(&is_used, 1, __ATOMIC_RELEASE);
        return;
    }
    while (!__atomic_load_n(&is_used, __ATOMIC_ACQUIRE))
        sched_yield();
    read_stream();
}

static void another_worker_is_named(void)
{
    static const struct row rows[] = {
        {s_of_another_worker, STREAM("read") "it belongs to worker 0, and this is the thread of "
                                             "worker 1; reach that worker with nave_worker_post()"},
    };

    expect(rows, 1, TWO_WORKERS);
}

/* --- roles ----------------------------------------------------------------------------------- */

static struct nave_accept_info accept_info;
static struct nave_addr address;

static void accept_stream(void)
{
    protocol.api->accept(&protocol, &stream, &accept_info);
}

static void p_elsewhere(struct nave_worker *w)
{
    (void)w;
    on_a_thread(accept_stream);
}

static void p_another_index(struct nave_worker *w)
{
    (void)w;
    accept_info.worker = 5;
    accept_stream();
}

static void p_closed_stream(struct nave_worker *w)
{
    (void)w;
    nave_stream_close(&stream, 0);
    accept_stream();
}

static void p_no_stream(struct nave_worker *w)
{
    (void)w;
    protocol.api->accept(&protocol, NULL, &accept_info);
}

static void p_op_twice(struct nave_worker *w)
{
    struct nave_op op;

    nave_op_init(&op, w, NULL, NULL);
    (void)protocol.api->retire(&protocol, &op);
    op.state = NAVE_OP_IN_FLIGHT;
    (void)protocol.api->retire(&protocol, &op);
}

static void p_no_op(struct nave_worker *w)
{
    (void)w;
    (void)protocol.api->set_next(&protocol, (struct nave_handle *)(void *)&handler, NULL);
}

static void listen_now(void)
{
    struct nave_listen_args args = {.size = sizeof(args)};
    struct nave_listener *l;

    (void)transport.api->listen(&transport, &args, &l);
}

static void t_elsewhere(struct nave_worker *w)
{
    (void)w;
    on_a_thread(listen_now);
}

static void t_no_args(struct nave_worker *w)
{
    struct nave_listener *l;

    (void)w;
    (void)transport.api->listen(&transport, NULL, &l);
}

static void start_listener(void)
{
    (void)listener.api->start(&listener, 0);
}

static void l_elsewhere(struct nave_worker *w)
{
    (void)w;
    on_a_thread(start_listener);
}

static void l_another_index(struct nave_worker *w)
{
    (void)w;
    listener.api->stop(&listener, 3);
}

static void ask_address(void)
{
    (void)listener.api->address(&listener, &address);
}

static void l_address_elsewhere(struct nave_worker *w)
{
    (void)w;
    on_a_thread(ask_address);
}

static void l_destroyed(struct nave_worker *w)
{
    (void)w;
    listener.api->destroy(&listener);
    ask_address();
}

static void role_rules(void)
{
#define PROTOCOL(call)  "the program called nave.protocol/1 " call " of plugin \"breach\": "
#define TRANSPORT(call) "the program called nave.transport/1 " call " of plugin \"breach\": "
#define LISTENER(call)  "the program called nave.listener/1 " call " of plugin \"breach\": "
#define EACH            "; call it on each worker with that worker's index"
    static const struct row rows[] = {
        {p_elsewhere, PROTOCOL("accept") NO_WORKER},
        {p_another_index,
         PROTOCOL("accept") "it is told of worker 5 on the thread of worker 0" EACH},
        {p_closed_stream,
         PROTOCOL("accept") "the stream that it is given is over; forget the handle "
                            "where it is given up"},
        {p_no_stream, PROTOCOL("accept") "s_take" MAY_BE_NULL},
        {p_op_twice,
         PROTOCOL("retire") "the op was started before and is not done; wait for done, or "
                            "take it back with nave_op_drop()"},
        {p_no_op, PROTOCOL("set_next") "op" MAY_BE_NULL},
        {t_elsewhere, TRANSPORT("listen") NOT_CONTROL},
        {t_no_args, TRANSPORT("listen") "args" MAY_BE_NULL},
        {l_elsewhere, LISTENER("start") NO_WORKER},
        {l_another_index, LISTENER("stop") "it is told of worker 3 on the thread of worker 0" EACH},
        {l_address_elsewhere, LISTENER("address") NOT_CONTROL},
        {l_destroyed, LISTENER("address") OVER},
    };

    EXPECT(rows);
}

static CU_TestInfo tests[] = {
    {"stream_rules", stream_rules},
    {"another_worker_is_named", another_worker_is_named},
    {"role_rules", role_rules},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"checked: roles", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)
