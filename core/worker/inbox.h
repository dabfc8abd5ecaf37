/* SPDX-License-Identifier: MIT
 *
 * The only way into a worker from another thread: a stack of jobs that any thread pushes and the
 * worker takes whole, and a word that makes sure of one wake-up for each wait, and none lost.
 *
 *   head   NULL | job -> job -> ... | CLOSED
 *   word   AWAKE -> WAITING (worker, before it waits) ; any -> NOTIFIED (poster) ; -> AWAKE (worker)
 *
 * Why nothing is lost: the poster pushes, then exchanges NOTIFIED into the word; the worker moves
 * AWAKE to WAITING by compare-and-swap and waits only when that succeeds. Both act on one word, so
 * either the poster finds WAITING and wakes, or the worker finds NOTIFIED and looks again. The push
 * happens before the exchange (release), the look after the failed swap (acquire).
 */
#ifndef NV_INBOX_H
#define NV_INBOX_H

#include <nave/op.h>

#include "base/list.h"

#define NV_INBOX_AWAKE    0u
#define NV_INBOX_WAITING  1u
#define NV_INBOX_NOTIFIED 2u

struct nv_inbox {
    struct nave_job *head; /* atomic */
    uint32_t word;         /* atomic */
};

/* The head of a closed inbox. */
static inline struct nave_job *nv_inbox_closed(void)
{
    return (struct nave_job *)(uintptr_t)1;
}

/* Note that something happened. 1: the worker waits, wake it. Thread: [any]; signal-safe. */
static inline int32_t nv_inbox_notify(struct nv_inbox *b)
{
    return __atomic_exchange_n(&b->word, NV_INBOX_NOTIFIED, __ATOMIC_ACQ_REL) == NV_INBOX_WAITING;
}

/* Push `j`. *out_wake: the worker must be woken. Thread: [any]. Errors: NAVE_ECLOSED. */
static inline nave_err nv_inbox_push(struct nv_inbox *b, struct nave_job *j, int32_t *out_wake)
{
    struct nave_job *head = __atomic_load_n(&b->head, __ATOMIC_RELAXED);

    do {
        if (head == nv_inbox_closed())
            return NAVE_ECLOSED;
        j->next = head;
    } while (
        !__atomic_compare_exchange_n(&b->head, &head, j, 1, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
    /* Who pushes onto a job that is already there need not notify: the first one did. */
    *out_wake = head == NULL ? nv_inbox_notify(b) : 0;
    return NAVE_OK;
}

/* Move all jobs to `q`, oldest first, leaving `empty` (NULL, or CLOSED to close). Thread: [worker]. */
static inline void nv_inbox_take(struct nv_inbox *b, struct nave_job *empty, struct nv_jobs *q)
{
    struct nave_job *j, *first = NULL, *last;

    j = __atomic_load_n(&b->head, __ATOMIC_RELAXED);
    if (j == empty || j == nv_inbox_closed())
        return;
    j = __atomic_exchange_n(&b->head, empty, __ATOMIC_ACQUIRE);
    last = j;
    while (j) {
        struct nave_job *next = j->next;

        j->next = first;
        first = j;
        j = next;
    }
    nv_jobs_append(q, first, last);
}

/* The wait is over, or a notification is answered. Looking at the inbox follows. Thread: [worker].
 * An exchange, not a store: a store could stay behind the look at the inbox that follows, and bury a
 * notification whose push that look did not see. */
static inline void nv_inbox_wake_up(struct nv_inbox *b)
{
    __atomic_exchange_n(&b->word, NV_INBOX_AWAKE, __ATOMIC_ACQ_REL);
}

/* 1: nothing was notified since the last look; the worker may wait, and must call nv_inbox_wake_up
 * after. 0: look again. Thread: [worker]. */
static inline int32_t nv_inbox_may_wait(struct nv_inbox *b)
{
    uint32_t expected = NV_INBOX_AWAKE;

    if (__atomic_compare_exchange_n(&b->word, &expected, NV_INBOX_WAITING, 0, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
        return 1;
    nv_inbox_wake_up(b);
    return 0;
}

/* Looking at the inbox follows: a notification so far needs no look of its own. Spares the turn a
 * poll without waiting for each batch of posts. Thread: [worker]. */
static inline void nv_inbox_answer(struct nv_inbox *b)
{
    if (__atomic_load_n(&b->word, __ATOMIC_RELAXED) != NV_INBOX_AWAKE)
        nv_inbox_wake_up(b);
}

#endif
