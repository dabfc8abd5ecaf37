/* SPDX-License-Identifier: MIT
 *
 * See sim.h. Descriptors are told in ascending order: the same script gives the same run.
 */
#include "sim.h"

#include <stddef.h>

#include "usage.h"
#include "worker_state.h"

struct sim_io {
    struct nv_poller_io io; /* first */
    int64_t fd;
};

static struct nv_sim *sim_of(struct nv_poller *p)
{
    return (struct nv_sim *)(void *)p;
}

static nave_err sim_create(void *arg, const char *backend, struct nv_poller **out_poller)
{
    (void)backend;
    if (!arg)
        return NAVE_EINVAL;
    *out_poller = arg;
    return NAVE_OK;
}

static void sim_destroy(struct nv_poller *p)
{
    (void)p; /* the test's */
}

static size_t sim_io_size(const struct nv_poller *p)
{
    (void)p;
    return sizeof(struct sim_io);
}

static nave_err sim_io_open(struct nv_poller *p, struct nv_poller_io *io, int64_t fd)
{
    struct nv_sim *s = sim_of(p);

    if (s->fail_io_open) {
        s->fail_io_open--;
        return NAVE_EINVAL;
    }
    if (fd < 0 || fd >= (int64_t)NV_SIM_FDS || s->ios[fd])
        return NAVE_EINVAL;
    s->ios[fd] = io;
    s->armed[fd] = NAVE_IO_READ | NAVE_IO_WRITE;
    ((struct sim_io *)(void *)io)->fd = fd;
    io->pub.flags = s->is_level ? 0 : NAVE_IO_IS_EDGE;
    return NAVE_OK;
}

static void sim_io_rearm(struct nv_poller *p, struct nv_poller_io *io, uint32_t directions)
{
    sim_of(p)->armed[((struct sim_io *)(void *)io)->fd] |= directions;
}

static void sim_io_close(struct nv_poller *p, struct nv_poller_io *io)
{
    int64_t fd = ((struct sim_io *)(void *)io)->fd;

    sim_of(p)->ios[fd] = NULL;
    sim_of(p)->ready[fd] = 0;
}

static int32_t is_anything_ready(const struct nv_sim *s)
{
    uint32_t fd;

    for (fd = 0; fd < NV_SIM_FDS; fd++)
        if (s->ios[fd] && (s->is_level ? s->ready[fd] & s->armed[fd] : s->ready[fd]))
            return 1;
    return 0;
}

static uint32_t sim_poll(struct nv_poller *p, nave_nsec until_ns, void (*woke)(void *), void *arg)
{
    struct nv_sim *s = sim_of(p);
    uint32_t fd, n = 0;

    s->polls++;
    if (until_ns > s->now_ns && !is_anything_ready(s)) { /* a point that has passed is no wait */
        s->sleeps++;
        if (until_ns != NAVE_NEVER)
            __atomic_store_n(&s->now_ns, until_ns, __ATOMIC_RELAXED);
    }
    woke(arg);
    for (fd = 0; fd < NV_SIM_FDS; fd++) {
        struct nv_poller_io *io = s->ios[fd];
        uint32_t what = s->ready[fd];
        struct nv_worker *w;

        if (s->is_level)
            what &= s->armed[fd];
        if (!io || !what)
            continue;
        s->ready[fd] &= ~what;
        s->armed[fd] &= ~what;
        n++;
        w = io->owner->worker; /* the callback may close the io */
        nv_worker_calls(w);
        nv_stat_add(&w->stats.io_events, 1);
        nv_stat_enter(&w->stats, io->owner, "descriptor");
        if (nv_sample_due(&s->sample_left))
            nv_sample_io(io, what);
        else
            io->fn(io->arg, what);
        nv_worker_micro(w);
    }
    return n;
}

static void sim_wake(struct nv_poller *p)
{
    __atomic_fetch_add(&sim_of(p)->wakes, 1, __ATOMIC_RELAXED);
}

static nave_nsec sim_now(struct nv_poller *p)
{
    return __atomic_load_n(&sim_of(p)->now_ns, __ATOMIC_RELAXED);
}

static nave_nsec sim_wall(struct nv_poller *p)
{
    return sim_of(p)->now_ns + sim_of(p)->wall_offset_ns;
}

static const char *sim_backend(const struct nv_poller *p)
{
    (void)p;
    return "simulated";
}

void nv_sim_ready(struct nv_sim *s, uint32_t fd, uint32_t directions)
{
    s->ready[fd] |= directions;
}

const struct nv_poller_ops nv_poller_sim = {
    .name = "sim",
    .create = sim_create,
    .destroy = sim_destroy,
    .io_size = sim_io_size,
    .io_open = sim_io_open,
    .io_rearm = sim_io_rearm,
    .io_close = sim_io_close,
    .poll = sim_poll,
    .wake = sim_wake,
    .now = sim_now,
    .wall = sim_wall,
    .backend = sim_backend,
};
