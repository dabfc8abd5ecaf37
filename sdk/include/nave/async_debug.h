/* SPDX-License-Identifier: MIT
 *
 * What NAVE_ASYNC_DEBUG looks for, and what the compiler is told to look for always; async_macros.h
 * includes this. C only. docs/guide/async.md lists the mistakes and who tells.
 *
 * A function that waits has returned: what stood on its stack is garbage, so nothing that lives there may be
 * waited for or written to later. The frame of whoever polls it is right above, so such a place is known by its
 * address, until something else is called.
 */
#ifndef NAVE_ASYNC_DEBUG_H
#define NAVE_ASYNC_DEBUG_H

#ifndef __cplusplus

#    include <stdio.h>
#    include <stdlib.h>

#    include <nave/async.h>
#    include <nave/deadline.h>

static NAVE_UNUSED __attribute__((noinline, cold, noreturn)) void
nave_async_stop_(const struct nave_site *site, const char *name, const char *what)
{
    if (site)
        fprintf(stderr, "%s:%u: %s: %s: %s\n", site->file, (unsigned)site->line, name, site->text,
                what);
    else
        fprintf(stderr, "%s: %s\n", name, what);
    abort();
}

/* Before the cleanup its struct tag is of size 1, in the cleanup of size 2. */
struct nave_async_where_ {
    char is_body[1];
};
#    define NAVE_ASYNC_ONLY_IN_BODY_                          \
        _Static_assert(sizeof(struct nave_async_where_) == 1, \
                       "not in the cleanup: it awaits by NAVE_SHIELD, and ends by NAVE_END")

/* What is shielded from being asked to end must end by itself. */
#    define NAVE_ASYNC_HAS_LIMIT_(ns)                                                         \
        _Static_assert(__builtin_choose_expr(__builtin_constant_p(ns), (ns) < NAVE_NEVER, 1), \
                       "a shield has a time limit: NAVE_NEVER is none")

/* NAVE_BEGIN defines it, NAVE_CLEANUP wants it. */
#    define NAVE_ASYNC_HAS_BEGUN_             \
        struct nave_async_begin_is_missing_ { \
            char is_begun[1];                 \
        }
#    define NAVE_ASYNC_WANTS_BEGIN_ \
        _Static_assert(sizeof(struct nave_async_begin_is_missing_) == 1, "NAVE_BEGIN is missing")

/* A variable that is used behind an await without having been set there; an array whose size is not
 * constant, which is lost as well; a function without NAVE_END. gcc finds the first when it optimises, so with
 * NAVE_ASYNC_DEBUG it does, a little; clang always does. */
#    if defined(__clang__)
#        define NAVE_ASYNC_WATCH_                                                         \
            _Pragma("clang diagnostic push") _Pragma("clang diagnostic error \"-Wvla\"")  \
                _Pragma("clang diagnostic error \"-Wuninitialized\"")                     \
                    _Pragma("clang diagnostic error \"-Wsometimes-uninitialized\"")       \
                        _Pragma("clang diagnostic error \"-Wconditional-uninitialized\"") \
                            _Pragma("clang diagnostic error \"-Wreturn-type\"")
#        define NAVE_ASYNC_UNWATCH_ _Pragma("clang diagnostic pop")
#        define NAVE_ASYNC_FN_      __attribute__((noinline))
#    else
#        define NAVE_ASYNC_WATCH_                                                    \
            _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic error \"-Wvla\"") \
                _Pragma("GCC diagnostic error \"-Wmaybe-uninitialized\"")            \
                    _Pragma("GCC diagnostic error \"-Woverflow\"")                   \
                        _Pragma("GCC diagnostic error \"-Wreturn-type\"")
#        define NAVE_ASYNC_UNWATCH_ _Pragma("GCC diagnostic pop")
#        if NAVE_ASYNC_DEBUG && !defined(__OPTIMIZE__)
#            define NAVE_ASYNC_FN_ __attribute__((noinline, noclone, optimize("Og", "tree-sra")))
#        else
#            define NAVE_ASYNC_FN_ __attribute__((noinline, noclone))
#        endif
#    endif

#    if NAVE_ASYNC_DEBUG
#        define NAVE_ASYNC_POISON_BYTES_ 2048
#        define NAVE_ASYNC_STACK_BYTES_  16384 /* more than the frame of a function should have */

/* What stands below the caller's frame on the stack is overwritten: locals of the poll before are gone,
 * always, and not only sometimes. */
static NAVE_UNUSED __attribute__((noinline)) void nave_async_poison_(void)
{
    unsigned char stack[NAVE_ASYNC_POISON_BYTES_];

    memset(stack, 0xA5, sizeof(stack));
    __asm__ volatile("" : : "r"(stack) : "memory");
}

/* Where the frame is, in the upper half of the flags while it waits. */
static NAVE_UNUSED uint32_t nave_async_place_(const struct nave_async *a)
{
    return (uint32_t)((uintptr_t)a >> 3 & 0xffffu) << 16;
}

static NAVE_UNUSED void nave_async_note_waiting_(struct nave_async *a)
{
    a->flags = (a->flags & 0xffffu) | NAVE_ASYNC_IS_WAITING | nave_async_place_(a);
}

static NAVE_UNUSED void nave_async_enter_(struct nave_async *a)
{
    const char *name = a->future.api->name;

    if (a->flags & NAVE_ASYNC_IS_OVER)
        nave_async_stop_(a->site, name, "polled after it was READY");
    if (a->resume && a->resume != NAVE_ASYNC_TO_CLEANUP_ && !(a->flags & NAVE_ASYNC_IS_WAITING))
        nave_async_stop_(a->site, name, "polled while it runs");
    if ((a->flags & NAVE_ASYNC_IS_WAITING) && (a->flags & ~0xffffu) != nave_async_place_(a))
        nave_async_stop_(a->site, name, "its frame was moved while it waited");
    a->flags &= 0xffffu & ~NAVE_ASYNC_IS_WAITING;
}

/* 1: `p` is on the stack where the function stood that has just returned to the caller of `here`. */
static NAVE_UNUSED int32_t nave_async_is_gone_(uintptr_t p, uintptr_t here)
{
    return p < here + 2 * sizeof(void *) && p >= here - NAVE_ASYNC_STACK_BYTES_;
}

/* `op` is waited for, `n` levels below the function: NULL, or what is wrong with it. */
static NAVE_UNUSED const char *nave_async_wrong_op_(const struct nave_op *op, uintptr_t here,
                                                    uint32_t n)
{
    uint32_t state;
    uint64_t value;

    if (nave_async_is_gone_((uintptr_t)op, here))
        return "an op is awaited that is a local: it must be a member of the frame";
    /* Its source may be on another thread, and about to settle it. */
    state = __atomic_load_n(&op->state, __ATOMIC_RELAXED);
    value = __atomic_load_n(&op->value, __ATOMIC_RELAXED);
    if (state == NAVE_OP_IDLE)
        return "an op is awaited that was not started";
    if (state == NAVE_OP_DONE)
        return NULL;
    if (op->source && op->source->drop == nave_op_limit_drop_ && n < 4)
        return nave_async_wrong_op_(((const struct nave_op_limit *)(const void *)op)->inner, here,
                                    n + 1);
    if (nave_async_is_gone_((uintptr_t)value, here) ||
        nave_async_is_gone_((uintptr_t)op->impl, here))
        return "it was given the address of a local: what it uses must be a member of the frame";
    return NULL;
}

static NAVE_UNUSED const char *nave_async_wrong_future_(const struct nave_future *f, uintptr_t here,
                                                        uint32_t n);

static NAVE_UNUSED const char *nave_async_wrong_arm_(const struct nave_arms *arms, uint32_t i,
                                                     uintptr_t here, uint32_t n)
{
    const struct nave_arm *arm = &arms->list[i];
    uint32_t k;

    if (!(arm->flags & NAVE_ARM_IS_ARMED))
        return NULL;
    if (!arm->op)
        return nave_async_wrong_future_(arm->future, here, n + 1);
    for (k = 0; k < i; k++)
        if ((arms->list[k].flags & NAVE_ARM_IS_ARMED) && arms->list[k].op == arm->op)
            return "two arms wait with the same op: each needs one of its own";
    return nave_async_wrong_op_(arm->op, here, n + 1);
}

static NAVE_UNUSED const char *nave_async_wrong_future_(const struct nave_future *f, uintptr_t here,
                                                        uint32_t n)
{
    const struct nave_arms *arms = (const struct nave_arms *)(const void *)f;
    const char *what = NULL;
    uint32_t i;

    if (nave_async_is_gone_((uintptr_t)f, here))
        return "a future is awaited that is a local: it must be a member of the frame";
    if (!(f->flags & NAVE_FUTURE_HAS_ARMS) || n >= 4)
        return NULL;
    if (nave_async_is_gone_((uintptr_t)arms->list, here))
        return "its arms are locals: they must be members of the frame";
    for (i = 0; i < arms->count && !what; i++)
        what = nave_async_wrong_arm_(arms, i, here, n);
    return what;
}

static NAVE_UNUSED __attribute__((noinline)) nave_poll nave_async_leave_(struct nave_async *a,
                                                                         nave_poll result)
{
    const uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    const char *what = NULL;

    if (result == NAVE_READY && !(a->flags & NAVE_ASYNC_IS_OVER))
        what = "it ended by `return`, not by NAVE_RETURN, behind this";
    else if (result == NAVE_READY && !(a->flags & NAVE_ASYNC_IS_CLEANING))
        what = "it went to its end past the cleanup, behind this";
    else if (result != NAVE_READY && !(a->flags & NAVE_ASYNC_IS_WAITING))
        what = "it waits by `return`, not by an await, behind this";
    else if (result != NAVE_READY && (a->flags & NAVE_ASYNC_IS_DROPPED))
        what = "it waits in a cleanup that cannot";
    else if (result != NAVE_READY && a->op)
        what = nave_async_wrong_op_(a->op, here, 0);
    else if (result != NAVE_READY && a->child)
        what = nave_async_wrong_future_(a->child, here, 0);
    if (what)
        nave_async_stop_(a->site, a->future.api->name, what);
    return result;
}

/* The two ways to begin an await (async.h), with a look at what is awaited. */
static NAVE_UNUSED int32_t nave_async_start_op_(struct nave_async *a, struct nave_cx *cx,
                                                struct nave_op *op, const struct nave_site *site)
{
    if (!op)
        nave_async_stop_(site, a->future.api->name, "an op is awaited that is NULL");
    if (op->state == NAVE_OP_IDLE)
        nave_async_stop_(site, a->future.api->name, "an op is awaited that was not started");
    return nave_async_op_(a, cx, op);
}

static NAVE_UNUSED int32_t nave_async_start_future_(struct nave_async *a, struct nave_cx *cx,
                                                    struct nave_future *child,
                                                    const struct nave_site *site)
{
    const char *name = a->future.api->name;

    if (!child)
        nave_async_stop_(site, name, "a future is awaited that is NULL");
    if (child == &a->future)
        nave_async_stop_(site, name,
                         "it awaits itself: a recursion needs a frame for each call, by NAVE_NEW");
    if (!child->api)
        nave_async_stop_(site, name, "a future is awaited that was not readied: NAVE_CALL does");
    if ((child->flags & NAVE_FUTURE_IS_ASYNC) &&
        (((struct nave_async *)(void *)child)->flags & NAVE_ASYNC_IS_OVER))
        nave_async_stop_(site, name,
                         "a future is awaited that has ended: NAVE_CALL readies it anew");
    return nave_async_future_(a, cx, child);
}

#        define NAVE_ASYNC_START_(...)                            \
            _Generic((__VA_ARGS__), struct nave_op *              \
                     : nave_async_start_op_, struct nave_future * \
                     : nave_async_start_future_)(&f->async, cx, (__VA_ARGS__), &nave_site_)
#        define NAVE_ASYNC_POLL_(name, future, cx)                                           \
            (nave_async_enter_((struct nave_async *)(void *)(future)), nave_async_poison_(), \
             nave_async_leave_((struct nave_async *)(void *)(future),                        \
                               name((struct name *)(void *)(future), cx)))
#        define NAVE_ASYNC_NOTE_WAITING_ nave_async_note_waiting_(&f->async)
/* So that a mistake before the first await has a place. */
#        define NAVE_ASYNC_NOTE_BEGIN_            \
            do {                                  \
                NAVE_ASYNC_SITE_("NAVE_BEGIN()"); \
                if (!f->async.site)               \
                    f->async.site = &nave_site_;  \
            } while (0)
#    else
#        define NAVE_ASYNC_START_(...)                      \
            _Generic((__VA_ARGS__), struct nave_op *        \
                     : nave_async_op_, struct nave_future * \
                     : nave_async_future_)(&f->async, cx, (__VA_ARGS__))
#        define NAVE_ASYNC_POLL_(name, future, cx) name((struct name *)(void *)(future), cx)
#        define NAVE_ASYNC_NOTE_WAITING_           (void)0
#        define NAVE_ASYNC_NOTE_BEGIN_             (void)0
#    endif

#endif
#endif
