/* SPDX-License-Identifier: MIT
 *
 * A log from the inside, for the two files that make it up: log.c has what producers and the control role
 * call, log_writer.c what the writer does.
 */
#ifndef NV_LOG_STATE_H
#define NV_LOG_STATE_H

#include <pthread.h>

#include "log.h"
#include "log_rate.h"
#include "log_ring.h"

#define NV_LOG_BUFFER_BYTES (2u * NV_LOG_LINE_MAX)
#define NV_LOG_SAMPLE_BYTES 80u

/* A line as it lies in a ring. Texts follow: plugin, file, pointer, text. */
struct nv_log_record {
    struct nv_log_slot slot;
    int64_t wall_ns;
    int32_t code;
    uint32_t line;
    uint32_t column;
    uint16_t text_len;
    uint16_t file_len;
    uint16_t pointer_len;
    uint8_t plugin_len;
    uint8_t level;
    uint8_t bucket;
    uint8_t is_cut;
};

/* The beginning of the last line of a bucket that was written. */
struct nv_log_sample {
    uint8_t plugin_len;
    uint8_t text_len;
    char bytes[NV_LOG_ID_MAX + NV_LOG_SAMPLE_BYTES];
};

/* One producer. */
struct nv_log_lane {
    struct nv_log_ring ring;
    struct nv_log_rate rate; /* the producer's */
    /* the writer's */
    uint64_t told_dropped;
    uint64_t told_held_all;
    uint64_t told_held[NV_LOG_BUCKETS];
    struct nv_log_sample samples[NV_LOG_BUCKETS];
};

struct nv_log {
    /* constant */
    uint32_t workers;
    int32_t is_manual;
    int32_t has_thread;
    int32_t has_lock;
    nave_nsec (*mono)(void);
    nave_nsec (*wall)(void);
    void (*take)(void *arg, const struct nave_report *report);
    void *take_arg;
    char *name;
    char *path;
    struct nv_log_lane **lanes; /* of the workers; one more for everyone else */
    pthread_mutex_t foreign;    /* the producer's side of the last lane       */

    /* producers and writer */
    struct nv_log_bell bell
        __attribute__((aligned(64))); /* it sleeps                                */
    struct nv_log_bell loss_bell;     /* it sleeps, and does not count the seconds */
    int bell_fds[2];                  /* a pipe: read end, write end              */

    /* control and writer, under lock */
    pthread_mutex_t lock __attribute__((aligned(64)));
    pthread_cond_t changed;
    pthread_t thread;
    uint64_t flush_asked;
    uint64_t flush_done;
    int32_t is_failing; /* as of flush_done */
    int32_t must_reopen;
    int32_t is_ending;
    int32_t is_over;      /* the writer is at its end            */
    int32_t is_abandoned; /* nobody waits for it: it frees the log */
    nave_nsec end_ns;

    /* the writer's */
    struct nv_log_sink sink;
    char *buffer; /* formatted, not written: from `off` to `len` */
    size_t len;
    size_t off;
    uint64_t lines;    /* that end in the buffer */
    nave_nsec note_ns; /* when held lines are told; 0: none were seen */
    int32_t is_broken; /* the last write failed  */
    int32_t broken_errno;
    nave_nsec broken_ns; /* since when            */
    nave_nsec mended_ns; /* until when; 0: told       */
    nave_nsec retry_ns;
    nave_nsec backoff_ns;
    struct nv_why renew_why; /* why the file could not be opened anew; empty: told */

    /* statistics: atomic, one writer */
    uint64_t written;
    uint64_t refused;
    uint64_t breaks;
};

/* Wake the writer, whatever it waits for. Thread: [any]. */
void nv_log_ring_bell(struct nv_log *log);

/* The writer's thread. */
void *nv_log_writer_main(void *arg);

/* Open the file anew, keeping the old one when that fails. Thread: the writer. */
void nv_log_renew_file(struct nv_log *log);

/* Free everything. State: no writer. */
void nv_log_free(struct nv_log *log);

#endif
