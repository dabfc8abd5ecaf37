/* SPDX-License-Identifier: MIT
 *
 * What a reload asks of the protocol: another handler for connections that are there, an end for
 * those of a listener that went, other options.
 */
#include "conn_rig.h"

#include <string.h>

#include "tests/support/test_main.h"

#include <nave/role.h>

static struct nave_protocol *protocol(void)
{
    return (struct nave_protocol *)(void *)proto;
}

/* --- another handler ------------------------------------------------------------------------- */

static uint32_t second_handled;
static struct nave_http *second_held;

static void second_end(struct nave_http *x, void *arg)
{
    (void)x;
    (void)arg;
    second_held = NULL;
}

static void second_handle(struct nave_http_handler *h, struct nave_http *x)
{
    struct nave_str path = nave_http_text(x, x->path);

    (void)h;
    second_handled++;
    if (path.len == 5 && memcmp(path.ptr, "/hold", 5) == 0 && x->api->hold(x) == NAVE_OK) {
        x->api->on_end(x, second_end, NULL);
        second_held = x;
        return;
    }
    (void)respond(x, "2");
}

static const struct nave_http_handler_iface second_api = {
    .hdr = NAVE_IFACE(struct nave_http_handler_iface, NAVE_HTTP_HANDLER_ID, 0, 0),
    .handle = second_handle,
};
static struct nave_http_handler second = {&second_api}, third = {&second_api};

static void on_done(struct nave_op *op, void *arg)
{
    uint32_t *done = arg;

    CU_ASSERT_EQUAL(op->state, NAVE_OP_DONE);
    CU_ASSERT_EQUAL(op->result, NAVE_OK);
    ++*done;
}

static nave_err change(struct nave_http_handler *to, struct nave_op *op, uint32_t *done)
{
    *done = 0;
    nave_op_init(op, &worker.pub, on_done, done);
    return protocol()->api->set_next(protocol(), (struct nave_handle *)(void *)to, op);
}

static void an_open_connection_meets_the_new_handler(void)
{
    struct nave_op op;
    uint32_t done;

    second_handled = 0;
    begin(say_ok);
    put(GET);
    CU_ASSERT(wrote(OK2));
    take_all();

    CU_ASSERT_EQUAL(change(&second, &op, &done), NAVE_OK); /* nothing is under way */

    put(GET);
    CU_ASSERT(wrote(HEAD200 "Content-Length: 1\r\n\r\n2"));
    CU_ASSERT_EQUAL(handled, 1);
    CU_ASSERT_EQUAL(second_handled, 1);
    CU_ASSERT_EQUAL(done, 0); /* an op that was over at once is not told */
    finish();
}

static void a_new_connection_meets_the_new_handler(void)
{
    struct nave_op op;
    uint32_t done;

    second_handled = 0;
    begin(say_ok);
    CU_ASSERT_EQUAL(change(&second, &op, &done), NAVE_OK);
    mem_stream_put_eof(&pair->near);
    fake_worker_run(&worker);
    connect_peer();
    put(GET);
    CU_ASSERT_EQUAL(second_handled, 1);
    finish();
}

static void what_is_held_stays_with_the_handler_before_until_it_ends(void)
{
    struct nave_op op;
    uint32_t done;

    second_handled = 0;
    begin(hold_it);
    put(GET);
    CU_ASSERT_PTR_NOT_NULL_FATAL(held);

    CU_ASSERT_EQUAL(change(&second, &op, &done), NAVE_EAGAIN);
    fake_worker_run(&worker);
    CU_ASSERT_EQUAL(done, 0);

    (void)respond(held, "ok");
    fake_worker_run(&worker);
    CU_ASSERT_EQUAL(done, 1);
    CU_ASSERT(wrote(OK2));
    take_all();
    put(GET);
    CU_ASSERT_EQUAL(second_handled, 1);
    finish();
}

static void a_peer_that_goes_ends_what_is_held(void)
{
    struct nave_op op;
    uint32_t done;

    begin(hold_it);
    put(GET);
    CU_ASSERT_EQUAL(change(&second, &op, &done), NAVE_EAGAIN);
    mem_stream_break(&pair->near, NAVE_ERESET);
    fake_worker_run(&worker);
    CU_ASSERT_EQUAL(done, 1);
    finish();
}

static void each_handler_before_is_let_go_of_in_its_own_time(void)
{
    struct mem_pair *first_pair;
    struct nave_http *first_held;
    struct nave_op ops[3];
    uint32_t done[3];

    second_handled = 0;
    begin(hold_it);
    put(GET);
    first_held = held;
    first_pair = pair;
    CU_ASSERT_EQUAL(change(&second, &ops[0], &done[0]), NAVE_EAGAIN);
    pair = NULL; /* a second connection beside the first */
    connect_peer();
    put("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(second_held);
    CU_ASSERT_EQUAL(change(&third, &ops[1], &done[1]), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(change(&second, &ops[2], &done[2]), NAVE_OK); /* third was never used */

    (void)respond(second_held, "2");
    fake_worker_run(&worker);
    CU_ASSERT_EQUAL(done[1], 1);
    CU_ASSERT_EQUAL(done[0], 0);
    (void)respond(first_held, "ok");
    fake_worker_run(&worker);
    CU_ASSERT_EQUAL(done[0], 1);
    CU_ASSERT_EQUAL(done[2], 0);

    mem_stream_put_eof(&first_pair->near);
    fake_worker_run(&worker);
    CU_ASSERT(first_pair->near.is_closed);
    mem_pair_free(first_pair);
    finish();
}

static void an_op_that_is_dropped_is_not_told(void)
{
    struct nave_op ops[2];
    uint32_t done[2];

    begin(hold_it);
    put(GET);
    CU_ASSERT_EQUAL(change(&second, &ops[0], &done[0]), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(change(&third, &ops[1], &done[1]), NAVE_OK);
    nave_op_drop(&ops[0]);
    CU_ASSERT_EQUAL(ops[0].state, NAVE_OP_IDLE);
    memset(ops, 0xAA, sizeof(ops)); /* nobody may look at it */
    (void)respond(held, "ok");
    fake_worker_run(&worker);
    CU_ASSERT_EQUAL(done[0], 0);
    finish();
}

static void a_question_changes_nothing(void)
{
    begin(say_ok);
    CU_ASSERT_EQUAL(protocol()->api->set_next(protocol(), NULL, NULL), NAVE_EINVAL);
    put(GET);
    CU_ASSERT(wrote(OK2));
    finish();
}

/* --- the end of a listener ------------------------------------------------------------------- */

static nave_err retire(struct nave_op *op, uint32_t *done)
{
    *done = 0;
    nave_op_init(op, &worker.pub, on_done, done);
    return protocol()->api->retire(protocol(), op);
}

static void a_protocol_without_streams_retires_at_once(void)
{
    struct nave_op op;
    uint32_t done;

    begin(say_ok);
    mem_stream_put_eof(&pair->near);
    fake_worker_run(&worker);
    CU_ASSERT_EQUAL(retire(&op, &done), NAVE_OK);
    finish();
}

static void a_connection_of_a_retired_protocol_gets_its_answer_and_is_told_to_close(void)
{
    struct nave_op op;
    uint32_t done;

    begin(say_ok);
    put(GET);
    take_all();
    CU_ASSERT_EQUAL(retire(&op, &done), NAVE_EAGAIN);
    fake_worker_run(&worker);
    CU_ASSERT(!pair->near.is_closed); /* the next request may be under way */

    put(GET);
    CU_ASSERT_EQUAL(count_written("200 OK"), 1);
    CU_ASSERT_EQUAL(count_written("Connection: close"), 1);
    fake_worker_run(&worker);
    CU_ASSERT(pair->near.is_closed);
    CU_ASSERT_EQUAL(done, 1);
    finish();
}

static void a_retired_protocol_waits_for_what_is_held(void)
{
    struct nave_op op;
    uint32_t done;

    begin(hold_it);
    put(GET);
    CU_ASSERT_EQUAL(retire(&op, &done), NAVE_EAGAIN);
    fake_worker_run(&worker);
    CU_ASSERT_EQUAL(done, 0);
    (void)respond(held, "ok");
    fake_worker_run(&worker);
    CU_ASSERT_EQUAL(count_written("Connection: close"), 1);
    CU_ASSERT(pair->near.is_closed);
    CU_ASSERT_EQUAL(done, 1);
    finish();
}

static struct nave_stream *upgraded;

static void upgrade_it(struct nave_http *x)
{
    struct nave_http_response r = {.size = sizeof(r)};

    last_err = x->api->upgrade(x, &r, &upgraded);
}

static void an_upgraded_stream_keeps_handler_and_protocol(void)
{
    struct nave_op next, end;
    uint32_t next_done, end_done;

    begin(upgrade_it);
    put("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
    CU_ASSERT_EQUAL_FATAL(last_err, NAVE_OK);
    CU_ASSERT_EQUAL(change(&second, &next, &next_done), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(retire(&end, &end_done), NAVE_EAGAIN);
    fake_worker_run(&worker);
    CU_ASSERT_EQUAL(next_done + end_done, 0);
    nave_stream_close(upgraded, 0);
    CU_ASSERT_EQUAL(next_done, 1);
    CU_ASSERT_EQUAL(end_done, 1);
    finish();
}

static void an_upgraded_stream_is_refused_to_other_threads(void)
{
    uint64_t here;
    char data[8];
    size_t n = 0;

    begin(upgrade_it);
    put("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nleft");
    CU_ASSERT_EQUAL_FATAL(last_err, NAVE_OK);
    here = worker.runner;
    worker.runner = 0;
    CU_ASSERT_EQUAL(nave_stream_read(upgraded, data, sizeof(data), &n), NAVE_EAFFINITY);
    CU_ASSERT_EQUAL(nave_stream_write(upgraded, "x", 1, &n), NAVE_EAFFINITY);
    CU_ASSERT_EQUAL(nave_stream_shut(upgraded), NAVE_EAFFINITY);
    nave_stream_close(upgraded, 0);
    worker.runner = here;
    CU_ASSERT_EQUAL(nave_stream_read(upgraded, data, sizeof(data), &n), NAVE_OK);
    CU_ASSERT_EQUAL(n, 4);
    nave_stream_close(upgraded, 0);
    finish();
}

static uint32_t up_wakes;

static void up_wake(const struct nave_waker *w)
{
    (void)w;
    up_wakes++;
}

/* As stream_op.h does. */
static nave_err wait_for(struct nave_op *op, uint32_t direction)
{
    static const struct nave_waker_iface table = {.hdr = NAVE_IFACE(struct nave_waker_iface,
                                                                    "nave.waker/1", 0, 0),
                                                  .wake = up_wake};

    nave_op_init(op, &worker.pub, NULL, NULL);
    op->waker = &table;
    op->impl = upgraded;
    op->result = NAVE_EAGAIN;
    return upgraded->api->wait(upgraded, direction, op);
}

static void who_waits_for_an_upgraded_stream_is_told_of_what_came_behind_the_head(void)
{
    struct nave_op in, out, more;
    char data[8];
    size_t n = 0;

    begin(upgrade_it);
    put("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nleft");
    CU_ASSERT_EQUAL_FATAL(last_err, NAVE_OK);
    CU_ASSERT_EQUAL(wait_for(&in, NAVE_STREAM_READ), NAVE_OK);
    CU_ASSERT_EQUAL(in.result, NAVE_EAGAIN); /* not inside the call */
    CU_ASSERT_EQUAL(wait_for(&more, NAVE_STREAM_READ), NAVE_EBUSY);
    CU_ASSERT_EQUAL(wait_for(&out, NAVE_STREAM_READ | NAVE_STREAM_WRITE), NAVE_EINVAL);
    fake_worker_run(&worker);
    CU_ASSERT_EQUAL(in.result, NAVE_OK);
    CU_ASSERT_EQUAL(up_wakes, 1);
    CU_ASSERT_EQUAL(nave_stream_read(upgraded, data, sizeof(data), &n), NAVE_OK);
    CU_ASSERT_EQUAL(n, 4);
    CU_ASSERT_EQUAL(wait_for(&in, NAVE_STREAM_READ), NAVE_OK);
    CU_ASSERT_EQUAL(upgraded->api->wait(upgraded, NAVE_STREAM_READ, NULL), NAVE_OK);
    CU_ASSERT_EQUAL(wait_for(&in, NAVE_STREAM_READ), NAVE_OK); /* there is room again */
    put("more");
    CU_ASSERT_EQUAL(in.result, NAVE_OK);
    CU_ASSERT_EQUAL(wait_for(&out, NAVE_STREAM_WRITE), NAVE_OK);
    CU_ASSERT_EQUAL(nave_stream_read(upgraded, data, sizeof(data), &n), NAVE_OK);
    CU_ASSERT_EQUAL(wait_for(&in, NAVE_STREAM_READ), NAVE_OK);
    nave_stream_close(upgraded, 0);
    CU_ASSERT_EQUAL(in.result, NAVE_ECLOSED);
    finish();
}

static void the_end_of_a_worker_ends_what_was_waited_for(void)
{
    struct nave_op next, end;
    uint32_t next_done, end_done;

    begin(hold_it);
    put(GET);
    CU_ASSERT_EQUAL(change(&second, &next, &next_done), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(retire(&end, &end_done), NAVE_EAGAIN);
    finish();
    CU_ASSERT_EQUAL(next_done, 1);
    CU_ASSERT_EQUAL(end_done, 1);
}

/* --- other options --------------------------------------------------------------------------- */

static void committed_options_reach_the_worker_by_its_loop(void)
{
    struct nave_prepare_args args = {.size = sizeof(args),
                                     .flags = NAVE_PREPARE_RELOAD,
                                     .options = &options};

    begin(read_body);
    options.max_body = 2;
    CU_ASSERT_EQUAL(plugin->ops->prepare(self, &args), NAVE_OK);
    put("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    CU_ASSERT_EQUAL(count_written("200 OK"), 1); /* prepared is not in use */
    take_all();

    CU_ASSERT_EQUAL(plugin->ops->commit(self), NAVE_OK);
    fake_worker_run(&worker);
    put("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    CU_ASSERT_EQUAL(count_written(" 413 "), 1);
    finish();
}

static CU_TestInfo tests[] = {
    TEST(an_open_connection_meets_the_new_handler),
    TEST(a_new_connection_meets_the_new_handler),
    TEST(what_is_held_stays_with_the_handler_before_until_it_ends),
    TEST(a_peer_that_goes_ends_what_is_held),
    TEST(each_handler_before_is_let_go_of_in_its_own_time),
    TEST(an_op_that_is_dropped_is_not_told),
    TEST(a_question_changes_nothing),
    TEST(a_protocol_without_streams_retires_at_once),
    TEST(a_connection_of_a_retired_protocol_gets_its_answer_and_is_told_to_close),
    TEST(a_retired_protocol_waits_for_what_is_held),
    TEST(an_upgraded_stream_keeps_handler_and_protocol),
    TEST(an_upgraded_stream_is_refused_to_other_threads),
    TEST(who_waits_for_an_upgraded_stream_is_told_of_what_came_behind_the_head),
    TEST(the_end_of_a_worker_ends_what_was_waited_for),
    TEST(committed_options_reach_the_worker_by_its_loop),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"http1 handover", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)
