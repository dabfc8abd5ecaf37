/* SPDX-License-Identifier: MIT
 *
 * A protocol's part of one worker: which streams it has there, and which exchanges may still call its
 * handler. Nothing is counted for an exchange that is answered inside handle(); only who outlives the
 * call takes a use, and gives it back. Uses are told apart by generation: a new handler begins one.
 *
 *     held = uses of the present generation       op->value = uses of an earlier one, op->impl = which
 */
#include "http1.h"

/* --- operations in flight -------------------------------------------------------------------- */

/* `op` is not touched after its done: who started it may free it, and the part with it. */
static void complete(struct nave_op *op)
{
    op->state = NAVE_OP_DONE;
    op->result = NAVE_OK;
    op->done(op, op->done_arg);
}

static void unlink_op(struct http1_part *part, struct nave_op *op)
{
    if (op->prev)
        op->prev->next = op->next;
    else
        part->leaving = op->next;
    if (op->next)
        op->next->prev = op->prev;
    op->next = op->prev = NULL;
}

static void drop_leaving(struct nave_op *op)
{
    struct http1_protocol *proto = op->impl;

    unlink_op(&proto->parts[op->worker->index], op);
}

static void drop_retired(struct nave_op *op)
{
    struct http1_protocol *proto = op->impl;

    proto->parts[op->worker->index].retired = NULL;
}

static const struct nave_op_source leaving_source = {sizeof(leaving_source), 0, drop_leaving, NULL,
                                                     "http1 leave"};
static const struct nave_op_source retired_source = {sizeof(retired_source), 0, drop_retired, NULL,
                                                     "http1 retire"};

static void start(struct nave_op *op, const struct nave_op_source *source,
                  struct http1_protocol *proto)
{
    op->source = source;
    op->impl = proto;
    op->state = NAVE_OP_IN_FLIGHT;
    op->next = op->prev = NULL;
}

/* --- uses ------------------------------------------------------------------------------------ */

void http1_use_take(struct http1_use *use, struct http1_part *part)
{
    use->part = part;
    use->generation = part->generation;
    part->held++;
}

void http1_use_give(struct http1_use *use)
{
    struct http1_part *part = use->part;
    struct nave_op *op;

    use->part = NULL;
    if (NAVE_LIKELY(use->generation == part->generation)) {
        part->held--;
        return;
    }
    op = part->leaving;
    while (op && op->reserved != use->generation)
        op = op->next;
    if (op && --op->value == 0) { /* none: it was dropped */
        unlink_op(part, op);
        complete(op);
    }
}

void http1_part_joined(struct http1_part *part)
{
    part->streams++;
}

void http1_part_left(struct http1_part *part)
{
    struct nave_op *op = part->retired;

    if (--part->streams == 0 && op) {
        part->retired = NULL;
        complete(op);
    }
}

/* --- the slots of nave.protocol/1 ------------------------------------------------------------ */

nave_err http1_protocol_set_next(struct nave_protocol *p, struct nave_handle *next,
                                 struct nave_op *op)
{
    struct http1_protocol *proto = (struct http1_protocol *)(void *)p;
    struct http1_part *part;
    struct http1_conn *c;

    if (!next || !op)
        return NAVE_EINVAL;
    part = &proto->parts[op->worker->index];
    part->handler = (struct nave_http_handler *)(void *)next;
    for (c = proto->plugin->workers[op->worker->index]->conns; c; c = c->next)
        if (c->part == part)
            c->handler = part->handler;
    if (part->held == 0)
        return NAVE_OK; /* nobody knows the present generation: it goes on */
    start(op, &leaving_source, proto);
    op->value = part->held;
    op->reserved = part->generation;
    op->next = part->leaving;
    if (op->next)
        op->next->prev = op;
    part->leaving = op;
    part->held = 0;
    part->generation++;
    return NAVE_EAGAIN;
}

nave_err http1_protocol_retire(struct nave_protocol *p, struct nave_op *op)
{
    struct http1_protocol *proto = (struct http1_protocol *)(void *)p;
    struct http1_part *part = &proto->parts[op->worker->index];
    struct http1_conn *c;

    if (part->streams == 0)
        return NAVE_OK;
    for (c = proto->plugin->workers[op->worker->index]->conns; c; c = c->next) {
        if (c->part != part)
            continue;
        c->requests = UINT32_MAX - 1; /* the next one is answered with Connection: close */
        if (c->x && !(c->x->flags & X_STARTED))
            c->x->flags &= ~X_KEEP;
    }
    start(op, &retired_source, proto);
    part->retired = op;
    return NAVE_EAGAIN;
}
