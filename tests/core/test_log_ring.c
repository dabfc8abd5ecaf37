/* SPDX-License-Identifier: MIT
 *
 * The ring of log lines and the limit of their rate: what fits, what is refused and counted, and that
 * a producer and a consumer on two threads agree. All interleavings are in tests/model/test_log_ring.c.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "test_main.h"

#include "log/log_rate.h"
#include "log/log_ring.h"

#define SIZE 1024u

static struct nv_log_ring ring;
static char bytes[SIZE] __attribute__((aligned(64)));

struct record {
    struct nv_log_slot slot;
    uint32_t number;
    uint32_t n;
    unsigned char filled[];
};

static void setup(void)
{
    nv_log_ring_init(&ring, bytes, SIZE);
}

/* A record of `n` bytes behind its head, all of them the low byte of `number`. */
static int put(struct nv_log_ring *r, uint32_t number, uint32_t n)
{
    struct record *at =
        (struct record *)(void *)nv_log_ring_reserve(r, (uint32_t)sizeof(struct record) + n);

    if (!at)
        return 0;
    at->number = number;
    at->n = n;
    memset(at->filled, (int)(number & 255), n);
    nv_log_ring_publish(r);
    return 1;
}

/* Take one; 0: none. -1: it is damaged. */
static int take(struct nv_log_ring *r, uint32_t *out_number)
{
    struct record *at = (struct record *)(void *)nv_log_ring_peek(r);
    uint32_t i;
    int good = 1;

    if (!at)
        return 0;
    for (i = 0; i < at->n; i++)
        good = good && at->filled[i] == (at->number & 255);
    *out_number = at->number;
    nv_log_ring_release(r);
    return good ? 1 : -1;
}

static void a_record_comes_out_as_it_went_in(void)
{
    uint32_t number = 0;

    CU_ASSERT(nv_log_ring_is_empty(&ring));
    CU_ASSERT(put(&ring, 7, 33));
    CU_ASSERT(!nv_log_ring_is_empty(&ring));
    CU_ASSERT_EQUAL(take(&ring, &number), 1);
    CU_ASSERT_EQUAL(number, 7);
    CU_ASSERT_EQUAL(take(&ring, &number), 0);
    CU_ASSERT(nv_log_ring_is_empty(&ring));
}

static void what_was_reserved_is_not_there_before_it_is_published(void)
{
    CU_ASSERT_PTR_NOT_NULL(nv_log_ring_reserve(&ring, 64));
    CU_ASSERT_PTR_NULL(nv_log_ring_peek(&ring));
    CU_ASSERT(nv_log_ring_is_empty(&ring));
    nv_log_ring_publish(&ring);
    CU_ASSERT_PTR_NOT_NULL(nv_log_ring_peek(&ring));
}

static void records_of_every_size_go_round_and_round(void)
{
    uint32_t n, number, round, in = 0, expected = 0;

    for (round = 0; round < 50; round++)
        for (n = 0; n <= SIZE / 2 - sizeof(struct record); n += 7) {
            CU_ASSERT_FATAL(put(&ring, in++, n));
            CU_ASSERT_EQUAL_FATAL(take(&ring, &number), 1);
            CU_ASSERT_EQUAL_FATAL(number, expected++);
        }
    CU_ASSERT_EQUAL(ring.dropped, 0);
}

static void a_full_ring_refuses_and_counts_and_goes_on_where_it_was(void)
{
    uint32_t number, in = 0, expected = 0, turn;

    for (turn = 0; turn < 20; turn++) {
        uint64_t before = ring.dropped;

        while (put(&ring, in, 40 + turn))
            in++;
        CU_ASSERT_EQUAL(ring.dropped, before + 1);
        CU_ASSERT(!put(&ring, in, 400));
        CU_ASSERT_EQUAL(ring.dropped, before + 2);
        CU_ASSERT(in - expected >= 8);
        while (take(&ring, &number) == 1)
            CU_ASSERT_EQUAL_FATAL(number, expected++);
        CU_ASSERT_EQUAL(expected, in);
    }
}

/* A gap at the end and a record at the start are published together. */
static void a_gap_is_never_all_there_is(void)
{
    uint32_t number;

    CU_ASSERT(put(&ring, 1, 448 - sizeof(struct record)));
    CU_ASSERT(put(&ring, 2, 448 - sizeof(struct record)));
    CU_ASSERT_EQUAL(take(&ring, &number), 1);
    CU_ASSERT(!put(&ring, 3, 512 - sizeof(struct record))); /* 128 at the end, 448 at the start */
    CU_ASSERT_EQUAL(take(&ring, &number), 1);
    CU_ASSERT_EQUAL(take(&ring, &number), 0);
    CU_ASSERT(put(&ring, 3, 512 - sizeof(struct record)));
    CU_ASSERT_EQUAL(take(&ring, &number), 1);
    CU_ASSERT_EQUAL(number, 3);
}

static void a_bell_is_rung_once_for_each_sleep(void)
{
    struct nv_log_bell bell = {0};

    CU_ASSERT(!nv_log_bell_must_ring(&bell));
    nv_log_bell_set(&bell);
    CU_ASSERT(nv_log_bell_must_ring(&bell));
    CU_ASSERT(!nv_log_bell_must_ring(&bell));
    nv_log_bell_set(&bell);
    nv_log_bell_clear(&bell);
    CU_ASSERT(!nv_log_bell_must_ring(&bell));
}

#define STRESS 200000u

static void *produce(void *arg)
{
    uint32_t i;

    (void)arg;
    for (i = 0; i < STRESS; i++)
        while (!put(&ring, i, i % 97))
            sched_yield();
    return NULL;
}

static void two_threads_lose_nothing(void)
{
    uint32_t number, expected = 0;
    pthread_t thread;
    int got;

    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, produce, NULL), 0);
    while (expected < STRESS) {
        got = take(&ring, &number);
        if (got == 0) {
            sched_yield();
            continue;
        }
        if (got != 1 || number != expected)
            break;
        expected++;
    }
    CU_ASSERT_EQUAL(expected, STRESS);
    if (expected < STRESS)
        exit(1); /* the producer would wait for ever */
    pthread_join(thread, NULL);
}

/* --- the rate -------------------------------------------------------------------------------- */

static struct nv_log_rate rate;

static uint32_t burst(uint32_t bucket, nave_nsec now, uint32_t n)
{
    uint32_t passed = 0;

    while (n-- > 0)
        passed += (uint32_t)nv_log_rate_take(&rate, bucket, now);
    return passed;
}

static void a_second_s_worth_passes_at_once_and_then_the_rate(void)
{
    nave_nsec now = 77 * NAVE_SEC;

    nv_log_rate_init(&rate, 10);
    CU_ASSERT_EQUAL(burst(3, now, 50), 10);
    CU_ASSERT_EQUAL(rate.held[3], 40);
    CU_ASSERT_EQUAL(rate.held_all, 40);
    CU_ASSERT_EQUAL(burst(3, now + NAVE_SEC / 10 - 1, 5), 0);
    CU_ASSERT_EQUAL(burst(3, now + NAVE_SEC / 10, 5), 1);
    CU_ASSERT_EQUAL(burst(3, now + NAVE_SEC / 2, 50), 4);
    CU_ASSERT_EQUAL(burst(3, now + 100 * NAVE_SEC, 50), 10); /* no more for a long silence */
    CU_ASSERT_EQUAL(burst(4, now, 50), 10);                  /* others are not meant */
}

static void every_rate_counts_exactly(void)
{
    static const uint64_t rates[] = {1, 2, 3, 7, 60, 100, 999, 1000, 12345, NV_LOG_RATE_MAX};
    size_t i;

    for (i = 0; i < NAVE_COUNT(rates); i++) {
        nv_log_rate_init(&rate, rates[i]);
        CU_ASSERT_EQUAL(burst(0, NAVE_SEC, (uint32_t)rates[i] + 10), rates[i]);
    }
}

static void without_a_rate_everything_passes(void)
{
    nv_log_rate_init(&rate, 0);
    CU_ASSERT_EQUAL(burst(0, 1, 100000), 100000);
    CU_ASSERT_EQUAL(rate.held_all, 0);
}

static uint32_t bucket(uint32_t level, const char *plugin, const char *text)
{
    return nv_log_rate_bucket(level, (struct nave_str){plugin, strlen(plugin)},
                              (struct nave_str){text, strlen(text)});
}

static void numbers_do_not_make_another_source(void)
{
    CU_ASSERT_EQUAL(bucket(1, "tcp", "peer 10.0.0.1:80 left"),
                    bucket(1, "tcp", "peer 9.8.7.61:8 left"));
    CU_ASSERT_NOT_EQUAL(bucket(1, "tcp", "peer left"), bucket(1, "tcp", "out of descriptors"));
    CU_ASSERT_NOT_EQUAL(bucket(1, "tcp", "peer left"), bucket(1, "http1", "peer left"));
    CU_ASSERT_NOT_EQUAL(bucket(1, "tcp", "peer left"), bucket(0, "tcp", "peer left"));
}

/* However a peer varies its texts, there are so many buckets of a level, and none of another. */
static void texts_cannot_make_more_sources_than_there_are_buckets(void)
{
    uint32_t seen[NV_LOG_BUCKETS] = {0}, i, level, found;
    char text[32];

    for (level = 0; level < NV_LOG_LEVELS; level++) {
        memset(seen, 0, sizeof(seen));
        for (i = 0; i < 5000; i++) {
            uint32_t b;

            snprintf(text, sizeof(text), "%c%c%c/%x", 'a' + i % 26, 'a' + i / 26 % 26,
                     'a' + i / 676 % 26, i);
            b = bucket(level, "http1", text);
            CU_ASSERT_EQUAL_FATAL(b >> NV_LOG_LEVEL_BITS, level);
            seen[b]++;
        }
        for (found = i = 0; i < NV_LOG_BUCKETS; i++)
            found += seen[i] > 0;
        CU_ASSERT_EQUAL(found, NV_LOG_BUCKETS / NV_LOG_LEVELS); /* all are used, evenly enough */
    }
}

static CU_TestInfo ring_tests[] = {
    {"a_record_comes_out_as_it_went_in", a_record_comes_out_as_it_went_in},
    {"what_was_reserved_is_not_there_before_it_is_published",
     what_was_reserved_is_not_there_before_it_is_published},
    {"records_of_every_size_go_round_and_round", records_of_every_size_go_round_and_round},
    {"a_full_ring_refuses_and_counts_and_goes_on_where_it_was",
     a_full_ring_refuses_and_counts_and_goes_on_where_it_was},
    {"a_gap_is_never_all_there_is", a_gap_is_never_all_there_is},
    {"a_bell_is_rung_once_for_each_sleep", a_bell_is_rung_once_for_each_sleep},
    {"two_threads_lose_nothing", two_threads_lose_nothing},
    CU_TEST_INFO_NULL,
};

static CU_TestInfo rate_tests[] = {
    {"a_second_s_worth_passes_at_once_and_then_the_rate",
     a_second_s_worth_passes_at_once_and_then_the_rate},
    {"every_rate_counts_exactly", every_rate_counts_exactly},
    {"without_a_rate_everything_passes", without_a_rate_everything_passes},
    {"numbers_do_not_make_another_source", numbers_do_not_make_another_source},
    {"texts_cannot_make_more_sources_than_there_are_buckets",
     texts_cannot_make_more_sources_than_there_are_buckets},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"ring of lines", NULL, NULL, setup, NULL, ring_tests},
    {"rate of lines", NULL, NULL, NULL, NULL, rate_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)
