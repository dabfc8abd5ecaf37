/* SPDX-License-Identifier: MIT
 *
 * See signals.h. The handler does two things that a handler may: it sets a bit, and who sets the first
 * one rings. The state is static because a handler has no argument; `owner` says whose it is.
 */
#include "signals.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

static struct {
    void *owner;      /* atomic; NULL: nobody has the signals */
    uint32_t inside;  /* atomic: handlers that are running    */
    uint32_t pending; /* atomic: bit i, numbers[i] was caught */
    uint32_t is_open; /* atomic: handlers may ring            */
    nv_signals_ring *ring;
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
        state.ring(__atomic_load_n(&state.owner, __ATOMIC_RELAXED));
    __atomic_fetch_sub(&state.inside, 1, __ATOMIC_SEQ_CST);
    errno = saved;
}

static int32_t is_mine(const void *arg)
{
    return arg && __atomic_load_n(&state.owner, __ATOMIC_ACQUIRE) == arg;
}

void nv_signals_tell(nv_signals_fn *fn, void *arg)
{
    uint32_t i, caught;

    if (!is_mine(arg))
        return;
    caught = __atomic_exchange_n(&state.pending, 0, __ATOMIC_ACQ_REL);
    for (i = 0; i < NAVE_COUNT(numbers); i++)
        if (caught >> i & 1)
            fn(arg, numbers[i]);
}

static void restore(uint32_t count)
{
    while (count-- > 0)
        (void)sigaction(numbers[count], &state.before[count], NULL);
}

nave_err nv_signals_open(nv_signals_ring *ring, void *arg)
{
    void *nobody = NULL;
    struct sigaction action;
    uint32_t i;

    if (!ring || !arg)
        return NAVE_EINVAL;
    if (!__atomic_compare_exchange_n(&state.owner, &nobody, arg, 0, __ATOMIC_ACQ_REL,
                                     __ATOMIC_RELAXED))
        return NAVE_EBUSY;
    state.ring = ring;
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

void nv_signals_close(void *arg)
{
    if (!is_mine(arg))
        return;
    restore(NAVE_COUNT(numbers));
    __atomic_store_n(&state.is_open, 0, __ATOMIC_SEQ_CST);
    /* A handler that saw is_open may still ring. It runs on another thread, for a moment. */
    while (__atomic_load_n(&state.inside, __ATOMIC_SEQ_CST) != 0)
        sched_yield();
    __atomic_store_n(&state.owner, NULL, __ATOMIC_RELEASE);
}
