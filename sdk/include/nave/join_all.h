/* SPDX-License-Identifier: MIT
 *
 * Wait for all of several ops and futures, in any number, mixed.
 *
 *     for (i = 0; i < f->count; i++)
 *         nave_arm_set_op(&f->arms[i], nave_sleep(cx, &f->sleeps[i], NAVE_SEC));
 *     NAVE_TRY(nave_join_all(cx, &f->all, f->arms, f->count, NAVE_JOIN_FIRST_ERROR));
 *
 * Afterwards the result of each stands in its arm. Each poll looks at all that have not ended: it is for
 * tens or hundreds of arms. For thousands spawn tasks.
 */
#ifndef NAVE_JOIN_ALL_H
#define NAVE_JOIN_ALL_H

#include <nave/arm.h>
#include <nave/base.h>
#include <nave/error.h>
#include <nave/iface.h>
#include <nave/task.h>
#include <nave/worker.h>

NAVE_BEGIN_DECLS

/* What an error does. */
#define NAVE_JOIN_EACH 0u /* nothing: each runs to its end                          */
#define NAVE_JOIN_FIRST_ERROR \
    (1u << 0) /* the others are canceled (arm.h): NAVE_ECANCELED is theirs */

/* A wait for several. Frozen, 56 bytes on 64-bit machines. All zero is one that is not in use. */
struct nave_join_all {
    struct nave_arms head; /* first; head.result is the first error, by time; or NAVE_OK   */
    uint32_t mode;
    uint32_t is_ending; /* 1: those that are left are being canceled                     */
    uint64_t reserved;
};

static inline void nave_join_all_note_(struct nave_join_all *all, nave_err result)
{
    if (all->head.result == NAVE_OK)
        all->head.result = result;
}

static inline nave_poll nave_join_all_poll_(struct nave_future *f, struct nave_cx *cx)
{
    struct nave_join_all *all = (struct nave_join_all *)(void *)f;
    uint32_t i, left = 0;

    all->head.worker = cx->worker;
    if (cx->is_canceled) {
        all->is_ending = 1;
        nave_join_all_note_(all, NAVE_ECANCELED);
    }
    for (i = 0; i < all->head.count && !all->is_ending; i++) {
        struct nave_arm *arm = &all->head.list[i];

        if (!(arm->flags & NAVE_ARM_IS_ARMED))
            continue;
        if (nave_arm_poll(arm, cx) == NAVE_PENDING) {
            left++;
            continue;
        }
        nave_join_all_note_(all, arm->result);
        if (arm->result != NAVE_OK && (all->mode & NAVE_JOIN_FIRST_ERROR))
            all->is_ending = 1;
    }
    if (all->is_ending)
        return nave_arms_cancel(&all->head, cx);
    return left ? NAVE_PENDING : NAVE_READY;
}

static inline void nave_join_all_drop_(struct nave_future *f)
{
    nave_arms_drop((struct nave_arms *)(void *)f); /* none is armed after READY */
}

/* Wait for the `count` arms of `arms`, which were set by nave_arm_set_op() and nave_arm_set_future(); none
 * is fine. `mode` is NAVE_JOIN_EACH or NAVE_JOIN_FIRST_ERROR. Thread: [worker].
 * Owns: borrows all, arms and what they wait for until the future was READY or dropped.
 * Errors: its result is NAVE_OK, the first error of an arm, or NAVE_ECANCELED. */
static inline struct nave_future *nave_join_all(struct nave_cx *cx, struct nave_join_all *all,
                                                struct nave_arm *arms, uint32_t count,
                                                uint32_t mode)
{
    static const struct nave_future_iface table = {
        NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, NAVE_FUTURE_HAS_WORKER),
        "join all",
        nave_join_all_poll_,
        nave_join_all_drop_,
        nave_arms_result_,
    };

    nave_arms_init_(&all->head, &table, cx->worker, arms, count);
    all->mode = mode;
    all->is_ending = 0;
    all->reserved = 0;
    return &all->head.future;
}

NAVE_STATIC_ASSERT(sizeof(void *) != 8 || sizeof(struct nave_join_all) == 56,
                   "nave_join_all is frozen");

NAVE_END_DECLS
#endif
