/* SPDX-License-Identifier: MIT
 *
 * The measured calls. Whose they are is read before: the callback may end what it was called for.
 */
#include "usage.h"

#include "worker_state.h"

static nave_nsec now(const struct nv_worker_handle *h)
{
    return h->worker->poller_ops->now(h->worker->poller);
}

/* Returns how long it took. */
static nave_nsec count(struct nv_worker_handle *h, nave_nsec since)
{
    nave_nsec took = now(h) - since;

    if (took > 0)
        nv_usage_add(&h->usage.time_ns, (uint64_t)took * NV_SAMPLE_EVERY);
    return took;
}

void nv_sample_io(struct nv_poller_io *io, uint32_t ready)
{
    struct nv_worker_handle *h = io->owner;
    nave_nsec since = now(h);

    io->fn(io->arg, ready);
    (void)count(h, since);
}

void nv_sample_timer(struct nave_timer *t)
{
    struct nv_worker_handle *h = NAVE_CONTAINER_OF(t->worker, struct nv_worker_handle, pub);
    nave_nsec since = now(h);

    nv_histogram_add(&h->worker->stats.timer_lateness, since - t->deadline_ns);
    t->fn(t, t->arg);
    (void)count(h, since);
}

nave_poll nv_sample_poll(struct nv_worker_handle *h, struct nave_future *f, struct nave_cx *cx)
{
    nave_nsec since = now(h);
    nave_poll result = f->api->poll(f, cx);

    nv_histogram_add(&h->worker->stats.poll_time, count(h, since));
    return result;
}
