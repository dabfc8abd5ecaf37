/* SPDX-License-Identifier: MIT
 *
 * A chain leaves from the wire to the far end: a layer may still have streams that are on their way
 * to the protocol. A protocol that cannot tell (NAVE_ENOSYS) keeps its chain until the runtime ends.
 */
#include "leaving.h"

#include <stdlib.h>

#include "runtime.h"

/* The last worker has let go. */
static void run_job(struct nave_job *j)
{
    struct nv_leaving *l = NAVE_CONTAINER_OF(j, struct nv_leaving, job);

    nv_leaving_end(l->rt, l);
}

static void let_go(struct nv_leaving *l)
{
    if (__atomic_sub_fetch(&l->pending, 1, __ATOMIC_ACQ_REL) == 0)
        /* Refused when the runtime ends: nv_leaving_end_all gives it back. */
        (void)nv_worker_post(l->rt->threads.each[0].worker, &l->job);
}

static void on_retired(struct nave_op *op, void *arg);

/* Retire the protocols of the chain one after the other, as far as it goes. */
static void go_on(struct nv_leaving_part *part)
{
    struct nv_leaving *l = part->leaving;
    uint32_t worker = (uint32_t)(part - l->parts);
    struct nv_thread *t = &l->rt->threads.each[worker];
    const struct nv_chain *c = &l->chain;
    nave_err err = NAVE_OK;

    while (!err && part->stage <= c->layer_count && !t->is_falling) {
        uint32_t left = c->layer_count - part->stage++;
        struct nave_handle *h = left > 0 ? c->layers[left - 1] : c->protocol;
        struct nave_protocol *p = (struct nave_protocol *)(void *)h;

        nave_op_init(&part->op, &t->handle.pub, on_retired, part);
        err = p->api->retire(p, &part->op);
    }
    if (!err && !t->is_falling)
        let_go(l);
}

static void on_retired(struct nave_op *op, void *arg)
{
    (void)op;
    go_on(arg);
}

static void on_handed_on(struct nave_op *op, void *arg)
{
    struct nv_leaving_part *part = arg;

    (void)op;
    let_go(part->leaving);
}

nave_err nv_leaving_new(struct nave_runtime *rt, struct nv_leaving **out_leaving)
{
    struct nv_leaving *l = calloc(1, sizeof(*l) + rt->worker_count * sizeof(l->parts[0]));
    uint32_t i;

    if (!l)
        return NAVE_ENOMEM;
    l->job.run = run_job;
    l->rt = rt;
    l->pending = rt->worker_count;
    for (i = 0; i < rt->worker_count; i++)
        l->parts[i].leaving = l;
    l->next = rt->leaving;
    rt->leaving = l;
    *out_leaving = l;
    return NAVE_OK;
}

void nv_leaving_handler(struct nv_leaving *l, uint32_t worker, struct nave_protocol *protocol,
                        struct nave_handle *next)
{
    struct nv_leaving_part *part = &l->parts[worker];

    nave_op_init(&part->op, &l->rt->threads.each[worker].handle.pub, on_handed_on, part);
    if (protocol->api->set_next(protocol, next, &part->op) == NAVE_OK)
        let_go(l);
}

void nv_leaving_chain(struct nv_leaving *l, uint32_t worker)
{
    go_on(&l->parts[worker]);
}

void nv_leaving_end(struct nave_runtime *rt, struct nv_leaving *l)
{
    struct nv_leaving **link = &rt->leaving;

    while (*link != l)
        link = &(*link)->next;
    *link = l->next;
    nv_chain_unmake(rt, &l->chain);
    free(l);
}

void nv_leaving_end_all(struct nave_runtime *rt)
{
    while (rt->leaving)
        nv_leaving_end(rt, rt->leaving);
}
