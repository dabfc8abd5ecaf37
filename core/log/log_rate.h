/* SPDX-License-Identifier: MIT
 *
 * How many lines of one source pass in a second. A source is a level and the text with its numbers and the
 * plugin's name; it is looked up by hash in a table of fixed size, so that a peer who can
 * write into the texts fills buckets and not memory: the lines of one table in one second are
 * bounded whatever the texts are. Levels do not share buckets: a flood of infos hides no error.
 *
 * A bucket is one point in time, the theoretical arrival time of the generic cell rate algorithm, which
 * counts the same as a bucket of `rate` tokens filled at `rate` tokens a second: a second's worth may
 * come at once.
 *
 * One writer (the producer of the ring); the counts of what was held back are read by another thread.
 */
#ifndef NV_LOG_RATE_H
#define NV_LOG_RATE_H

#include <nave/base.h>

#define NV_LOG_LEVELS       4u
#define NV_LOG_LEVEL_BITS   5u
#define NV_LOG_BUCKETS      (NV_LOG_LEVELS << NV_LOG_LEVEL_BITS)
#define NV_LOG_RATE_MAX     1000000u
#define NV_LOG_SOURCE_BYTES 48u /* of a text, that tell sources apart */

struct nv_log_rate {
    nave_nsec interval_ns; /* between two lines at the full rate; 0: no limit */
    nave_nsec due_ns[NV_LOG_BUCKETS];
    uint64_t held[NV_LOG_BUCKETS]; /* atomic; one writer: lines that did not pass */
    uint64_t held_all;             /* atomic; one writer: the sum                 */
};

/* `a_second` lines of each source pass in a second; 0: all. */
void nv_log_rate_init(struct nv_log_rate *r, uint64_t a_second);

/* The bucket of a line at `level`, below NV_LOG_LEVELS. */
uint32_t nv_log_rate_bucket(uint32_t level, struct nave_str plugin, struct nave_str text);

/* 1: a line of `bucket` passes at `now_ns`, a monotonic time. 0: it is held back, and counted. */
int32_t nv_log_rate_take(struct nv_log_rate *r, uint32_t bucket, nave_nsec now_ns);

#endif
