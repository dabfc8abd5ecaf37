/* SPDX-License-Identifier: MIT
 *
 * A task that keeps something of a worker between its awaits, a stream say, stays on that worker:
 *
 *     nave_pin_task(cx, &f->pin);         in the poll in which it got the stream
 *     ...
 *     nave_unpin_task(&f->pin);           when it is closed
 *
 * Ops of streams and timers do so themselves while they are in flight. A task of NAVE_SPAWN_LOCAL never
 * leaves and needs no pin; one that is given a stream from outside is to be local, since it might begin
 * elsewhere.
 */
#ifndef NAVE_PIN_H
#define NAVE_PIN_H

#include <nave/base.h>
#include <nave/task.h>
#include <nave/worker.h>

NAVE_BEGIN_DECLS

/* Frozen, 16 bytes on 64-bit machines. All zero is one that holds nothing. */
struct nave_pin {
    struct nave_worker *worker;
    void *task;
};

/* Keep the task of `cx` on this worker until nave_unpin_task(). Nothing happens when `pin` holds it
 * already. Thread: [worker]. Owns: borrows pin until then, or until the task has ended. */
static inline void nave_pin_task(const struct nave_cx *cx, struct nave_pin *pin)
{
    if (pin->task || !cx->task)
        return;
    pin->worker = cx->worker;
    pin->task = cx->task;
    pin->worker->api->pin(pin->worker, pin->task);
}

/* The end of that: after its next wait the task may go on anywhere. Nothing happens when `pin` holds
 * nothing. Thread: [worker]. */
static inline void nave_unpin_task(struct nave_pin *pin)
{
    void *task = pin->task;

    pin->task = NULL;
    if (task)
        pin->worker->api->unpin(pin->worker, task);
}

NAVE_STATIC_ASSERT(sizeof(void *) != 8 || sizeof(struct nave_pin) == 16, "nave_pin is frozen");

NAVE_END_DECLS
#endif
