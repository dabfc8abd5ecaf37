/* SPDX-License-Identifier: MIT
 *
 * The hot file: bytes of one connection. A request costs one report of the reactor, one recv and
 * one send, and no epoll_ctl.
 *
 * Two bits for each direction carry it. READY: trying may succeed; cleared only when the kernel said
 * EAGAIN or moved less than it was given room for. OWED: the watch is to be called when READY is set;
 * set by what cleared READY and by a new watch, cleared by the call.
 *
 * Invariants: read_fn and write_fn are never NULL. While READY and OWED are both set, either a
 * report of the reactor is to come (FRESH) or the job is queued, unless the watch is no_watch. After
 * an error or the end READY stays clear, so that the hot path needs no test for them. Each call first
 * compares the thread with the worker's: nothing of a stream is read on a wrong one.
 */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#include "stream.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kernel.h"

/* Spans and pieces are laid out as iovecs (nave/base.h). */
NAVE_STATIC_ASSERT(sizeof(struct nave_span) == sizeof(struct iovec), "layout of an iovec");
NAVE_STATIC_ASSERT(offsetof(struct nave_span, len) == offsetof(struct iovec, iov_len),
                   "layout of an iovec");

#define READ_BITS  (TCP_READ_READY | TCP_READ_OWED)
#define WRITE_BITS (TCP_WRITE_READY | TCP_WRITE_OWED)

/* States in which a report of the reactor may not simply be or-ed into the flags. */
#define ODD_STATES (TCP_IS_FRESH | TCP_IS_EOF | TCP_IS_SHUT | TCP_IS_FAILED)

static struct tcp_stream *from_pub(struct nave_stream *pub)
{
    return (struct tcp_stream *)(void *)pub;
}

/* The watch of a direction that has none. */
static void no_watch(void *arg)
{
    (void)arg;
}

/* The watches of directions that an op waits for: it is told once, and the direction has none then. */
static void op_readable(void *arg)
{
    struct nave_op *op = arg;

    from_pub(op->impl)->read_fn = no_watch;
    op->result = NAVE_OK;
    nave_op_wake(op);
}

static void op_writable(void *arg)
{
    struct nave_op *op = arg;

    from_pub(op->impl)->write_fn = no_watch;
    op->result = NAVE_OK;
    nave_op_wake(op);
}

/* End the waits for these directions with `err`. */
static void end_waits(struct tcp_stream *s, uint32_t directions, nave_err err)
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

static struct nave_worker *worker_of(const struct tcp_stream *s)
{
    return s->worker->w;
}

/* The caller is not on the stream's worker. */
static inline int32_t is_elsewhere(const struct tcp_stream *s)
{
    return NAVE_UNLIKELY(!nave_is_runner(s->worker->runner));
}

static void stream_free(struct tcp_stream *s)
{
    nave_worker_free(worker_of(s), s, sizeof(*s));
}

/* --- calling the watches ----------------------------------------------------------------- */

/* Directions in which the next call would not say NAVE_EAGAIN. */
static uint32_t directions_ready(const struct tcp_stream *s)
{
    uint32_t ready = s->flags & (TCP_READ_READY | TCP_WRITE_READY);

    if (s->flags & (TCP_IS_EOF | TCP_IS_FAILED))
        ready |= TCP_READ_READY;
    if (s->flags & (TCP_IS_SHUT | TCP_IS_FAILED))
        ready |= TCP_WRITE_READY;
    return ready;
}

/* Make the owed calls; the slow way, for one or two of them. The stream may be gone after. */
static void deliver(struct tcp_stream *s)
{
    if (directions_ready(s) & (s->flags >> TCP_OWED_SHIFT) & TCP_READ_READY) {
        s->flags = (uint16_t)((s->flags & ~TCP_READ_OWED) | TCP_IS_BUSY);
        s->read_fn(s->read_arg);
        s->flags &= (uint16_t)~TCP_IS_BUSY;
        if (s->flags & TCP_IS_CLOSED) {
            if (!(s->flags & TCP_IS_QUEUED))
                stream_free(s);
            return;
        }
    }
    /* Only now: the read watch may have written, and been told NAVE_EAGAIN again. */
    if (directions_ready(s) & (s->flags >> TCP_OWED_SHIFT) & TCP_WRITE_READY) {
        s->flags &= (uint16_t)~TCP_WRITE_OWED;
        s->write_fn(s->write_arg);
    }
}

static void run_job(struct nave_job *j)
{
    struct tcp_stream *s = NAVE_CONTAINER_OF(j, struct tcp_stream, job);

    s->flags &= (uint16_t)~TCP_IS_QUEUED;
    if (s->flags & TCP_IS_CLOSED)
        stream_free(s);
    else
        deliver(s);
}

static void queue_job(struct tcp_stream *s)
{
    if (s->flags & TCP_IS_QUEUED)
        return;
    s->flags |= TCP_IS_QUEUED;
    nave_worker_defer(worker_of(s), &s->job);
}

/* What of `ready` may be or-ed into the flags of a stream in one of ODD_STATES. */
static uint32_t ready_when_odd(struct tcp_stream *s, uint32_t ready)
{
    if (s->flags & TCP_IS_FRESH) {
        /* Until now both directions were only supposed to be ready. An edge-triggered backend
         * tells all with its first report; a level-triggered one is still armed for the other. */
        s->flags &= (uint16_t)~TCP_IS_FRESH;
        s->flags &= (uint16_t)(~(TCP_READ_READY | TCP_WRITE_READY) | ready);
    }
    if (s->flags & TCP_IS_EOF)
        ready &= ~TCP_READ_READY;
    if (s->flags & TCP_IS_SHUT)
        ready &= ~TCP_WRITE_READY;
    if (s->flags & TCP_IS_FAILED)
        ready = 0;
    return ready;
}

/* The report of the reactor. */
static void on_ready(void *arg, uint32_t ready)
{
    struct tcp_stream *s = arg;
    uint32_t flags, due;

    if (NAVE_UNLIKELY(ready & NAVE_IO_CLOSED))
        ready |= NAVE_IO_READ;
    if (NAVE_UNLIKELY(s->flags & ODD_STATES))
        ready = ready_when_odd(s, ready);
    flags = s->flags | ready;
    due = flags & (flags >> TCP_OWED_SHIFT) & (TCP_READ_READY | TCP_WRITE_READY);
    if (NAVE_LIKELY(due == TCP_READ_READY)) {
        s->flags = (uint16_t)(flags & ~TCP_READ_OWED);
        s->read_fn(s->read_arg); /* may close s */
        return;
    }
    s->flags = (uint16_t)flags;
    if (due)
        deliver(s);
}

/* --- reading ------------------------------------------------------------------------------ */

static nave_err stream_fail(struct tcp_stream *s, int error)
{
    s->error = (int16_t)tcp_err_from_errno(error);
    s->flags = (uint16_t)((s->flags & ~(READ_BITS | WRITE_BITS | TCP_PEER_ENDED)) | TCP_IS_FAILED);
    return s->error;
}

/* Nothing is left to be read now: say so once more when there is. */
static inline void read_drained(struct tcp_stream *s)
{
    s->flags = (uint16_t)((s->flags & ~TCP_READ_READY) | TCP_READ_OWED);
    if (NAVE_UNLIKELY(s->flags & TCP_IS_LEVEL))
        nave_io_rearm(s->io, NAVE_IO_READ);
}

/* A short read: nothing is left, unless the end is. No further edge announces an end that was
 * already reported, so the call that is owed comes from the job. */
static inline void read_short(struct tcp_stream *s)
{
    if (NAVE_LIKELY(!(s->flags & TCP_PEER_ENDED))) {
        read_drained(s);
    } else {
        s->flags |= TCP_READ_OWED;
        queue_job(s);
    }
}

/* A read while READ_READY is clear: no system call. */
static nave_err read_unready(struct tcp_stream *s)
{
    if (s->flags & TCP_IS_FAILED)
        return s->error;
    if (s->flags & TCP_IS_EOF)
        return NAVE_EOF;
    s->flags |= TCP_READ_OWED;
    return NAVE_EAGAIN;
}

/* A recv that moved nothing. */
static nave_err read_nothing(struct tcp_stream *s, ssize_t got, size_t room)
{
    if (got == 0) {
        if (room == 0)
            return NAVE_EINVAL; /* no room was given: this is no end */
        s->flags = (uint16_t)((s->flags & ~READ_BITS) | TCP_IS_EOF);
        return NAVE_EOF;
    }
    if (errno != EAGAIN && errno != EWOULDBLOCK)
        return stream_fail(s, errno);
    read_drained(s);
    return NAVE_EAGAIN;
}

static ssize_t recv_spans(struct tcp_stream *s, const struct nave_span *spans, uint32_t n,
                          size_t *out_room)
{
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)spans, .msg_iovlen = n};
    ssize_t got;
    uint32_t i;

    *out_room = 0;
    if (n > TCP_VECTOR_MAX)
        return 0; /* no room: NAVE_EINVAL */
    for (i = 0; i < n; i++)
        *out_room += spans[i].len;
    if (*out_room == 0)
        return 0;
    do
        got = recvmsg(s->fd, &message, 0);
    while (got < 0 && errno == EINTR);
    return got;
}

static nave_err stream_read(struct nave_stream *pub, const struct nave_span *spans, uint32_t n,
                            size_t *out_len)
{
    struct tcp_stream *s = from_pub(pub);
    size_t room;
    ssize_t got;

    if (is_elsewhere(s))
        return NAVE_EAFFINITY;
    if (NAVE_UNLIKELY(!(s->flags & TCP_READ_READY)))
        return read_unready(s);
    if (NAVE_LIKELY(n == 1)) {
        room = spans->len;
        do
            got = tcp_recv(s->fd, spans->data, room);
        while (NAVE_UNLIKELY(got < 0) && errno == EINTR);
    } else {
        got = recv_spans(s, spans, n, &room);
    }
    if (NAVE_UNLIKELY(got <= 0))
        return read_nothing(s, got, room);
    if (NAVE_LIKELY((size_t)got < room))
        read_short(s);
    *out_len = (size_t)got;
    return NAVE_OK;
}

/* --- writing ------------------------------------------------------------------------------ */

static void write_blocked(struct tcp_stream *s)
{
    s->flags = (uint16_t)((s->flags & ~TCP_WRITE_READY) | TCP_WRITE_OWED);
    if (s->flags & TCP_IS_LEVEL)
        nave_io_rearm(s->io, NAVE_IO_WRITE);
}

/* A write while WRITE_READY is clear: no system call. */
static nave_err write_unready(struct tcp_stream *s)
{
    if (s->flags & TCP_IS_FAILED)
        return s->error;
    if (s->flags & TCP_IS_SHUT)
        return NAVE_ESTATE;
    s->flags |= TCP_WRITE_OWED;
    return NAVE_EAGAIN;
}

/* A send that moved nothing. */
static nave_err write_nothing(struct tcp_stream *s, ssize_t sent)
{
    if (sent == 0)
        return NAVE_EINVAL; /* nothing was given */
    if (errno != EAGAIN && errno != EWOULDBLOCK)
        return stream_fail(s, errno);
    write_blocked(s);
    return NAVE_EAGAIN;
}

static ssize_t send_pieces(struct tcp_stream *s, const struct nave_bytes *pieces, uint32_t n,
                           int flags, size_t *out_size)
{
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)pieces, .msg_iovlen = n};
    ssize_t sent;
    uint32_t i;

    *out_size = 0;
    if (n > TCP_VECTOR_MAX)
        return 0; /* NAVE_EINVAL */
    for (i = 0; i < n; i++)
        *out_size += pieces[i].len;
    if (*out_size == 0)
        return 0;
    do
        sent = sendmsg(s->fd, &message, flags | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent;
}

static nave_err stream_write(struct nave_stream *pub, const struct nave_bytes *pieces, uint32_t n,
                             size_t *out_len)
{
    struct tcp_stream *s = from_pub(pub);
    size_t size;
    ssize_t sent;

    if (is_elsewhere(s))
        return NAVE_EAFFINITY;
    if (NAVE_UNLIKELY(!(s->flags & TCP_WRITE_READY)))
        return write_unready(s);
    if (NAVE_LIKELY(n == 1)) {
        size = pieces->len;
        do
            sent = tcp_send(s->fd, pieces->data, size);
        while (NAVE_UNLIKELY(sent < 0) && errno == EINTR);
    } else {
        sent = send_pieces(s, pieces, n, 0, &size);
    }
    if (NAVE_UNLIKELY(sent <= 0))
        return write_nothing(s, sent);
    if (NAVE_UNLIKELY((size_t)sent < size))
        write_blocked(s);
    *out_len = (size_t)sent;
    return NAVE_OK;
}

/* A file that moved nothing: is it the file, the stream, or neither? */
static nave_err file_nothing(struct tcp_stream *s, ssize_t sent, int error)
{
    if (sent == 0)
        return NAVE_EOF;
    switch (error) {
    case ENOSYS:
    case EINVAL:
    case EOPNOTSUPP:
        return NAVE_ENOSYS;
    case EIO:
    case EBADF:
    case ENOMEM:
    case EOVERFLOW:
    case ESPIPE:
        return NAVE_EIO;
    default:
        errno = error;
        return write_nothing(s, sent);
    }
}

/* The pieces with "more is to come", so that they share their packets with the file. */
static nave_err stream_write_file(struct nave_stream *pub, const struct nave_bytes *pieces,
                                  uint32_t n, const struct nave_file_range *file, size_t *out_len)
{
    struct tcp_stream *s = from_pub(pub);
    size_t size = 0;
    ssize_t sent;

    if (is_elsewhere(s))
        return NAVE_EAFFINITY;
    if (NAVE_UNLIKELY(!(s->flags & TCP_WRITE_READY)))
        return write_unready(s);
    if (file->len == 0 || file->fd < 0)
        return NAVE_EINVAL;
    if (n > 0) {
        sent = send_pieces(s, pieces, n, MSG_MORE, &size);
        if (sent <= 0)
            return write_nothing(s, sent);
        if ((size_t)sent < size) {
            write_blocked(s);
            *out_len = (size_t)sent;
            return NAVE_OK;
        }
    }
    sent = tcp_socket_send_file(s->fd, file->fd, file->offset, file->len);
    if (NAVE_UNLIKELY(sent <= 0) && n == 0)
        return file_nothing(s, sent, errno);
    *out_len = size + (sent > 0 ? (size_t)sent : 0); /* why it was less is told by the next call */
    return NAVE_OK;
}

/* --- the rest ----------------------------------------------------------------------------- */

static void set_watch(struct tcp_stream *s, uint32_t direction, nave_stream_fn *fn, void *arg)
{
    uint32_t owed = 0;

    if (direction & NAVE_STREAM_READ) {
        s->read_fn = fn ? fn : no_watch;
        s->read_arg = arg;
        owed |= TCP_READ_OWED;
    }
    if (direction & NAVE_STREAM_WRITE) {
        s->write_fn = fn ? fn : no_watch;
        s->write_arg = arg;
        owed |= TCP_WRITE_OWED;
    }
    if (!fn) {
        s->flags &= (uint16_t)~owed;
        return;
    }
    s->flags |= (uint16_t)owed;
    /* A fresh stream is told by the first report of the reactor: it comes at once. */
    if ((directions_ready(s) & (owed >> TCP_OWED_SHIFT)) && !(s->flags & TCP_IS_FRESH))
        queue_job(s);
}

static void stream_watch(struct nave_stream *pub, uint32_t direction, nave_stream_fn *fn, void *arg)
{
    struct tcp_stream *s = from_pub(pub);

    if (is_elsewhere(s))
        return;
    end_waits(s, direction, NAVE_EBUSY);
    set_watch(s, direction, fn, arg);
}

static nave_err stream_wait(struct nave_stream *pub, uint32_t direction, struct nave_op *op)
{
    struct tcp_stream *s = from_pub(pub);
    nave_stream_fn *waits = direction == NAVE_STREAM_READ ? op_readable : op_writable;
    nave_stream_fn *now = direction == NAVE_STREAM_READ ? s->read_fn : s->write_fn;

    if (is_elsewhere(s))
        return NAVE_EAFFINITY;
    if (direction != NAVE_STREAM_READ && direction != NAVE_STREAM_WRITE)
        return NAVE_EINVAL;
    if (!op) {
        if (now == waits)
            set_watch(s, direction, NULL, NULL);
        return NAVE_OK;
    }
    if (now != no_watch)
        return NAVE_EBUSY;
    set_watch(s, direction, waits, op);
    return NAVE_OK;
}

static nave_err stream_shut(struct nave_stream *pub)
{
    struct tcp_stream *s = from_pub(pub);

    if (is_elsewhere(s))
        return NAVE_EAFFINITY;
    if (s->flags & TCP_IS_FAILED)
        return s->error;
    if (s->flags & TCP_IS_SHUT)
        return NAVE_ESTATE;
    if (shutdown(s->fd, SHUT_WR) != 0)
        return stream_fail(s, errno);
    s->flags = (uint16_t)((s->flags & ~WRITE_BITS) | TCP_IS_SHUT);
    return NAVE_OK;
}

void tcp_stream_finish(struct tcp_stream *s)
{
    s->io->api->io_close(s->io);
    close(s->fd);
    s->fd = -1;
    tcp_worker_closed_one(s->worker);
    if (s->flags & (TCP_IS_QUEUED | TCP_IS_BUSY))
        s->flags |= TCP_IS_CLOSED; /* the memory is still in use: see run_job and deliver */
    else
        stream_free(s);
}

static void stream_close(struct nave_stream *pub, uint32_t close_flags)
{
    struct tcp_stream *s = from_pub(pub);

    if (is_elsewhere(s))
        return;
    end_waits(s, NAVE_STREAM_READ | NAVE_STREAM_WRITE, NAVE_ECLOSED);
    if (close_flags & NAVE_CLOSE_ABORT)
        tcp_socket_reset_on_close(s->fd);
    else if ((close_flags & NAVE_CLOSE_LINGER) && tcp_linger_start(s))
        return;
    tcp_stream_finish(s);
}

static nave_err stream_info(struct nave_stream *pub, struct nave_stream_info *info)
{
    struct tcp_stream *s = from_pub(pub);
    struct nave_stream_info all = {.size = info->size, .alpn = {"", 0}, .fd = s->fd};

    if (is_elsewhere(s))
        return NAVE_EAFFINITY;
    if (info->size < 8)
        return NAVE_EINVAL;
    tcp_socket_addresses(s->fd, &all.local, &all.peer);
    memcpy(info, &all, info->size < sizeof(all) ? info->size : sizeof(all));
    return NAVE_OK;
}

nave_err tcp_stream_create(struct tcp_worker *tw, int fd, struct tcp_stream **out_stream)
{
    struct tcp_stream *s = nave_worker_alloc(tw->w, sizeof(*s));
    nave_err err;

    if (!s)
        return NAVE_ENOMEM;
    *s = (struct tcp_stream){
        .pub.api = tw->plugin->stream_api,
        .worker = tw,
        .read_fn = no_watch,
        .write_fn = no_watch,
        .job.run = run_job,
        .fd = fd,
        .flags = TCP_READ_READY | TCP_WRITE_READY | TCP_IS_FRESH,
    };
    err = tw->w->api->io_open(tw->w, fd, on_ready, s, &s->io);
    if (err) {
        stream_free(s);
        return err;
    }
    if (!(s->io->flags & NAVE_IO_IS_EDGE))
        s->flags |= TCP_IS_LEVEL;
    *out_stream = s;
    return NAVE_OK;
}

const struct nave_stream_iface tcp_stream_table = {
    .hdr = NAVE_IFACE(struct nave_stream_iface, NAVE_STREAM_ID, 0, NAVE_IFACE_DRAFT),
    .read = stream_read,
    .write = stream_write,
    .watch = stream_watch,
    .shut = stream_shut,
    .close = stream_close,
    .info = stream_info,
    .write_file = stream_write_file,
    .wait = stream_wait,
};
