/* SPDX-License-Identifier: MIT
 *
 * The rings and bells of core/log/log_ring.h, their own source, under every interleaving of two producers and
 * the writer: no line is lost but those that were counted, each comes whole and in the order of its producer, and
 * the writer sleeps only when there is nothing to do, so that what comes wakes it.
 */
#define MODEL_REDIRECT
#include "explore.h"

#include "log/log_ring.h"

#undef __atomic_load_n
#undef __atomic_store_n
#undef __atomic_exchange_n

#include "test_main.h"

#define SIZE 64u /* two records of 24 bytes; the third needs a gap */

struct record {
    struct nv_log_slot slot;
    uint64_t number;
    uint64_t proof; /* the last to be written */
};

static struct nv_log_ring rings[2];
static char bytes[2][SIZE] __attribute__((aligned(64)));
static struct nv_log_bell bell, loss_bell;
static uint32_t wanted[2]; /* lines of each producer in this test */
static uint32_t drops;     /* rings are too small for them          */
static uint32_t taken[2];
static uint32_t dropped[2]; /* as the writer has seen */
static uint64_t last[2];
static uint32_t drops_ever;
static uint32_t pipe_bytes;

static void begin(void)
{
    uint32_t i;

    for (i = 0; i < 2; i++) {
        nv_log_ring_init(&rings[i], bytes[i], SIZE);
        memset(bytes[i], 0, SIZE);
        taken[i] = dropped[i] = 0;
        last[i] = 0;
    }
    bell.is_waiting = loss_bell.is_waiting = 0;
    pipe_bytes = 0;
}

/* As nv_log_put. */
static void put(uint32_t ring, uint64_t number)
{
    struct record *at =
        (struct record *)(void *)nv_log_ring_reserve(&rings[ring], (uint32_t)sizeof(*at));

    if (at) {
        at->number = number;
        model_point();
        at->proof = ~number;
        nv_log_ring_publish(&rings[ring]);
    }
    if (nv_log_bell_must_ring(at ? &bell : &loss_bell)) {
        model_point();
        pipe_bytes = 1;
    }
}

static void produce(uint32_t ring)
{
    uint64_t i;

    for (i = 1; i <= wanted[ring]; i++)
        put(ring, i);
}

static void first(void)
{
    produce(0);
}

static void second(void)
{
    produce(1);
}

static int32_t take_one(uint32_t ring)
{
    const struct record *at = (const struct record *)(const void *)nv_log_ring_peek(&rings[ring]);

    if (!at)
        return 0;
    if (at->number <= last[ring] || at->number > wanted[ring])
        model_fail("a line came twice, or before an older one");
    if (at->proof != ~at->number)
        model_fail("a line came before it was whole");
    last[ring] = at->number;
    nv_log_ring_release(&rings[ring]);
    taken[ring]++;
    return 1;
}

static uint32_t seen_dropped(uint32_t ring)
{
    return (uint32_t)model_load(&rings[ring].dropped, sizeof(rings[ring].dropped));
}

/* 1: something is told of that was not known. */
static int32_t tell_dropped(void)
{
    int32_t has_any = 0;
    uint32_t i;

    for (i = 0; drops && i < 2 && wanted[i]; i++) {
        uint32_t n = seen_dropped(i);

        has_any |= n != dropped[i];
        dropped[i] = n;
    }
    return has_any;
}

static int32_t is_done(void)
{
    return taken[0] + dropped[0] == wanted[0] && taken[1] + dropped[1] == wanted[1];
}

/* As the loop of log_writer.c, sleep_idle and what it calls. */
static void writer(void)
{
    while (!is_done()) {
        int32_t has_more;

        if (take_one(0) | (wanted[1] && take_one(1)) | tell_dropped())
            continue;
        nv_log_bell_set(&bell);
        if (drops)
            nv_log_bell_set(&loss_bell);
        has_more = !nv_log_ring_is_empty(&rings[0]) ||
                   (wanted[1] && !nv_log_ring_is_empty(&rings[1])) ||
                   (drops && seen_dropped(0) != dropped[0]) ||
                   (drops && wanted[1] && seen_dropped(1) != dropped[1]);
        if (!has_more) {
            model_wait(&pipe_bytes);
            pipe_bytes = 0;
        }
        nv_log_bell_clear(&bell);
        if (drops)
            nv_log_bell_clear(&loss_bell);
    }
}

static void end(void)
{
    drops_ever += dropped[0] + dropped[1];
    if (!is_done())
        model_fail("lines are missing");
}

/* `by_chance` 0: all interleavings within `switches`; else so many by chance. */
static struct model_result explore(const char *name, uint32_t lines, uint32_t more_lines,
                                   uint32_t switches, uint32_t by_chance)
{
    struct model_test t = {.name = name,
                           .begin = begin,
                           .thread = {writer, first, more_lines ? second : NULL},
                           .end = end,
                           .switches_max = switches,
                           .runs_max = by_chance ? by_chance : 2000000,
                           .seed = by_chance};

    wanted[0] = lines;
    wanted[1] = more_lines;
    return model_explore(&t);
}

static void holds(struct model_result r)
{
    CU_ASSERT_PTR_NULL(r.failure);
    CU_ASSERT_EQUAL(r.is_whole, 1);
}

static void one_producer_loses_nothing(void)
{
    drops = model_breaks = 0;
    holds(explore("one line", 1, 0, 9, 0));
    holds(explore("two lines", 2, 0, 3, 0));
}

static void two_producers_lose_nothing_either(void)
{
    drops = model_breaks = 0;
    holds(explore("two producers", 1, 1, 1, 0));
    holds(explore("two producers, three lines", 2, 1, 1, 0));
}

/* Rings of two lines: records go round the end, and what does not fit is told. */
static void what_is_lost_is_counted_and_told(void)
{
    drops = 1;
    model_breaks = 0;
    holds(explore("three lines, room for two", 3, 0, 0, 0));
    CU_ASSERT_PTR_NULL(explore("by chance", 5, 0, 9, 15000).failure);
    CU_ASSERT_PTR_NULL(explore("by chance, two producers", 4, 4, 9, 15000).failure);
#ifndef NV_SANITIZED
    CU_ASSERT(drops_ever > 1000);
#endif
}

/* What is said in log_ring.h: the stores on both sides of the bell are sequentially consistent. */
static void weaker_stores_are_seen_to_lose_a_line(void)
{
    drops = 0;
    model_breaks = MODEL_SEQ_CST_IS_RELEASE;
    CU_ASSERT_PTR_NOT_NULL(explore("weaker stores", 2, 0, 8, 0).failure);
    model_breaks = 0;
}

static CU_TestInfo tests[] = {
    {"one_producer_loses_nothing", one_producer_loses_nothing},
    {"two_producers_lose_nothing_either", two_producers_lose_nothing_either},
    {"what_is_lost_is_counted_and_told", what_is_lost_is_counted_and_told},
    {"weaker_stores_are_seen_to_lose_a_line", weaker_stores_are_seen_to_lose_a_line},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"model of the log's rings", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)
