/* SPDX-License-Identifier: MIT
 *
 * Files as bodies: framing, order, backpressure, streams that cannot, files that change meanwhile.
 */
#define _GNU_SOURCE
#include "conn_rig.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/support/test_main.h"

#define BIG     (3u * 1024u * 1024u + 17u) /* three bursts and a bit */
#define MEDIUM  (100u * 1024u)
#define CHUNKED HEAD200 "Transfer-Encoding: chunked\r\n\r\n"

static int fd = -1;
static uint64_t announced; /* by start; UINT64_MAX: not known */
static uint64_t parts[4];  /* lengths of ranges that follow each other */
static uint32_t part_count;
static uint32_t next_part;
static uint64_t part_at;
static uint32_t watched;
static nave_err end_err;

static uint8_t byte_at(uint64_t i)
{
    return (uint8_t)('a' + (i * 7 + i / 251) % 26);
}

static void make_file(size_t size)
{
    uint8_t *data = malloc(size + 1);
    size_t i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(data);
    for (i = 0; i < size; i++)
        data[i] = byte_at(i);
    fd = memfd_create("body", 0);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL_FATAL(write(fd, data, size), (ssize_t)size);
    free(data);
    announced = UINT64_MAX;
    memset(parts, 0, sizeof(parts));
    part_count = next_part = watched = 0;
    part_at = 0;
    last_err = end_err = NAVE_OK;
}

static void drop_file(void)
{
    close(fd);
    fd = -1;
}

static nave_err start(struct nave_http *x)
{
    struct nave_http_response r = {.size = sizeof(r), .status = 200};

    return x->api->start(x, &r, announced == UINT64_MAX ? -1 : (int64_t)announced);
}

/* The next part; after the last one the end. */
static void go_on(struct nave_http *x, void *arg)
{
    struct nave_file_range range = {.fd = fd};

    (void)arg;
    watched++;
    if (next_part == part_count) {
        end_err = x->api->end(x, NULL, 0);
        return;
    }
    range.offset = part_at;
    range.len = parts[next_part];
    last_err = nave_http_write_file(x, &range);
    if (last_err == NAVE_OK)
        part_at += parts[next_part++];
}

/* Send the parts one after the other. */
static void send_parts(struct nave_http *x)
{
    CU_ASSERT_EQUAL(start(x), NAVE_OK);
    x->api->write_watch(x, go_on, NULL);
    go_on(x, NULL);
}

/* One part, and the end at once. */
static void send_whole(struct nave_http *x)
{
    struct nave_file_range range = {.fd = fd, .len = parts[0]};

    CU_ASSERT_EQUAL(start(x), NAVE_OK);
    last_err = nave_http_write_file(x, &range);
    end_err = x->api->end(x, NULL, 0);
}

/* What was written behind its head is the file from 0 up to `size`. */
static int body_is(size_t size)
{
    struct nave_bytes b = mem_stream_written(&pair->near);
    const char *text = b.data;
    const char *body = b.len ? memmem(text, b.len, "\r\n\r\n", 4) : NULL;
    size_t i;

    if (!body || b.len - (size_t)(body + 4 - text) != size)
        return 0;
    for (i = 0; i < size; i++)
        if ((uint8_t)body[4 + i] != byte_at(i))
            return 0;
    return 1;
}

static void a_file_with_a_length_follows_its_head(void)
{
    begin(send_whole);
    make_file(BIG);
    announced = parts[0] = BIG;
    put(GET);

    CU_ASSERT_EQUAL(last_err, NAVE_OK);
    CU_ASSERT_EQUAL(end_err, NAVE_OK);
    CU_ASSERT(body_is(BIG));
    CU_ASSERT_EQUAL(ended, 1);
    CU_ASSERT(pair->near.file_writes > 0);
    take_all();
    script = say_ok;
    put(GET);
    CU_ASSERT(wrote(OK2));
    finish();
    drop_file();
}

static void a_small_file_goes_with_its_head_in_one_write(void)
{
    begin(send_whole);
    make_file(16384);
    announced = parts[0] = 16384;
    put(GET);

    CU_ASSERT(body_is(16384));
    CU_ASSERT_EQUAL(pair->near.writes, 1);
    CU_ASSERT_EQUAL(pair->near.file_writes, 0);
    finish();
    drop_file();
}

static void a_stream_without_files_gets_the_bytes(void)
{
    begin(send_whole);
    pair->near.is_without_files = 1;
    make_file(BIG);
    announced = parts[0] = BIG;
    put(GET);

    CU_ASSERT(body_is(BIG));
    CU_ASSERT_EQUAL(pair->near.file_writes, 0);
    finish();
    drop_file();
}

static void ranges_follow_each_other_and_the_watch_tells_when(void)
{
    begin(send_parts);
    make_file(MEDIUM * 3);
    parts[0] = MEDIUM;
    parts[1] = 100;
    parts[2] = MEDIUM * 2 - 100;
    part_count = 3;
    announced = MEDIUM * 3;
    put(GET);

    CU_ASSERT(body_is(MEDIUM * 3));
    CU_ASSERT_EQUAL(watched, 4);
    CU_ASSERT_EQUAL(end_err, NAVE_OK);
    CU_ASSERT_EQUAL(ended, 1);
    finish();
    drop_file();
}

static void a_length_that_is_not_known_is_sent_in_chunks(void)
{
    char head[200];

    begin(send_whole);
    make_file(100000);
    parts[0] = 100000;
    put(GET);

    snprintf(head, sizeof(head), CHUNKED "186a0\r\nahov");
    CU_ASSERT_EQUAL(count_written(head), 1);
    CU_ASSERT_EQUAL(count_written("\r\n0\r\n\r\n"), 1);
    CU_ASSERT_EQUAL(mem_stream_written(&pair->near).len, strlen(CHUNKED) + 7 + 100000 + 7);
    CU_ASSERT_EQUAL(ended, 1);
    finish();
    drop_file();
}

static void an_old_peer_gets_the_file_up_to_the_end_of_the_connection(void)
{
    begin(send_whole);
    make_file(MEDIUM);
    parts[0] = MEDIUM;
    put("GET / HTTP/1.0\r\n\r\n");

    CU_ASSERT(body_is(MEDIUM));
    CU_ASSERT(is_closed_with(0));
    finish();
    drop_file();
}

static void head_gets_the_length_and_no_byte(void)
{
    begin(send_parts);
    make_file(MEDIUM);
    announced = parts[0] = MEDIUM;
    part_count = 1;
    put("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");

    CU_ASSERT(wrote(HEAD200 "Content-Length: 102400\r\n\r\n"));
    CU_ASSERT_EQUAL(watched, 2);
    CU_ASSERT_EQUAL(ended, 1);
    finish();
    drop_file();
}

static void pipelined_requests_wait_for_the_file(void)
{
    begin(send_whole);
    make_file(MEDIUM);
    announced = parts[0] = MEDIUM;
    put(GET GET);

    CU_ASSERT_EQUAL(count_written("HTTP/1.1 200 OK"), 2);
    CU_ASSERT_EQUAL(mem_stream_written(&pair->near).len,
                    2 * (MEDIUM + strlen(HEAD200 "Content-Length: 102400\r\n\r\n")));
    CU_ASSERT_EQUAL(ended, 2);
    finish();
    drop_file();
}

/* A slow peer: capacity for less than a piece; every stop is at another place. */
static void slow(uint32_t without_files, size_t capacity)
{
    size_t got = 0;
    uint32_t rounds;

    begin(send_whole);
    pair->near.is_without_files = without_files;
    pair->far.capacity = capacity;
    make_file(MEDIUM * 2);
    announced = parts[0] = MEDIUM * 2;
    put(GET);
    for (rounds = 0; rounds < 100000 && mem_stream_written(&pair->near).len > 0; rounds++) {
        struct nave_bytes b = mem_stream_written(&pair->near);
        const uint8_t *p = b.data;
        size_t i;

        CU_ASSERT(b.len <= capacity);
        for (i = 0; i < b.len; i++, got++) {
            size_t head = strlen(HEAD200 "Content-Length: 204800\r\n\r\n");

            if (got >= head && p[i] != byte_at(got - head)) {
                CU_FAIL_FATAL("another byte");
            }
        }
        take_all();
    }

    CU_ASSERT_EQUAL(ended, 1);
    CU_ASSERT_EQUAL(got, MEDIUM * 2 + strlen(HEAD200 "Content-Length: 204800\r\n\r\n"));
    finish();
    drop_file();
}

static void a_slow_peer_gets_every_byte_in_order(void)
{
    slow(0, 50);
    slow(0, 4097);
    slow(0, 70000);
    slow(1, 50);
    slow(1, 4097);
    slow(1, 70000);
}

static void writing_waits_for_the_file(void)
{
    size_t n = 0;

    begin(hold_it);
    make_file(MEDIUM);
    announced = MEDIUM + 2;
    put(GET);
    pair->far.capacity = 4096;
    CU_ASSERT_EQUAL(start(held), NAVE_OK);
    CU_ASSERT_EQUAL(nave_http_write_file(held,
                                         &(struct nave_file_range){.fd = fd, .len = MEDIUM + 3}),
                    NAVE_ETOOBIG);
    CU_ASSERT_EQUAL(nave_http_write_file(held, &(struct nave_file_range){.fd = fd}), NAVE_EINVAL);
    CU_ASSERT_EQUAL(nave_http_write_file(held, &(struct nave_file_range){.fd = -1, .len = 1}),
                    NAVE_EINVAL);
    CU_ASSERT_EQUAL(nave_http_write_file(held, &(struct nave_file_range){.fd = fd, .len = MEDIUM}),
                    NAVE_OK);
    fake_worker_run(&worker);
    CU_ASSERT_EQUAL(held->api->write(held, "xy", 2, &n), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(nave_http_write_file(held, &(struct nave_file_range){.fd = fd, .len = 1}),
                    NAVE_EAGAIN);
    CU_ASSERT_EQUAL(held->api->end(held, &(struct nave_http_header){"a", "b", 1, 1}, 1),
                    NAVE_ESTATE);
    fake_worker_run(&worker); /* two bytes were announced and are missing: cut */
    CU_ASSERT_EQUAL(ended, 1);
    CU_ASSERT(is_closed_with(NAVE_CLOSE_ABORT));
    finish();
    drop_file();
}

static void trailers_wait_for_the_file_and_nothing_follows_the_end(void)
{
    const struct nave_http_header trailer = {"a", "b", 1, 1};
    size_t n = 0;

    begin(hold_it);
    make_file(MEDIUM);
    put(GET);
    CU_ASSERT_EQUAL(nave_http_write_file(held, &(struct nave_file_range){.fd = fd, .len = 1}),
                    NAVE_ESTATE);
    CU_ASSERT_EQUAL(start(held), NAVE_OK);
    CU_ASSERT_EQUAL(nave_http_write_file(held, &(struct nave_file_range){.fd = fd, .len = MEDIUM}),
                    NAVE_OK);
    CU_ASSERT_EQUAL(held->api->end(held, &trailer, 1), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(held->api->end(held, NULL, 0), NAVE_OK);
    CU_ASSERT_EQUAL(held->api->end(held, NULL, 0), NAVE_ESTATE);
    CU_ASSERT_EQUAL(held->api->write(held, "x", 1, &n), NAVE_ESTATE);
    CU_ASSERT_EQUAL(ended, 0);
    fake_worker_run(&worker);
    CU_ASSERT_EQUAL(ended, 1);
    CU_ASSERT_EQUAL(count_written("\r\n0\r\n\r\n"), 1);
    finish();
    drop_file();
}

/* The file becomes shorter when half of it has gone. */
static void shrink(uint32_t without_files)
{
    begin(send_whole);
    pair->near.is_without_files = without_files;
    pair->far.capacity = 60000;
    make_file(MEDIUM * 2);
    announced = parts[0] = MEDIUM * 2;
    put(GET);
    CU_ASSERT_EQUAL(ended, 0);
    CU_ASSERT_EQUAL_FATAL(ftruncate(fd, 1000), 0);
    while (!pair->near.is_closed)
        take_all();

    CU_ASSERT_EQUAL(ended, 1);
    CU_ASSERT(is_closed_with(NAVE_CLOSE_ABORT));
    CU_ASSERT_EQUAL(fake_host_counter(&host, "http1_files_cut"), 1);
    finish();
    drop_file();
}

static void a_file_that_shrinks_cuts_the_connection(void)
{
    shrink(0);
    shrink(1);
}

static void a_file_that_grows_is_sent_as_far_as_was_said(void)
{
    begin(send_whole);
    make_file(MEDIUM * 2);
    announced = parts[0] = MEDIUM;
    put(GET);

    CU_ASSERT(body_is(MEDIUM));
    CU_ASSERT_EQUAL(ended, 1);
    CU_ASSERT(!pair->near.is_closed);
    finish();
    drop_file();
}

static void a_descriptor_that_cannot_be_read_cuts_the_connection(void)
{
    int whole;

    begin(send_whole);
    make_file(MEDIUM);
    announced = parts[0] = MEDIUM;
    whole = fd;
    fd = dup2(fd, 900);
    close(900); /* the number of nothing */
    put(GET);

    CU_ASSERT(is_closed_with(NAVE_CLOSE_ABORT));
    CU_ASSERT_EQUAL(ended, 1);
    fd = whole;
    finish();
    drop_file();
}

static void the_peer_may_go_while_a_file_is_sent(void)
{
    begin(send_whole);
    pair->far.capacity = 10000;
    make_file(MEDIUM);
    announced = parts[0] = MEDIUM;
    put(GET);
    CU_ASSERT_EQUAL(ended, 0);
    mem_stream_break(&pair->near, NAVE_ERESET);
    fake_worker_run(&worker);

    CU_ASSERT_EQUAL(ended, 1);
    CU_ASSERT(pair->near.is_closed);
    finish();
    drop_file();
}

static void a_peer_that_takes_nothing_is_cut_at_the_deadline(void)
{
    begin(send_whole);
    pair->far.capacity = 10000;
    make_file(MEDIUM);
    announced = parts[0] = MEDIUM;
    put(GET);
    fake_worker_advance(&worker, options.write_timeout - NAVE_SEC);
    CU_ASSERT_EQUAL(ended, 0);
    fake_worker_advance(&worker, 2 * NAVE_SEC);

    CU_ASSERT_EQUAL(ended, 1);
    CU_ASSERT(is_closed_with(NAVE_CLOSE_ABORT));
    finish();
    drop_file();
}

static void send_whole_or_abort(struct nave_http *x)
{
    struct nave_file_range range = {.fd = fd, .len = parts[0]};

    if (start(x) != NAVE_OK)
        x->api->abort(x);
    else if (nave_http_write_file(x, &range) != NAVE_OK || x->api->end(x, NULL, 0) != NAVE_OK)
        x->api->abort(x);
}

/* Every allocation fails once, then all from one on: the peer gets the whole or an end. */
static void no_allocation_that_fails_breaks_the_framing(void)
{
    uint32_t once;
    int64_t n;

    make_file(MEDIUM);
    announced = parts[0] = MEDIUM;
    for (once = 0; once < 2; once++) {
        for (n = 0; n < 40; n++) {
            CU_ASSERT_FATAL(fake_options_default(http1_plugin_entry_v1()->options(), &options));
            script = send_whole_or_abort;
            if (begin_plugin(-1, 0) != NAVE_OK)
                CU_FAIL_FATAL("begin");
            host.fail_after = n;
            host.fail_once = once;
            connect_peer();
            if (!pair->near.is_closed) {
                pair->far.capacity = 5000;
                put(GET);
                while (!pair->near.is_closed && mem_stream_written(&pair->near).len)
                    take_all();
            }
            host.fail_after = -1;
            if (!pair->near.is_closed)
                CU_ASSERT_EQUAL(ended, handled);
            finish();
        }
    }
    drop_file();
}

static CU_TestInfo tests[] = {
    TEST(a_file_with_a_length_follows_its_head),
    TEST(a_small_file_goes_with_its_head_in_one_write),
    TEST(a_stream_without_files_gets_the_bytes),
    TEST(ranges_follow_each_other_and_the_watch_tells_when),
    TEST(a_length_that_is_not_known_is_sent_in_chunks),
    TEST(an_old_peer_gets_the_file_up_to_the_end_of_the_connection),
    TEST(head_gets_the_length_and_no_byte),
    TEST(pipelined_requests_wait_for_the_file),
    TEST(a_slow_peer_gets_every_byte_in_order),
    TEST(writing_waits_for_the_file),
    TEST(trailers_wait_for_the_file_and_nothing_follows_the_end),
    TEST(a_file_that_shrinks_cuts_the_connection),
    TEST(a_file_that_grows_is_sent_as_far_as_was_said),
    TEST(a_descriptor_that_cannot_be_read_cuts_the_connection),
    TEST(the_peer_may_go_while_a_file_is_sent),
    TEST(a_peer_that_takes_nothing_is_cut_at_the_deadline),
    TEST(no_allocation_that_fails_breaks_the_framing),
    CU_TEST_INFO_NULL,
};
static CU_SuiteInfo suites[] = {
    {"file", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};
NAVE_TEST_MAIN(suites)
