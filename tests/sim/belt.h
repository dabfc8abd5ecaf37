/* SPDX-License-Identifier: MIT
 *
 * Tasks on a belt: senders that work under one mutex and put what they made on a channel, and a receiver.
 * It looks at what channels and locks promise: one inside at a time, every item once, those of a sender
 * in order, and an end that everybody sees.
 */
#ifndef SIM_BELT_H
#define SIM_BELT_H

#include <nave/channel.h>
#include <nave/join.h>
#include <nave/lock.h>
#include <nave/mpsc.h>
#include <nave/sim.h>
#include <nave/worker.h>

#define BELT_SENDERS 4u

struct belts;

/* One channel with its tasks. */
struct belt {
    struct belts *belts;
    struct nave_mutex mutex;
    uint32_t inside;             /* the mutex: 0 or 1          */
    uint32_t senders;            /* that were made             */
    uint64_t last[BELT_SENDERS]; /* of each, that has arrived  */
    uint64_t sent, received;
    uint32_t is_over;                     /* the receiver has seen the end */
    struct nave_join joins[BELT_SENDERS]; /* of the senders; all zero: none */
    uint32_t was_refused;
};

/* All of a runtime; a part of struct load. */
struct belts {
    struct nave_sim *sim;
    struct nave_channels *channels;
    struct nave_locks *locks;
    uint64_t made, dropped, refused; /* tasks */
    uint64_t items;
    uint64_t aborted;  /* senders that were asked to end, and did */
    const char *wrong; /* NULL: every promise was kept */
    struct belt belt[8];
    uint32_t count;
};

/* Begin another belt, its tasks on `workers`, drawn. Nothing happens when there is no room. State: inside
 * a call on worker `w`. */
void belt_begin(struct belts *belts, struct nave_worker *w);

/* Ask a sender to end, drawn: what it waits for is taken back, and goes on to the next. */
void belts_abort_one(struct belts *belts);

/* Look at the results of the senders and give their handles up. State: as belt_begin; or the runtime has
 * ended. */
void belts_join(struct belts *belts);

/* All belts ran to their end: what was sent must have been received. */
void belts_check(struct belts *belts);

#endif
