/* SPDX-License-Identifier: MIT
 *
 * What a task that waits costs: how far two lie apart, and resident bytes, of as many tasks as operations
 * are asked for, each with an empty frame. They wait until they are told to end.
 */
#include "rt_nave.h"

#include <unistd.h>

static nave_poll sleeper_poll(struct nave_future *f, struct nave_cx *cx)
{
    (void)f;
    return cx->is_canceled ? NAVE_READY : NAVE_PENDING;
}

static const struct nave_future_iface sleeper_future = RT_FUTURE(sleeper_poll, "sleeper");

/* Resident bytes of this process. */
static uint64_t resident(void)
{
    unsigned long long size = 0, pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");

    if (!f || fscanf(f, "%llu %llu", &size, &pages) != 2)
        rt_fail("/proc/self/statm", NAVE_EIO);
    fclose(f);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

struct memory_frame {
    struct rt_driver head;
    struct nave_join *handles; /* touched before */
    uint64_t last;             /* the address of the task before */
    uint64_t apart;            /* the least distance of two */
    uint64_t before;
    uint64_t spawned;
};

static nave_poll memory_poll(struct nave_future *f, struct nave_cx *cx)
{
    struct memory_frame *t = nave_future_frame(f);
    struct rt_run *run = t->head.run;
    uint64_t count = run->args.operations, i;

    if (t->spawned == 0) {
        (void)rt_next(run, &t->head.left); /* no warm-up: what is new counts */
        (void)rt_next(run, &t->head.left);
        t->handles = rt_memory(count, sizeof(*t->handles));
        memset(t->handles, 1, count * sizeof(*t->handles));
        t->apart = UINT64_MAX;
        t->before = resident();
    }
    for (; t->spawned < count; t->spawned++) {
        struct nave_future *child = rt_future(cx->worker, &sleeper_future, 0);
        uint64_t at = (uintptr_t)child, apart = at > t->last ? at - t->last : t->last - at;

        t->apart = t->spawned > 0 && apart < t->apart ? apart : t->apart;
        t->last = at;
        (void)nave_spawn_join(cx->worker, child, 0, &t->handles[t->spawned]);
        if (t->spawned % 256 == 255) { /* each of them is polled once */
            t->spawned++;
            return nave_yield(cx);
        }
    }
    snprintf(run->more, sizeof(run->more), ", \"apart\": %llu, \"resident\": %.1f",
             (unsigned long long)t->apart, (double)(resident() - t->before) / (double)count);
    for (i = 0; i < count; i++) {
        (void)nave_join_abort(&t->handles[i]);
        nave_join_drop(&t->handles[i]);
    }
    free(t->handles);
    (void)rt_next(run, &t->head.left);
    return NAVE_READY;
}

const struct nave_future_iface rt_memory_future = RT_FUTURE(memory_poll, "memory");
