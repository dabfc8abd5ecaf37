/* SPDX-License-Identifier: MIT
 *
 * Select: wait for the first of up to 16 ops and futures, mixed.
 *
 *     NAVE_SELECT(&f->select, f->arms, NAVE_SELECT_FAIR,
 *                 NAVE_KEEP(nave_mpsc_recv(cx, &f->recv, f->jobs)),
 *                 nave_sleep(cx, &f->sleep, NAVE_SEC));
 *     switch (f->select.winner) {
 *     case 0: ... NAVE_RESULT() is how the wait for a job ended
 *     case 1: ... a second has passed
 *     }
 *
 * One arm wins, and only that is taken: the arms are looked at one after the other, and with the first that
 * is ready the looking ends. An arm that follows is not even started. The losers are dropped; what was set
 * aside for them goes on to others, so nothing is lost (op.h, rule 6). An arm inside NAVE_KEEP is not
 * dropped: it keeps its place in its queue, or its progress, until it wins, and is not written anew by the
 * next select over the same arms. Kept arms end with nave_select_drop(), in the cleanup.
 *
 * An arm whose expression gives NULL is none. Without the macro: begin, start what next says, poll.
 */
#ifndef NAVE_SELECT_H
#define NAVE_SELECT_H

#include <nave/arm.h>
#include <nave/base.h>
#include <nave/error.h>
#include <nave/iface.h>
#include <nave/op.h>
#include <nave/task.h>
#include <nave/worker.h>

NAVE_BEGIN_DECLS

/* Where the looking begins. */
#define NAVE_SELECT_BIASED 0u        /* with the first arm: it goes before the others, always     */
#define NAVE_SELECT_FAIR   (1u << 0) /* anywhere, by nave_worker_random(): none goes before others */

#define NAVE_SELECT_MAX  16u
#define NAVE_SELECT_NONE UINT32_MAX /* no arm has won */

/* A select. Frozen, 64 bytes on 64-bit machines. All zero is one that is not in use. */
struct nave_select {
    struct nave_arms head; /* first; head.result is that of the arm that won             */
    uint32_t winner;       /* its index; NAVE_SELECT_NONE                                */
    uint32_t at;           /* the arm to be started now                                  */
    uint32_t first;        /* where the looking begins                                   */
    uint32_t looked;       /* how many arms were looked at, when they are started        */
    uint32_t is_over;      /* 1: READY, or dropped                                       */
    uint32_t reserved;
};

/* Drop all arms of `s`, also those that are kept. In the end of a select with kept arms; nothing happens
 * when there are none. Thread: [worker]. */
static inline void nave_select_drop(struct nave_select *s, struct nave_worker *worker)
{
    s->head.worker = worker;
    nave_arms_drop(&s->head);
    s->is_over = 1;
}

static inline nave_poll nave_select_end_(struct nave_select *s, nave_err result)
{
    uint32_t i;

    for (i = 0; i < s->head.count; i++)
        if (!(s->head.list[i].flags & NAVE_ARM_IS_KEPT))
            nave_arm_drop(&s->head.list[i], s->head.worker);
    s->head.result = result;
    s->is_over = 1;
    return NAVE_READY;
}

static inline uint32_t nave_select_index_(const struct nave_select *s, uint32_t n)
{
    uint32_t i = s->first + n;

    return i < s->head.count ? i : i - s->head.count;
}

/* Look at arm `i`. */
static inline int32_t nave_select_look_(struct nave_select *s, struct nave_cx *cx, uint32_t i)
{
    struct nave_arm *arm = &s->head.list[i];

    if (!(arm->flags & NAVE_ARM_IS_ARMED) || nave_arm_poll(arm, cx) == NAVE_PENDING)
        return 0;
    arm->flags = 0;
    s->winner = i;
    return 1;
}

/* An arm that comes to an end of its own meanwhile wins all the same: what it has is not thrown away. */
static inline nave_poll nave_select_cancel_(struct nave_select *s, struct nave_cx *cx)
{
    nave_poll all = NAVE_READY;
    uint32_t i;

    for (i = 0; i < s->head.count; i++) {
        struct nave_arm *arm = &s->head.list[i];

        if (!(arm->flags & NAVE_ARM_IS_ARMED))
            continue;
        if (nave_arm_cancel(arm, cx) == NAVE_PENDING)
            all = NAVE_PENDING;
        else if (arm->result != NAVE_ECANCELED && s->winner == NAVE_SELECT_NONE)
            s->winner = i;
    }
    nave_arms_shielded_(&s->head, all);
    if (all == NAVE_PENDING)
        return NAVE_PENDING;
    return nave_select_end_(s, s->winner == NAVE_SELECT_NONE ? NAVE_ECANCELED
                                                             : s->head.list[s->winner].result);
}

static inline nave_poll nave_select_poll_(struct nave_future *f, struct nave_cx *cx)
{
    struct nave_select *s = (struct nave_select *)(void *)f;
    uint32_t n, waits = 0;

    s->head.worker = cx->worker;
    if (cx->is_canceled)
        return nave_select_cancel_(s, cx);
    if (s->winner != NAVE_SELECT_NONE)
        return nave_select_end_(s, s->head.list[s->winner].result);
    for (n = 0; n < s->head.count; n++) {
        uint32_t i = nave_select_index_(s, n);

        if (nave_select_look_(s, cx, i))
            return nave_select_end_(s, s->head.list[i].result);
        waits |= s->head.list[i].flags;
    }
    return waits & NAVE_ARM_IS_ARMED ? NAVE_PENDING : nave_select_end_(s, NAVE_EINVAL);
}

static inline void nave_select_drop_(struct nave_future *f)
{
    struct nave_select *s = (struct nave_select *)(void *)f;

    if (!s->is_over)
        nave_select_drop(s, s->head.worker);
}

/* Begin a select over `count` arms, 1 to NAVE_SELECT_MAX, all zero at first; `mode` is NAVE_SELECT_BIASED or
 * NAVE_SELECT_FAIR. Arms that were kept by the last one over them are arms of this one.
 * Thread: [worker]. Owns: borrows s and arms until the future was READY or dropped. */
static inline void nave_select_begin(struct nave_select *s, struct nave_cx *cx,
                                     struct nave_arm *arms, uint32_t count, uint32_t mode)
{
    static const struct nave_future_iface table = {
        NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, NAVE_FUTURE_HAS_WORKER),
        "select",
        nave_select_poll_,
        nave_select_drop_,
        nave_arms_result_,
    };

    nave_arms_init_(&s->head, &table, cx->worker, arms, count);
    s->winner = NAVE_SELECT_NONE;
    s->at = 0;
    s->first = mode & NAVE_SELECT_FAIR ? nave_worker_random(cx->worker, count) : 0;
    s->looked = 0;
    s->is_over = 0;
    s->reserved = 0;
}

/* 1: s->at is an arm to be started now, with nave_select_op() or nave_select_future(); then call this
 * again. 0: all that need be are; poll nave_select_as_future(). Thread: [worker]. */
static inline int32_t nave_select_next(struct nave_select *s, struct nave_cx *cx)
{
    while (s->winner == NAVE_SELECT_NONE && s->looked < s->head.count) {
        s->at = nave_select_index_(s, s->looked++);
        if (!(s->head.list[s->at].flags & NAVE_ARM_IS_ARMED))
            return 1;
        (void)nave_select_look_(s, cx, s->at); /* kept */
    }
    return 0;
}

/* Arm s->at is `op`: in flight, DONE, or NULL for none. Thread: [worker].
 * Owns: borrows op until the future was READY or dropped; a kept one until it has won or
 * nave_select_drop(). */
static inline void nave_select_op(struct nave_select *s, struct nave_cx *cx, struct nave_op *op)
{
    (void)cx;
    nave_arm_set_op(&s->head.list[s->at], op);
    if (op && op->state == NAVE_OP_DONE) { /* its source said so: it is not asked again */
        s->head.list[s->at].flags = 0;
        s->head.list[s->at].result = op->result;
        s->winner = s->at;
    }
}

/* Arm s->at is `f`, or NULL for none. It is polled inside this call. Thread: [worker].
 * Owns: as nave_select_op; a boxed one is taken. */
static inline void nave_select_future(struct nave_select *s, struct nave_cx *cx,
                                      struct nave_future *f)
{
    nave_arm_set_future(&s->head.list[s->at], f);
    (void)nave_select_look_(s, cx, s->at);
}

/* What nave_select_op or nave_select_future made is kept when it loses. Thread: [worker]. */
static inline void nave_select_keep(struct nave_select *s)
{
    if (s->head.list[s->at].flags & NAVE_ARM_IS_ARMED)
        s->head.list[s->at].flags |= NAVE_ARM_IS_KEPT;
}

/* The future to be polled: READY when an arm has won. Its result is that arm's; NAVE_EINVAL there was
 * no arm; NAVE_ECANCELED. Thread: [any]. */
static inline struct nave_future *nave_select_as_future(struct nave_select *s)
{
    return &s->head.future;
}

NAVE_STATIC_ASSERT(sizeof(void *) != 8 || sizeof(struct nave_select) == 64,
                   "nave_select is frozen");

NAVE_END_DECLS

#ifndef __cplusplus

#    include <nave/async.h>

/* NAVE_SELECT(select, arms, mode, arm0, arm1, ...): wait for the first, inside an async function; `select` is
 * a struct nave_select of the frame, `arms` an array of struct nave_arm in the frame, as many as there are
 * arms. Afterwards (select)->winner tells the arm, NAVE_RESULT() its result. An arm is an op, a future,
 * NULL, or NAVE_KEEP of one; it is evaluated when it is started, and not when another was ready before. */
#    define NAVE_SELECT(select, arms, mode, ...)                                                 \
        do {                                                                                     \
            _Static_assert(NAVE_COUNT(arms) >= NAVE_SELECT_COUNT_(__VA_ARGS__), "too few arms"); \
            NAVE_ASYNC_AWAIT_(__COUNTER__, "select: " #__VA_ARGS__, NAVE_ASYNC_GO_ON_WITH_ANY_,  \
                              nave_async_future_(&f->async, cx,                                  \
                                                 NAVE_SELECT_BEGIN_(select, arms, mode,          \
                                                                    __VA_ARGS__)));              \
        } while (0)

#    define NAVE_SELECT_BEGIN_(select, arms, mode, ...)                                        \
        __extension__({                                                                        \
            nave_select_begin((select), cx, (arms), NAVE_SELECT_COUNT_(__VA_ARGS__), (mode));  \
            while (nave_select_next((select), cx))                                             \
                switch ((select)->at) {                                                        \
                    NAVE_SELECT_CASES_((select), NAVE_SELECT_COUNT_(__VA_ARGS__), __VA_ARGS__) \
                }                                                                              \
            nave_select_as_future(select);                                                     \
        })

/* An arm that stays when another wins: in its queue, or where it has come to. */
#    define NAVE_KEEP(...)                             \
        _Generic((__VA_ARGS__), struct nave_op *       \
                 : nave_keep_op_, struct nave_future * \
                 : nave_keep_future_)(__VA_ARGS__)

struct nave_kept_ {
    struct nave_op *op;
    struct nave_future *future;
};

static inline struct nave_kept_ nave_keep_op_(struct nave_op *op)
{
    return (struct nave_kept_){op, NULL};
}

static inline struct nave_kept_ nave_keep_future_(struct nave_future *f)
{
    return (struct nave_kept_){NULL, f};
}

static inline void nave_select_kept_(struct nave_select *s, struct nave_cx *cx,
                                     struct nave_kept_ kept)
{
    if (kept.op)
        nave_select_op(s, cx, kept.op);
    else
        nave_select_future(s, cx, kept.future);
    nave_select_keep(s);
}

#    define NAVE_SELECT_COUNT_(...) \
        NAVE_SELECT_17TH_(__VA_ARGS__, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#    define NAVE_SELECT_17TH_(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, number, ...) number

#    define NAVE_SELECT_START_(s, ...)                   \
        _Generic((__VA_ARGS__), struct nave_op *         \
                 : nave_select_op, struct nave_future *  \
                 : nave_select_future, struct nave_kept_ \
                 : nave_select_kept_)((s), cx, (__VA_ARGS__))

#    define NAVE_SELECT_CASES_(s, n, ...)  NAVE_SELECT_CASES__(s, n, __VA_ARGS__)
#    define NAVE_SELECT_CASES__(s, n, ...) NAVE_SELECT_##n##_(s, n, __VA_ARGS__)
#    define NAVE_SELECT_CASE_(s, i, arm) \
    case (i):                            \
        NAVE_SELECT_START_(s, arm);      \
        break;
#    define NAVE_SELECT_1_(s, n, arm) NAVE_SELECT_CASE_(s, (n)-1, arm)
#    define NAVE_SELECT_2_(s, n, arm, ...) \
        NAVE_SELECT_CASE_(s, (n)-2, arm) NAVE_SELECT_1_(s, n, __VA_ARGS__)
#    define NAVE_SELECT_3_(s, n, arm, ...) \
        NAVE_SELECT_CASE_(s, (n)-3, arm) NAVE_SELECT_2_(s, n, __VA_ARGS__)
#    define NAVE_SELECT_4_(s, n, arm, ...) \
        NAVE_SELECT_CASE_(s, (n)-4, arm) NAVE_SELECT_3_(s, n, __VA_ARGS__)
#    define NAVE_SELECT_5_(s, n, arm, ...) \
        NAVE_SELECT_CASE_(s, (n)-5, arm) NAVE_SELECT_4_(s, n, __VA_ARGS__)
#    define NAVE_SELECT_6_(s, n, arm, ...) \
        NAVE_SELECT_CASE_(s, (n)-6, arm) NAVE_SELECT_5_(s, n, __VA_ARGS__)
#    define NAVE_SELECT_7_(s, n, arm, ...) \
        NAVE_SELECT_CASE_(s, (n)-7, arm) NAVE_SELECT_6_(s, n, __VA_ARGS__)
#    define NAVE_SELECT_8_(s, n, arm, ...) \
        NAVE_SELECT_CASE_(s, (n)-8, arm) NAVE_SELECT_7_(s, n, __VA_ARGS__)
#    define NAVE_SELECT_9_(s, n, arm, ...) \
        NAVE_SELECT_CASE_(s, (n)-9, arm) NAVE_SELECT_8_(s, n, __VA_ARGS__)
#    define NAVE_SELECT_10_(s, n, arm, ...) \
        NAVE_SELECT_CASE_(s, (n)-10, arm) NAVE_SELECT_9_(s, n, __VA_ARGS__)
#    define NAVE_SELECT_11_(s, n, arm, ...) \
        NAVE_SELECT_CASE_(s, (n)-11, arm) NAVE_SELECT_10_(s, n, __VA_ARGS__)
#    define NAVE_SELECT_12_(s, n, arm, ...) \
        NAVE_SELECT_CASE_(s, (n)-12, arm) NAVE_SELECT_11_(s, n, __VA_ARGS__)
#    define NAVE_SELECT_13_(s, n, arm, ...) \
        NAVE_SELECT_CASE_(s, (n)-13, arm) NAVE_SELECT_12_(s, n, __VA_ARGS__)
#    define NAVE_SELECT_14_(s, n, arm, ...) \
        NAVE_SELECT_CASE_(s, (n)-14, arm) NAVE_SELECT_13_(s, n, __VA_ARGS__)
#    define NAVE_SELECT_15_(s, n, arm, ...) \
        NAVE_SELECT_CASE_(s, (n)-15, arm) NAVE_SELECT_14_(s, n, __VA_ARGS__)
#    define NAVE_SELECT_16_(s, n, arm, ...) \
        NAVE_SELECT_CASE_(s, (n)-16, arm) NAVE_SELECT_15_(s, n, __VA_ARGS__)

#endif

#endif
