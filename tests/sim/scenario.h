/* SPDX-License-Identifier: MIT
 *
 * One seed of the sweep: a whole server's life. Workers, faults, clients, tasks, a reload and the moment of
 * the end are drawn from the seed; then what must hold is looked at.
 */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include <stdint.h>

/* What happened, summed over seeds. */
struct scenario_sums {
    uint64_t steps;
    uint64_t faults;
    uint64_t clients, served, broke, shed;
    uint64_t tasks, aborted, sleeps, answers, items;
    uint64_t reloads, refused_reloads;
    uint64_t stragglers;
};

/* Live through `seed`. `file` is the configuration. Returns NULL and the hash of the trace, or what is
 * wrong: valid until the next call. `is_loud`: what the runtime reports goes to standard error. */
const char *scenario_run(uint64_t seed, const char *file, int is_loud, uint64_t *out_trace,
                         struct scenario_sums *sums);

/* The configuration, to be put into a file: a reload reads it again. */
extern const char scenario_config[];

#endif
