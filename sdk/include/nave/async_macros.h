/* SPDX-License-Identifier: MIT
 *
 * The macros of async.h, which includes this; see there. C only.
 *
 * How they expand is told in docs/internals/async.md. A label (or a case) marks the place behind each
 * suspension; the frame remembers it. Names that end in _ are not to be used.
 */
#ifndef NAVE_ASYNC_MACROS_H
#define NAVE_ASYNC_MACROS_H

#ifndef __cplusplus

#    include <nave/async.h>

/* Set one of these before the header is read.
 * NAVE_ASYNC_PORTABLE   the form with a switch instead of computed goto
 * NAVE_ASYNC_DEBUG      0 or 1: look for mistakes */
#    ifndef NAVE_ASYNC_DEBUG
#        if defined(NDEBUG) || defined(__OPTIMIZE__)
#            define NAVE_ASYNC_DEBUG 0
#        else
#            define NAVE_ASYNC_DEBUG 1
#        endif
#    endif

#    include <nave/async_debug.h>

/* --- making one --------------------------------------------------------------------------------- */

/* NAVE_ASYNC(name, members) { body }: the frame `struct name` with these members, the table `name_api`, and
 * the head of the body. The members are written as in a struct. */
#    define NAVE_ASYNC(name, ...)    \
        struct name {                \
            struct nave_async async; \
            __VA_ARGS__              \
        };                           \
        NAVE_ASYNC_DECLARE(name);    \
        NAVE_ASYNC_BODY(name)

/* For a `struct name` that is written by hand, with `struct nave_async async` first: the table, for functions
 * that call each other. The body follows: NAVE_ASYNC_BODY(name) { ... }. */
#    define NAVE_ASYNC_DECLARE(name) NAVE_ASYNC_TABLE_(static, name)
/* The same for several files of one program or plugin: NAVE_ASYNC_EXTERN(name) stands in the header with
 * the struct, NAVE_ASYNC_PUBLIC(name) in one file, before the body. */
#    define NAVE_ASYNC_EXTERN(name) extern const struct nave_future_iface name##_api
#    define NAVE_ASYNC_PUBLIC(name) NAVE_ASYNC_TABLE_(, name)

/* The head of the body of an async function. */
#    define NAVE_ASYNC_BODY(name) \
        NAVE_ASYNC_WATCH_         \
        static nave_poll name(struct name *f, struct nave_cx *cx)

/* --- calling one -------------------------------------------------------------------------------- */

/* NAVE_CALL(name, frame, .arg = value, ...): ready `*frame`, a struct name, anew, with these members set and
 * all others zero. Gives its future, to be awaited; nothing runs yet. */
#    define NAVE_CALL(name, ...) NAVE_CALL_(name, __VA_ARGS__, )
#    define NAVE_CALL_(name, frame, ...)                                                          \
        __extension__({                                                                           \
            struct name *nave_frame_ = (frame);                                                   \
            *nave_frame_ = (struct name){.async = {.future = {&name##_api, NAVE_FUTURE_IS_ASYNC}, \
                                                   .worker = cx->worker},                         \
                                         __VA_ARGS__};                                            \
            &nave_frame_->async.future;                                                           \
        })

/* NAVE_NEW(name, worker, &future, .arg = value, ...): the same in memory of the worker. Gives a nave_err;
 * the future is to be spawned, or awaited: then its memory is given back. See nave_async_new(). */
#    define NAVE_NEW(name, worker, ...) NAVE_NEW_(name, worker, __VA_ARGS__, )
#    define NAVE_NEW_(name, worker, out_future, ...)                                 \
        nave_async_new((worker), &name##_api,                                        \
                       &(const struct name){.async = {.resume = NULL}, __VA_ARGS__}, \
                       sizeof(struct name), (out_future))

/* --- inside the body ---------------------------------------------------------------------------- */

/* Wait for an op or a future. Its result is NAVE_RESULT(), and stands in the op. */
#    define NAVE_AWAIT(...)                                                      \
        NAVE_ASYNC_AWAIT_(__COUNTER__, #__VA_ARGS__, NAVE_ASYNC_GO_ON_WITH_ANY_, \
                          NAVE_ASYNC_START_(__VA_ARGS__))

/* The same; when the result is an error, go to the cleanup: it is the result of the function. */
#    define NAVE_TRY(...)                                                         \
        NAVE_ASYNC_AWAIT_(__COUNTER__, #__VA_ARGS__, NAVE_ASYNC_LEAVE_UNLESS_OK_, \
                          NAVE_ASYNC_START_(__VA_ARGS__))

/* The same with a nave_err that is there: nothing is awaited. */
#    define NAVE_TRY_NOW(...)                \
        do {                                 \
            NAVE_ASYNC_ONLY_IN_BODY_;        \
            f->async.result = (__VA_ARGS__); \
            NAVE_ASYNC_LEAVE_UNLESS_OK_;     \
        } while (0)

/* The result of the last await. */
#    define NAVE_RESULT() (f->async.result)

/* End the function: go to the cleanup, with this result. */
#    define NAVE_RETURN(...)                 \
        do {                                 \
            NAVE_ASYNC_ONLY_IN_BODY_;        \
            f->async.result = (__VA_ARGS__); \
            goto nave_cleanup_;              \
        } while (0)

/* Let others go first. */
#    define NAVE_YIELD() NAVE_ASYNC_YIELD_(__COUNTER__)

/* --- everywhere --------------------------------------------------------------------------------- */

/* NAVE_SHIELD(limit, ns, what): wait for an op or a future, at most `ns` nanoseconds; `limit` is a
 * struct nave_timeout of the frame. That the task is asked to end does not reach inside. The result is
 * (limit)->head.result: NAVE_ETIMEDOUT when the time was up; NAVE_ECANCELED when the frame is dropped, then
 * nothing is waited for. NAVE_RESULT() is left alone. */
#    define NAVE_SHIELD(limit, ns, ...) \
        NAVE_ASYNC_SHIELD_(__COUNTER__, #__VA_ARGS__, limit, ns, __VA_ARGS__)

/* --- the pieces --------------------------------------------------------------------------------- */

#    define NAVE_ASYNC_TABLE_(linkage, name)                                                      \
        NAVE_ASYNC_FN_ static nave_poll name(struct name *f, struct nave_cx *cx);                 \
        static NAVE_UNUSED nave_poll name##_poll_(struct nave_future *nave_f, struct nave_cx *cx) \
        {                                                                                         \
            return NAVE_ASYNC_POLL_(name, nave_f, cx);                                            \
        }                                                                                         \
        static NAVE_UNUSED void name##_drop_(struct nave_future *nave_f)                          \
        {                                                                                         \
            nave_async_drop_((struct nave_async *)(void *)nave_f, name##_poll_);                  \
        }                                                                                         \
        NAVE_UNUSED linkage const struct nave_future_iface name##_api = {                         \
            NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, NAVE_FUTURE_HAS_WORKER),     \
            #name,                                                                                \
            name##_poll_,                                                                         \
            name##_drop_,                                                                         \
            nave_async_result_,                                                                   \
        };                                                                                        \
        _Static_assert(offsetof(struct name, async) == 0, "the head is the first member")

#    define NAVE_ASYNC_SITE_(text) \
        static const struct nave_site nave_site_ = {__FILE__, __func__, text, __LINE__, 0}

#    define NAVE_ASYNC_GO_ON_WITH_ANY_ (void)0

#    define NAVE_ASYNC_LEAVE_UNLESS_OK_                \
        if (NAVE_UNLIKELY(f->async.result != NAVE_OK)) \
        goto nave_cleanup_

/* `...` starts what is awaited: 1 when its result is there. With nothing left of the budget nothing is
 * started, so that nothing is taken and not yet used when the frame is dropped in the meantime. */
#    define NAVE_ASYNC_AWAIT_(n, text, then, ...)                          \
        do {                                                               \
            NAVE_ASYNC_SITE_(text);                                        \
            NAVE_ASYNC_ONLY_IN_BODY_;                                      \
            if (NAVE_UNLIKELY(cx->is_canceled))                            \
                goto nave_canceled_;                                       \
            if (NAVE_UNLIKELY(cx->budget == 0)) {                          \
                cx->flags |= NAVE_CX_YIELD;                                \
                goto NAVE_CAT(nave_wait_, n);                              \
            }                                                              \
            NAVE_CAT(nave_start_, n) :;                                    \
            if (!(__VA_ARGS__)) {                                          \
                NAVE_CAT(nave_wait_, n) :;                                 \
                NAVE_ASYNC_SUSPEND_(n);                                    \
                {                                                          \
                    int32_t nave_how_ = nave_async_again_(&f->async, cx);  \
                    if (nave_how_ == NAVE_ASYNC_WAITS_) {                  \
                        NAVE_ASYNC_NOTE_WAITING_;                          \
                        return NAVE_PENDING;                               \
                    }                                                      \
                    if (NAVE_UNLIKELY(nave_how_ != NAVE_ASYNC_GOES_ON_)) { \
                        if (nave_how_ == NAVE_ASYNC_CANCELED_)             \
                            goto nave_cleanup_;                            \
                        goto NAVE_CAT(nave_start_, n);                     \
                    }                                                      \
                }                                                          \
            }                                                              \
            then;                                                          \
        } while (0)

#    define NAVE_ASYNC_YIELD_(n)                \
        do {                                    \
            NAVE_ASYNC_SITE_("NAVE_YIELD()");   \
            NAVE_ASYNC_ONLY_IN_BODY_;           \
            if (NAVE_UNLIKELY(cx->is_canceled)) \
                goto nave_canceled_;            \
            cx->flags |= NAVE_CX_YIELD;         \
            NAVE_ASYNC_SUSPEND_(n);             \
        } while (0)

#    define NAVE_ASYNC_SHIELD_(n, text, limit, ns, ...)                                     \
        do {                                                                                \
            NAVE_ASYNC_SITE_(text);                                                         \
            NAVE_ASYNC_HAS_LIMIT_(ns);                                                      \
            if (f->async.flags & NAVE_ASYNC_IS_DROPPED) {                                   \
                (limit)->head.result = NAVE_ECANCELED;                                      \
            } else if (!nave_async_shield_(&f->async, cx,                                   \
                                           nave_timeout(cx, (limit), (ns), __VA_ARGS__))) { \
                NAVE_ASYNC_SUSPEND_(n);                                                     \
                if (nave_async_again_shield_(&f->async, cx) == NAVE_ASYNC_WAITS_) {         \
                    NAVE_ASYNC_NOTE_WAITING_;                                               \
                    return NAVE_PENDING;                                                    \
                }                                                                           \
            }                                                                               \
        } while (0)

/* The end of the body, and the way to the cleanup. */
#    define NAVE_CLEANUP()                        \
        NAVE_ASYNC_WANTS_BEGIN_;                  \
        f->async.result = NAVE_OK;                \
        goto nave_cleanup_;                       \
    nave_canceled_:                               \
        f->async.result = NAVE_ECANCELED;         \
    nave_cleanup_:                                \
        f->async.flags |= NAVE_ASYNC_IS_CLEANING; \
        struct nave_async_where_ {                \
            char is_cleanup[2];                   \
        }

#    ifdef NAVE_ASYNC_PORTABLE

/* Cases above all that an int can be: a switch of the user's cannot take one by accident, and the compiler
 * tells that it has one. */
#        define NAVE_ASYNC_CASE_(n) ((uint64_t)0x6e617665 << 32 | (uint32_t)(n))

#        define NAVE_BEGIN()                                                             \
            NAVE_ASYNC_HAS_BEGUN_;                                                       \
            f->async.worker = cx->worker;                                                \
            NAVE_ASYNC_NOTE_BEGIN_;                                                      \
            switch (NAVE_ASYNC_CASE_((uintptr_t)f->async.resume)) {                      \
            default:                                                                     \
                nave_async_stop_(                                                        \
                    f->async.site, f->async.future.api->name,                            \
                    "an await inside a switch: NAVE_ASYNC_PORTABLE cannot go on there"); \
            case NAVE_ASYNC_CASE_(1):                                                    \
                goto nave_canceled_;                                                     \
            case NAVE_ASYNC_CASE_(0):                                                    \
                f->async.future.flags |= NAVE_FUTURE_IS_ASYNC

#        define NAVE_ASYNC_SUSPEND_(n)                                      \
            f->async.site = &nave_site_;                                    \
            NAVE_ASYNC_NOTE_WAITING_;                                       \
            f->async.resume = (const void *)(uintptr_t)(0x41570000u + (n)); \
            return NAVE_PENDING;                                            \
        case NAVE_ASYNC_CASE_(0x41570000u + (n)):;

#        define NAVE_END()                                             \
            f->async.flags |= NAVE_ASYNC_IS_OVER;                      \
            return NAVE_READY;                                         \
            }                                                          \
            nave_async_stop_(f->async.site, f->async.future.api->name, \
                             "a `break` outside of a loop");           \
            NAVE_ASYNC_UNWATCH_(void) 0

#    else

#        define NAVE_BEGIN()                                                                    \
            NAVE_ASYNC_HAS_BEGUN_;                                                              \
            f->async.worker = cx->worker;                                                       \
            NAVE_ASYNC_NOTE_BEGIN_;                                                             \
            if (NAVE_LIKELY((uintptr_t)f->async.resume > 1u))                                   \
                __extension__({ goto * f->async.resume; });                                     \
            (void)__extension__ &&nave_cleanup_; /* clang wants one where nothing is awaited */ \
            f->async.future.flags |= NAVE_FUTURE_IS_ASYNC;                                      \
            if (f->async.resume)                                                                \
            goto nave_canceled_

/* The compiler is not told that a label is stored: it would warn of a pointer into this function. */
#        define NAVE_ASYNC_SUSPEND_(n)                                         \
            f->async.site = &nave_site_;                                       \
            NAVE_ASYNC_NOTE_WAITING_;                                          \
            {                                                                  \
                const void *nave_at_ = __extension__ && NAVE_CAT(nave_at_, n); \
                __asm__("" : "+r"(nave_at_));                                  \
                f->async.resume = nave_at_;                                    \
            }                                                                  \
            return NAVE_PENDING;                                               \
            NAVE_CAT(nave_at_, n) :;

#        define NAVE_END()                        \
            f->async.flags |= NAVE_ASYNC_IS_OVER; \
            return NAVE_READY;                    \
            NAVE_ASYNC_UNWATCH_(void) 0

#    endif

#endif
#endif
