/* SPDX-License-Identifier: MIT
 *
 * Counts what workers do to each other's caches. The sources under test are compiled with
 * -fsanitize=thread, whose calls for each access end in lines.c and not in the sanitizer: it follows each
 * line of 64 bytes as caches without end would hold it, one cache a worker.
 *
 * A transfer is an access that would have to fetch a line from another worker's cache: a read of what
 * another one has written since, a write of what another one holds. Stacks and thread-local storage are
 * not looked at, nor is what the C library, libevent and the kernel do inside.
 */
#ifndef LINES_H
#define LINES_H

#include <stdint.h>

#define LINES_WORKERS 64u
#define LINES_SITES   256u

/* Where they come from: the address of the code, as an offset into the program. */
struct lines_site {
    uintptr_t pc;
    uint64_t transfers;
    uint64_t rmws;
};

struct lines {
    uint64_t accesses;
    uint64_t transfers; /* see above                                          */
    uint64_t rmws;      /* locked instructions, as x86 has them               */
    uint64_t fences;    /* full ones; a world has them where membarrier(2) is */
    uint64_t shared;    /* lines that were transferred                        */
    struct lines_site sites[LINES_SITES];
    uint32_t site_count;
};

/* Count from now on. What each worker holds already is kept. Thread: one; nobody else is inside code under
 * test, or it does not matter to which side its access falls. */
void lines_begin(void);

/* Stop, and give what was counted. */
void lines_end(struct lines *out);

#endif
