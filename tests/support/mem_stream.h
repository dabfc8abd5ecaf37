/* SPDX-License-Identifier: MIT
 *
 * A pair of streams in memory, for tests: what one end writes the other reads. Short reads, short
 * writes, NAVE_EAGAIN and errors are scripted by the fields of an end. It keeps the rules of
 * nave/stream.h to the letter: a watch is called by a job of the worker, only after the direction
 * said NAVE_EAGAIN (or moved less than asked), never inside a call.
 *
 * The pair belongs to the test, so that what a protocol wrote, and how it closed, can be read after
 * it closed its end.
 */
#ifndef MEM_STREAM_H
#define MEM_STREAM_H

#include <nave/stream.h>
#include <nave/worker.h>

struct mem_pair;

struct mem_stream {
    struct nave_stream pub; /* first: the handle */
    struct mem_pair *pair;
    struct mem_stream *other;
    /* bytes on their way to this end: data[at .. end) */
    uint8_t *data;
    size_t at;
    size_t end;
    size_t room;
    /* script; 0: no limit */
    size_t capacity;  /* of the bytes on their way to this end: writes of the other stop there  */
    size_t read_max;  /* a read gives at most so many                                           */
    size_t write_max; /* a write takes at most so many                                          */
    nave_err error;   /* from now on every call gives it (use mem_stream_break)                 */
    uint32_t write_blocked_until; /* so many writes say NAVE_EAGAIN first                       */
    uint32_t is_without_files;    /* write_file says NAVE_ENOSYS                                */
    /* state */
    uint32_t has_eof;     /* the other end has shut or closed */
    uint32_t is_shut;     /* this end has shut                */
    uint32_t is_closed;   /* this end has closed              */
    uint32_t close_flags; /* as given to close                */
    uint32_t read_waits;  /* a read said NAVE_EAGAIN, or was short */
    uint32_t write_waits; /* a write did                           */
    uint32_t fires;       /* directions to be called by the job    */
    uint32_t is_job_queued;
    nave_stream_fn *read_fn;
    nave_stream_fn *write_fn;
    void *read_arg;
    void *write_arg;
    struct nave_job job;
    /* statistics */
    uint64_t reads;
    uint64_t writes;
    uint64_t file_writes; /* calls of write_file that moved bytes of a file */
    uint64_t bytes_read;
    uint64_t bytes_written;
};

struct mem_pair {
    struct mem_stream near; /* the one to hand to the code under test           */
    struct mem_stream far;  /* the peer: use it as a stream, or by mem_stream_* */
    struct nave_worker *worker;
    uint32_t is_freed;
    uint32_t is_secure; /* what info says */
    struct nave_addr peer;
};

/* A new pair whose watches are called by jobs of `w`. NULL: out of memory. */
struct mem_pair *mem_pair_new(struct nave_worker *w);
/* Free both ends; the code under test must have closed its own. */
void mem_pair_free(struct mem_pair *p);

/* Put bytes on their way to `s`, whatever its capacity, as if its peer had written them. */
void mem_stream_put(struct mem_stream *s, const void *data, size_t len);
/* The peer of `s` has ended its direction. */
void mem_stream_put_eof(struct mem_stream *s);
/* From now on every call on `s` gives `err`; a watch is called. */
void mem_stream_break(struct mem_stream *s, nave_err err);
/* What `s` has written and its peer has not yet taken. Valid until the next call. */
struct nave_bytes mem_stream_written(const struct mem_stream *s);
/* The peer takes up to `len` of them. Returns how many. */
size_t mem_stream_take(struct mem_stream *s, size_t len);
/* Let a write of `s` go on that the script had stopped (write_max, write_blocked_until). */
void mem_stream_allow_write(struct mem_stream *s);

#endif
