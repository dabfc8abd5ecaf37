/* SPDX-License-Identifier: MIT
 *
 * The rows, and what readers do with distributions. The measuring on the worker that needs its clock is
 * here too: it is off the hot path.
 */
#include "stats.h"

#include <stddef.h>

#include "admin/watchdog.h"
#include "worker_state.h"

#define STAT_ROW(name, help) {#name, help, offsetof(struct nv_stats, name)},

const struct nv_stat_row nv_stat_rows[] = {NV_STATS(STAT_ROW)};
const uint32_t nv_stat_row_count = NAVE_COUNT(nv_stat_rows);
const struct nv_stat_row nv_histogram_rows[] = {NV_HISTOGRAMS(STAT_ROW)};
const uint32_t nv_histogram_row_count = NAVE_COUNT(nv_histogram_rows);

/* --- distributions --------------------------------------------------------------------------- */

void nv_histogram_sum(struct nv_histogram *to, const struct nv_histogram *from)
{
    uint64_t max = nv_usage_read(&from->max_ns);
    uint32_t i;

    for (i = 0; i < NV_HISTOGRAM_BUCKETS; i++)
        to->buckets[i] += nv_usage_read(&from->buckets[i]);
    to->sum_ns += nv_usage_read(&from->sum_ns);
    if (max > to->max_ns)
        to->max_ns = max;
}

uint64_t nv_histogram_count(const struct nv_histogram *h)
{
    uint64_t count = 0;
    uint32_t i;

    for (i = 0; i < NV_HISTOGRAM_BUCKETS; i++)
        count += nv_usage_read(&h->buckets[i]);
    return count;
}

uint64_t nv_histogram_quantile(const struct nv_histogram *h, uint32_t per_10000)
{
    uint64_t count = nv_histogram_count(h), seen = 0, rank;
    uint32_t i;

    if (count == 0)
        return 0;
    /* The smallest rank that covers the share, at least the first; divided first: no overflow. */
    rank = count / 10000u * per_10000 + (count % 10000u * per_10000 + 9999u) / 10000u;
    if (rank == 0)
        rank = 1;
    for (i = 0; i < NV_HISTOGRAM_BUCKETS - 1; i++) {
        seen += h->buckets[i];
        if (seen >= rank)
            break;
    }
    if (i == NV_HISTOGRAM_BUCKETS - 1 || nv_histogram_bound(i) > h->max_ns)
        return h->max_ns;
    return nv_histogram_bound(i);
}

/* --- on the worker --------------------------------------------------------------------------- */

nave_nsec nv_stat_clock(const struct nv_worker *w)
{
    return w->poller_ops->now(w->poller);
}

void nv_stat_dequeued(struct nv_worker *w, nave_nsec mark)
{
    nv_histogram_add(&w->stats.schedule_delay, nv_stat_clock(w) - mark);
}

/* Turn over what passed since the last change to `number`. */
static void change(struct nv_worker *w, uint64_t *number, nave_nsec now, uint32_t is_parked)
{
    struct nv_stats *s = &w->stats;

    if (now > s->since_ns)
        nv_stat_add(number, (uint64_t)(now - s->since_ns));
    __atomic_store_n(&s->since_ns, now, __ATOMIC_RELAXED);
    __atomic_store_n(&s->is_parked, is_parked, __ATOMIC_RELAXED);
}

void nv_stat_park(struct nv_worker *w)
{
    nv_stat_add(&w->stats.parks, 1);
    nv_stat_enter(&w->stats, NULL, NULL);
    change(w, &w->stats.busy_ns, nv_stat_clock(w), 1);
}

void nv_stat_unpark(struct nv_worker *w)
{
    nave_nsec now = w->clock.now_ns, parked = w->stats.since_ns;
    nave_nsec woken = __atomic_load_n(&w->woken_ns, __ATOMIC_RELAXED);
    struct nv_watchdog *watchdog = __atomic_load_n(&w->watchdog, __ATOMIC_ACQUIRE);

    change(w, &w->stats.wait_ns, now, 0);
    if (watchdog) { /* see watchdog.c */
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        if (NAVE_UNLIKELY(__atomic_load_n(&watchdog->is_asleep, __ATOMIC_RELAXED)))
            nv_watchdog_wake(watchdog);
    }
    if (woken == 0)
        return;
    __atomic_store_n(&w->woken_ns, 0, __ATOMIC_RELAXED);
    if (woken < parked)
        return; /* written late, for a wait that something else had ended */
    nv_stat_add(&w->stats.unparks, 1);
    nv_histogram_add(&w->stats.wake_delay, now - woken);
}

void nv_stat_wake(struct nv_worker *w)
{
    __atomic_store_n(&w->woken_ns, nv_stat_clock(w), __ATOMIC_RELAXED);
}
