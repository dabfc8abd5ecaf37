/* SPDX-License-Identifier: MIT
 *
 * Streams that are awaited: what is moved, what is lost (nothing), who may wait, and how a wait ends.
 */
#include <nave/deadline.h>
#include <nave/pin.h>
#include <nave/stream_op.h>

#include "async_rig.h"
#include "mem_stream.h"

#define LEN 48u

static struct mem_pair *pair;
static struct nave_stream *s; /* the end under test */
static struct mem_stream *peer;
static int pins;
static struct nave_worker_iface counting_pins;
static const struct nave_worker_iface *raw_pins;

static void count_pin(struct nave_worker *pub, void *task)
{
    pins++;
    raw_pins->pin(pub, task);
}

static void count_unpin(struct nave_worker *pub, void *task)
{
    pins--;
    raw_pins->unpin(pub, task);
}

static void begin(void)
{
    setup();
    pins = 0;
    raw_pins = w->api;
    counting_pins = *w->api;
    counting_pins.pin = count_pin;
    counting_pins.unpin = count_unpin;
    w->api = &counting_pins;
    pair = mem_pair_new(w);
    CU_ASSERT_PTR_NOT_NULL_FATAL(pair);
    s = &pair->near.pub;
    peer = &pair->far;
}

static void finish(void)
{
    if (!pair->near.is_closed)
        nave_stream_close(&pair->near.pub, 0);
    settle();
    mem_pair_free(pair);
    settle();
    CU_ASSERT_EQUAL(pins, 0);
    teardown();
}

static void text(char *data, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++)
        data[i] = (char)('A' + i % 57);
}

/* What one task does with the stream; the fields say what came of it. */
struct told {
    char data[LEN];
    uint64_t moved;
    nave_err result;
    uint32_t ends;
    uint32_t cleanups;
};

/* Reads into told->data: all of it, or what there is. */
NAVE_ASYNC(reader, struct told *told; struct nave_stream_op in; uint32_t is_all;)
{
    NAVE_BEGIN();
    if (f->is_all)
        NAVE_AWAIT(nave_stream_recv_all(cx, &f->in, s, f->told->data, LEN));
    else
        NAVE_AWAIT(nave_stream_recv(cx, &f->in, s, f->told->data, LEN));
    f->told->result = NAVE_RESULT();
    f->told->ends++;
    NAVE_CLEANUP();
    f->told->moved = f->in.op.value;
    f->told->cleanups++;
    NAVE_END();
}

NAVE_ASYNC(writer, struct told *told; struct nave_stream_op out;)
{
    NAVE_BEGIN();
    NAVE_AWAIT(nave_stream_send(cx, &f->out, s, f->told->data, LEN));
    f->told->result = NAVE_RESULT();
    f->told->ends++;
    NAVE_CLEANUP();
    f->told->moved = f->out.op.value;
    f->told->cleanups++;
    NAVE_END();
}

static struct nave_join spawn(struct nave_future *f)
{
    struct nave_join join;

    (void)nave_spawn_join(w, f, 0, &join);
    settle();
    return join;
}

static struct nave_join start_reader(struct told *told, uint32_t is_all)
{
    struct nave_future *f = NULL;

    memset(told, 0, sizeof(*told));
    CU_ASSERT_EQUAL_FATAL(NAVE_NEW(reader, w, &f, .told = told, .is_all = is_all), NAVE_OK);
    return spawn(f);
}

static struct nave_join start_writer(struct told *told)
{
    struct nave_future *f = NULL;

    memset(told, 0, sizeof(*told));
    text(told->data, LEN);
    CU_ASSERT_EQUAL_FATAL(NAVE_NEW(writer, w, &f, .told = told), NAVE_OK);
    return spawn(f);
}

static void quit(struct nave_join *join)
{
    (void)nave_join_abort(join);
    nave_join_drop(join);
    settle();
}

/* --- moving bytes ------------------------------------------------------------------------------- */

static void what_is_there_is_taken_without_waiting(void)
{
    struct nave_stream_op op = {0};
    char data[8];

    begin();
    by_hand.worker = w;
    by_hand.waker = &waker_by_hand;
    mem_stream_put(&pair->near, "abc", 3);
    CU_ASSERT_PTR_EQUAL(nave_stream_recv(&by_hand, &op, s, data, sizeof(data)), &op.op);
    CU_ASSERT_EQUAL(op.op.state, NAVE_OP_DONE);
    CU_ASSERT_EQUAL(op.op.result, NAVE_OK);
    CU_ASSERT_EQUAL(op.op.value, 3);
    CU_ASSERT_NSTRING_EQUAL(data, "abc", 3);
    CU_ASSERT_PTR_NULL(pair->near.read_fn);
    finish();
}

static void a_wait_pins_the_task_and_its_end_lets_it_go(void)
{
    struct told told;
    struct nave_join join;
    uint64_t allocs;

    begin();
    join = start_reader(&told, 0);
    allocs = handle.usage.allocs;
    CU_ASSERT_EQUAL(pins, 1);
    CU_ASSERT_EQUAL(told.ends, 0);
    mem_stream_put(&pair->near, "hello", 5);
    settle();
    CU_ASSERT_EQUAL(pins, 0);
    CU_ASSERT_EQUAL(told.ends, 1);
    CU_ASSERT_EQUAL(told.result, NAVE_OK);
    CU_ASSERT_EQUAL(told.moved, 5);
    CU_ASSERT(handle.usage.allocs <= allocs);
    nave_join_drop(&join);
    finish();
}

static void every_split_of_a_message_is_read_whole(void)
{
    char sent[LEN];
    uint32_t at;

    text(sent, LEN);
    for (at = 0; at <= LEN; at++) {
        struct told told;
        struct nave_join join;

        begin();
        join = start_reader(&told, 1);
        mem_stream_put(&pair->near, sent, at);
        settle();
        CU_ASSERT_EQUAL(told.ends, at == LEN);
        mem_stream_put(&pair->near, sent + at, LEN - at);
        settle();
        CU_ASSERT_EQUAL(told.ends, 1);
        CU_ASSERT_EQUAL(told.result, NAVE_OK);
        CU_ASSERT_EQUAL(told.moved, LEN);
        CU_ASSERT_EQUAL(memcmp(told.data, sent, LEN), 0);
        nave_join_drop(&join);
        finish();
    }
}

static void byte_by_byte_and_by_short_reads_it_is_the_same(void)
{
    char sent[LEN];
    uint32_t most, i;

    text(sent, LEN);
    for (most = 0; most <= 7; most++) {
        struct told told;
        struct nave_join join;

        begin();
        pair->near.read_max = most;
        join = start_reader(&told, 1);
        for (i = 0; i < LEN; i++) {
            mem_stream_put(&pair->near, sent + i, 1);
            if (i % 5 == most % 5)
                settle();
        }
        settle();
        CU_ASSERT_EQUAL(told.ends, 1);
        CU_ASSERT_EQUAL(memcmp(told.data, sent, LEN), 0);
        nave_join_drop(&join);
        finish();
    }
}

static void a_send_ends_when_all_is_taken_through_any_window(void)
{
    uint32_t window;

    for (window = 1; window <= LEN + 1; window++) {
        char got[LEN + 1];
        struct told told;
        struct nave_join join;
        size_t at = 0, n = 0;
        int i;

        begin();
        pair->far.capacity = window;
        join = start_writer(&told);
        CU_ASSERT_EQUAL(told.ends, window >= LEN);
        CU_ASSERT_EQUAL(pins, window < LEN);
        for (i = 0; i < 200 && at < LEN; i++) {
            if (nave_stream_read(&peer->pub, got + at, sizeof(got) - at, &n) == NAVE_OK)
                at += n;
            settle();
        }
        CU_ASSERT_EQUAL(at, LEN);
        CU_ASSERT_EQUAL(told.ends, 1);
        CU_ASSERT_EQUAL(told.result, NAVE_OK);
        CU_ASSERT_EQUAL(told.moved, LEN);
        CU_ASSERT_EQUAL(memcmp(got, told.data, LEN), 0);
        nave_join_drop(&join);
        finish();
    }
}

NAVE_ASYNC(filer, struct told *told; struct nave_stream_op out; struct nave_file_range file;)
{
    NAVE_BEGIN();
    NAVE_AWAIT(nave_stream_send_file(cx, &f->out, s, &f->file));
    f->told->result = NAVE_RESULT();
    f->told->moved = f->out.op.value;
    f->told->ends++;
    NAVE_CLEANUP();
    NAVE_END();
}

static void a_file_is_sent_to_its_end_and_a_shorter_one_is_told(void)
{
    FILE *file = tmpfile();
    struct nave_future *f = NULL;
    struct nave_join join;
    struct told told = {.ends = 0};
    uint64_t asked;
    int i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs("0123456789abcdef", file);
    fflush(file);
    for (asked = 16; asked <= 17; asked++) {
        struct nave_file_range range = {fileno(file), 2, asked - 2};

        begin();
        memset(&told, 0, sizeof(told));
        pair->far.capacity = 5;
        CU_ASSERT_EQUAL_FATAL(NAVE_NEW(filer, w, &f, .told = &told, .file = range), NAVE_OK);
        join = spawn(f);
        for (i = 0; i < 20 && !told.ends; i++) {
            (void)mem_stream_take(&pair->near, 3);
            settle();
        }
        CU_ASSERT_EQUAL(told.ends, 1);
        CU_ASSERT_EQUAL(told.moved, 14);
        CU_ASSERT_EQUAL(told.result, asked == 16 ? NAVE_OK : NAVE_EOF);
        nave_join_drop(&join);
        finish();
    }
    fclose(file);
}

static void nothing_to_move_is_done_at_once_and_no_room_is_an_error(void)
{
    struct nave_stream_op op = {0};
    char data[1];

    begin();
    by_hand.worker = w;
    by_hand.waker = &waker_by_hand;
    CU_ASSERT_EQUAL(nave_stream_send(&by_hand, &op, s, data, 0)->result, NAVE_OK);
    CU_ASSERT_EQUAL(nave_stream_recv_all(&by_hand, &op, s, data, 0)->result, NAVE_OK);
    CU_ASSERT_EQUAL(nave_stream_ready(&by_hand, &op.op, s, 0)->result, NAVE_EINVAL);
    CU_ASSERT_EQUAL(
        nave_stream_ready(&by_hand, &op.op, s, NAVE_STREAM_READ | NAVE_STREAM_WRITE)->result,
        NAVE_EINVAL);
    CU_ASSERT_EQUAL(op.op.state, NAVE_OP_DONE);
    finish();
}

/* --- who may wait ------------------------------------------------------------------------------- */

static void a_second_op_in_one_direction_is_busy_and_the_first_goes_on(void)
{
    struct told first, second, third;
    struct nave_join a, b, c;

    begin();
    pair->far.capacity = 1;
    a = start_reader(&first, 0);
    b = start_reader(&second, 0);
    CU_ASSERT_EQUAL(second.ends, 1);
    CU_ASSERT_EQUAL(second.result, NAVE_EBUSY);
    c = start_writer(&third); /* the other direction is free */
    CU_ASSERT_EQUAL(third.ends, 0);
    CU_ASSERT_EQUAL(pins, 2);
    mem_stream_put(&pair->near, "x", 1);
    settle();
    CU_ASSERT_EQUAL(first.result, NAVE_OK);
    CU_ASSERT_EQUAL(first.moved, 1);
    nave_join_drop(&a);
    nave_join_drop(&b);
    quit(&c);
    finish();
}

static void watched(void *arg)
{
    ++*(uint32_t *)arg;
}

static void a_watch_and_an_op_do_not_share_a_direction(void)
{
    struct told told;
    struct nave_join join;
    uint32_t calls = 0;

    begin();
    nave_stream_watch(s, NAVE_STREAM_READ, watched, &calls);
    join = start_reader(&told, 0);
    CU_ASSERT_EQUAL(told.result, NAVE_EBUSY);
    nave_join_drop(&join);
    nave_stream_watch(s, NAVE_STREAM_READ, NULL, NULL);
    join = start_reader(&told, 0);
    CU_ASSERT_EQUAL(told.ends, 0);
    nave_stream_watch(s, NAVE_STREAM_READ, watched, &calls);
    settle();
    CU_ASSERT_EQUAL(told.ends, 1);
    CU_ASSERT_EQUAL(told.result, NAVE_EBUSY);
    mem_stream_put(&pair->near, "x", 1);
    settle();
    CU_ASSERT_EQUAL(calls, 1);
    nave_join_drop(&join);
    finish();
}

static void an_op_on_a_wrong_worker_says_so_and_nothing_is_pinned(void)
{
    struct nave_stream_op op = {0};
    char data[4] = "abc";
    uint64_t here;

    begin();
    by_hand.worker = w;
    by_hand.waker = &waker_by_hand;
    mem_stream_put(&pair->near, "abc", 3);
    here = worker->runner;
    worker->runner = here + 64;
    CU_ASSERT_EQUAL(nave_stream_recv(&by_hand, &op, s, data, 3)->result, NAVE_EAFFINITY);
    CU_ASSERT_EQUAL(nave_stream_send(&by_hand, &op, s, data, 3)->result, NAVE_EAFFINITY);
    CU_ASSERT_EQUAL(nave_stream_ready(&by_hand, &op.op, s, NAVE_STREAM_READ)->result,
                    NAVE_EAFFINITY);
    worker->runner = here;
    CU_ASSERT_EQUAL(op.op.state, NAVE_OP_DONE);
    CU_ASSERT_EQUAL(nave_stream_recv(&by_hand, &op, s, data, 3)->result, NAVE_OK);
    CU_ASSERT_EQUAL(mem_stream_written(&pair->near).len, 0);
    finish();
}

static void a_stream_of_an_older_kind_cannot_be_awaited(void)
{
    struct nave_stream_iface older;
    struct nave_stream_op op = {0};
    char data[4];

    begin();
    older = *s->api;
    older.hdr.size = (uint32_t)offsetof(struct nave_stream_iface, wait);
    s->api = &older;
    by_hand.worker = w;
    by_hand.waker = &waker_by_hand;
    CU_ASSERT_EQUAL(nave_stream_recv(&by_hand, &op, s, data, 4)->result, NAVE_ENOSYS);
    CU_ASSERT_EQUAL(op.op.state, NAVE_OP_DONE);
    older.hdr.size = (uint32_t)sizeof(older);
    older.wait = nave_default_stream_wait;
    CU_ASSERT_EQUAL(nave_stream_recv(&by_hand, &op, s, data, 4)->result, NAVE_ENOSYS);
    finish();
}

/* --- how a wait ends ---------------------------------------------------------------------------- */

static void a_task_that_is_asked_to_end_loses_no_byte(void)
{
    struct told told;
    struct nave_join join;
    struct nave_stream_op op = {0};
    char data[8];

    begin();
    join = start_reader(&told, 0);
    mem_stream_put(&pair->near, "kept", 4); /* it is told, and not polled before it is to end */
    (void)nave_join_abort(&join);
    settle();
    CU_ASSERT_EQUAL(told.cleanups, 1);
    CU_ASSERT_EQUAL(pins, 0);
    by_hand.worker = w;
    by_hand.waker = &waker_by_hand;
    if (told.ends == 0) {
        CU_ASSERT_EQUAL(nave_stream_recv(&by_hand, &op, s, data, 8)->result, NAVE_OK);
        CU_ASSERT_EQUAL(op.op.value, 4);
    }
    nave_join_drop(&join);
    join = start_reader(&told, 0);
    CU_ASSERT_PTR_NOT_NULL(pair->near.read_fn);
    quit(&join);
    CU_ASSERT_EQUAL(told.cleanups, 1);
    CU_ASSERT_EQUAL(told.ends, 0);
    CU_ASSERT_PTR_NULL(pair->near.read_fn);
    finish();
}

NAVE_ASYNC(patient, struct nave_select select; struct nave_arm arms[2]; struct nave_stream_op in;
           struct nave_sleep_op sleep; struct told * told; uint32_t timeouts; uint32_t at;)
{
    NAVE_BEGIN();
    while (f->at < LEN) {
        NAVE_SELECT(&f->select, f->arms, NAVE_SELECT_FAIR,
                    nave_stream_recv(cx, &f->in, s, f->told->data + f->at, LEN - f->at),
                    nave_sleep(cx, &f->sleep, NAVE_MSEC));
        if (f->select.winner == 0 && NAVE_RESULT() == NAVE_OK)
            f->at += (uint32_t)f->in.op.value;
        else if (f->select.winner == 0)
            NAVE_RETURN(NAVE_RESULT());
        else
            f->told->moved++; /* how often the time was up */
    }
    f->told->ends++;
    NAVE_CLEANUP();
    f->told->cleanups++;
    NAVE_END();
}

static void an_arm_that_loses_leaves_its_bytes_in_the_stream(void)
{
    char sent[LEN];
    struct told told = {.ends = 0};
    struct nave_future *f = NULL;
    struct nave_join join;
    uint32_t i;

    text(sent, LEN);
    begin();
    CU_ASSERT_EQUAL_FATAL(NAVE_NEW(patient, w, &f, .told = &told), NAVE_OK);
    join = spawn(f);
    for (i = 0; i < LEN; i++) {
        /* Both at the same time: whichever is looked at first, the other is dropped. */
        mem_stream_put(&pair->near, sent + i, 1);
        sim.now_ns += 2 * NAVE_MSEC;
        (void)nv_worker_turn(worker, 0);
    }
    pass(10 * NAVE_MSEC);
    CU_ASSERT_EQUAL(told.ends, 1);
    CU_ASSERT(told.moved > 0);
    CU_ASSERT_EQUAL(memcmp(told.data, sent, LEN), 0);
    CU_ASSERT_EQUAL(handle.usage.timers, 0);
    nave_join_drop(&join);
    finish();
}

NAVE_ASYNC(limited, struct nave_op_limit limit; struct nave_timeout timeout;
           struct nave_stream_op in; struct told * told; nave_err first, second;)
{
    NAVE_BEGIN();
    NAVE_AWAIT(nave_op_timeout(cx, &f->limit, nave_stream_recv(cx, &f->in, s, f->told->data, LEN),
                               NAVE_SEC));
    f->told->result = NAVE_RESULT();
    NAVE_AWAIT(nave_timeout(cx, &f->timeout, NAVE_SEC,
                            nave_stream_recv_all(cx, &f->in, s, f->told->data, LEN)));
    f->told->ends = NAVE_RESULT() == NAVE_ETIMEDOUT;
    f->told->moved = f->in.op.value;
    NAVE_TRY(nave_stream_recv(cx, &f->in, s, f->told->data + f->told->moved, LEN));
    f->told->moved += f->in.op.value;
    NAVE_CLEANUP();
    f->told->cleanups++;
    NAVE_END();
}

static void a_deadline_ends_a_wait_and_what_was_read_is_counted(void)
{
    struct told told = {.ends = 0};
    struct nave_future *f = NULL;
    struct nave_join join;

    begin();
    CU_ASSERT_EQUAL_FATAL(NAVE_NEW(limited, w, &f, .told = &told), NAVE_OK);
    join = spawn(f);
    pass(2 * NAVE_SEC);
    CU_ASSERT_EQUAL(told.result, NAVE_ETIMEDOUT);
    mem_stream_put(&pair->near, "part", 4);
    pass(0);
    pass(2 * NAVE_SEC);
    CU_ASSERT_EQUAL(told.ends, 1);
    CU_ASSERT_EQUAL(told.moved, 4);
    mem_stream_put(&pair->near, "rest", 4);
    settle();
    CU_ASSERT_EQUAL(told.cleanups, 1);
    CU_ASSERT_EQUAL(told.moved, 8);
    CU_ASSERT_NSTRING_EQUAL(told.data, "partrest", 8);
    nave_join_drop(&join);
    finish();
}

static void a_send_that_is_dropped_tells_what_went(void)
{
    struct told told;
    struct nave_join join;

    begin();
    pair->far.capacity = 10;
    join = start_writer(&told);
    CU_ASSERT_EQUAL(told.ends, 0);
    quit(&join);
    CU_ASSERT_EQUAL(told.cleanups, 1);
    CU_ASSERT_EQUAL(told.moved, 10);
    CU_ASSERT_EQUAL(mem_stream_written(&pair->near).len, 10);
    CU_ASSERT_PTR_NULL(pair->near.write_fn);
    finish();
}

static void closing_ends_the_waits_of_both_directions(void)
{
    struct told in, out;
    struct nave_join a, b;

    begin();
    pair->far.capacity = 1;
    a = start_reader(&in, 1);
    b = start_writer(&out);
    CU_ASSERT_EQUAL(in.ends + out.ends, 0);
    nave_stream_close(s, 0);
    settle();
    CU_ASSERT_EQUAL(in.result, NAVE_ECLOSED);
    CU_ASSERT_EQUAL(out.result, NAVE_ECLOSED);
    CU_ASSERT_EQUAL(out.moved, 1);
    CU_ASSERT_EQUAL(pins, 0);
    nave_join_drop(&a);
    nave_join_drop(&b);
    finish();
}

static void a_reset_ends_the_waits_of_both_directions(void)
{
    struct told in, out;
    struct nave_join a, b;

    begin();
    pair->far.capacity = 1;
    a = start_reader(&in, 1);
    b = start_writer(&out);
    mem_stream_break(&pair->near, NAVE_ERESET);
    settle();
    CU_ASSERT_EQUAL(in.result, NAVE_ERESET);
    CU_ASSERT_EQUAL(out.result, NAVE_ERESET);
    nave_join_drop(&a);
    nave_join_drop(&b);
    finish();
}

static void the_two_directions_end_apart(void)
{
    struct told told;
    struct nave_join join;
    struct nave_stream_op op = {0};

    begin();
    join = start_reader(&told, 1);
    mem_stream_put(&pair->near, "few", 3);
    settle();
    CU_ASSERT_EQUAL(told.ends, 0);
    mem_stream_put_eof(&pair->near);
    settle();
    CU_ASSERT_EQUAL(told.result, NAVE_EOF);
    CU_ASSERT_EQUAL(told.moved, 3);
    nave_join_drop(&join);
    join = start_reader(&told, 0);
    CU_ASSERT_EQUAL(told.result, NAVE_EOF);
    nave_join_drop(&join);
    join = start_writer(&told);
    CU_ASSERT_EQUAL(told.result, NAVE_OK); /* the peer still reads */
    nave_join_drop(&join);
    CU_ASSERT_EQUAL(nave_stream_shut(s), NAVE_OK);
    by_hand.worker = w;
    by_hand.waker = &waker_by_hand;
    CU_ASSERT_EQUAL(nave_stream_send(&by_hand, &op, s, "x", 1)->result, NAVE_ESTATE);
    finish();
}

NAVE_ASYNC(bufferless, struct nave_op op; struct told * told;)
{
    size_t n = 0;
    nave_err err;

    NAVE_BEGIN();
    for (;;) {
        err = nave_stream_read(s, f->told->data, LEN, &n);
        if (err == NAVE_OK)
            f->told->moved += n;
        else if (err == NAVE_EAGAIN)
            NAVE_TRY(nave_stream_ready(cx, &f->op, s, NAVE_STREAM_READ));
        else
            NAVE_RETURN(err == NAVE_EOF ? NAVE_OK : err);
    }
    NAVE_CLEANUP();
    f->told->result = f->async.result;
    f->told->cleanups++;
    NAVE_END();
}

static void readiness_is_awaited_without_a_buffer(void)
{
    struct told told = {.ends = 0};
    struct nave_future *f = NULL;
    struct nave_join join;
    uint32_t i;

    begin();
    CU_ASSERT_EQUAL_FATAL(NAVE_NEW(bufferless, w, &f, .told = &told), NAVE_OK);
    join = spawn(f);
    for (i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(told.moved, i * 3);
        CU_ASSERT_EQUAL(pins, 1);
        mem_stream_put(&pair->near, "abc", 3);
        settle();
    }
    mem_stream_put_eof(&pair->near);
    settle();
    CU_ASSERT_EQUAL(told.cleanups, 1);
    CU_ASSERT_EQUAL(told.result, NAVE_OK);
    CU_ASSERT_EQUAL(told.moved, 15);
    nave_join_drop(&join);
    finish();
}

static void an_op_that_is_begun_anew_takes_the_old_one_back_first(void)
{
    struct nave_stream_op op = {0};
    char first[4] = "", second[4] = "";

    begin();
    by_hand.worker = w;
    by_hand.waker = &waker_by_hand;
    CU_ASSERT_EQUAL(nave_stream_recv(&by_hand, &op, s, first, 3)->state, NAVE_OP_IN_FLIGHT);
    CU_ASSERT_EQUAL(nave_stream_recv(&by_hand, &op, s, second, 3)->state, NAVE_OP_IN_FLIGHT);
    mem_stream_put(&pair->near, "abc", 3);
    settle();
    CU_ASSERT_EQUAL(wakes, 1);
    CU_ASSERT_EQUAL(nave_op_poll(&op.op), NAVE_READY);
    CU_ASSERT_STRING_EQUAL(second, "abc");
    CU_ASSERT_STRING_EQUAL(first, "");
    finish();
}

NAVE_ASYNC(pinned, struct nave_pin pin; struct nave_op op; uint32_t * held;)
{
    NAVE_BEGIN();
    nave_pin_task(cx, &f->pin);
    nave_pin_task(cx, &f->pin); /* held already */
    *f->held = 1;
    NAVE_TRY(box_take(cx, &f->op, &box));
    NAVE_CLEANUP();
    nave_unpin_task(&f->pin);
    nave_unpin_task(&f->pin);
    NAVE_END();
}

static void a_pin_is_held_once_until_it_is_given_back(void)
{
    uint32_t held = 0;
    struct nave_future *f = NULL;
    struct nave_join join;

    begin();
    CU_ASSERT_EQUAL_FATAL(NAVE_NEW(pinned, w, &f, .held = &held), NAVE_OK);
    join = spawn(f);
    CU_ASSERT_EQUAL(held, 1);
    CU_ASSERT_EQUAL(pins, 1);
    box_put(&box, 1);
    settle();
    CU_ASSERT_EQUAL(pins, 0);
    nave_join_drop(&join);
    finish();
}

static CU_TestInfo moving[] = {
    TEST(what_is_there_is_taken_without_waiting),
    TEST(a_wait_pins_the_task_and_its_end_lets_it_go),
    TEST(every_split_of_a_message_is_read_whole),
    TEST(byte_by_byte_and_by_short_reads_it_is_the_same),
    TEST(a_send_ends_when_all_is_taken_through_any_window),
    TEST(a_file_is_sent_to_its_end_and_a_shorter_one_is_told),
    TEST(nothing_to_move_is_done_at_once_and_no_room_is_an_error),
    TEST(readiness_is_awaited_without_a_buffer),
    CU_TEST_INFO_NULL,
};
static CU_TestInfo who[] = {
    TEST(a_second_op_in_one_direction_is_busy_and_the_first_goes_on),
    TEST(a_watch_and_an_op_do_not_share_a_direction),
    TEST(an_op_on_a_wrong_worker_says_so_and_nothing_is_pinned),
    TEST(a_stream_of_an_older_kind_cannot_be_awaited),
    TEST(a_pin_is_held_once_until_it_is_given_back),
    CU_TEST_INFO_NULL,
};
static CU_TestInfo ending[] = {
    TEST(a_task_that_is_asked_to_end_loses_no_byte),
    TEST(an_arm_that_loses_leaves_its_bytes_in_the_stream),
    TEST(a_deadline_ends_a_wait_and_what_was_read_is_counted),
    TEST(a_send_that_is_dropped_tells_what_went),
    TEST(closing_ends_the_waits_of_both_directions),
    TEST(a_reset_ends_the_waits_of_both_directions),
    TEST(the_two_directions_end_apart),
    TEST(an_op_that_is_begun_anew_takes_the_old_one_back_first),
    CU_TEST_INFO_NULL,
};
static CU_SuiteInfo suites[] = {
    {"streams that are awaited: bytes", NULL, NULL, NULL, NULL, moving},
    {"streams that are awaited: who may wait", NULL, NULL, NULL, NULL, who},
    {"streams that are awaited: how a wait ends", NULL, NULL, NULL, NULL, ending},
    CU_SUITE_INFO_NULL,
};
NAVE_TEST_MAIN(suites)
