/* SPDX-License-Identifier: MIT
 *
 * Why two jobs a worker: a listener that stops may have a job of its own in the queue of its worker,
 * and a chain may get a stream from it. The second job is deferred behind those, so once it runs the
 * listener is silent and the chain gets nothing more.
 */
#include "switch.h"

#include <stdlib.h>

#include "runtime.h"

static void open_door(struct nv_thread *t, struct nv_door *d)
{
    nave_err err = t->is_draining ? NAVE_OK : d->listener->api->start(d->listener, t->index);

    if (err)
        nv_report_error(&t->rt->report, err, NULL, "listener \"%s\" cannot accept on worker %u: %s",
                        d->name, t->index, nave_err_text(err));
}

static void change(struct nv_thread *t, const struct nv_change *c)
{
    struct nv_door *d = c->door;

    switch (c->kind) {
    case NV_CHANGE_OPEN:
        open_door(t, d);
        break;
    case NV_CHANGE_CLOSE:
        d->listener->api->stop(d->listener, t->index);
        break;
    case NV_CHANGE_CHAIN:
        nv_gate_set(&d->gate, t->index, nv_chain_first(&d->chain));
        break;
    case NV_CHANGE_HANDLER:
        nv_leaving_handler(c->leaving, t->index, (struct nave_protocol *)(void *)d->chain.protocol,
                           d->chain.handler);
        break;
    }
}

static void part_run(struct nave_job *j)
{
    struct nv_switch_part *part = NAVE_CONTAINER_OF(j, struct nv_switch_part, job);
    struct nv_switch *sw = part->sw;
    struct nv_thread *t = &sw->rt->threads.each[part - sw->parts];
    uint32_t i;

    for (i = 0; i < sw->change_count; i++)
        change(t, &sw->changes[i]);
    t->serving = sw->now;
    if (!t->is_draining)
        t->listening = sw->now->count;
    nave_worker_defer(&t->handle.pub, &part->after);
}

static void part_after(struct nave_job *j)
{
    struct nv_switch_part *part = NAVE_CONTAINER_OF(j, struct nv_switch_part, after);
    struct nv_switch *sw = part->sw;
    uint32_t worker = (uint32_t)(part - sw->parts);
    uint32_t i;

    for (i = 0; i < sw->change_count; i++)
        if (sw->changes[i].kind == NV_CHANGE_CLOSE || sw->changes[i].kind == NV_CHANGE_CHAIN)
            nv_leaving_chain(sw->changes[i].leaving, worker);
    if (__atomic_sub_fetch(&sw->pending, 1, __ATOMIC_ACQ_REL) == 0)
        /* Refused when the runtime ends: nv_switch_end does it then. */
        (void)nv_worker_post(sw->rt->threads.each[0].worker, &sw->finish);
}

static void close_doors(struct nv_switch *sw)
{
    uint32_t i;

    for (i = 0; i < sw->change_count; i++)
        if (sw->changes[i].kind == NV_CHANGE_CLOSE)
            nv_door_close(sw->rt, sw->changes[i].door);
    /* Passed sockets that nobody accepts on any more would keep their peers waiting. */
    nv_inherit_close_unused(&sw->rt->inherited, &sw->rt->report);
}

void nv_switch_end(struct nave_runtime *rt)
{
    struct nv_switch *sw = rt->switching;

    if (!sw)
        return;
    rt->switching = NULL;
    close_doors(sw);
    nv_serving_free(sw->before);
    sw->before = sw->now = NULL;
    nv_switch_free(sw);
}

static void finish(struct nave_job *j)
{
    struct nv_switch *sw = NAVE_CONTAINER_OF(j, struct nv_switch, finish);
    void (*done)(struct nave_runtime * rt) = sw->done;
    struct nave_runtime *rt = sw->rt;

    nv_switch_end(rt);
    done(rt);
}

nave_err nv_switch_new(struct nave_runtime *rt, uint32_t count, struct nv_switch **out_switch)
{
    struct nv_switch *sw = calloc(1, sizeof(*sw) + rt->worker_count * sizeof(sw->parts[0]));
    uint32_t i;

    if (!sw)
        return NAVE_ENOMEM;
    sw->rt = rt;
    sw->finish.run = finish;
    sw->before = rt->serving;
    sw->pending = rt->worker_count;
    sw->changes = calloc(sw->before->count + count + 1u, sizeof(*sw->changes));
    if (!sw->changes || nv_serving_new(rt, count, &sw->now)) {
        nv_switch_free(sw);
        return NAVE_ENOMEM;
    }
    for (i = 0; i < rt->worker_count; i++)
        sw->parts[i] = (struct nv_switch_part){{NULL, part_run}, {NULL, part_after}, sw};
    *out_switch = sw;
    return NAVE_OK;
}

void nv_switch_free(struct nv_switch *sw)
{
    if (!sw)
        return;
    nv_serving_free(sw->now);
    free(sw->changes);
    free(sw);
}

void nv_switch_begin(struct nave_runtime *rt, struct nv_switch *sw_take,
                     void (*done)(struct nave_runtime *rt))
{
    uint32_t i, workers = rt->worker_count;

    sw_take->done = done;
    rt->switching = sw_take;
    rt->serving = sw_take->now;
    for (i = 0; i < workers; i++) /* no worker falls before the control role, which is here */
        (void)nv_worker_post(rt->threads.each[i].worker, &sw_take->parts[i].job);
}
