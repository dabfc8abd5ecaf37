/* SPDX-License-Identifier: MIT
 *
 * Explores the interleavings of a few threads of a model, one run after the other: every atomic
 * operation is a place where another thread may go on. Stores that are neither read-modify-write nor
 * sequentially consistent wait in a buffer of their thread, as on x86, and reach memory at any later
 * time, in order; a thread sees its own.
 *
 * The code under test is compiled from its own source: include this file first, then the header or the
 * .c file; the names of the compiler's atomic operations lead here from then on.
 */
#ifndef MODEL_EXPLORE_H
#define MODEL_EXPLORE_H

#include <stddef.h>
#include <stdint.h>

#define MODEL_THREADS 4

struct model_test {
    const char *name;
    void (*begin)(void);                 /* before each run                                   */
    void (*thread[MODEL_THREADS])(void); /* NULL: there are no more                           */
    void (*end)(void);                   /* all threads have ended: check what is left        */
    uint32_t switches_max;               /* times that a thread is left though it could go on */
    uint64_t runs_max;
    uint64_t
        seed; /* 0: all interleavings in order; else runs_max of them by chance, the same each time */
};

struct model_result {
    uint64_t runs;
    uint32_t is_whole;   /* all interleavings within switches_max were run   */
    const char *failure; /* NULL: none                                       */
};

struct model_result model_explore(const struct model_test *t);

/* Inside a thread. */
void model_point(void); /* another one may go on here            */
/* Wait until *word is not 0; failing when that never comes: a lost wake-up. */
void model_wait(const uint32_t *word);
/* Wait until *word is 0, as who spins for a lock. */
void model_wait_zero(const uint32_t *word);
/* Nothing can be done but to ask again: the next thread that may go on does, at no cost. */
void model_yield(void);
void model_membarrier(void);       /* membarrier(2): every thread passes a full barrier */
void model_fail(const char *text); /* static text */
uint32_t model_self(void);         /* 0 ... of the running thread           */

/* memcpy() in two steps, with a point between them when model_tears is set: a copy that a lock does not cover is
 * seen to be torn. */
void *model_copy(void *to, const void *from, size_t n);
extern uint32_t model_tears;

/* Ways to break the code under test, so that a test can show that it would see it. */
#define MODEL_ZEROING_IS_STORE   (1u << 0) /* an exchange that writes 0 does so later, as a store */
#define MODEL_CAS_IS_TWO_STEPS   (1u << 1) /* a compare-and-swap is a load and then a store     */
#define MODEL_RMW_IS_TWO_STEPS   (1u << 2) /* fetch_and, fetch_or, fetch_xor: the same          */
#define MODEL_SEQ_CST_IS_RELEASE (1u << 3) /* a store that says SEQ_CST waits as others do     */
/* An exchange that writes 1, as who takes a lock, is a load and then a store. */
#define MODEL_TAKING_IS_TWO_STEPS (1u << 4)
extern uint32_t model_breaks;

/* --- the operations -------------------------------------------------------------------------- */

uint64_t model_load(const void *p, size_t size);
void model_store(void *p, size_t size, uint64_t v, int order);
uint64_t model_exchange(void *p, size_t size, uint64_t v);
int model_compare_exchange(void *p, size_t size, uint64_t *expected, uint64_t v);
uint64_t model_fetch(void *p, size_t size, char what, uint64_t v);
void model_fence(int order);

#ifdef MODEL_REDIRECT
#    define MODEL_TO_(v)                  ((uint64_t)(uintptr_t)(v))
#    define MODEL_FROM_(p, v)             ((__typeof__(*(p)))(uintptr_t)(v))
#    define __atomic_load_n(p, order)     MODEL_FROM_(p, model_load(p, sizeof(*(p))))
#    define __atomic_store_n(p, v, order) model_store(p, sizeof(*(p)), MODEL_TO_(v), order)
#    define __atomic_exchange_n(p, v, order)                               \
        __extension__({                                                    \
            uint64_t old_ = model_exchange(p, sizeof(*(p)), MODEL_TO_(v)); \
            MODEL_FROM_(p, old_);                                          \
        })
#    define __atomic_compare_exchange_n(p, expected, v, weak, yes, no)                     \
        __extension__({                                                                    \
            uint64_t expected_ = MODEL_TO_(*(expected));                                   \
            int done_ = model_compare_exchange(p, sizeof(*(p)), &expected_, MODEL_TO_(v)); \
            *(expected) = MODEL_FROM_(p, expected_);                                       \
            done_;                                                                         \
        })
#    define __atomic_fetch_and(p, v, order) model_fetch(p, sizeof(*(p)), '&', v)
#    define __atomic_fetch_or(p, v, order)  model_fetch(p, sizeof(*(p)), '|', v)
#    define __atomic_fetch_xor(p, v, order) model_fetch(p, sizeof(*(p)), '^', v)
#    define __atomic_fetch_add(p, v, order) model_fetch(p, sizeof(*(p)), '+', v)
#    define __atomic_fetch_sub(p, v, order) model_fetch(p, sizeof(*(p)), '-', v)
#    define __atomic_add_fetch(p, v, order) \
        ((__typeof__(*(p)))(model_fetch(p, sizeof(*(p)), '+', v) + (v)))
#    define __atomic_sub_fetch(p, v, order) \
        ((__typeof__(*(p)))(model_fetch(p, sizeof(*(p)), '-', v) - (v)))
#    define __atomic_thread_fence(order) model_fence(order)
#endif

#endif
