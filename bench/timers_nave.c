/* SPDX-License-Identifier: MIT
 *
 * Ours for `nave-bench timers`: the timers of a worker through its handle, as plugins use them, in the
 * loop that ships.
 */
#include "timers.h"

#include "worker/worker.h"

static struct nv_worker *worker;
static struct nv_worker_handle handle;
static struct nave_timer *timers;

static void on_timer(struct nave_timer *t, void *arg)
{
    (void)arg;
    timers_expired((uint32_t)(t - timers));
}

static void timers_make(uint32_t count)
{
    static const struct nv_worker_options options = {.index = 0};

    if (nv_worker_create(&options, &worker) != NAVE_OK) {
        fprintf(stderr, "no worker\n");
        exit(1);
    }
    nv_worker_attach(worker);
    nv_worker_handle_init(&handle, worker, "bench");
    timers = timers_memory(count * sizeof(*timers));
}

static void timers_arm(uint32_t number, uint32_t delay_ms)
{
    nave_timer_start(&handle.pub, &timers[number], delay_ms * NAVE_MSEC, on_timer, NULL);
}

static void timers_cancel(uint32_t number)
{
    nave_timer_stop(&handle.pub, &timers[number]);
}

/* A turn takes 256 timers: those that are left are due in the next. */
static void timers_turn(void)
{
    while (nv_worker_turn(worker, 0) >= 256)
        continue;
}

int main(int argc, char **argv)
{
    int status = timers_main(argc, argv);

    nv_worker_destroy(worker);
    return status;
}
