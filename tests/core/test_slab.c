/* SPDX-License-Identifier: MIT
 *
 * The slab: what an object may rely on (room, alignment, identity), and how it fails.
 */
#include <stdint.h>
#include <string.h>

#include "test_main.h"

#include "worker/slab.h"

#define SIZE_STEP 24
#define OBJECTS   400

/* In a sanitizer build objects are mallocs; the classes are what is tested here. */
static void init(struct nv_slab *s, uint64_t bytes_max)
{
    nv_slab_init(s, bytes_max);
    s->flags &= ~NV_SLAB_MALLOC;
}

static void objects_of_every_size_are_aligned_and_apart(void)
{
    struct nv_slab s;
    uint8_t *at[OBJECTS];
    size_t i, k, wrong = 0;

    init(&s, 0);
    for (i = 0; i < OBJECTS; i++) {
        at[i] = nv_slab_alloc(&s, i * SIZE_STEP);
        CU_ASSERT_PTR_NOT_NULL_FATAL(at[i]);
        wrong += (uintptr_t)at[i] % 16 != 0;
        memset(at[i], (int)(i & 0xff), i * SIZE_STEP);
    }
    for (i = 0; i < OBJECTS; i++)
        for (k = 0; k < i * SIZE_STEP; k++)
            wrong += at[i][k] != (i & 0xff);
    CU_ASSERT_EQUAL(wrong, 0);
    for (i = 0; i < OBJECTS; i++)
        nv_slab_free(&s, at[i], i * SIZE_STEP);
    nv_slab_free(&s, NULL, 7);
    nv_slab_fini(&s);
}

static void sizes_of_one_class_reuse_each_other_and_others_do_not(void)
{
    struct nv_slab s;
    void *p;

    init(&s, 0);
    p = nv_slab_alloc(&s, 33);
    nv_slab_free(&s, p, 33);
    CU_ASSERT_PTR_NOT_EQUAL(nv_slab_alloc(&s, 49), p);
    CU_ASSERT_PTR_EQUAL(nv_slab_alloc(&s, 48), p);
    p = nv_slab_alloc(&s, 3073);
    nv_slab_free(&s, p, 3073);
    CU_ASSERT_PTR_EQUAL(nv_slab_alloc(&s, 4096), p);
    nv_slab_fini(&s);
}

static void steady_use_takes_nothing_more_from_the_system(void)
{
    struct nv_slab s;
    uint64_t bytes;
    int i;

    init(&s, 0);
    nv_slab_free(&s, nv_slab_alloc(&s, 80), 80);
    bytes = s.bytes;
    CU_ASSERT_EQUAL(bytes, NV_SLAB_CHUNK);
    for (i = 0; i < 100000; i++)
        nv_slab_free(&s, nv_slab_alloc(&s, 80), 80);
    CU_ASSERT_EQUAL(s.bytes, bytes);
    nv_slab_fini(&s);
}

static void the_limit_counts_chunks_and_large_objects(void)
{
    struct nv_slab s;
    void *large;
    int n = 0;

    init(&s, NV_SLAB_CHUNK + 10000);
    large = nv_slab_alloc(&s, 10000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(large);
    while (n < 1000 && nv_slab_alloc(&s, 4096))
        n++;
    CU_ASSERT_EQUAL(n, (NV_SLAB_CHUNK - 64) / 4096);
    CU_ASSERT_PTR_NULL(nv_slab_alloc(&s, 16));
    CU_ASSERT_PTR_NULL(nv_slab_alloc(&s, 5000));
    nv_slab_free(&s, large, 10000);
    CU_ASSERT_PTR_NULL(nv_slab_alloc(&s, SIZE_MAX));
    large = nv_slab_alloc(&s, 5000);
    CU_ASSERT_PTR_NOT_NULL(large);
    nv_slab_free(&s, large, 5000);
    CU_ASSERT_EQUAL(s.bytes, NV_SLAB_CHUNK);
    nv_slab_fini(&s);
}

static void the_allocation_that_is_to_fail_fails_once(void)
{
    struct nv_slab s;
    int i;

    init(&s, 0);
    s.flags |= NV_SLAB_FAIL;
    s.fail_at = 3;
    for (i = 1; i <= 5; i++)
        CU_ASSERT_EQUAL(nv_slab_alloc(&s, 64) == NULL, i == 3);
    nv_slab_fini(&s);
}

static CU_TestInfo slab_tests[] = {
    {"objects_of_every_size_are_aligned_and_apart", objects_of_every_size_are_aligned_and_apart},
    {"sizes_of_one_class_reuse_each_other_and_others_do_not",
     sizes_of_one_class_reuse_each_other_and_others_do_not},
    {"steady_use_takes_nothing_more_from_the_system",
     steady_use_takes_nothing_more_from_the_system},
    {"the_limit_counts_chunks_and_large_objects", the_limit_counts_chunks_and_large_objects},
    {"the_allocation_that_is_to_fail_fails_once", the_allocation_that_is_to_fail_fails_once},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"slab", NULL, NULL, NULL, NULL, slab_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)
