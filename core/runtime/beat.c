/* SPDX-License-Identifier: MIT
 *
 * See beat.h. A worker that is asked answers from its inbox, so it has come back from whatever it
 * did. While one answer is missing nobody is asked again: each job is in at most one queue.
 */
#include "beat.h"

#include <stdlib.h>

#include "runtime.h"

static void answer(struct nave_job *j)
{
    struct nv_beat_ask *ask = NAVE_CONTAINER_OF(j, struct nv_beat_ask, job);

    /* The job may be posted again once this is seen: what the queue did with it comes before. */
    (void)__atomic_fetch_sub(&ask->beat->awaited, 1, __ATOMIC_RELEASE);
}

/* A worker that has ended takes no question and gives no answer: silence, and rightly. */
static void ask_all(struct nv_beat *b)
{
    uint32_t i;

    __atomic_store_n(&b->awaited, b->count, __ATOMIC_RELAXED);
    for (i = 0; i < b->count; i++)
        (void)nv_worker_post(b->rt->threads.each[i + 1].worker, &b->asks[i].job);
}

static void on_timer(struct nave_timer *timer, void *arg)
{
    struct nv_beat *b = arg;

    if (__atomic_load_n(&b->awaited, __ATOMIC_ACQUIRE) == 0) {
        nv_runtime_tell(b->rt, NAVE_EVENT_BEAT, NAVE_OK);
        ask_all(b);
    }
    nave_timer_start(&b->handle.pub, timer, b->every_ns, on_timer, b);
}

nave_err nv_beat_start(struct nv_beat *b, struct nave_runtime *rt, nave_nsec every_ns)
{
    uint32_t i;

    if (!every_ns)
        return NAVE_OK;
    b->rt = rt;
    b->every_ns = every_ns;
    b->asks = calloc(rt->worker_count, sizeof(*b->asks));
    if (!b->asks)
        return NAVE_ENOMEM;
    b->count = rt->worker_count - 1;
    for (i = 0; i < b->count; i++) {
        b->asks[i].beat = b;
        b->asks[i].job.run = answer;
    }
    nv_worker_handle_init(&b->handle, rt->threads.each[0].worker, "core");
    ask_all(b);
    nave_timer_start(&b->handle.pub, &b->timer, b->every_ns, on_timer, b);
    return NAVE_OK;
}

void nv_beat_stop(struct nv_beat *b)
{
    if (b->asks)
        nave_timer_stop(&b->handle.pub, &b->timer);
}

void nv_beat_finish(struct nv_beat *b)
{
    free(b->asks);
    b->asks = NULL;
}
