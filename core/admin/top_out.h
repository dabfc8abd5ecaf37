/* SPDX-License-Identifier: MIT
 *
 * What `nave top` reads: a few lines of words, each a kind and then name=number, ended by a line of one
 * dot. Numbers are totals; whoever asks twice sees what passed between.
 *
 *     nave version=0.1.0 pid=71 now_ns=... uptime_ns=... backend=epoll
 *     worker index=0 is_waiting=1 since_ns=... tasks=12 polls=3301 ...        as in stats.h
 *     times worker=0 of=poll_time sum_ns=... max_ns=... 320:4 384:1           bound in ns : how many
 *     lane name=dns queued=0 running=2 threads=2 ... started=9 ...            as in blocking.h
 *     times lane=dns of=run_time sum_ns=... max_ns=... 81920:4                as those of a worker
 *     plugin id=http1 memory_bytes=... ... time_ns=...                        as in describe_usage.c
 *     listener accepted=3 name=web                                            the name is the rest
 *     .
 */
#ifndef NV_TOP_OUT_H
#define NV_TOP_OUT_H

#include "base/out.h"

struct nave_runtime;

/* Thread: [any]. State: started, else nothing but the dot is written. */
void nv_top_write(const struct nave_runtime *rt, struct nv_out *o);

#endif
