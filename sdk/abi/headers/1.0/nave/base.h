/* SPDX-License-Identifier: MIT
 *
 * The words that every other header uses: fixed types, markers, thread tags.
 *
 * Thread tags. Every function and every slot of a table carries one, as `Thread: [tag].`
 *   [control]   one caller at a time, for the runtime as a whole. It is a role, not a thread: inside
 *               nave_runtime_run() it is the main thread, with nave_runtime_turn() the caller's.
 *   [worker]    the worker that owns the object, and no other. Calls for one worker never overlap.
 *   [workers]   any worker, also several at the same time: they share the object.
 *   [any]       any thread at any time, also concurrently.
 *   [blocking]  a thread that may block; never a worker.
 * A tag may be narrowed by a state: `State: [open]`, `State: [!closing]`.
 *
 * Slots of tables carry more tags where they apply. NAVE_CHECK=1 checks all of them; its tables are
 * made from this text by tools/gen-checks.
 *   Null: [a, b]              these pointers may be NULL. No other may, but `arg`, the caller's own.
 *   Ends: [always]            the handle is given up by the call, and not used again.
 *   Ends: [NAVE_OK]           the same, when it succeeds.
 *   Ends: [unless NAVE_EINVAL, NAVE_ENOMEM]    the same, whatever it returns but these.
 *   State: [create, prepare]  of nave.host/1: only inside these calls of the plugin.
 *
 * What may cross a table: fixed-width integers, size_t, pointers, double. No enum, bool, long, bit
 * field, varargs, struct by value or third-party type. Flags words: an unknown bit in a request is
 * refused (NAVE_EINVAL), an unknown bit in a hint is ignored.
 */
#ifndef NAVE_BASE_H
#define NAVE_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#    define NAVE_BEGIN_DECLS                    extern "C" {
#    define NAVE_END_DECLS                      }
#    define NAVE_STATIC_ASSERT(condition, text) static_assert(condition, text)
#else
#    define NAVE_BEGIN_DECLS
#    define NAVE_END_DECLS
#    define NAVE_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#endif

#if defined(__GNUC__) || defined(__clang__)
#    define NAVE_EXPORT       __attribute__((visibility("default")))
#    define NAVE_NODISCARD    __attribute__((warn_unused_result))
#    define NAVE_UNUSED       __attribute__((unused))
#    define NAVE_LIKELY(x)    __builtin_expect(!!(x), 1)
#    define NAVE_UNLIKELY(x)  __builtin_expect(!!(x), 0)
#    define NAVE_FORMAT(f, a) __attribute__((format(printf, f, a)))
#else
#    error "Nave needs gcc or clang (attributes, __atomic builtins, __SIZEOF_POINTER__)"
#endif

#define NAVE_STR_(x)    #x
#define NAVE_STR(x)     NAVE_STR_(x)
#define NAVE_CAT_(a, b) a##b
#define NAVE_CAT(a, b)  NAVE_CAT_(a, b)

/* The number of elements of an array (not of a pointer). */
#define NAVE_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The struct of type `type` whose member `member` is at `ptr`. */
#define NAVE_CONTAINER_OF(ptr, type, member) \
    ((type *)(void *)((char *)(void *)(ptr)-offsetof(type, member)))

/* A result: 0 is NAVE_OK, every failure is negative. The list is in error.h. */
typedef int32_t nave_err;

/* What a poll says. PENDING is never an error: the waker in the context will be called. */
typedef int32_t nave_poll;
#define NAVE_READY   0
#define NAVE_PENDING 1

/* Nanoseconds: a point on the monotonic clock, or a length of time. The only unit of time. */
typedef int64_t nave_nsec;
#define NAVE_USEC  ((nave_nsec)1000)
#define NAVE_MSEC  ((nave_nsec)1000 * NAVE_USEC)
#define NAVE_SEC   ((nave_nsec)1000 * NAVE_MSEC)
#define NAVE_NEVER INT64_MAX

/* Text that somebody else owns; not terminated. Frozen. */
struct nave_str {
    const char *ptr;
    size_t len;
};

/* Bytes to be read by the callee; somebody else owns them. Laid out as struct iovec. Frozen. */
struct nave_bytes {
    const void *data;
    size_t len;
};

/* Room to be written by the callee; somebody else owns it. Laid out as struct iovec. Frozen. */
struct nave_span {
    void *data;
    size_t len;
};

/* A nave_str from a string literal. */
#ifdef __cplusplus
#    define NAVE_STR_LIT(text) (nave_str{(text), sizeof(text) - 1})
#else
#    define NAVE_STR_LIT(text) ((struct nave_str){(text), sizeof(text) - 1})
#endif

NAVE_STATIC_ASSERT(sizeof(int32_t) == 4 && sizeof(void *) == sizeof(size_t), "a flat machine");

#endif
