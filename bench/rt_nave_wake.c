/* SPDX-License-Identifier: MIT
 *
 * Two workers that wake each other, and workers that do nothing at all.
 */
#include "rt_nave.h"

#include <pthread.h>
#include <unistd.h>

/* --- wake_parked ----------------------------------------------------------------------------- */

/* A task stays on each of the workers 0 and 1. Whose turn it is passes it on, wakes the other, and
 * returns; its worker has nothing else and goes to sleep. */
struct pair {
    struct nave_waker wakers[2];
    uint32_t ready; /* wakers that are there; atomic */
    uint32_t turn;  /* atomic                        */
    uint32_t is_over;
};

static struct pair pair = {.turn = 2}; /* nobody's */

struct half_frame {
    struct rt_driver head;
    uint32_t index;
    uint32_t is_known; /* our waker is in the pair */
};

static void pass(uint32_t to)
{
    struct nave_waker w = pair.wakers[to];

    __atomic_store_n(&pair.turn, to, __ATOMIC_RELEASE);
    w.api->wake(&w);
}

static nave_poll half_poll(struct nave_future *f, struct nave_cx *cx)
{
    struct half_frame *t = nave_future_frame(f);

    if (!t->is_known) {
        t->is_known = 1;
        pair.wakers[t->index] = *cx->waker;
        if (__atomic_add_fetch(&pair.ready, 1, __ATOMIC_ACQ_REL) == 2)
            pass(0);
        return NAVE_PENDING;
    }
    if (__atomic_load_n(&pair.turn, __ATOMIC_ACQUIRE) != t->index)
        return NAVE_PENDING;
    if (t->index == 0) {
        if (t->head.left == 0 && !rt_next(t->head.run, &t->head.left)) {
            pair.is_over = 1;
            pass(1);
            return NAVE_READY;
        }
        t->head.left--;
    } else if (pair.is_over) {
        return NAVE_READY;
    }
    pass(1 - t->index);
    return NAVE_PENDING;
}

static const struct nave_future_iface half_future = RT_FUTURE(half_poll, "half");

void rt_wake_start(struct rt_run *run, struct nave_worker *w)
{
    struct nave_future *f;
    struct half_frame *t;

    if (run->args.workers < 2)
        rt_fail("wake_parked, one worker", NAVE_EINVAL);
    if (w->index > 1)
        return;
    f = rt_future(w, &half_future, sizeof(*t));
    t = nave_future_frame(f);
    t->head.run = run;
    t->index = w->index;
    (void)w->api->spawn_local(w, f);
}

/* --- idle ------------------------------------------------------------------------------------ */

/* Print a line when all workers are there, and sleep until standard input ends. Whoever measures looks at
 * this process from outside. The thread that reads is no worker. */
static void *wait_for_end(void *arg)
{
    struct rt_run *run = arg;
    char c;

    printf("{\"name\": \"%s\", \"workers\": %u}\n", run->args.name, run->args.workers);
    fflush(stdout);
    while (read(STDIN_FILENO, &c, 1) == 1)
        continue;
    nave_runtime_stop(run->runtime);
    return NULL;
}

void rt_idle_start(struct rt_run *run, struct nave_worker *w)
{
    pthread_t thread;

    (void)w;
    if (__atomic_load_n(&run->started, __ATOMIC_ACQUIRE) != run->args.workers)
        return;
    if (pthread_create(&thread, NULL, wait_for_end, run) || pthread_detach(thread))
        rt_fail("pthread_create", NAVE_ENOMEM);
}
