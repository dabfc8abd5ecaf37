/* SPDX-License-Identifier: MIT
 *
 * Memory of tasks: classes of sizes, generations that outlive their tasks, credits up to the last task of
 * the limit, bytes up to the last chunk, objects that are given back by another worker, and every chunk that
 * cannot be had.
 */
#include <stdint.h>
#include <string.h>

#include "test_main.h"

#include "worker/task.h"
#include "worker/task_pool.h"

#define MANY 1000u

static struct nv_task_pool pool;
static struct nv_task_cache caches[4];
static struct nv_task *made[MANY];

static void open_pool(uint64_t max_tasks, uint64_t bytes_max, uint32_t workers)
{
    memset(caches, 0, sizeof(caches));
    memset(made, 0, sizeof(made));
    CU_ASSERT_EQUAL_FATAL(nv_task_pool_init(&pool, max_tasks, bytes_max, workers), NAVE_OK);
}

/* As many of `class` as can be had, at most MANY, into made[]; *out_err: why not more. */
static uint32_t take_all(struct nv_task_cache *c, uint32_t class, nave_err *out_err)
{
    uint32_t n;

    *out_err = NAVE_OK;
    for (n = 0; n < MANY; n++) {
        *out_err = nv_task_pool_take(&pool, c, class, &made[n]);
        if (*out_err)
            break;
    }
    return n;
}

static void give_all(struct nv_task_cache *c, uint32_t class, uint32_t n)
{
    while (n-- > 0)
        nv_task_pool_give(&pool, c, made[n], class);
}

/* --- sizes ------------------------------------------------------------------------------------- */

/* The room of an object of `class`, by the distance of two that were carved one after the other. */
static size_t room_of(uint32_t class)
{
    struct nv_task *a, *b;
    size_t room;

    open_pool(0, 0, 1);
    CU_ASSERT_EQUAL_FATAL(nv_task_pool_take(&pool, &caches[0], class, &a), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nv_task_pool_take(&pool, &caches[0], class, &b), NAVE_OK);
    room = (size_t)((char *)b - (char *)a);
    nv_task_pool_give(&pool, &caches[0], a, class);
    nv_task_pool_give(&pool, &caches[0], b, class);
    nv_task_pool_fini(&pool);
    return room;
}

static void every_size_has_the_smallest_class_with_room_for_it(void)
{
    uint32_t class;
    size_t size = 0, room;

    CU_ASSERT_EQUAL(nv_task_class(0), 0);
    CU_ASSERT_EQUAL(nv_task_class(NV_TASK_HEAD), 0);
    for (class = 0; class < 15; class ++) { /* those of which several share a chunk */
        room = room_of(class);
        CU_ASSERT_EQUAL(nv_task_class(room), class);
        CU_ASSERT_EQUAL(nv_task_class(room + 1), class + 1);
        CU_ASSERT_EQUAL(nv_task_class(size + 1), class);
        CU_ASSERT_EQUAL(room % 64, 0);
        size = room;
    }
    for (; class < NV_TASK_CLASSES - 1; class ++) { /* powers of two */
        size *= 2;
        CU_ASSERT_EQUAL(nv_task_class(size), class);
        CU_ASSERT_EQUAL(nv_task_class(size + 1), class + 1);
    }
    CU_ASSERT_EQUAL(nv_task_class(2 * size), class);
    CU_ASSERT_EQUAL(nv_task_class(2 * size + 1), NV_TASK_CLASSES);
    CU_ASSERT_EQUAL(nv_task_class(SIZE_MAX), NV_TASK_CLASSES);
}

static void an_object_of_any_class_can_be_written_to_its_end(void)
{
    uint32_t class;
    size_t size = 1;

    open_pool(0, 0, 1);
    for (class = 0; class < 20; class ++) {
        while (nv_task_class(size) < class)
            size++;
        CU_ASSERT_EQUAL_FATAL(nv_task_pool_take(&pool, &caches[0], class, &made[class]), NAVE_OK);
        CU_ASSERT_EQUAL((uintptr_t)made[class] % 64, 0);
        CU_ASSERT_EQUAL(made[class]->word >> 32, 1);
        while (nv_task_class(size + 1) == class)
            size++;
        memset((char *)made[class] + sizeof(uint64_t), 0x5a, size - sizeof(uint64_t));
    }
    for (class = 0; class < 20; class ++)
        nv_task_pool_give(&pool, &caches[0], made[class], class);
    nv_task_pool_fini(&pool);
}

/* --- reuse ------------------------------------------------------------------------------------- */

static void what_was_given_back_last_comes_first_with_its_word(void)
{
    struct nv_task *a, *b;

    open_pool(0, 0, 1);
    CU_ASSERT_EQUAL(nv_task_pool_take(&pool, &caches[0], 0, &a), NAVE_OK);
    a->word = (uint64_t)7 << 32; /* as nv_task_free leaves it */
    nv_task_pool_give(&pool, &caches[0], a, 0);
    CU_ASSERT_EQUAL(nv_task_pool_take(&pool, &caches[0], 1, &b), NAVE_OK);
    CU_ASSERT_PTR_NOT_EQUAL(a, b); /* never as another size */
    nv_task_pool_give(&pool, &caches[0], b, 1);
    CU_ASSERT_EQUAL(nv_task_pool_take(&pool, &caches[0], 0, &b), NAVE_OK);
    CU_ASSERT_PTR_EQUAL(a, b);
    CU_ASSERT_EQUAL(b->word, (uint64_t)7 << 32);
    nv_task_pool_give(&pool, &caches[0], b, 0);
    nv_task_pool_fini(&pool);
}

static void memory_is_kept_and_used_again(void)
{
    uint64_t bytes;
    nave_err err;
    uint32_t round, n;

    open_pool(0, 0, 2);
    n = take_all(&caches[0], 2, &err);
    CU_ASSERT_EQUAL_FATAL(n, MANY);
    bytes = pool.bytes;
    for (round = 0; round < 4; round++) { /* what one gives back the other finds */
        give_all(&caches[(round + 1) % 2], 2, n);
        CU_ASSERT_EQUAL(take_all(&caches[(round + 1) % 2], 2, &err), n);
    }
    CU_ASSERT_EQUAL(pool.bytes, bytes);
    give_all(&caches[0], 2, n);
    nv_task_pool_fini(&pool);
}

static void what_another_worker_frees_reaches_all_by_batches(void)
{
    uint64_t bytes;
    nave_err err;
    uint32_t n;

    open_pool(0, 0, 2);
    n = take_all(&caches[0], 0, &err);
    bytes = pool.bytes;
    give_all(&caches[1], 0, n);
    CU_ASSERT(caches[1].count[0] < 128); /* it keeps less than two batches */
    CU_ASSERT_EQUAL(take_all(&caches[0], 0, &err), n);
    CU_ASSERT(pool.bytes - bytes <= 32768); /* what the other keeps, and no more */
    give_all(&caches[0], 0, n);
    nv_task_pool_fini(&pool);
}

static void a_thread_that_is_no_worker_takes_and_gives(void)
{
    nave_err err;
    uint32_t n;

    open_pool(200, 0, 2);
    n = take_all(NULL, 0, &err);
    CU_ASSERT_EQUAL(n, 200);
    CU_ASSERT_EQUAL(err, NAVE_ELIMIT);
    give_all(NULL, 0, n);
    CU_ASSERT_EQUAL(take_all(NULL, 0, &err), 200);
    give_all(&caches[0], 0, 200); /* a worker ends them */
    n = take_all(NULL, 0, &err);
    CU_ASSERT(n + 2 * pool.batch > 200); /* all but what that one may keep */
    give_all(NULL, 0, n);
    nv_task_pool_fini(&pool);
}

/* --- limits ------------------------------------------------------------------------------------ */

static void one_worker_can_have_every_task_of_the_limit(void)
{
    static const uint64_t limits[] = {1, 2, 63, 64, 65, 127, 128, 129, 999};
    uint32_t i, round;
    nave_err err;

    for (i = 0; i < NAVE_COUNT(limits); i++) {
        open_pool(limits[i], 0, 1);
        for (round = 0; round < 3; round++) { /* they live, or can be had again */
            CU_ASSERT_EQUAL(take_all(&caches[0], 0, &err), limits[i]);
            CU_ASSERT_EQUAL(err, NAVE_ELIMIT);
            give_all(&caches[0], 0, (uint32_t)limits[i]);
        }
        nv_task_pool_fini(&pool);
    }
}

static void what_lies_in_other_caches_keeps_nobody_far_from_the_limit(void)
{
    static const uint64_t limits[] = {1, 16, 64, 65, 500, 900};
    uint32_t i, k, n;
    nave_err err;

    for (i = 0; i < NAVE_COUNT(limits); i++) {
        open_pool(limits[i], 0, 4);
        for (k = 0; k < 4; k++) { /* each has had some */
            n = take_all(&caches[k], 0, &err);
            give_all(&caches[k], 0, n);
        }
        n = take_all(&caches[0], 0, &err);
        CU_ASSERT_EQUAL(err, NAVE_ELIMIT);
        CU_ASSERT(n <= limits[i]);
        CU_ASSERT(n + 3 * (2 * pool.batch - 1) >= limits[i]);
        if (limits[i] >= 64)
            CU_ASSERT(n >= limits[i] - limits[i] / 8); /* as docs/internals/task.md says */
        give_all(&caches[0], 0, n);
        nv_task_pool_fini(&pool);
    }
}

static void bytes_are_had_to_the_last_chunk(void)
{
    uint64_t one;
    nave_err err;
    uint32_t n;

    open_pool(0, 0, 1); /* how large a chunk of this class is */
    CU_ASSERT_EQUAL(nv_task_pool_take(&pool, &caches[0], 15, &made[0]), NAVE_OK);
    one = pool.bytes;
    nv_task_pool_give(&pool, &caches[0], made[0], 15);
    nv_task_pool_fini(&pool);
    open_pool(0, 5 * one - 1, 1);
    n = take_all(&caches[0], 15, &err);
    CU_ASSERT_EQUAL(err, NAVE_ELIMIT);
    CU_ASSERT_EQUAL(pool.bytes, 4 * one);
    CU_ASSERT_EQUAL(nv_task_pool_take(&pool, &caches[0], 0, &made[n]), NAVE_ELIMIT);
    give_all(&caches[0], 15, n);
    CU_ASSERT_EQUAL(take_all(&caches[0], 15, &err), n); /* an error has lost nothing */
    give_all(&caches[0], 15, n);
    nv_task_pool_fini(&pool);
    open_pool(0, 5 * one, 1); /* exactly */
    n = take_all(&caches[0], 15, &err);
    CU_ASSERT_EQUAL(pool.bytes, 5 * one);
    give_all(&caches[0], 15, n);
    nv_task_pool_fini(&pool);
}

/* --- allocations that fail --------------------------------------------------------------------- */

static void every_chunk_that_cannot_be_had_is_an_error_and_loses_nothing(void)
{
    uint32_t nth, n, again;
    nave_err err = NAVE_ENOMEM;

    for (nth = 1; err == NAVE_ENOMEM; nth++) {
        CU_ASSERT_FATAL(nth < 100);
        open_pool(300, 0, 1);
        pool.fail_at = nth;
        n = take_all(&caches[0], 7, &err); /* 640 bytes: several chunks for 300 */
        CU_ASSERT(err == NAVE_ENOMEM || n == 300);
        give_all(&caches[0], 7, n);
        again = take_all(&caches[0], 7, &err); /* it was that once */
        CU_ASSERT_EQUAL(again, 300);
        CU_ASSERT_EQUAL(err, NAVE_ELIMIT);
        err = n == 300 ? NAVE_OK : NAVE_ENOMEM;
        give_all(&caches[0], 7, again);
        nv_task_pool_fini(&pool);
    }
    CU_ASSERT(nth > 4);
}

/* --- looking at all ---------------------------------------------------------------------------- */

static void count_one(struct nv_task *t, void *arg)
{
    uint32_t *n = arg;

    CU_ASSERT(t->word >> 32 != 0);
    (*n)++;
}

static void both_walks_see_every_object_that_was_carved(void)
{
    struct nv_task_cursor cursor = {NULL, 0, 0};
    uint32_t seen = 0, n;
    nave_err err;

    open_pool(0, 0, 2);
    nv_task_pool_each(&pool, count_one, &seen);
    CU_ASSERT_EQUAL(seen, 0);
    CU_ASSERT_PTR_NULL(nv_task_pool_next(&pool, &cursor));
    n = take_all(&caches[0], 0, &err);
    give_all(&caches[1], 0, n / 2); /* also those that are free */
    nv_task_pool_each(&pool, count_one, &seen);
    CU_ASSERT_EQUAL(seen, n);
    memset(&cursor, 0, sizeof(cursor));
    for (seen = 0; nv_task_pool_next(&pool, &cursor); seen++)
        CU_ASSERT_FATAL(seen < n);
    CU_ASSERT_EQUAL(seen, n);
    nv_task_pool_fini(&pool);
}

#define TEST(name)  \
    {               \
#        name, name \
    }
static CU_TestInfo tests[] = {
    TEST(every_size_has_the_smallest_class_with_room_for_it),
    TEST(an_object_of_any_class_can_be_written_to_its_end),
    TEST(what_was_given_back_last_comes_first_with_its_word),
    TEST(memory_is_kept_and_used_again),
    TEST(what_another_worker_frees_reaches_all_by_batches),
    TEST(a_thread_that_is_no_worker_takes_and_gives),
    TEST(one_worker_can_have_every_task_of_the_limit),
    TEST(what_lies_in_other_caches_keeps_nobody_far_from_the_limit),
    TEST(bytes_are_had_to_the_last_chunk),
    TEST(every_chunk_that_cannot_be_had_is_an_error_and_loses_nothing),
    TEST(both_walks_see_every_object_that_was_carved),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"memory of tasks", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)
