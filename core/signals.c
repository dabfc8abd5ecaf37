/* SPDX-License-Identifier: MIT
 *
 * See signals.h. The handler does three things that a handler may: it sets a bit, pushes a job (one
 * compare-and-swap) and perhaps writes to an eventfd. The state is static because a handler has no
 * argument; `owner` says whose it is.
 *
 * The job is in at most one queue: who turns `pending` from 0 pushes it, and the job's first act is
 * to take `pending` back to 0.
 */
#include "signals.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#include "worker.h"

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

static struct {
    struct nv_worker *owner; /* atomic; NULL: nobody has the signals    */
    uint32_t inside;         /* atomic: handlers that are running       */
    uint32_t pending;        /* atomic: bit i, numbers[i] was caught    */
    uint32_t is_open;        /* atomic: handlers may post               */
    nv_signals_fn *fn;
    void *arg;
    struct nave_job job;
    struct sigaction before[NAVE_COUNT(numbers)];
} state;

static void on_signal(int number)
{
    int saved = errno;
    uint32_t i, bit = 0;

    for (i = 0; i < NAVE_COUNT(numbers); i++)
        if (numbers[i] == number)
            bit = 1u << i;
    __atomic_fetch_add(&state.inside, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&state.is_open, __ATOMIC_SEQ_CST) &&
        __atomic_fetch_or(&state.pending, bit, __ATOMIC_ACQ_REL) == 0)
        (void)nv_worker_post(__atomic_load_n(&state.owner, __ATOMIC_RELAXED), &state.job);
    __atomic_fetch_sub(&state.inside, 1, __ATOMIC_SEQ_CST);
    errno = saved;
}

static void tell(struct nave_job *j)
{
    uint32_t i, caught = __atomic_exchange_n(&state.pending, 0, __ATOMIC_ACQ_REL);

    (void)j;
    for (i = 0; i < NAVE_COUNT(numbers); i++)
        if ((caught >> i & 1) && __atomic_load_n(&state.is_open, __ATOMIC_RELAXED))
            state.fn(state.arg, numbers[i]);
}

static void restore(uint32_t count)
{
    while (count-- > 0)
        (void)sigaction(numbers[count], &state.before[count], NULL);
}

nave_err nv_signals_open(struct nv_worker *w, nv_signals_fn *fn, void *arg)
{
    struct nv_worker *nobody = NULL;
    struct sigaction action;
    uint32_t i;

    if (!w || !fn)
        return NAVE_EINVAL;
    if (!__atomic_compare_exchange_n(&state.owner, &nobody, w, 0, __ATOMIC_ACQ_REL,
                                     __ATOMIC_RELAXED))
        return NAVE_EBUSY;
    state.fn = fn;
    state.arg = arg;
    state.job.run = tell;
    __atomic_store_n(&state.pending, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&state.is_open, 1, __ATOMIC_SEQ_CST);
    memset(&action, 0, sizeof(action));
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    sigfillset(&action.sa_mask);
    for (i = 0; i < NAVE_COUNT(numbers); i++)
        if (sigaction(numbers[i], &action, &state.before[i]) != 0) {
            restore(i);
            __atomic_store_n(&state.is_open, 0, __ATOMIC_SEQ_CST);
            __atomic_store_n(&state.owner, NULL, __ATOMIC_RELEASE);
            return NAVE_EINVAL;
        }
    return NAVE_OK;
}

void nv_signals_close(struct nv_worker *w)
{
    if (!w || __atomic_load_n(&state.owner, __ATOMIC_RELAXED) != w)
        return;
    restore(NAVE_COUNT(numbers));
    __atomic_store_n(&state.is_open, 0, __ATOMIC_SEQ_CST);
    /* A handler that saw is_open may still post. It runs on another thread, for a moment. */
    while (__atomic_load_n(&state.inside, __ATOMIC_SEQ_CST) != 0)
        sched_yield();
    /* The job may be in the inbox, which holds it until it ran: closing runs what is left. */
    if (__atomic_load_n(&state.pending, __ATOMIC_ACQUIRE) != 0)
        nv_worker_close_inbox(w);
    __atomic_store_n(&state.owner, NULL, __ATOMIC_RELEASE);
}
