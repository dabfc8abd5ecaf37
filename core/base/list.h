/* SPDX-License-Identifier: MIT
 *
 * A FIFO of jobs: two pointers, the nodes are the callers'. Owner only, no atomics.
 * Invariant: `tail` is meaningful only while `head` is not NULL.
 */
#ifndef NV_LIST_H
#define NV_LIST_H

#include <nave/op.h>

struct nv_jobs {
    struct nave_job *head;
    struct nave_job *tail;
};

/* Append `j`. Thread: [worker]. */
static inline void nv_jobs_push(struct nv_jobs *q, struct nave_job *j)
{
    j->next = NULL;
    if (q->head)
        q->tail->next = j;
    else
        q->head = j;
    q->tail = j;
}

/* Take the oldest; NULL when empty. Thread: [worker]. */
static inline struct nave_job *nv_jobs_pop(struct nv_jobs *q)
{
    struct nave_job *j = q->head;

    if (j) {
        q->head = j->next;
        j->next = NULL;
    }
    return j;
}

/* Take `j` out, wherever it is. 1: it was there. Looks at all before it. Thread: [worker]. */
static inline int32_t nv_jobs_remove(struct nv_jobs *q, struct nave_job *j)
{
    struct nave_job **at = &q->head, *before = NULL;

    while (*at && *at != j) {
        before = *at;
        at = &(*at)->next;
    }
    if (!*at)
        return 0;
    *at = j->next;
    if (q->tail == j)
        q->tail = before;
    j->next = NULL;
    return 1;
}

/* Append a chain that ends with NULL; NULL is fine. Thread: [worker]. */
static inline void nv_jobs_append(struct nv_jobs *q, struct nave_job *first, struct nave_job *last)
{
    if (!first)
        return;
    if (q->head)
        q->tail->next = first;
    else
        q->head = first;
    q->tail = last;
}

#endif
