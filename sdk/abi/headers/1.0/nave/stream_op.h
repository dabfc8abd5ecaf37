/* SPDX-License-Identifier: MIT
 *
 * Streams that are awaited: ops over nave.stream/1, for async functions, select, join_all and deadlines.
 *
 *     NAVE_TRY(nave_stream_recv(cx, &f->in, f->stream, f->data, sizeof(f->data)));
 *     NAVE_TRY(nave_stream_send(cx, &f->out, f->stream, f->data, f->in.op.value));
 *
 * op.value is how many bytes were moved, whatever the result. Nothing is moved but by the poll of the one
 * who awaits, so dropping an op loses nothing: what was not read is in the stream, and what was moved
 * before is counted in op.value.
 *
 * One waits in each direction: a second op there ends with NAVE_EBUSY at once, and so does one where a
 * watch stands; nave_stream_watch() ends one that waits with NAVE_EBUSY, nave_stream_close() with
 * NAVE_ECLOSED. While an op waits its task stays on this worker (see pin.h for the time between).
 * A connection that waits with nave_stream_ready() holds no buffer.
 */
#ifndef NAVE_STREAM_OP_H
#define NAVE_STREAM_OP_H

#include <nave/base.h>
#include <nave/error.h>
#include <nave/op.h>
#include <nave/stream.h>
#include <nave/task.h>
#include <nave/worker.h>

NAVE_BEGIN_DECLS

/* Bytes that are being moved. Frozen, 128 bytes on 64-bit machines. All zero is one that is not in flight,
 * and so it must be before its first use. */
struct nave_stream_op {
    struct nave_op op; /* first: what is awaited or selected; impl is the stream */
    void *data;        /* the caller's                                          */
    size_t len;
};

/* --- behind the calls ------------------------------------------------------------------------- */

/* One step of an op: moves what can be moved. NAVE_EAGAIN: not all yet. */
typedef nave_err nave_stream_step_(struct nave_op *op);

/* The task may leave this worker again; op->reserved is the one that was pinned. */
static inline void nave_stream_let_go_(struct nave_op *op)
{
    void *task = (void *)(uintptr_t)op->reserved;

    op->reserved = 0;
    if (task)
        op->worker->api->unpin(op->worker, task);
}

/* op->result is NAVE_EAGAIN as long as the stream knows of the op, and has not told it. */
static inline nave_err nave_stream_wait_(struct nave_op *op, uint32_t direction)
{
    struct nave_stream *s = (struct nave_stream *)op->impl;

    op->result = NAVE_EAGAIN;
    return NAVE_HAS(s->api, wait) ? s->api->wait(s, direction, op) : NAVE_ENOSYS;
}

static inline nave_poll nave_stream_poll_(struct nave_op *op, uint32_t direction,
                                          nave_stream_step_ *step)
{
    nave_err err = op->result;

    if (err == NAVE_EAGAIN)
        return NAVE_PENDING;
    if (err == NAVE_OK && step)
        err = step(op);
    if (err == NAVE_EAGAIN) {
        err = nave_stream_wait_(op, direction);
        if (err == NAVE_OK)
            return NAVE_PENDING;
    }
    op->result = err;
    nave_stream_let_go_(op);
    return NAVE_READY;
}

static inline void nave_stream_drop_(struct nave_op *op, uint32_t direction)
{
    struct nave_stream *s = (struct nave_stream *)op->impl;

    if (op->result == NAVE_EAGAIN)
        (void)s->api->wait(s, direction, NULL);
    nave_stream_let_go_(op);
}

static inline void nave_stream_drop_read_(struct nave_op *op)
{
    nave_stream_drop_(op, NAVE_STREAM_READ);
}

static inline void nave_stream_drop_write_(struct nave_op *op)
{
    nave_stream_drop_(op, NAVE_STREAM_WRITE);
}

static inline nave_err nave_stream_step_recv_(struct nave_op *op)
{
    struct nave_stream_op *o = NAVE_CONTAINER_OF(op, struct nave_stream_op, op);
    size_t n = 0;
    nave_err err = nave_stream_read((struct nave_stream *)op->impl, o->data, o->len, &n);

    if (err == NAVE_OK)
        op->value = n;
    return err;
}

static inline nave_err nave_stream_step_recv_all_(struct nave_op *op)
{
    struct nave_stream_op *o = NAVE_CONTAINER_OF(op, struct nave_stream_op, op);
    nave_err err = NAVE_OK;
    size_t n = 0;

    while (err == NAVE_OK && op->value < o->len) {
        err = nave_stream_read((struct nave_stream *)op->impl, (char *)o->data + op->value,
                               o->len - (size_t)op->value, &n);
        if (err == NAVE_OK)
            op->value += n;
    }
    return err;
}

static inline nave_err nave_stream_step_send_(struct nave_op *op)
{
    struct nave_stream_op *o = NAVE_CONTAINER_OF(op, struct nave_stream_op, op);
    nave_err err = NAVE_OK;
    size_t n = 0;

    while (err == NAVE_OK && op->value < o->len) {
        err = nave_stream_write((struct nave_stream *)op->impl, (const char *)o->data + op->value,
                                o->len - (size_t)op->value, &n);
        if (err == NAVE_OK)
            op->value += n;
    }
    return err;
}

static inline nave_err nave_stream_step_send_file_(struct nave_op *op)
{
    struct nave_stream_op *o = NAVE_CONTAINER_OF(op, struct nave_stream_op, op);
    const struct nave_file_range *file = (const struct nave_file_range *)o->data;
    nave_err err = NAVE_OK;
    size_t n = 0;

    while (err == NAVE_OK && op->value < file->len) {
        struct nave_file_range rest;

        rest.fd = file->fd;
        rest.offset = file->offset + op->value;
        rest.len = file->len - op->value;
        err = nave_stream_write_file((struct nave_stream *)op->impl, NULL, 0, &rest, &n);
        if (err == NAVE_OK)
            op->value += n;
    }
    return err;
}

static inline nave_poll nave_stream_poll_readable_(struct nave_op *op)
{
    return nave_stream_poll_(op, NAVE_STREAM_READ, NULL);
}

static inline nave_poll nave_stream_poll_writable_(struct nave_op *op)
{
    return nave_stream_poll_(op, NAVE_STREAM_WRITE, NULL);
}

static inline nave_poll nave_stream_poll_recv_(struct nave_op *op)
{
    return nave_stream_poll_(op, NAVE_STREAM_READ, nave_stream_step_recv_);
}

static inline nave_poll nave_stream_poll_recv_all_(struct nave_op *op)
{
    return nave_stream_poll_(op, NAVE_STREAM_READ, nave_stream_step_recv_all_);
}

static inline nave_poll nave_stream_poll_send_(struct nave_op *op)
{
    return nave_stream_poll_(op, NAVE_STREAM_WRITE, nave_stream_step_send_);
}

static inline nave_poll nave_stream_poll_send_file_(struct nave_op *op)
{
    return nave_stream_poll_(op, NAVE_STREAM_WRITE, nave_stream_step_send_file_);
}

/* Begin `op`: DONE when the first step says so, or in flight with its task pinned. */
static inline struct nave_op *nave_stream_begin_(struct nave_cx *cx, struct nave_op *op,
                                                 struct nave_stream *s, uint32_t direction,
                                                 const struct nave_op_source *source,
                                                 nave_stream_step_ *step)
{
    nave_err err = NAVE_EAGAIN;

    nave_op_drop(op); /* one that is in flight */
    nave_op_await(op, cx);
    op->impl = s;
    if (step)
        err = step(op);
    if (err != NAVE_EAGAIN)
        return nave_op_begun(op, err);
    nave_op_begin(op, source, s);
    err = nave_stream_wait_(op, direction);
    if (err != NAVE_OK) {
        op->source = NULL;
        return nave_op_begun(op, err);
    }
    op->reserved = (uint64_t)(uintptr_t)cx->task;
    if (cx->task)
        op->worker->api->pin(op->worker, cx->task);
    return op;
}

/* --- the ops ---------------------------------------------------------------------------------- */

/* Wait until `direction`, NAVE_STREAM_READ or NAVE_STREAM_WRITE, which said NAVE_EAGAIN, may make progress:
 * then try. Also when the stream has ended or failed; the next try says so. One that is in flight is taken
 * back first. Thread: [worker]. Owns: borrows op until it is DONE or dropped.
 * Results: NAVE_OK; NAVE_EBUSY, NAVE_ECLOSED, NAVE_EAFFINITY: see above; NAVE_ENOSYS a stream of an older
 * kind; NAVE_EINVAL both directions or none. */
static inline struct nave_op *nave_stream_ready(struct nave_cx *cx, struct nave_op *op,
                                                struct nave_stream *s, uint32_t direction)
{
    static const struct nave_op_source readable = {sizeof(struct nave_op_source), 0,
                                                   nave_stream_drop_read_,
                                                   nave_stream_poll_readable_, "stream readable"};
    static const struct nave_op_source writable = {sizeof(struct nave_op_source), 0,
                                                   nave_stream_drop_write_,
                                                   nave_stream_poll_writable_, "stream writable"};

    return nave_stream_begin_(cx, op, s, direction,
                              direction == NAVE_STREAM_READ ? &readable : &writable, NULL);
}

/* Read at least one byte, up to `room` (1 or more). Gives &o->op. One that is in flight is taken back first.
 * Thread: [worker]. Owns: borrows o and data until it is DONE or dropped; dropped, nothing was read.
 * Results: NAVE_OK with op.value > 0; NAVE_EOF; NAVE_EBUSY, NAVE_ECLOSED, NAVE_EAFFINITY: see above; those
 * of nave_stream_iface.read. */
static inline struct nave_op *nave_stream_recv(struct nave_cx *cx, struct nave_stream_op *o,
                                               struct nave_stream *s, void *data, size_t room)
{
    static const struct nave_op_source source = {sizeof(struct nave_op_source), 0,
                                                 nave_stream_drop_read_, nave_stream_poll_recv_,
                                                 "stream recv"};

    o->data = data;
    o->len = room;
    return nave_stream_begin_(cx, &o->op, s, NAVE_STREAM_READ, &source, nave_stream_step_recv_);
}

/* Read `len` bytes. Gives &o->op. Thread: [worker].
 * Owns: borrows o and data until it is DONE or dropped; the first op.value bytes of data are there in any
 * case. Results: NAVE_OK all of them; NAVE_EOF there were fewer; others: those of nave_stream_recv. */
static inline struct nave_op *nave_stream_recv_all(struct nave_cx *cx, struct nave_stream_op *o,
                                                   struct nave_stream *s, void *data, size_t len)
{
    static const struct nave_op_source source = {sizeof(struct nave_op_source), 0,
                                                 nave_stream_drop_read_, nave_stream_poll_recv_all_,
                                                 "stream recv all"};

    o->data = data;
    o->len = len;
    return nave_stream_begin_(cx, &o->op, s, NAVE_STREAM_READ, &source, nave_stream_step_recv_all_);
}

/* Write all `len` bytes. Gives &o->op. Thread: [worker].
 * Owns: borrows o and data until it is DONE or dropped; the first op.value bytes were written in any case.
 * Results: NAVE_OK all of them; NAVE_EBUSY, NAVE_ECLOSED, NAVE_EAFFINITY: see above; those of
 * nave_stream_iface.write. */
static inline struct nave_op *nave_stream_send(struct nave_cx *cx, struct nave_stream_op *o,
                                               struct nave_stream *s, const void *data, size_t len)
{
    static const struct nave_op_source source = {sizeof(struct nave_op_source), 0,
                                                 nave_stream_drop_write_, nave_stream_poll_send_,
                                                 "stream send"};

    o->data = (void *)(uintptr_t)data;
    o->len = len;
    return nave_stream_begin_(cx, &o->op, s, NAVE_STREAM_WRITE, &source, nave_stream_step_send_);
}

/* Write a range of a file, all of it. Gives &o->op. Thread: [worker].
 * Owns: borrows o and file until it is DONE or dropped; the first op.value bytes were written in any case.
 * Results: NAVE_OK; NAVE_EOF the file is shorter; NAVE_ENOSYS not with this stream or file, read it and
 * send; others: as nave_stream_send, and of nave_stream_iface.write_file. */
static inline struct nave_op *nave_stream_send_file(struct nave_cx *cx, struct nave_stream_op *o,
                                                    struct nave_stream *s,
                                                    const struct nave_file_range *file)
{
    static const struct nave_op_source source = {sizeof(struct nave_op_source), 0,
                                                 nave_stream_drop_write_,
                                                 nave_stream_poll_send_file_, "stream send file"};

    o->data = (void *)(uintptr_t)file;
    o->len = 0;
    return nave_stream_begin_(cx, &o->op, s, NAVE_STREAM_WRITE, &source,
                              nave_stream_step_send_file_);
}

NAVE_STATIC_ASSERT(sizeof(void *) != 8 || sizeof(struct nave_stream_op) == 128,
                   "nave_stream_op is frozen");

NAVE_END_DECLS
#endif
