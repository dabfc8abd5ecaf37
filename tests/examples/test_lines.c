/* SPDX-License-Identifier: MIT
 *
 * The example protocol "lines" and its clerk without a network: a stream in memory, a virtual clock,
 * and allocations that fail. What people copy must be right.
 */
#include <string.h>

#include "examples/plugin-protocol/lines.h"
#include "fake_host.h"
#include "mem_stream.h"
#include "test_main.h"

#include <nave/plugin.h>

const struct nave_plugin *lines_plugin_entry_v1(void);
const struct nave_plugin *clerk_plugin_entry_v1(void);

static struct fake_host host;
static struct fake_worker worker;
static struct mem_pair *pair;
static const struct nave_plugin *lines;
static const struct nave_plugin *clerk;
static void *lines_self;
static void *clerk_self;
static struct nave_handle *handler;
static struct nave_handle *protocol;
static uint64_t options_room[64]; /* of lines */

/* An option of lines: they are all of 8 bytes. */
static void set_option(const char *name, uint64_t value)
{
    const struct nave_option_table *table = lines->options();
    uint32_t i;

    for (i = 0; i < table->count; i++)
        if (strcmp(table->rows[i].name, name) == 0)
            memcpy((char *)options_room + table->rows[i].offset, &value, sizeof(value));
}

static nave_err begin_one(const struct nave_plugin *plugin, void *options, void **self)
{
    struct nave_prepare_args args = {.size = sizeof(args), .options = options};
    nave_err err = plugin->ops->create(&host.pub, self);

    if (!err)
        err = plugin->ops->prepare(*self, &args);
    if (!err)
        err = plugin->ops->worker_start(*self, &worker.pub);
    return err;
}

/* From create to handles; `own` is a handler in the place of the clerk. */
static nave_err begin(int64_t fail_after, struct lines_handler *own)
{
    static uint64_t clerk_options[16];
    struct nave_role_args args = {.size = sizeof(args)};
    nave_err err;

    fake_host_init(&host, 1);
    fake_worker_init(&worker, &host, 0);
    lines = lines_plugin_entry_v1();
    clerk = clerk_plugin_entry_v1();
    lines_self = clerk_self = NULL;
    handler = protocol = NULL;
    pair = NULL;
    CU_ASSERT_FATAL(fake_options_default(lines->options(), options_room));
    CU_ASSERT_FATAL(fake_options_default(clerk->options(), clerk_options));
    host.fail_after = fail_after;
    err = begin_one(clerk, clerk_options, &clerk_self);
    if (!err)
        err = clerk->roles[0]->make(clerk_self, &args, &handler);
    if (!err)
        err = begin_one(lines, options_room, &lines_self);
    args.next = own ? (struct nave_handle *)(void *)own : handler;
    if (!err)
        err = lines->roles[0]->make(lines_self, &args, &protocol);
    return err;
}

/* The plugin takes its options anew. */
static void prepare_again(void)
{
    struct nave_prepare_args args = {.size = sizeof(args), .options = options_room};

    CU_ASSERT_EQUAL(lines->ops->prepare(lines_self, &args), NAVE_OK);
}

static void connect_peer(void)
{
    struct nave_protocol *p = (struct nave_protocol *)(void *)protocol;
    struct nave_accept_info info = {0};

    if (pair)
        mem_pair_free(pair);
    pair = mem_pair_new(&worker.pub);
    CU_ASSERT_PTR_NOT_NULL_FATAL(pair);
    p->api->accept(p, &pair->near.pub, &info);
    fake_worker_run(&worker);
}

/* Timers of no delay, and jobs. */
static void settle(void)
{
    fake_worker_run(&worker);
    while (fake_worker_advance(&worker, 0) > 0)
        ;
}

static void finish(void)
{
    if (lines_self)
        lines->ops->worker_stop(lines_self, &worker.pub);
    fake_worker_run(&worker);
    CU_ASSERT_EQUAL(worker.holds, 0);
    CU_ASSERT_EQUAL(fake_worker_timers(&worker), 0);
    if (protocol)
        lines->roles[0]->unmake(lines_self, protocol);
    if (handler)
        clerk->roles[0]->unmake(clerk_self, handler);
    if (lines_self)
        lines->ops->destroy(lines_self);
    if (clerk_self)
        clerk->ops->destroy(clerk_self);
    if (pair) {
        CU_ASSERT(pair->near.is_closed);
        mem_pair_free(pair);
    }
    fake_worker_fini(&worker);
    CU_ASSERT_EQUAL(fake_host_fini(&host), 0);
}

static void put(const char *text)
{
    mem_stream_put(&pair->near, text, strlen(text));
    settle();
}

static void expect_written(const char *want)
{
    struct nave_bytes got = mem_stream_written(&pair->near);

    CU_ASSERT_EQUAL(got.len, strlen(want));
    if (got.len > 0 && got.len == strlen(want))
        CU_ASSERT_EQUAL(memcmp(got.data, want, got.len), 0);
}

#define SESSION "say one\r\n\nsay two\ncount\nquit\nsay never\n"
#define ANSWERS "hello\none\nerror: say TEXT, count or quit\ntwo\n4\nbye\n"

static void every_split_of_the_input_gives_the_same_answers(void)
{
    size_t at;

    CU_ASSERT_EQUAL_FATAL(begin(-1, NULL), NAVE_OK);
    for (at = 0; at <= strlen(SESSION); at++) {
        connect_peer();
        mem_stream_put(&pair->near, SESSION, at);
        settle();
        if (!pair->near.is_closed)
            mem_stream_put(&pair->near, &SESSION[at], strlen(SESSION) - at);
        settle();
        CU_ASSERT(pair->near.is_closed);
        expect_written(ANSWERS);
    }
    finish();
}

static void one_byte_at_a_time_in_and_out_gives_the_same_answers(void)
{
    CU_ASSERT_EQUAL_FATAL(begin(-1, NULL), NAVE_OK);
    connect_peer();
    pair->near.read_max = 1;
    pair->near.write_max = 1;
    put(SESSION);

    CU_ASSERT(pair->near.is_closed);
    expect_written(ANSWERS);
    finish();
}

static void a_timeout_is_neither_early_nor_late(void)
{
    CU_ASSERT_EQUAL_FATAL(begin(-1, NULL), NAVE_OK);

    connect_peer();
    put("say no e");
    fake_worker_advance(&worker, 10 * NAVE_SEC - 1);
    CU_ASSERT(!pair->near.is_closed);
    fake_worker_advance(&worker, 1);
    CU_ASSERT(pair->near.is_closed);
    expect_written("hello\nerror: the line takes too long\n");

    connect_peer();
    fake_worker_advance(&worker, 30 * NAVE_SEC);
    put("count\n"); /* the time without a line begins again */
    fake_worker_advance(&worker, 60 * NAVE_SEC - 1);
    CU_ASSERT(!pair->near.is_closed);
    fake_worker_advance(&worker, 1);
    CU_ASSERT(pair->near.is_closed);
    expect_written("hello\n1\nerror: nothing came for too long\n");

    connect_peer();
    pair->near.write_blocked_until = 1000;
    put("count\n");
    fake_worker_advance(&worker, 10 * NAVE_SEC);
    CU_ASSERT(pair->near.is_closed);
    CU_ASSERT_EQUAL(pair->near.close_flags, NAVE_CLOSE_ABORT);
    CU_ASSERT_EQUAL(fake_host_counter(&host, "timeouts"), 3);
    finish();
}

static void a_peer_that_does_not_read_is_not_read_from(void)
{
    uint64_t read;
    uint32_t i;

    CU_ASSERT_EQUAL_FATAL(begin(-1, NULL), NAVE_OK);
    set_option("max_output", 1024);
    prepare_again();
    connect_peer();
    mem_stream_take(&pair->near, 6);
    pair->far.capacity = 100;
    for (i = 0; i < 1000; i++)
        mem_stream_put(&pair->near, "say twenty-five bytes more\n", 27);
    settle();
    read = pair->near.bytes_read;
    CU_ASSERT(read < 27u * 1000);
    settle();
    CU_ASSERT_EQUAL(pair->near.bytes_read, read);

    for (i = 0; i < 10000 && mem_stream_take(&pair->near, 100) > 0; i++)
        settle();
    CU_ASSERT_EQUAL(pair->near.bytes_read, 27u * 1000);
    CU_ASSERT_EQUAL(pair->near.bytes_written, 6 + 23u * 1000);
    CU_ASSERT_EQUAL(fake_host_counter(&host, "overflows"), 0);
    CU_ASSERT_EQUAL(fake_host_counter(&host, "lines"), 1000);
    finish();
}

static void each_allocation_may_fail(void)
{
    int64_t n;
    nave_err err = NAVE_ENOMEM;

    for (n = 0; n < 100 && (err || host.fail_after == 0); n++) {
        if (n > 0)
            finish();
        err = begin(n, NULL);
        if (err)
            continue;
        connect_peer();
        if (!pair->near.is_closed)
            put("say a line that is longer than the first room of the output, which has 512 bytes: "
                "0123456789012345678901234567890123456789012345678901234567890123456789012345678901"
                "0123456789012345678901234567890123456789012345678901234567890123456789012345678901"
                "0123456789012345678901234567890123456789012345678901234567890123456789012345678901"
                "0123456789012345678901234567890123456789012345678901234567890123456789012345678901"
                "0123456789012345678901234567890123456789012345678901234567890123456789012345678901"
                "0123456789012345678901234567890123456789012345678901234567890123456789012345678901"
                "\nquit\n");
        CU_ASSERT(pair->near.is_closed); /* answered, or sent away */
    }
    CU_ASSERT_EQUAL(err, NAVE_OK);
    CU_ASSERT(n > 4 && n < 100);
    finish();
}

/* --- a handler of the test's own ------------------------------------------------------------- */

static struct lines_conn *own_conn;
static uint32_t own_closed;

static void own_opened(struct lines_handler *h, struct lines_conn *c)
{
    (void)h;
    own_conn = c;
}

static void own_line(struct lines_handler *h, struct lines_conn *c, const char *text, size_t len)
{
    (void)h;
    (void)c;
    (void)text;
    (void)len;
}

static void own_end(struct lines_handler *h, struct lines_conn *c)
{
    (void)h;
    CU_ASSERT_EQUAL(c->api->send(c, "late", 4), NAVE_ECLOSED);
    own_closed++;
}

static const struct lines_handler_iface own_table = {
    .hdr = NAVE_IFACE(struct lines_handler_iface, LINES_HANDLER_ID, 0, 0),
    .opened = own_opened,
    .line = own_line,
    .closed = own_end,
};
static struct lines_handler own_handler = {&own_table};

static void a_handler_may_act_outside_of_its_calls(void)
{
    own_closed = 0;
    CU_ASSERT_EQUAL_FATAL(begin(-1, &own_handler), NAVE_OK);
    connect_peer();

    CU_ASSERT_EQUAL(own_conn->api->send(own_conn, "one", 3), NAVE_OK);
    CU_ASSERT_EQUAL(own_conn->api->send(own_conn, "t\nwo", 4), NAVE_EINVAL);
    CU_ASSERT_EQUAL(own_conn->api->send(own_conn, "", 0), NAVE_OK);
    expect_written("");
    settle();
    expect_written("one\n\n");

    own_conn->api->close(own_conn);
    CU_ASSERT_EQUAL(own_closed, 0);
    CU_ASSERT_EQUAL(own_conn->api->send(own_conn, "x", 1), NAVE_ECLOSED);
    settle();
    CU_ASSERT_EQUAL(own_closed, 1);
    CU_ASSERT(pair->near.is_closed);
    finish();
}

static void more_than_may_wait_is_not_sent(void)
{
    char text[600];

    own_closed = 0;
    memset(text, 'x', sizeof(text));
    CU_ASSERT_EQUAL_FATAL(begin(-1, &own_handler), NAVE_OK);
    set_option("max_output", 1024);
    prepare_again();
    connect_peer();
    pair->near.write_blocked_until = 1000;
    CU_ASSERT_EQUAL(own_conn->api->send(own_conn, text, sizeof(text)), NAVE_OK);
    CU_ASSERT_EQUAL(own_conn->api->send(own_conn, text, sizeof(text)), NAVE_ELIMIT);
    CU_ASSERT_EQUAL(own_conn->api->send(own_conn, text, 422), NAVE_OK); /* 601 + 423 */
    CU_ASSERT_EQUAL(own_conn->api->send(own_conn, "", 0), NAVE_ELIMIT);
    CU_ASSERT_EQUAL(fake_host_counter(&host, "overflows"), 2);
    finish();
    CU_ASSERT_EQUAL(own_closed, 1);
}

static uint32_t retired;

static void on_retired(struct nave_op *op, void *arg)
{
    (void)op;
    (void)arg;
    retired++;
}

static void a_retired_listener_lets_lines_end_and_says_when_none_is_left(void)
{
    struct nave_protocol *p;
    struct nave_op op;

    retired = 0;
    CU_ASSERT_EQUAL_FATAL(begin(-1, NULL), NAVE_OK);
    p = (struct nave_protocol *)(void *)protocol;
    nave_op_init(&op, &worker.pub, on_retired, NULL);
    connect_peer();
    put("say the e");

    CU_ASSERT_EQUAL(p->api->retire(p, &op), NAVE_EAGAIN);
    CU_ASSERT(!pair->near.is_closed);
    put("nd\n");
    CU_ASSERT_EQUAL(retired, 1);
    CU_ASSERT(pair->near.is_closed);
    expect_written("hello\nthe end\n");

    nave_op_init(&op, &worker.pub, on_retired, NULL);
    CU_ASSERT_EQUAL(p->api->retire(p, &op), NAVE_OK);
    CU_ASSERT_EQUAL(retired, 1);
    finish();
}

static void a_retirement_that_was_taken_back_is_not_told(void)
{
    struct nave_protocol *p;
    struct nave_op op;

    retired = 0;
    CU_ASSERT_EQUAL_FATAL(begin(-1, NULL), NAVE_OK);
    p = (struct nave_protocol *)(void *)protocol;
    nave_op_init(&op, &worker.pub, on_retired, NULL);
    connect_peer();
    put("say the e");

    CU_ASSERT_EQUAL(p->api->retire(p, &op), NAVE_EAGAIN);
    nave_op_drop(&op);
    finish();
    CU_ASSERT_EQUAL(retired, 0);
}

#define TEST(name)  \
    {               \
#        name, name \
    }
static CU_TestInfo tests[] = {
    TEST(every_split_of_the_input_gives_the_same_answers),
    TEST(one_byte_at_a_time_in_and_out_gives_the_same_answers),
    TEST(a_timeout_is_neither_early_nor_late),
    TEST(a_peer_that_does_not_read_is_not_read_from),
    TEST(each_allocation_may_fail),
    TEST(a_handler_may_act_outside_of_its_calls),
    TEST(more_than_may_wait_is_not_sent),
    TEST(a_retired_listener_lets_lines_end_and_says_when_none_is_left),
    TEST(a_retirement_that_was_taken_back_is_not_told),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"lines", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)
