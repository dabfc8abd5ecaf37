/* SPDX-License-Identifier: MIT
 *
 * See belt.h.
 */
#include "belt.h"

#include <nave/async.h>
#include <nave/deadline.h>
#include <nave/sleep.h>

#define ITEMS_MAX 12u
#define SLEEP_MAX (5 * NAVE_MSEC)

static uint64_t drawn(const struct belt *b, uint64_t below)
{
    return b->belts->sim->api->random(b->belts->sim, below);
}

/* How long a wait may last; mostly for ever. */
static nave_nsec patience(const struct belt *b)
{
    return drawn(b, 4) ? NAVE_NEVER : (nave_nsec)drawn(b, 3 * NAVE_MSEC);
}

NAVE_ASYNC(sender, struct belt *belt; struct nave_mpsc * tx; uint64_t number; uint64_t item;
           uint32_t left; uint32_t is_inside; struct nave_op op; struct nave_op_limit limit;
           struct nave_sleep_op sleep;)
{
    NAVE_BEGIN();
    for (; f->left > 0; f->left--) {
        do
            NAVE_AWAIT(nave_op_timeout(cx, &f->limit, nave_mutex_lock(cx, &f->op, &f->belt->mutex),
                                       patience(f->belt)));
        while (NAVE_RESULT() == NAVE_ETIMEDOUT);
        if (NAVE_RESULT() != NAVE_OK)
            NAVE_RETURN(NAVE_RESULT());
        f->is_inside = 1;
        if (f->belt->inside++)
            f->belt->belts->wrong = "two are inside one mutex";
        if (drawn(f->belt, 2))
            NAVE_TRY(nave_sleep(cx, &f->sleep, (nave_nsec)drawn(f->belt, SLEEP_MAX)));
        else
            NAVE_YIELD();
        f->item++;
        f->belt->inside--;
        f->is_inside = 0;
        nave_mutex_unlock(&f->belt->mutex);
        do /* who gives up leaves nothing behind, and takes nothing along */
            NAVE_AWAIT(nave_op_timeout(cx, &f->limit, nave_mpsc_send(cx, &f->op, f->tx, &f->item),
                                       patience(f->belt)));
        while (NAVE_RESULT() == NAVE_ETIMEDOUT);
        if (NAVE_RESULT() != NAVE_OK)
            NAVE_RETURN(NAVE_RESULT());
        f->belt->sent++;
    }
    NAVE_CLEANUP();
    if (f->is_inside) {
        f->belt->inside--;
        nave_mutex_unlock(&f->belt->mutex);
    }
    nave_mpsc_drop(f->tx);
    f->belt->belts->dropped++;
    NAVE_END();
}

static void arrived(struct belt *b, uint64_t item)
{
    uint64_t *last = &b->last[(item >> 32) % BELT_SENDERS];

    if ((uint32_t)item != *last + 1)
        b->belts->wrong = "an item was lost, came twice, or out of order";
    *last = (uint32_t)item;
    b->received++;
    b->belts->items++;
}

static void abort_one(struct belt *b)
{
    struct nave_join *j = &b->joins[drawn(b, BELT_SENDERS)];

    if (j->api && nave_join_abort(j) != NAVE_OK)
        b->belts->wrong = "a handle that is there is stale";
}

NAVE_ASYNC(receiver, struct belt *belt; struct nave_mpsc_rx * rx; uint64_t item; struct nave_op op;
           struct nave_op_limit limit; struct nave_sleep_op sleep;)
{
    NAVE_BEGIN();
    for (;;) {
        NAVE_AWAIT(nave_op_timeout(cx, &f->limit, nave_mpsc_recv(cx, &f->op, f->rx, &f->item),
                                   patience(f->belt)));
        if (NAVE_RESULT() == NAVE_ETIMEDOUT)
            continue;
        if (NAVE_RESULT() != NAVE_OK)
            break;
        arrived(f->belt, f->item);
        if (drawn(f->belt, 24) == 0) /* who was just given room, perhaps, and has not seen it */
            abort_one(f->belt);
        if (drawn(f->belt, 4) == 0)
            NAVE_TRY(nave_sleep(cx, &f->sleep, (nave_nsec)drawn(f->belt, SLEEP_MAX)));
    }
    f->belt->is_over = NAVE_RESULT() == NAVE_ECLOSED;
    NAVE_CLEANUP();
    nave_mpsc_rx_drop(f->rx);
    f->belt->belts->dropped++;
    NAVE_END();
}

static void start(struct belt *b, struct nave_worker *w, struct nave_future *f)
{
    b->belts->made++;
    if (drawn(b, 4))
        w->api->spawn(w, f);
    else
        w->api->spawn_local(w, f);
}

void belt_begin(struct belts *belts, struct nave_worker *w)
{
    struct nave_mpsc_options options = {.size = sizeof(options), .item_size = sizeof(uint64_t)};
    struct nave_mpsc_rx *rx;
    struct nave_mpsc *tx;
    struct nave_future *f;
    struct belt *b;
    uint32_t i, senders;

    if (belts->count == sizeof(belts->belt) / sizeof(belts->belt[0]))
        return;
    b = &belts->belt[belts->count++];
    b->belts = belts;
    belts->locks->api->mutex_init(belts->locks, &b->mutex);
    options.capacity = 1 + (uint32_t)drawn(b, 4);
    if (nave_mpsc_new(belts->channels, &options, &tx, &rx) != NAVE_OK) {
        b->was_refused = 1;
        belts->refused++;
        return;
    }
    senders = 1 + (uint32_t)drawn(b, BELT_SENDERS);
    for (i = 0; i < senders; i++) {
        if (NAVE_NEW(sender, w, &f, .belt = b, .tx = tx, .item = (uint64_t)i << 32,
                     .left = 1 + (uint32_t)drawn(b, ITEMS_MAX)) != NAVE_OK) {
            belts->refused++;
            continue;
        }
        (void)nave_mpsc_clone(tx);
        b->senders++;
        belts->made++;
        (void)nave_spawn_join(w, f, drawn(b, 4) ? 0 : NAVE_SPAWN_LOCAL, &b->joins[i]);
    }
    nave_mpsc_drop(tx);
    if (NAVE_NEW(receiver, w, &f, .belt = b, .rx = rx) == NAVE_OK) {
        start(b, w, f);
        return;
    }
    nave_mpsc_rx_drop(rx);
    b->was_refused = 1;
    belts->refused++;
}

void belts_abort_one(struct belts *belts)
{
    if (belts->count)
        abort_one(&belts->belt[belts->sim->api->random(belts->sim, belts->count)]);
}

void belts_join(struct belts *belts)
{
    uint32_t i, k;

    for (i = 0; i < belts->count; i++) {
        struct belt *b = &belts->belt[i];

        for (k = 0; k < BELT_SENDERS; k++) {
            nave_err result = NAVE_OK;

            if (!b->joins[k].api)
                continue;
            if (nave_join_result(&b->joins[k], &result) != NAVE_OK)
                belts->wrong = "a sender that did not end";
            else if (result == NAVE_ECANCELED)
                belts->aborted++;
            else if (result != NAVE_OK && result != NAVE_ECLOSED)
                belts->wrong = "a sender that failed";
            nave_join_drop(&b->joins[k]);
        }
    }
}

void belts_check(struct belts *belts)
{
    uint32_t i;

    for (i = 0; i < belts->count; i++) {
        const struct belt *b = &belts->belt[i];

        if (b->was_refused)
            continue;
        if (b->sent != b->received)
            belts->wrong = "items that nobody received";
        if (!b->is_over)
            belts->wrong = "a receiver that did not see the end";
    }
}
