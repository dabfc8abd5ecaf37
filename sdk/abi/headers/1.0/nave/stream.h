/* SPDX-License-Identifier: MIT
 *
 * nave.stream/1: bytes both ways, in order. TCP, Unix sockets, TLS, an HTTP upgrade and an
 * in-memory pipe all are streams. DRAFT.
 *
 * Seven rules
 *  1. A stream belongs to one worker from birth to close. On any other thread each call that has a result
 *     gives NAVE_EAFFINITY, and watch and close do nothing; the stream is as it was. (Checked mode ends
 *     the program there.)
 *  2. read and write try at once: they move at least one byte, or say NAVE_EAGAIN, and never block.
 *  3. After NAVE_EAGAIN, and only then, the watch of that direction is called once the direction is
 *     ready again. A read that filled less than the room it was given counts as NAVE_EAGAIN too:
 *     the implementer knows that nothing is left, and will call.
 *  4. A watch stands until it is replaced; nothing is re-armed. It is never called inside a call to
 *     the stream. When set while the direction is ready, it is called soon after.
 *  5. The two directions end apart: read says NAVE_EOF for ever once the peer ended its direction;
 *     shut ends ours after all that was written.
 *  6. After an error other than NAVE_EAGAIN and NAVE_EOF the stream is dead in both directions;
 *     every call gives the same error; it must still be closed.
 *  7. close gives the handle up, exactly once, also inside a watch. What was written is still sent,
 *     unless NAVE_CLOSE_ABORT is given.
 */
#ifndef NAVE_STREAM_H
#define NAVE_STREAM_H

#include <nave/base.h>
#include <nave/error.h>
#include <nave/iface.h>
#include <nave/op.h>

NAVE_BEGIN_DECLS

#define NAVE_STREAM_ID "nave.stream/1"

struct nave_stream;
struct nave_worker;

/* Called when a direction may make progress. May close the stream. Thread: [worker]. */
typedef void nave_stream_fn(void *arg);

#define NAVE_STREAM_READ  1u /* a direction */
#define NAVE_STREAM_WRITE 2u

#define NAVE_CLOSE_ABORT (1u << 0) /* drop what is unsent; a socket sends RST */
/* Read and drop what the peer still sends, for at most two seconds or 256 KiB, so that an answer
 * already written is not lost to a reset ("RFC 9112 9.6"). */
#define NAVE_CLOSE_LINGER (1u << 1)

#define NAVE_ADDR_NONE 0u
#define NAVE_ADDR_IP4  4u
#define NAVE_ADDR_IP6  6u
#define NAVE_ADDR_UNIX 1u

/* An address of one end. Frozen. */
struct nave_addr {
    uint16_t family;   /* NAVE_ADDR_*                                          */
    uint16_t port;     /* in host order; 0 when there is none                  */
    uint32_t scope;    /* of an IPv6 address                                   */
    uint8_t bytes[16]; /* in network order; the first 4 of an IPv4 address     */
};

/* What a stream knows about itself. Sized: the caller sets size. */
struct nave_stream_info {
    uint32_t size;
    uint32_t flags; /* NAVE_STREAM_IS_SECURE                            */
    struct nave_addr local;
    struct nave_addr peer;
    struct nave_str alpn; /* what a layer negotiated; empty when none         */
    int64_t fd;           /* the descriptor below, for options; -1 when none  */
};
#define NAVE_STREAM_IS_SECURE (1u << 0)

/* A range of a regular file that is open for reading. Frozen. */
struct nave_file_range {
    int64_t fd;      /* its position is neither used nor moved */
    uint64_t offset; /* of the first byte                      */
    uint64_t len;    /* bytes                                  */
};

/* "nave.stream/1" */
struct nave_stream_iface {
    struct nave_iface hdr;
    /* Read into up to `n` (1 to 16) spans. Thread: [worker]. State: [open].
     * Errors: NAVE_OK with *out_len > 0; NAVE_EAGAIN; NAVE_EOF; NAVE_ERESET and others: rule 6. */
    nave_err (*read)(struct nave_stream *s, const struct nave_span *spans, uint32_t n,
                     size_t *out_len);
    /* Write from up to `n` (1 to 16) pieces; may take only a part. Thread: [worker]. State: [open].
     * Errors: NAVE_OK with *out_len > 0 (less than asked: the next write is NAVE_EAGAIN);
     * NAVE_EAGAIN; NAVE_ESTATE after shut; NAVE_ERESET and others: rule 6. */
    nave_err (*write)(struct nave_stream *s, const struct nave_bytes *pieces, uint32_t n,
                      size_t *out_len);
    /* Set the standing watch of `direction`; NULL takes it away. Thread: [worker]. Null: [fn].
     * Owns: borrows arg until replaced or closed. */
    void (*watch)(struct nave_stream *s, uint32_t direction, nave_stream_fn *fn, void *arg);
    /* End our direction: the peer sees the end after all that was written. Thread: [worker].
     * Errors: NAVE_ESTATE already shut; others: rule 6. */
    nave_err (*shut)(struct nave_stream *s);
    /* Give the stream up. Thread: [worker]. Ends: [always]. Flags NAVE_CLOSE_*. */
    void (*close)(struct nave_stream *s, uint32_t flags);
    /* Fill `info` as far as info->size reaches. Thread: [worker].
     * Owns: texts are valid until close. Errors: NAVE_EINVAL info->size is below 8. */
    nave_err (*info)(struct nave_stream *s, struct nave_stream_info *info);
    /* Write from up to `n` (at most 16) pieces, and behind them a range of a file, which need not come
     * into this process. May take only a part, also of the pieces. Thread: [worker]. State: [open].
     * Null: [pieces]. Owns: borrows all until it returns. Optional: nave_default_stream_write_file.
     * Errors: NAVE_OK with *out_len > 0, of pieces and file together; when that is less than asked the
     * next call tells why. NAVE_EAGAIN. With nothing written, and the stream as it was: NAVE_EOF the
     * file ends at or before the offset; NAVE_EIO it cannot be read; NAVE_ENOSYS not with this stream or
     * this file: read it and write; NAVE_EINVAL. NAVE_ESTATE after shut; NAVE_ERESET and others: rule 6. */
    nave_err (*write_file)(struct nave_stream *s, const struct nave_bytes *pieces, uint32_t n,
                           const struct nave_file_range *file, size_t *out_len);
    /* Have `op` told once that `direction`, one of the two, may make progress: its result becomes NAVE_OK
     * and nave_op_wake() is called, from a job or a report, never inside a call to the stream. When the
     * stream is closed first, its result becomes NAVE_ECLOSED; when a watch is set, NAVE_EBUSY; it is woken
     * then, too. To be called after NAVE_EAGAIN; NULL takes back the one that waits. What stream_op.h
     * calls: op->impl is `s`, op->result NAVE_EAGAIN. Thread: [worker]. Null: [op].
     * Owns: borrows op until it is told or taken back. Optional: nave_default_stream_wait.
     * Errors: NAVE_OK it waits; NAVE_EBUSY another op waits, or a watch stands, in this direction;
     * NAVE_EINVAL no direction, or both; NAVE_ENOSYS not with this stream. */
    nave_err (*wait)(struct nave_stream *s, uint32_t direction, struct nave_op *op);
};

/* A stream. The head is frozen. */
struct nave_stream {
    const struct nave_stream_iface *api;
};

/* Read into one span. See nave_stream_iface.read. Thread: [worker]. */
static inline NAVE_NODISCARD nave_err nave_stream_read(struct nave_stream *s, void *data,
                                                       size_t room, size_t *out_len)
{
    struct nave_span span;

    span.data = data;
    span.len = room;
    return s->api->read(s, &span, 1, out_len);
}

/* Write one piece. See nave_stream_iface.write. Thread: [worker]. */
static inline NAVE_NODISCARD nave_err nave_stream_write(struct nave_stream *s, const void *data,
                                                        size_t len, size_t *out_len)
{
    struct nave_bytes piece;

    piece.data = data;
    piece.len = len;
    return s->api->write(s, &piece, 1, out_len);
}

/* Write up to 16 pieces. See nave_stream_iface.write. Thread: [worker]. */
static inline NAVE_NODISCARD nave_err nave_stream_writev(struct nave_stream *s,
                                                         const struct nave_bytes *pieces,
                                                         uint32_t n, size_t *out_len)
{
    return s->api->write(s, pieces, n, out_len);
}

/* See nave_stream_iface.watch. Thread: [worker]. */
static inline void nave_stream_watch(struct nave_stream *s, uint32_t direction, nave_stream_fn *fn,
                                     void *arg)
{
    s->api->watch(s, direction, fn, arg);
}

/* See nave_stream_iface.shut. Thread: [worker]. */
static inline nave_err nave_stream_shut(struct nave_stream *s)
{
    return s->api->shut(s);
}

/* See nave_stream_iface.close. Thread: [worker]. NULL is fine. */
static inline void nave_stream_close(struct nave_stream *s, uint32_t flags)
{
    if (s)
        s->api->close(s, flags);
}

/* See nave_stream_iface.info. Thread: [worker]. */
static inline nave_err nave_stream_get_info(struct nave_stream *s, struct nave_stream_info *info)
{
    info->size = (uint32_t)sizeof(*info);
    return s->api->info(s, info);
}

/* The slot write_file of a stream that cannot: NAVE_ENOSYS. Thread: [worker]. */
NAVE_UNUSED static inline nave_err
nave_default_stream_write_file(struct nave_stream *s, const struct nave_bytes *pieces, uint32_t n,
                               const struct nave_file_range *file, size_t *out_len)
{
    (void)s;
    (void)pieces;
    (void)n;
    (void)file;
    (void)out_len;
    return NAVE_ENOSYS;
}

/* The slot wait of a stream that cannot be awaited: NAVE_ENOSYS. Thread: [worker]. */
NAVE_UNUSED static inline nave_err nave_default_stream_wait(struct nave_stream *s,
                                                            uint32_t direction, struct nave_op *op)
{
    (void)s;
    (void)direction;
    (void)op;
    return NAVE_ENOSYS;
}

/* See nave_stream_iface.write_file; NAVE_ENOSYS too where the table is older. Thread: [worker]. */
static inline NAVE_NODISCARD nave_err nave_stream_write_file(struct nave_stream *s,
                                                             const struct nave_bytes *pieces,
                                                             uint32_t n,
                                                             const struct nave_file_range *file,
                                                             size_t *out_len)
{
    if (!NAVE_HAS(s->api, write_file))
        return NAVE_ENOSYS;
    return s->api->write_file(s, pieces, n, file, out_len);
}

NAVE_STATIC_ASSERT(sizeof(struct nave_file_range) == 24, "nave_file_range is frozen");

NAVE_END_DECLS
#endif
