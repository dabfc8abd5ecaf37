/* SPDX-License-Identifier: MIT
 *
 * The inlines of lock.h and notify.h that a thread calls: each does what the slot of its name does.
 */
#include <string.h>

#include <nave/notify.h>

#include "test_main.h"

#include "sync/locks.h"

static struct nv_locks locks;

static void setup(void)
{
    memset(&locks, 0, sizeof(locks));
    nv_locks_init(&locks, NULL, 0); /* of no runtime: every thread may block */
}

static void a_rwlock_is_tried_waited_for_and_downgraded(void)
{
    struct nave_rwlock rw;

    locks.pub.api->rwlock_init(&locks.pub, &rw);
    CU_ASSERT_EQUAL(nave_rwlock_try_write(&rw), NAVE_OK);
    CU_ASSERT_EQUAL(nave_rwlock_try_read(&rw), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(nave_rwlock_read_wait(&rw, 0), NAVE_ETIMEDOUT);
    nave_rwlock_downgrade(&rw);
    CU_ASSERT_EQUAL(nave_rwlock_try_read(&rw), NAVE_OK);
    CU_ASSERT_EQUAL(nave_rwlock_read_wait(&rw, 0), NAVE_OK);
    CU_ASSERT_EQUAL(nave_rwlock_try_write(&rw), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(nave_rwlock_write_wait(&rw, 0), NAVE_ETIMEDOUT);
    nave_rwlock_read_unlock(&rw);
    nave_rwlock_read_unlock(&rw);
    nave_rwlock_read_unlock(&rw);
    CU_ASSERT_EQUAL(nave_rwlock_write_wait(&rw, 0), NAVE_OK);
    nave_rwlock_write_unlock(&rw);
}

static void permits_are_waited_for_counted_and_forgotten(void)
{
    struct nave_semaphore s;

    CU_ASSERT_EQUAL(locks.pub.api->semaphore_init(&locks.pub, &s, 5), NAVE_OK);
    CU_ASSERT_EQUAL(nave_semaphore_acquire_wait(&s, 2, 0), NAVE_OK);
    CU_ASSERT_EQUAL(nave_semaphore_available(&s), 3);
    CU_ASSERT_EQUAL(nave_semaphore_acquire_wait(&s, 4, 0), NAVE_ETIMEDOUT);
    CU_ASSERT_EQUAL(nave_semaphore_forget(&s, 4), 3);
    CU_ASSERT_EQUAL(nave_semaphore_available(&s), 0);
    nave_semaphore_close(&s);
    CU_ASSERT_EQUAL(nave_semaphore_acquire_wait(&s, 1, NAVE_NEVER), NAVE_ECLOSED);
}

static void a_notification_is_waited_for_here(void)
{
    struct nave_notify n;

    locks.pub.api->notify_init(&locks.pub, &n);
    CU_ASSERT_EQUAL(nave_notify_wait_here(&n, 0), NAVE_ETIMEDOUT);
    nave_notify_one(&n);
    CU_ASSERT_EQUAL(nave_notify_wait_here(&n, NAVE_NEVER), NAVE_OK);
    CU_ASSERT_EQUAL(nave_notify_wait_here(&n, 0), NAVE_ETIMEDOUT);
}

static void the_last_one_of_a_barrier_is_told_so(void)
{
    struct nave_barrier b;
    uint32_t is_last = 0;

    CU_ASSERT_EQUAL(locks.pub.api->barrier_init(&locks.pub, &b, 1), NAVE_OK);
    CU_ASSERT_EQUAL(nave_barrier_arrive_wait(&b, NAVE_NEVER, &is_last), NAVE_OK);
    CU_ASSERT_EQUAL(is_last, 1);
    CU_ASSERT_EQUAL(locks.pub.api->barrier_init(&locks.pub, &b, 2), NAVE_OK);
    CU_ASSERT_EQUAL(nave_barrier_arrive_wait(&b, 0, NULL), NAVE_ETIMEDOUT);
}

static void the_first_one_is_to_do_it(void)
{
    struct nave_once o;
    uint32_t is_mine = 0;

    locks.pub.api->once_init(&locks.pub, &o);
    CU_ASSERT_EQUAL(nave_once_enter_wait(&o, NAVE_NEVER, &is_mine), NAVE_OK);
    CU_ASSERT_EQUAL(is_mine, 1);
    CU_ASSERT_EQUAL(nave_once_enter_wait(&o, 0, &is_mine), NAVE_ETIMEDOUT);
    nave_once_done(&o);
    CU_ASSERT_EQUAL(nave_once_enter_wait(&o, NAVE_NEVER, &is_mine), NAVE_OK);
    CU_ASSERT_EQUAL(is_mine, 0);
}

static CU_TestInfo tests[] = {
    {"a_rwlock_is_tried_waited_for_and_downgraded", a_rwlock_is_tried_waited_for_and_downgraded},
    {"permits_are_waited_for_counted_and_forgotten", permits_are_waited_for_counted_and_forgotten},
    {"a_notification_is_waited_for_here", a_notification_is_waited_for_here},
    {"the_last_one_of_a_barrier_is_told_so", the_last_one_of_a_barrier_is_told_so},
    {"the_first_one_is_to_do_it", the_first_one_is_to_do_it},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"inlines of locks", NULL, NULL, setup, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)
