/* SPDX-License-Identifier: MIT
 *
 * Mutex, read-write lock and semaphore: first come, first served; what is given back goes on; drops at
 * every state lose nothing. Each in tasks and with callbacks, over two workers.
 */
#include <stdint.h>
#include <stdlib.h>

#include "lock_rig.h"

static struct waiter w[24];

static void setup(void)
{
    rig_setup();
    memset(w, 0, sizeof(w));
}

/* --- how they are taken ---------------------------------------------------------------------- */

static nave_err lock(void *m, struct nave_op *op)
{
    return ((struct nave_mutex *)m)->api->lock(m, op);
}

static nave_err read_it(void *rw, struct nave_op *op)
{
    return ((struct nave_rwlock *)rw)->api->read(rw, op);
}

static nave_err write_it(void *rw, struct nave_op *op)
{
    return ((struct nave_rwlock *)rw)->api->write(rw, op);
}

static nave_err acquire_1(void *s, struct nave_op *op)
{
    return ((struct nave_semaphore *)s)->api->acquire(s, op, 1);
}

static nave_err acquire_2(void *s, struct nave_op *op)
{
    return ((struct nave_semaphore *)s)->api->acquire(s, op, 2);
}

static nave_err acquire_5(void *s, struct nave_op *op)
{
    return ((struct nave_semaphore *)s)->api->acquire(s, op, 5);
}

static void new_mutex(struct nave_mutex *m)
{
    memset(m, 0xEE, sizeof(*m));
    locks.pub.api->mutex_init(&locks.pub, m);
}

static void new_semaphore(struct nave_semaphore *s, uint64_t permits)
{
    memset(s, 0xEE, sizeof(*s));
    CU_ASSERT_EQUAL_FATAL(locks.pub.api->semaphore_init(&locks.pub, s, permits), NAVE_OK);
}

static void new_rwlock(struct nave_rwlock *rw)
{
    memset(rw, 0xEE, sizeof(*rw));
    locks.pub.api->rwlock_init(&locks.pub, rw);
}

static void in_both_modes(void (*body)(enum mode mode))
{
    body(IN_TASK);
    body(WITH_CALLBACK);
}

/* --- mutex ----------------------------------------------------------------------------------- */

static void serve_in_order(enum mode mode)
{
    struct nave_mutex m;
    uint32_t i;

    next_order = 0;
    new_mutex(&m);
    for (i = 0; i < 6; i++)
        take(&w[i], mode, i % 2, lock, &m);

    for (i = 0; i < 6; i++) {
        settle();
        CU_ASSERT_EQUAL(next_order, i + 1);
        CU_ASSERT_PTR_EQUAL(done_order[i], &w[i]);
        CU_ASSERT_EQUAL(w[i].result, NAVE_OK);
        nave_mutex_unlock(&m);
    }
    settle();
    CU_ASSERT_EQUAL(next_order, 6);
    CU_ASSERT_EQUAL(m.api->try_lock(&m), NAVE_OK);
}

static void a_mutex_serves_in_the_order_of_coming(void)
{
    in_both_modes(serve_in_order);
}

static void nobody_passes_by_those_who_wait(void)
{
    struct nave_mutex m;

    new_mutex(&m);
    CU_ASSERT_EQUAL(nave_mutex_try_lock(&m), NAVE_OK);
    CU_ASSERT_EQUAL(nave_mutex_try_lock(&m), NAVE_EAGAIN);
    take(&w[0], WITH_CALLBACK, 0, lock, &m);
    nave_mutex_unlock(&m);
    CU_ASSERT_EQUAL(nave_mutex_try_lock(&m), NAVE_EAGAIN); /* it is w[0]'s, who does not know yet */
    settle();
    CU_ASSERT_EQUAL(w[0].is_done, 1);
    nave_mutex_unlock(&m);
    CU_ASSERT_EQUAL(nave_mutex_try_lock(&m), NAVE_OK);
}

static void drop_while_waiting(enum mode mode)
{
    struct nave_mutex m;
    uint32_t i;

    new_mutex(&m);
    CU_ASSERT_EQUAL(nave_mutex_try_lock(&m), NAVE_OK);
    for (i = 0; i < 3; i++)
        take(&w[i], mode, i % 2, lock, &m);
    give_up(&w[1]);
    settle();
    nave_mutex_unlock(&m);
    settle();
    CU_ASSERT_EQUAL(w[0].is_done, 1);
    nave_mutex_unlock(&m);
    settle();
    CU_ASSERT_EQUAL(w[1].is_done, 0);
    CU_ASSERT_EQUAL(w[2].is_done, 1);
    nave_mutex_unlock(&m);
    CU_ASSERT_EQUAL(nave_mutex_try_lock(&m), NAVE_OK);
}

static void who_gives_up_waiting_is_left_out(void)
{
    in_both_modes(drop_while_waiting);
}

static void drop_the_last(enum mode mode)
{
    struct nave_mutex m;

    new_mutex(&m);
    CU_ASSERT_EQUAL(nave_mutex_try_lock(&m), NAVE_OK);
    take(&w[0], mode, 0, lock, &m);
    give_up(&w[0]);
    settle();
    nave_mutex_unlock(&m);
    CU_ASSERT_EQUAL(nave_mutex_try_lock(&m), NAVE_OK);
}

static void a_queue_that_became_empty_by_giving_up_is_empty(void)
{
    in_both_modes(drop_the_last);
}

/* Served, and dropped before it looked: rule 6 of op.h. */
static void drop_when_served(enum mode mode)
{
    struct nave_mutex m;
    uint32_t i;

    new_mutex(&m);
    CU_ASSERT_EQUAL(nave_mutex_try_lock(&m), NAVE_OK);
    for (i = 0; i < 2; i++)
        take(&w[i], mode, 1, lock, &m);
    nave_mutex_unlock(&m);
    give_up(&w[0]);
    settle();
    CU_ASSERT_EQUAL(w[0].is_done, 0);
    CU_ASSERT_EQUAL(w[1].is_done, 1);
    nave_mutex_unlock(&m);
    CU_ASSERT_EQUAL(nave_mutex_try_lock(&m), NAVE_OK);
}

static void what_was_set_aside_for_one_who_gives_up_goes_on(void)
{
    in_both_modes(drop_when_served);
}

static void a_mutex_may_be_freed_by_its_last_holder(void)
{
    struct nave_mutex *m = malloc(sizeof(*m));

    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    new_mutex(m);
    take(&w[0], WITH_CALLBACK, 0, lock, m);
    take(&w[1], WITH_CALLBACK, 1, lock, m);
    nave_mutex_unlock(m);
    settle();
    CU_ASSERT_EQUAL(w[1].is_done, 1);
    nave_mutex_unlock(m);
    free(m);
}

static void starting_an_op_in_flight_is_busy(void)
{
    struct nave_mutex m;
    struct nave_semaphore s;

    new_mutex(&m);
    new_semaphore(&s, 1);
    CU_ASSERT_EQUAL(nave_mutex_try_lock(&m), NAVE_OK);
    take(&w[0], WITH_CALLBACK, 0, lock, &m);
    CU_ASSERT_EQUAL(m.api->lock(&m, &w[0].op), NAVE_EBUSY);
    CU_ASSERT_EQUAL(s.api->acquire(&s, &w[0].op, 1), NAVE_EBUSY);
    CU_ASSERT_EQUAL(s.api->available(&s), 1);
    nave_mutex_unlock(&m);
    settle();
    CU_ASSERT_EQUAL(w[0].is_done, 1);
}

static void unlocking_a_free_mutex_changes_nothing(void)
{
    struct nave_mutex m;

    new_mutex(&m);
    nave_mutex_unlock(&m);
    CU_ASSERT_EQUAL(nave_mutex_try_lock(&m), NAVE_OK);
    CU_ASSERT_EQUAL(nave_mutex_try_lock(&m), NAVE_EAGAIN);
}

/* --- semaphore ------------------------------------------------------------------------------- */

static void big_and_small(enum mode mode)
{
    struct nave_semaphore s;

    new_semaphore(&s, 3);
    take(&w[0], mode, 0, acquire_5, &s);
    take(&w[1], mode, 1, acquire_1, &s);
    CU_ASSERT_EQUAL(w[0].is_done + w[1].is_done, 0);
    CU_ASSERT_EQUAL(s.api->try_acquire(&s, 1), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(s.api->available(&s), 3);
    CU_ASSERT_EQUAL(nave_semaphore_release(&s, 1), NAVE_OK);
    settle();
    CU_ASSERT_EQUAL(w[0].is_done + w[1].is_done, 0);
    CU_ASSERT_EQUAL(nave_semaphore_release(&s, 2), NAVE_OK);
    settle();
    CU_ASSERT_EQUAL(w[0].is_done, 1);
    CU_ASSERT_EQUAL(w[1].is_done, 1);
    CU_ASSERT_EQUAL(s.api->available(&s), 0);
}

static void who_wants_few_waits_behind_who_wants_many(void)
{
    in_both_modes(big_and_small);
}

static void drop_the_big_one(enum mode mode)
{
    struct nave_semaphore s;

    new_semaphore(&s, 3);
    take(&w[0], mode, 0, acquire_5, &s);
    take(&w[1], mode, 1, acquire_2, &s);
    take(&w[2], mode, 0, acquire_1, &s);
    take(&w[3], mode, 0, acquire_1, &s);
    give_up(&w[0]);
    settle();
    CU_ASSERT_EQUAL(w[1].is_done, 1);
    CU_ASSERT_EQUAL(w[2].is_done, 1);
    CU_ASSERT_EQUAL(w[3].is_done, 0);
    give_up(&w[3]);
    settle();
    CU_ASSERT_EQUAL(s.api->available(&s), 0);
    CU_ASSERT_EQUAL(nave_semaphore_release(&s, 3), NAVE_OK);
    CU_ASSERT_EQUAL(s.api->available(&s), 3);
}

static void when_who_wants_many_gives_up_the_others_go_on(void)
{
    in_both_modes(drop_the_big_one);
}

static void one_release_for_many(enum mode mode)
{
    struct nave_semaphore s;
    uint32_t i;

    next_order = 0;
    new_semaphore(&s, 0);
    for (i = 0; i < NAVE_COUNT(w); i++)
        take(&w[i], mode, i % 2, acquire_1, &s);
    CU_ASSERT_EQUAL(nave_semaphore_release(&s, NAVE_COUNT(w) - 1), NAVE_OK);
    settle();
    for (i = 0; i < NAVE_COUNT(w); i++)
        CU_ASSERT_EQUAL(w[i].is_done, i + 1 < NAVE_COUNT(w));
    CU_ASSERT_EQUAL(nave_semaphore_release(&s, 1), NAVE_OK);
    settle();
    CU_ASSERT_EQUAL(w[i - 1].is_done, 1);
}

static void a_release_serves_more_than_one_batch(void)
{
    in_both_modes(one_release_for_many);
}

static void close_it(enum mode mode)
{
    struct nave_semaphore s;
    uint32_t i;

    new_semaphore(&s, 1);
    CU_ASSERT_EQUAL(nave_semaphore_try_acquire(&s, 1), NAVE_OK);
    for (i = 0; i < NAVE_COUNT(w); i++)
        take(&w[i], mode, i % 2, acquire_1, &s);
    nave_semaphore_close(&s);
    nave_semaphore_close(&s);
    give_up(&w[3]); /* its outcome is there, and nothing is set aside */
    settle();
    for (i = 0; i < NAVE_COUNT(w); i++) {
        CU_ASSERT_EQUAL(w[i].is_done, i != 3);
        CU_ASSERT_EQUAL(w[i].result, i != 3 ? NAVE_ECLOSED : NAVE_EAGAIN);
    }
    CU_ASSERT_EQUAL(nave_semaphore_try_acquire(&s, 1), NAVE_ECLOSED);
    CU_ASSERT_EQUAL(nave_semaphore_release(&s, 1), NAVE_OK);
    CU_ASSERT_EQUAL(s.api->available(&s), 1);
    CU_ASSERT_EQUAL(nave_semaphore_try_acquire(&s, 1), NAVE_ECLOSED);
    take(&w[0], mode, 0, acquire_1, &s);
    CU_ASSERT_EQUAL(w[0].is_done, 1);
    CU_ASSERT_EQUAL(w[0].result, NAVE_ECLOSED);
}

static void closing_fails_all_who_wait_and_all_who_come(void)
{
    in_both_modes(close_it);
}

static void served_then_closed(enum mode mode)
{
    struct nave_semaphore s;

    new_semaphore(&s, 0);
    take(&w[0], mode, 1, acquire_1, &s);
    CU_ASSERT_EQUAL(nave_semaphore_release(&s, 1), NAVE_OK);
    nave_semaphore_close(&s);
    settle();
    CU_ASSERT_EQUAL(w[0].result, NAVE_OK); /* it had its permit before */
}

static void what_was_served_before_close_is_valid(void)
{
    in_both_modes(served_then_closed);
}

static void permits_have_a_limit(void)
{
    struct nave_semaphore s;

    CU_ASSERT_EQUAL(locks.pub.api->semaphore_init(&locks.pub, &s, NAVE_SEMAPHORE_MAX + 1),
                    NAVE_EINVAL);
    new_semaphore(&s, NAVE_SEMAPHORE_MAX);
    CU_ASSERT_EQUAL(nave_semaphore_release(&s, 1), NAVE_EOVERFLOW);
    CU_ASSERT_EQUAL(nave_semaphore_release(&s, UINT64_MAX), NAVE_EOVERFLOW);
    CU_ASSERT_EQUAL(s.api->available(&s), NAVE_SEMAPHORE_MAX);
    CU_ASSERT_EQUAL(nave_semaphore_try_acquire(&s, NAVE_SEMAPHORE_MAX + 1), NAVE_EINVAL);
    CU_ASSERT_EQUAL(s.api->acquire(&s, &w[0].op, UINT64_MAX), NAVE_EINVAL);
    CU_ASSERT_EQUAL(s.api->acquire_wait(&s, UINT64_MAX, 0), NAVE_EINVAL);
    CU_ASSERT_EQUAL(nave_semaphore_try_acquire(&s, NAVE_SEMAPHORE_MAX), NAVE_OK);
    CU_ASSERT_EQUAL(s.api->available(&s), 0);
    CU_ASSERT_EQUAL(nave_semaphore_try_acquire(&s, 0), NAVE_OK);
    /* Also while somebody waits. */
    take(&w[0], WITH_CALLBACK, 0, acquire_1, &s);
    CU_ASSERT_EQUAL(nave_semaphore_release(&s, NAVE_SEMAPHORE_MAX + 1), NAVE_EOVERFLOW);
    CU_ASSERT_EQUAL(w[0].is_done, 0);
    CU_ASSERT_EQUAL(nave_semaphore_release(&s, NAVE_SEMAPHORE_MAX), NAVE_OK);
    settle();
    CU_ASSERT_EQUAL(w[0].is_done, 1);
    CU_ASSERT_EQUAL(s.api->available(&s), NAVE_SEMAPHORE_MAX - 1);
}

static void forgetting_takes_what_is_there(void)
{
    struct nave_semaphore s;

    new_semaphore(&s, 3);
    CU_ASSERT_EQUAL(s.api->forget(&s, 2), 2);
    CU_ASSERT_EQUAL(s.api->forget(&s, 2), 1);
    CU_ASSERT_EQUAL(s.api->forget(&s, 2), 0);
    CU_ASSERT_EQUAL(nave_semaphore_release(&s, 1), NAVE_OK);
    take(&w[0], WITH_CALLBACK, 0, acquire_2, &s);
    CU_ASSERT_EQUAL(s.api->forget(&s, 5), 1); /* nobody's yet */
    CU_ASSERT_EQUAL(nave_semaphore_release(&s, 2), NAVE_OK);
    settle();
    CU_ASSERT_EQUAL(w[0].is_done, 1);
}

/* --- read-write lock ------------------------------------------------------------------------- */

static void read_and_write(enum mode mode)
{
    struct nave_rwlock rw;
    uint32_t i;

    new_rwlock(&rw);
    take(&w[0], mode, 0, read_it, &rw);
    take(&w[1], mode, 1, read_it, &rw);
    CU_ASSERT_EQUAL(w[0].is_done + w[1].is_done, 2);
    take(&w[2], mode, 0, write_it, &rw);
    take(&w[3], mode, 1, read_it, &rw); /* behind the writer */
    take(&w[4], mode, 0, read_it, &rw);
    take(&w[5], mode, 0, write_it, &rw);
    CU_ASSERT_EQUAL(rw.api->try_read(&rw), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(rw.api->try_write(&rw), NAVE_EAGAIN);
    nave_rwlock_read_unlock(&rw);
    settle();
    CU_ASSERT_EQUAL(w[2].is_done, 0); /* one still reads */
    nave_rwlock_read_unlock(&rw);
    settle();
    CU_ASSERT_EQUAL(w[2].is_done, 1);
    CU_ASSERT_EQUAL(w[3].is_done, 0);
    nave_rwlock_write_unlock(&rw);
    settle();
    CU_ASSERT_EQUAL(w[3].is_done + w[4].is_done, 2);
    CU_ASSERT_EQUAL(w[5].is_done, 0);
    nave_rwlock_read_unlock(&rw);
    nave_rwlock_read_unlock(&rw);
    settle();
    CU_ASSERT_EQUAL(w[5].is_done, 1);
    nave_rwlock_write_unlock(&rw);
    for (i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(rw.api->try_read(&rw), NAVE_OK);
    CU_ASSERT_EQUAL(rw.api->try_write(&rw), NAVE_EAGAIN);
}

static void readers_share_and_a_waiting_writer_goes_first(void)
{
    in_both_modes(read_and_write);
}

static void drop_the_writer(enum mode mode)
{
    struct nave_rwlock rw;

    new_rwlock(&rw);
    CU_ASSERT_EQUAL(rw.api->try_read(&rw), NAVE_OK);
    take(&w[0], mode, 0, write_it, &rw);
    take(&w[1], mode, 1, read_it, &rw);
    CU_ASSERT_EQUAL(w[1].is_done, 0);
    give_up(&w[0]);
    settle();
    CU_ASSERT_EQUAL(w[1].is_done, 1);
    nave_rwlock_read_unlock(&rw);
    nave_rwlock_read_unlock(&rw);
    /* and one that was served */
    CU_ASSERT_EQUAL(rw.api->try_write(&rw), NAVE_OK);
    take(&w[0], mode, 0, write_it, &rw);
    take(&w[1], mode, 1, read_it, &rw);
    nave_rwlock_write_unlock(&rw);
    give_up(&w[0]);
    settle();
    CU_ASSERT_EQUAL(w[0].is_done, 0);
    CU_ASSERT_EQUAL(w[1].is_done, 1);
}

static void a_writer_that_gives_up_lets_the_readers_through(void)
{
    in_both_modes(drop_the_writer);
}

static void downgrade_it(enum mode mode)
{
    struct nave_rwlock rw;

    new_rwlock(&rw);
    take(&w[0], mode, 0, write_it, &rw);
    take(&w[1], mode, 1, read_it, &rw);
    take(&w[2], mode, 1, write_it, &rw);
    rw.api->downgrade(&rw);
    settle();
    CU_ASSERT_EQUAL(w[1].is_done, 1);
    CU_ASSERT_EQUAL(w[2].is_done, 0);
    nave_rwlock_read_unlock(&rw);
    nave_rwlock_read_unlock(&rw);
    settle();
    CU_ASSERT_EQUAL(w[2].is_done, 1);
}

static void downgrading_lets_readers_in_and_no_writer(void)
{
    in_both_modes(downgrade_it);
}

/* --- the end of everything ------------------------------------------------------------------- */

static void tasks_that_are_dropped_with_their_worker_leave_the_queue(void)
{
    struct nave_mutex m;

    new_mutex(&m);
    CU_ASSERT_EQUAL(nave_mutex_try_lock(&m), NAVE_OK);
    take(&w[0], IN_TASK, 1, lock, &m); /* will be served, unseen */
    take(&w[1], IN_TASK, 1, lock, &m); /* will be waiting        */
    take(&w[2], IN_TASK, 0, lock, &m);
    nave_mutex_unlock(&m);
    nv_worker_attach(workers[1]);
    nv_worker_drop_tasks(workers[1]);
    settle();
    CU_ASSERT_EQUAL(w[0].is_done + w[1].is_done, 0);
    CU_ASSERT_EQUAL(w[2].is_done, 1);
}

static void a_worker_that_has_closed_passes_on_when_the_op_is_dropped(void)
{
    struct nave_mutex m;

    new_mutex(&m);
    CU_ASSERT_EQUAL(nave_mutex_try_lock(&m), NAVE_OK);
    take(&w[0], WITH_CALLBACK, 1, lock, &m);
    take(&w[1], WITH_CALLBACK, 0, lock, &m);
    nv_worker_attach(workers[1]);
    nv_worker_close_inbox(workers[1]);
    nave_mutex_unlock(&m); /* cannot be told */
    settle();
    CU_ASSERT_EQUAL(w[0].is_done + w[1].is_done, 0);
    nave_op_drop(&w[0].op);
    settle();
    CU_ASSERT_EQUAL(w[1].is_done, 1);
}

static CU_TestInfo mutex_tests[] = {
    {"a_mutex_serves_in_the_order_of_coming", a_mutex_serves_in_the_order_of_coming},
    {"nobody_passes_by_those_who_wait", nobody_passes_by_those_who_wait},
    {"who_gives_up_waiting_is_left_out", who_gives_up_waiting_is_left_out},
    {"a_queue_that_became_empty_by_giving_up_is_empty",
     a_queue_that_became_empty_by_giving_up_is_empty},
    {"what_was_set_aside_for_one_who_gives_up_goes_on",
     what_was_set_aside_for_one_who_gives_up_goes_on},
    {"a_mutex_may_be_freed_by_its_last_holder", a_mutex_may_be_freed_by_its_last_holder},
    {"starting_an_op_in_flight_is_busy", starting_an_op_in_flight_is_busy},
    {"unlocking_a_free_mutex_changes_nothing", unlocking_a_free_mutex_changes_nothing},
    {"tasks_that_are_dropped_with_their_worker_leave_the_queue",
     tasks_that_are_dropped_with_their_worker_leave_the_queue},
    {"a_worker_that_has_closed_passes_on_when_the_op_is_dropped",
     a_worker_that_has_closed_passes_on_when_the_op_is_dropped},
    CU_TEST_INFO_NULL,
};

static CU_TestInfo semaphore_tests[] = {
    {"who_wants_few_waits_behind_who_wants_many", who_wants_few_waits_behind_who_wants_many},
    {"when_who_wants_many_gives_up_the_others_go_on",
     when_who_wants_many_gives_up_the_others_go_on},
    {"a_release_serves_more_than_one_batch", a_release_serves_more_than_one_batch},
    {"closing_fails_all_who_wait_and_all_who_come", closing_fails_all_who_wait_and_all_who_come},
    {"what_was_served_before_close_is_valid", what_was_served_before_close_is_valid},
    {"permits_have_a_limit", permits_have_a_limit},
    {"forgetting_takes_what_is_there", forgetting_takes_what_is_there},
    CU_TEST_INFO_NULL,
};

static CU_TestInfo rwlock_tests[] = {
    {"readers_share_and_a_waiting_writer_goes_first",
     readers_share_and_a_waiting_writer_goes_first},
    {"a_writer_that_gives_up_lets_the_readers_through",
     a_writer_that_gives_up_lets_the_readers_through},
    {"downgrading_lets_readers_in_and_no_writer", downgrading_lets_readers_in_and_no_writer},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"mutex", NULL, NULL, setup, rig_teardown, mutex_tests},
    {"semaphore", NULL, NULL, setup, rig_teardown, semaphore_tests},
    {"rwlock", NULL, NULL, setup, rig_teardown, rwlock_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)
