/* SPDX-License-Identifier: MIT
 *
 * The in-memory pair of streams. Each end has one job; it carries the calls of both watches.
 */
#include "mem_stream.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct mem_stream *end_of(struct nave_stream *s)
{
    return NAVE_CONTAINER_OF(s, struct mem_stream, pub);
}

static int is_elsewhere(const struct mem_stream *s)
{
    return !nave_worker_is_here(s->pair->worker);
}

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

static void end_waits(struct mem_stream *s, uint32_t directions, nave_err err)
{
    struct nave_op *reader = s->read_arg, *writer = s->write_arg;

    if ((directions & NAVE_STREAM_READ) && s->read_fn == op_readable) {
        op_readable(reader);
        reader->result = err;
    }
    if ((directions & NAVE_STREAM_WRITE) && s->write_fn == op_writable) {
        op_writable(writer);
        writer->result = err;
    }
}

static int is_readable(const struct mem_stream *s)
{
    return s->end > s->at || s->has_eof || s->error;
}

static size_t write_room(const struct mem_stream *s)
{
    const struct mem_stream *o = s->other;

    if (!o->capacity)
        return SIZE_MAX;
    return o->capacity > o->end - o->at ? o->capacity - (o->end - o->at) : 0;
}

/* Have the watches of `directions` called by the job. */
static void fire(struct mem_stream *s, uint32_t directions)
{
    if (s->is_closed)
        return;
    s->fires |= directions;
    if (!s->is_job_queued) {
        s->is_job_queued = 1;
        nave_worker_defer(s->pair->worker, &s->job);
    }
}

static void free_when_idle(struct mem_pair *p)
{
    if (p->is_freed && !p->near.is_job_queued && !p->far.is_job_queued)
        free(p);
}

static void run_job(struct nave_job *j)
{
    struct mem_stream *s = NAVE_CONTAINER_OF(j, struct mem_stream, job);
    uint32_t fires = s->fires;

    s->is_job_queued = 0;
    s->fires = 0;
    if (s->pair->is_freed) {
        free_when_idle(s->pair);
        return;
    }
    if ((fires & NAVE_STREAM_READ) && !s->is_closed && s->read_fn && is_readable(s)) {
        s->read_waits = 0;
        s->read_fn(s->read_arg);
    }
    if ((fires & NAVE_STREAM_WRITE) && !s->is_closed && s->write_fn &&
        (s->error || write_room(s) > 0)) {
        s->write_waits = 0;
        s->write_fn(s->write_arg);
    }
}

static nave_err mem_read(struct nave_stream *stream, const struct nave_span *spans, uint32_t n,
                         size_t *out_len)
{
    struct mem_stream *s = end_of(stream);
    size_t room = 0;
    size_t done = 0;
    size_t take;
    uint32_t i;

    if (is_elsewhere(s))
        return NAVE_EAFFINITY;
    assert(!s->is_closed);
    s->reads++;
    if (s->error)
        return s->error;
    for (i = 0; i < n; i++)
        room += spans[i].len;
    take = s->end - s->at;
    if (!take) {
        if (s->has_eof)
            return NAVE_EOF;
        s->read_waits = 1;
        return NAVE_EAGAIN;
    }
    if (take > room)
        take = room;
    if (s->read_max && take > s->read_max)
        take = s->read_max;
    for (i = 0; i < n && done < take; i++) {
        size_t part = take - done < spans[i].len ? take - done : spans[i].len;

        memcpy(spans[i].data, s->data + s->at + done, part);
        done += part;
    }
    s->at += done;
    if (s->at == s->end)
        s->at = s->end = 0;
    s->bytes_read += done;
    if (done < room) { /* a short read counts as NAVE_EAGAIN: rule 3 */
        s->read_waits = 1;
        if (is_readable(s))
            fire(s, NAVE_STREAM_READ);
    }
    if (s->other->write_waits && write_room(s->other) > 0)
        fire(s->other, NAVE_STREAM_WRITE);
    *out_len = done;
    return NAVE_OK;
}

/* Append to what is on its way to `s`. */
static void append(struct mem_stream *s, const void *data, size_t len)
{
    if (s->room - s->end < len) {
        size_t room = (s->end + len) * 2 + 256;
        uint8_t *bigger;

        if (s->at) {
            memmove(s->data, s->data + s->at, s->end - s->at);
            s->end -= s->at;
            s->at = 0;
        }
        bigger = realloc(s->data, room);
        if (!bigger)
            abort();
        s->data = bigger;
        s->room = room;
    }
    memcpy(s->data + s->end, data, len);
    s->end += len;
}

void mem_stream_put(struct mem_stream *s, const void *data, size_t len)
{
    if (!len)
        return;
    append(s, data, len);
    if (s->read_waits || s->at + len == s->end)
        fire(s, NAVE_STREAM_READ);
}

void mem_stream_put_eof(struct mem_stream *s)
{
    s->has_eof = 1;
    fire(s, NAVE_STREAM_READ);
}

void mem_stream_break(struct mem_stream *s, nave_err err)
{
    s->error = err;
    fire(s, NAVE_STREAM_READ | NAVE_STREAM_WRITE);
}

struct nave_bytes mem_stream_written(const struct mem_stream *s)
{
    struct nave_bytes b;

    b.data = s->other->data ? s->other->data + s->other->at : NULL;
    b.len = s->other->end - s->other->at;
    return b;
}

size_t mem_stream_take(struct mem_stream *s, size_t len)
{
    struct mem_stream *o = s->other;

    if (len > o->end - o->at)
        len = o->end - o->at;
    o->at += len;
    if (o->at == o->end)
        o->at = o->end = 0;
    if (s->write_waits && write_room(s) > 0)
        fire(s, NAVE_STREAM_WRITE);
    return len;
}

void mem_stream_allow_write(struct mem_stream *s)
{
    s->write_blocked_until = 0;
    if (s->write_waits)
        fire(s, NAVE_STREAM_WRITE);
}

static nave_err mem_write(struct nave_stream *stream, const struct nave_bytes *pieces, uint32_t n,
                          size_t *out_len)
{
    struct mem_stream *s = end_of(stream);
    size_t want = 0;
    size_t done = 0;
    size_t take;
    uint32_t i;

    if (is_elsewhere(s))
        return NAVE_EAFFINITY;
    assert(!s->is_closed);
    assert(n <= 17); /* one more: of write_file */
    s->writes++;
    if (s->error)
        return s->error;
    if (s->is_shut)
        return NAVE_ESTATE;
    if (s->other->is_closed)
        return NAVE_ERESET;
    for (i = 0; i < n; i++)
        want += pieces[i].len;
    take = want;
    if (take > write_room(s))
        take = write_room(s);
    if (s->write_max && take > s->write_max)
        take = s->write_max;
    if (s->write_blocked_until) {
        s->write_blocked_until--;
        take = 0;
    }
    if (s->write_waits)
        take = 0; /* a short write makes the next one NAVE_EAGAIN, until the watch was called */
    for (i = 0; i < n && done < take; i++) {
        size_t part = take - done < pieces[i].len ? take - done : pieces[i].len;

        append(s->other, pieces[i].data, part);
        done += part;
    }
    s->bytes_written += done;
    if (done)
        fire(s->other, NAVE_STREAM_READ);
    if (done < want) {
        s->write_waits = 1;
        if (s->write_max && write_room(s) > 0 && !s->write_blocked_until)
            fire(s, NAVE_STREAM_WRITE);
    }
    if (!done)
        return want ? NAVE_EAGAIN : NAVE_EINVAL;
    *out_len = done;
    return NAVE_OK;
}

/* At most 64 KiB of the file at once: a part, as a socket takes. */
static nave_err mem_write_file(struct nave_stream *stream, const struct nave_bytes *pieces,
                               uint32_t n, const struct nave_file_range *file, size_t *out_len)
{
    struct mem_stream *s = end_of(stream);
    static uint8_t data[65536];
    struct nave_bytes all[17];
    size_t len = file->len < sizeof(data) ? (size_t)file->len : sizeof(data);
    ssize_t got;
    nave_err err;

    assert(!s->is_closed);
    assert(n <= 16);
    if (s->is_without_files)
        return NAVE_ENOSYS;
    if (len == 0 || file->fd < 0)
        return NAVE_EINVAL;
    got = pread((int)file->fd, data, len, (off_t)file->offset);
    if (got <= 0 && n == 0 && !s->error)
        return got == 0 ? NAVE_EOF : NAVE_EIO;
    if (n > 0)
        memcpy(all, pieces, n * sizeof(*pieces));
    all[n].data = data;
    all[n].len = got > 0 ? (size_t)got : 0;
    err = mem_write(stream, all, n + 1, out_len);
    if (err == NAVE_OK)
        s->file_writes++;
    return err;
}

static void set_watch(struct mem_stream *s, uint32_t direction, nave_stream_fn *fn, void *arg)
{
    if (direction & NAVE_STREAM_READ) {
        s->read_fn = fn;
        s->read_arg = arg;
        if (fn && is_readable(s))
            fire(s, NAVE_STREAM_READ);
    }
    if (direction & NAVE_STREAM_WRITE) {
        s->write_fn = fn;
        s->write_arg = arg;
        if (fn && write_room(s) > 0 && !s->write_blocked_until)
            fire(s, NAVE_STREAM_WRITE);
    }
}

static void mem_watch(struct nave_stream *stream, uint32_t direction, nave_stream_fn *fn, void *arg)
{
    struct mem_stream *s = end_of(stream);

    if (is_elsewhere(s))
        return;
    assert(!s->is_closed);
    end_waits(s, direction, NAVE_EBUSY);
    set_watch(s, direction, fn, arg);
}

static nave_err mem_wait(struct nave_stream *stream, uint32_t direction, struct nave_op *op)
{
    struct mem_stream *s = end_of(stream);
    nave_stream_fn *waits = direction == NAVE_STREAM_READ ? op_readable : op_writable;
    nave_stream_fn *now = direction == NAVE_STREAM_READ ? s->read_fn : s->write_fn;

    if (is_elsewhere(s))
        return NAVE_EAFFINITY;
    assert(!s->is_closed);
    if (direction != NAVE_STREAM_READ && direction != NAVE_STREAM_WRITE)
        return NAVE_EINVAL;
    if (op && now)
        return NAVE_EBUSY;
    if (op || now == waits)
        set_watch(s, direction, op ? waits : NULL, op);
    return NAVE_OK;
}

static nave_err mem_shut(struct nave_stream *stream)
{
    struct mem_stream *s = end_of(stream);

    if (is_elsewhere(s))
        return NAVE_EAFFINITY;
    assert(!s->is_closed);
    if (s->error)
        return s->error;
    if (s->is_shut)
        return NAVE_ESTATE;
    s->is_shut = 1;
    s->other->has_eof = 1;
    fire(s->other, NAVE_STREAM_READ);
    return NAVE_OK;
}

static void mem_close(struct nave_stream *stream, uint32_t flags)
{
    struct mem_stream *s = end_of(stream);

    if (is_elsewhere(s))
        return;
    assert(!s->is_closed);
    end_waits(s, NAVE_STREAM_READ | NAVE_STREAM_WRITE, NAVE_ECLOSED);
    s->is_closed = 1;
    s->close_flags = flags;
    s->other->has_eof = 1;
    if (flags & NAVE_CLOSE_ABORT)
        s->other->error = NAVE_ERESET;
    fire(s->other, NAVE_STREAM_READ | NAVE_STREAM_WRITE);
}

static nave_err mem_info(struct nave_stream *stream, struct nave_stream_info *info)
{
    struct mem_stream *s = end_of(stream);
    struct nave_stream_info full;
    uint32_t size = info->size;

    if (size < 8)
        return NAVE_EINVAL;
    memset(&full, 0, sizeof(full));
    full.size = size;
    full.flags = s->pair->is_secure ? NAVE_STREAM_IS_SECURE : 0;
    full.peer = s->pair->peer;
    full.fd = -1;
    memcpy(info, &full, size < sizeof(full) ? size : sizeof(full));
    return NAVE_OK;
}

static const struct nave_stream_iface mem_api = {
    .hdr = NAVE_IFACE(struct nave_stream_iface, NAVE_STREAM_ID, 0, 0),
    .read = mem_read,
    .write = mem_write,
    .watch = mem_watch,
    .shut = mem_shut,
    .close = mem_close,
    .info = mem_info,
    .write_file = mem_write_file,
    .wait = mem_wait,
};

static void init_end(struct mem_stream *s, struct mem_pair *p, struct mem_stream *other)
{
    s->pub.api = &mem_api;
    s->pair = p;
    s->other = other;
    s->job.run = run_job;
}

struct mem_pair *mem_pair_new(struct nave_worker *w)
{
    struct mem_pair *p = calloc(1, sizeof(*p));

    if (!p)
        return NULL;
    p->worker = w;
    init_end(&p->near, p, &p->far);
    init_end(&p->far, p, &p->near);
    p->peer.family = NAVE_ADDR_IP4;
    p->peer.port = 40000;
    p->peer.bytes[0] = 127;
    p->peer.bytes[3] = 1;
    return p;
}

void mem_pair_free(struct mem_pair *p)
{
    if (!p)
        return;
    free(p->near.data);
    free(p->far.data);
    p->near.data = p->far.data = NULL;
    p->is_freed = 1;
    free_when_idle(p);
}
