/* SPDX-License-Identifier: MIT
 *
 * One end of a connection as nave.stream/1. READY and OWED are the two bits of plugins/tcp/stream.c: a
 * direction that said NAVE_EAGAIN, or moved less than it was given, is silent until its node is told.
 *
 * Invariant: a watch is called from the node's tell alone, so never inside a call to the stream.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "world_net.h"

#define LINGER       (2 * NAVE_SEC) /* nave/stream.h, NAVE_CLOSE_LINGER */
#define VECTOR_MAX   16u
#define PAUSE_MAX_NS (200 * NAVE_USEC) /* until a direction that was cut short goes on */

static struct nv_world_end *end_of(struct nave_stream *s)
{
    return (struct nv_world_end *)(void *)s;
}

/* Another worker takes its step: nave/stream.h, rule 1. Between steps the test itself may use both ends. */
static int32_t is_elsewhere(const struct nv_world_end *e)
{
    uint32_t current = e->conn->world->current;

    return current != e->node.worker && current != NV_WORLD_NOBODY;
}

/* The watches of directions that an op waits for, as in plugins/tcp/stream.c. */
static void op_readable(void *arg)
{
    struct nave_op *op = arg;

    end_of(op->impl)->read_fn = NULL;
    op->result = NAVE_OK;
    nave_op_wake(op);
}

static void op_writable(void *arg)
{
    struct nave_op *op = arg;

    end_of(op->impl)->write_fn = NULL;
    op->result = NAVE_OK;
    nave_op_wake(op);
}

/* End the waits for these directions with `err`. */
static void end_waits(struct nv_world_end *e, uint32_t directions, nave_err err)
{
    struct nave_op *reader = e->read_arg, *writer = e->write_arg;

    if ((directions & NAVE_STREAM_READ) && e->read_fn == op_readable) {
        op_readable(reader);
        reader->result = err;
    }
    if ((directions & NAVE_STREAM_WRITE) && e->write_fn == op_writable) {
        op_writable(writer);
        writer->result = err;
    }
}

static nave_nsec soon(struct nv_world *world)
{
    return world->now_ns + (nave_nsec)nv_world_random(world, (uint64_t)PAUSE_MAX_NS);
}

/* Have the watches looked at soon. */
static void call_soon(struct nv_world_end *e, nave_nsec at_ns)
{
    if (at_ns < e->call_ns)
        e->call_ns = at_ns;
    nv_world_end_schedule(e);
}

static nave_err fail(struct nv_world_end *e, nave_err err)
{
    e->flags = (e->flags & ~(NV_END_READ | NV_END_WRITE)) | NV_END_IS_FAILED;
    e->error = err;
    e->fail_ns = e->room_ns = NAVE_NEVER;
    nv_world_end_drop(e);
    return err;
}

/* --- what arrives ----------------------------------------------------------------------------- */

/* Bytes, or the end, that have arrived. */
static int32_t has_arrived(const struct nv_world_end *e)
{
    return e->first && e->first->at_ns <= e->conn->world->now_ns;
}

void nv_world_end_take(struct nv_world_end *e)
{
    struct nv_world *world = e->conn->world;

    if (e->fail_ns <= world->now_ns) {
        (void)fail(e, e->fails);
        return;
    }
    if (has_arrived(e))
        e->flags |= NV_END_READ;
    if (e->room_ns <= world->now_ns) {
        e->room_ns = NAVE_NEVER;
        if (!(e->flags & (NV_END_IS_SHUT | NV_END_IS_FAILED)))
            e->flags |= NV_END_WRITE;
    }
}

/* Directions whose next call would not say NAVE_EAGAIN. */
static uint32_t directions_ready(const struct nv_world_end *e)
{
    uint32_t ready = e->flags & (NV_END_READ | NV_END_WRITE);

    if (e->flags & (NV_END_IS_EOF | NV_END_IS_FAILED))
        ready |= NV_END_READ;
    if (e->flags & (NV_END_IS_SHUT | NV_END_IS_FAILED))
        ready |= NV_END_WRITE;
    return ready;
}

static void call_read(struct nv_world_end *e)
{
    struct nv_world *world = e->conn->world;

    if ((e->flags & NV_END_READ) &&
        nv_world_fault(world, world->faults.spurious, NV_FAULT_SPURIOUS)) {
        e->flags &= ~NV_END_READ; /* a read says NAVE_EAGAIN, and is told again */
        e->call_ns = soon(world);
    }
    e->flags &= ~NV_END_OWE_READ;
    e->read_fn(e->read_arg);
}

static void tell(struct nv_world_node *n)
{
    struct nv_world_end *e = NAVE_CONTAINER_OF(n, struct nv_world_end, node);
    struct nv_world_conn *c = e->conn;
    uint32_t due;

    e->call_ns = NAVE_NEVER;
    nv_world_end_take(e);
    nv_world_mix(c->world, NV_WORLD_TELL,
                 c->id << 16 | (uint64_t)(e == &c->server) << 15 | e->flags);
    e->flags |= NV_END_IS_BUSY;
    due = directions_ready(e) & (e->flags >> NV_END_OWED_SHIFT);
    if ((due & NV_END_READ) && e->read_fn)
        call_read(e);
    /* Only now: the read watch may have written, or closed. */
    due = directions_ready(e) & (e->flags >> NV_END_OWED_SHIFT);
    if ((due & NV_END_WRITE) && e->write_fn && !(e->flags & NV_END_IS_CLOSED)) {
        e->flags &= ~NV_END_OWE_WRITE;
        e->write_fn(e->write_arg);
    }
    e->flags &= ~NV_END_IS_BUSY;
    if (e->flags & NV_END_IS_CLOSED)
        nv_world_conn_release(c);
    else
        nv_world_end_schedule(e);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* The writer learns that there is room again. */
static void give_room(struct nv_world_end *writer)
{
    if ((writer->flags & (NV_END_WRITE | NV_END_IS_CLOSED)) || writer->room_ns != NAVE_NEVER ||
        writer->conn->is_stalled)
        return;
    writer->room_ns = nv_world_travel(writer->conn);
    nv_world_end_schedule(writer);
}

/* Move up to `most` bytes that have arrived into `spans`. */
static size_t take_bytes(struct nv_world_end *e, const struct nave_span *spans, uint32_t n,
                         size_t most)
{
    size_t done = 0, at = 0, part;
    uint32_t i = 0;

    while (done < most && i < n && has_arrived(e) && e->first->len) {
        struct nv_world_segment *s = e->first;

        part = s->len - s->taken;
        if (part > spans[i].len - at)
            part = spans[i].len - at;
        if (part > most - done)
            part = most - done;
        memcpy((uint8_t *)spans[i].data + at, s->bytes + s->taken, part);
        done += part;
        at += part;
        s->taken += part;
        if (s->taken == s->len) {
            e->first = s->next;
            if (!e->first)
                e->last = NULL;
            free(s);
        }
        if (at == spans[i].len) {
            i++;
            at = 0;
        }
    }
    e->in_flight -= done;
    e->conn->world->bytes += done;
    return done;
}

static nave_err read_unready(struct nv_world_end *e)
{
    if (e->flags & NV_END_IS_FAILED)
        return e->error;
    if (e->flags & NV_END_IS_EOF)
        return NAVE_EOF;
    e->flags |= NV_END_OWE_READ;
    nv_world_end_schedule(e);
    return NAVE_EAGAIN;
}

static nave_err world_read(struct nave_stream *pub, const struct nave_span *spans, uint32_t n,
                           size_t *out_len)
{
    struct nv_world_end *e = end_of(pub);
    struct nv_world *world = e->conn->world;
    size_t room = 0, most, got;
    uint32_t i;

    if (is_elsewhere(e))
        return NAVE_EAFFINITY;
    if (!(e->flags & NV_END_READ))
        return read_unready(e);
    for (i = 0; i < n; i++)
        room += spans[i].len;
    if (room == 0 || n > VECTOR_MAX)
        return NAVE_EINVAL;
    if (has_arrived(e) && e->first->len == 0) {
        e->flags = (e->flags & ~(NV_END_READ | NV_END_OWE_READ)) | NV_END_IS_EOF;
        nv_world_end_drop(e);
        return NAVE_EOF;
    }
    most = room;
    if (room > 1 && nv_world_fault(world, world->faults.short_read, NV_FAULT_SHORT_READ))
        most = 1 + (size_t)nv_world_random(world, room < 64 ? room - 1 : 63);
    got = take_bytes(e, spans, n, most);
    if (got < room) { /* rule 3: as good as NAVE_EAGAIN */
        e->flags = (e->flags & ~NV_END_READ) | NV_END_OWE_READ;
        if (has_arrived(e))
            call_soon(e, soon(world));
        else
            nv_world_end_schedule(e);
    }
    if (!got)
        return NAVE_EAGAIN;
    give_room(e->peer);
    *out_len = got;
    return NAVE_OK;
}

/* --- writing ---------------------------------------------------------------------------------- */

static nave_err write_unready(struct nv_world_end *e)
{
    if (e->flags & NV_END_IS_FAILED)
        return e->error;
    if (e->flags & NV_END_IS_SHUT)
        return NAVE_ESTATE;
    e->flags |= NV_END_OWE_WRITE;
    nv_world_end_schedule(e);
    return NAVE_EAGAIN;
}

/* What is sent to an end that is closed, or has failed and is read no more: a reset comes back, or not
 * while it lingers. */
static nave_err write_to_closed(struct nv_world_end *e, size_t len, size_t *out_len)
{
    struct nv_world *world = e->conn->world;

    if (!(e->peer->flags & NV_END_LINGERS) || e->peer->linger_ns <= world->now_ns)
        nv_world_break(e, NAVE_ERESET, nv_world_travel(e->conn) + nv_world_latency(world));
    *out_len = len;
    return NAVE_OK;
}

static nave_err write_pieces(struct nv_world_end *e, const struct nave_bytes *pieces, uint32_t n,
                             size_t *out_len)
{
    struct nv_world *world = e->conn->world;
    size_t len = 0, room, most;
    uint32_t i;
    nave_err err;

    for (i = 0; i < n; i++)
        len += pieces[i].len;
    if (len == 0)
        return NAVE_EINVAL;
    if (e->peer->flags & (NV_END_IS_CLOSED | NV_END_IS_FAILED))
        return write_to_closed(e, len, out_len);
    room =
        world->options.window > e->peer->in_flight ? world->options.window - e->peer->in_flight : 0;
    most = len < room ? len : room;
    if (most > 1 && nv_world_fault(world, world->faults.short_write, NV_FAULT_SHORT_WRITE))
        most = 1 + (size_t)nv_world_random(world, most - 1);
    if (most < len) {
        e->flags = (e->flags & ~NV_END_WRITE) | NV_END_OWE_WRITE;
        if (most < room && !e->conn->is_stalled) { /* there is room for more */
            e->room_ns = soon(world);
            nv_world_end_schedule(e);
        }
    }
    if (!most)
        return NAVE_EAGAIN;
    err = nv_world_send(e->peer, pieces, most);
    if (err) {
        call_soon(e, world->now_ns); /* the other watch is told, too */
        return fail(e, err);
    }
    *out_len = most;
    return NAVE_OK;
}

static nave_err world_write(struct nave_stream *pub, const struct nave_bytes *pieces, uint32_t n,
                            size_t *out_len)
{
    struct nv_world_end *e = end_of(pub);

    if (is_elsewhere(e))
        return NAVE_EAFFINITY;
    if (!(e->flags & NV_END_WRITE))
        return write_unready(e);
    if (n > VECTOR_MAX)
        return NAVE_EINVAL;
    return write_pieces(e, pieces, n, out_len);
}

static nave_err world_write_file(struct nave_stream *pub, const struct nave_bytes *pieces,
                                 uint32_t n, const struct nave_file_range *file, size_t *out_len)
{
    struct nv_world_end *e = end_of(pub);
    struct nave_bytes all[VECTOR_MAX + 1];
    uint8_t part[8192];
    size_t len = file->len < sizeof(part) ? (size_t)file->len : sizeof(part);
    ssize_t got;

    if (is_elsewhere(e))
        return NAVE_EAFFINITY;
    if (!(e->flags & NV_END_WRITE))
        return write_unready(e);
    if (len == 0 || file->fd < 0 || n > VECTOR_MAX)
        return NAVE_EINVAL;
    got = pread((int)file->fd, part, len, (off_t)file->offset);
    if (got <= 0 && n == 0)
        return got == 0 ? NAVE_EOF : NAVE_EIO;
    if (n > 0)
        memcpy(all, pieces, n * sizeof(*pieces));
    all[n].data = part;
    all[n].len = got > 0 ? (size_t)got : 0;
    return write_pieces(e, all, n + 1, out_len);
}

/* --- the rest --------------------------------------------------------------------------------- */

static void set_watch(struct nv_world_end *e, uint32_t direction, nave_stream_fn *fn, void *arg)
{
    uint32_t owed = (direction & (NAVE_STREAM_READ | NAVE_STREAM_WRITE)) << NV_END_OWED_SHIFT;

    if (direction & NAVE_STREAM_READ) {
        e->read_fn = fn;
        e->read_arg = arg;
    }
    if (direction & NAVE_STREAM_WRITE) {
        e->write_fn = fn;
        e->write_arg = arg;
    }
    if (!fn) {
        e->flags &= ~owed;
        return;
    }
    e->flags |= owed;
    if (directions_ready(e) & direction)
        call_soon(e, e->conn->world->now_ns);
    else
        nv_world_end_schedule(e);
}

static void world_watch(struct nave_stream *pub, uint32_t direction, nave_stream_fn *fn, void *arg)
{
    struct nv_world_end *e = end_of(pub);

    if (is_elsewhere(e))
        return;
    end_waits(e, direction, NAVE_EBUSY);
    set_watch(e, direction, fn, arg);
}

static nave_err world_wait(struct nave_stream *pub, uint32_t direction, struct nave_op *op)
{
    struct nv_world_end *e = end_of(pub);
    nave_stream_fn *waits = direction == NAVE_STREAM_READ ? op_readable : op_writable;
    nave_stream_fn *now = direction == NAVE_STREAM_READ ? e->read_fn : e->write_fn;

    if (is_elsewhere(e))
        return NAVE_EAFFINITY;
    if (direction != NAVE_STREAM_READ && direction != NAVE_STREAM_WRITE)
        return NAVE_EINVAL;
    if (!op) {
        if (now == waits)
            set_watch(e, direction, NULL, NULL);
        return NAVE_OK;
    }
    if (now)
        return NAVE_EBUSY;
    set_watch(e, direction, waits, op);
    return NAVE_OK;
}

/* Our direction ends. Without memory for it the connection breaks, as a kernel's would. */
static void send_end(struct nv_world_end *e)
{
    if (e->peer->flags & (NV_END_IS_CLOSED | NV_END_IS_FAILED))
        return;
    if (nv_world_send(e->peer, NULL, 0))
        nv_world_break(e->peer, NAVE_ERESET, e->conn->world->now_ns);
}

static nave_err world_shut(struct nave_stream *pub)
{
    struct nv_world_end *e = end_of(pub);

    if (is_elsewhere(e))
        return NAVE_EAFFINITY;
    if (e->flags & NV_END_IS_FAILED)
        return e->error;
    if (e->flags & NV_END_IS_SHUT)
        return NAVE_ESTATE;
    e->flags = (e->flags & ~(NV_END_WRITE | NV_END_OWE_WRITE)) | NV_END_IS_SHUT;
    e->room_ns = NAVE_NEVER;
    send_end(e);
    return NAVE_OK;
}

static void world_close(struct nave_stream *pub, uint32_t close_flags)
{
    struct nv_world_end *e = end_of(pub);
    struct nv_world *world = e->conn->world;
    int32_t is_reset = (close_flags & NAVE_CLOSE_ABORT) != 0;
    nave_nsec at = world->now_ns;

    if (is_elsewhere(e))
        return;
    end_waits(e, NAVE_STREAM_READ | NAVE_STREAM_WRITE, NAVE_ECLOSED);
    if ((close_flags & NAVE_CLOSE_LINGER) && !is_reset) {
        e->flags |= NV_END_LINGERS;
        e->linger_ns = world->now_ns + LINGER;
    } else if (e->in_flight) { /* bytes that nobody will read: a kernel answers them with a reset */
        is_reset = 1;
        at = e->first->at_ns > at ? e->first->at_ns : at;
    }
    if (is_reset && !e->conn->is_stalled && !(e->flags & NV_END_IS_FAILED))
        nv_world_break(e->peer, NAVE_ERESET, at - world->now_ns + nv_world_travel(e->conn));
    else if (!(e->flags & (NV_END_IS_SHUT | NV_END_IS_FAILED)))
        send_end(e);
    nv_world_end_drop(e);
    give_room(e->peer);
    nv_world_forget(world, &e->node);
    e->flags |= NV_END_IS_CLOSED;
    world->streams_open--;
    nv_world_conn_release(e->conn);
}

static nave_err world_info(struct nave_stream *pub, struct nave_stream_info *info)
{
    const struct nv_world_end *e = end_of(pub);
    const struct nv_world_conn *c = e->conn;
    struct nave_stream_info all = {.size = info->size, .alpn = {"", 0}, .fd = -1};

    if (is_elsewhere(e))
        return NAVE_EAFFINITY;
    if (info->size < 8)
        return NAVE_EINVAL;
    all.local = e == &c->client ? c->client_addr : c->server_addr;
    all.peer = e == &c->client ? c->server_addr : c->client_addr;
    memcpy(info, &all, info->size < sizeof(all) ? info->size : sizeof(all));
    return NAVE_OK;
}

void nv_world_end_init(struct nv_world_end *e)
{
    e->pub.api = &nv_world_stream_table;
    e->node.tell = tell;
}

const struct nave_stream_iface nv_world_stream_table = {
    .hdr = NAVE_IFACE(struct nave_stream_iface, NAVE_STREAM_ID, 0, NAVE_IFACE_DRAFT),
    .read = world_read,
    .write = world_write,
    .watch = world_watch,
    .shut = world_shut,
    .close = world_close,
    .info = world_info,
    .write_file = world_write_file,
    .wait = world_wait,
};
