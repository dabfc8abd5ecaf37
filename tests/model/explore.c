/* SPDX-License-Identifier: MIT
 *
 * See explore.h. Threads are coroutines. A run follows the choices of the run before up to the last one
 * that has another way, takes that, and the first way from then on: a depth-first walk. A thread that
 * goes on does so without a change of stacks.
 */
#include "explore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define STACK_BYTES 65536u
#define CHOICES_MAX 4096u
#define BUFFER_MAX  8u
#define STEPS_MAX   4000u
#define WAYS_MAX    (2 * MODEL_THREADS)
#define NOBODY      MODEL_THREADS

struct stored {
    void *p;
    size_t size;
    uint64_t v;
};

struct thread {
    ucontext_t context;
    char *stack;
    void (*fn)(void);
    const uint32_t *waits_for; /* NULL: it may go on */
    uint32_t waits_for_zero;
    uint32_t gives_way;
    uint32_t is_over;
    uint32_t buffered;
    struct stored buffer[BUFFER_MAX];
};

uint32_t model_breaks;
uint32_t model_tears;

static struct thread threads[MODEL_THREADS];
static uint32_t thread_count;
static uint32_t self;
static ucontext_t scheduler;
static uint8_t choices[CHOICES_MAX]; /* which way was taken                 */
static uint8_t ways[CHOICES_MAX];    /* how many there were                 */
static uint32_t depth;               /* choices of this run so far          */
static uint32_t switches;
static uint32_t switches_max;
static uint32_t steps;
static uint32_t next; /* who goes on, when a thread gives way to the scheduler */
static const char *failure;
static uint32_t is_inside; /* a thread runs; in begin and end operations are plain */
static uint64_t chance;    /* 0: not by chance */

/* --- memory ---------------------------------------------------------------------------------- */

static uint64_t read_memory(const void *p, size_t size)
{
    uint64_t v = 0;
    uint32_t word;

    if (size == 8) {
        memcpy(&v, p, 8);
        return v;
    }
    memcpy(&word, p, 4);
    return word;
}

static void write_memory(void *p, size_t size, uint64_t v)
{
    uint32_t word = (uint32_t)v;

    if (size == 8)
        memcpy(p, &v, 8);
    else
        memcpy(p, &word, 4);
}

/* The oldest store of `t` reaches memory. */
static void flush_one(struct thread *t)
{
    write_memory(t->buffer[0].p, t->buffer[0].size, t->buffer[0].v);
    t->buffered--;
    memmove(t->buffer, t->buffer + 1, t->buffered * sizeof(t->buffer[0]));
}

static void flush(struct thread *t)
{
    while (t->buffered)
        flush_one(t);
}

static void store_later(struct thread *t, void *p, size_t size, uint64_t v)
{
    if (t->buffered == BUFFER_MAX)
        flush_one(t);
    t->buffer[t->buffered++] = (struct stored){p, size, v};
}

uint64_t model_load(const void *p, size_t size)
{
    const struct thread *t = &threads[self];
    uint32_t i;

    model_point();
    for (i = t->buffered; i > 0; i--)
        if (t->buffer[i - 1].p == p)
            return t->buffer[i - 1].v;
    return read_memory(p, size);
}

void model_store(void *p, size_t size, uint64_t v, int order)
{
    model_point();
    if (is_inside)
        store_later(&threads[self], p, size, v);
    else
        write_memory(p, size, v);
    if (order == __ATOMIC_SEQ_CST && !(model_breaks & MODEL_SEQ_CST_IS_RELEASE))
        flush(&threads[self]);
}

void model_fence(int order)
{
    model_point();
    if (order == __ATOMIC_SEQ_CST)
        flush(&threads[self]);
}

void model_membarrier(void)
{
    uint32_t i;

    model_point();
    for (i = 0; i < thread_count; i++)
        flush(&threads[i]);
}

uint64_t model_exchange(void *p, size_t size, uint64_t v)
{
    uint64_t old;

    if ((model_breaks & MODEL_ZEROING_IS_STORE) && size == 4 && v == 0) {
        old = model_load(p, size);
        store_later(&threads[self], p, size, v);
        return old;
    }
    model_point();
    flush(&threads[self]);
    old = read_memory(p, size);
    if ((model_breaks & MODEL_TAKING_IS_TWO_STEPS) && size == 4 && v == 1)
        model_point();
    write_memory(p, size, v);
    return old;
}

int model_compare_exchange(void *p, size_t size, uint64_t *expected, uint64_t v)
{
    uint64_t old;

    model_point();
    flush(&threads[self]);
    old = read_memory(p, size);
    if (old != *expected) {
        *expected = old;
        return 0;
    }
    if (model_breaks & MODEL_CAS_IS_TWO_STEPS)
        model_point();
    write_memory(p, size, v);
    return 1;
}

uint64_t model_fetch(void *p, size_t size, char what, uint64_t v)
{
    uint64_t old;

    model_point();
    flush(&threads[self]);
    old = read_memory(p, size);
    if (model_breaks & MODEL_RMW_IS_TWO_STEPS)
        model_point();
    switch (what) {
    case '&':
        v = old & v;
        break;
    case '|':
        v = old | v;
        break;
    case '^':
        v = old ^ v;
        break;
    case '+':
        v = old + v;
        break;
    default:
        v = old - v;
        break;
    }
    write_memory(p, size, v);
    return old;
}

void *model_copy(void *to, const void *from, size_t n)
{
    size_t half = model_tears ? n / 2 : 0;

    memcpy(to, from, half);
    if (model_tears)
        model_point();
    memcpy((char *)to + half, (const char *)from + half, n - half);
    return to;
}

/* --- scheduling ------------------------------------------------------------------------------ */

void model_fail(const char *text)
{
    if (!failure)
        failure = text;
    if (is_inside) {
        next = NOBODY;
        swapcontext(&threads[self].context, &scheduler); /* it does not go on */
    }
}

uint32_t model_self(void)
{
    return self;
}

void model_wait(const uint32_t *word)
{
    flush(&threads[self]); /* a system call */
    threads[self].waits_for = word;
    model_point();
}

void model_yield(void)
{
    threads[self].gives_way = 1;
    model_point();
}

void model_wait_zero(const uint32_t *word)
{
    threads[self].waits_for_zero = 1;
    model_wait(word);
}

/* One of `n` ways. */
static uint32_t choose(uint32_t n)
{
    uint32_t way;

    if (n == 1)
        return 0;
    if (depth == CHOICES_MAX) {
        failure = "the run is too long";
        return 0;
    }
    if (chance) {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        return (uint32_t)(chance >> 32) % n;
    }
    ways[depth] = (uint8_t)n;
    way = choices[depth++];
    return way;
}

static int may_go_on(const struct thread *t)
{
    return !t->is_over && (!t->waits_for || (*t->waits_for == 0) == (t->waits_for_zero != 0));
}

static int somebody_waits(void)
{
    uint32_t i;

    for (i = 0; i < thread_count; i++)
        if (!threads[i].is_over && !may_go_on(&threads[i]))
            return 1;
    return 0;
}

/* The ways on from here: a thread goes on (its number), or a store reaches memory (number and
 * MODEL_THREADS). The present thread stands first; leaving it costs a switch. While it goes on, its own
 * stores need not reach memory: it sees them anyway, and some of them may when it is left. */
static uint32_t find_ways(uint8_t found[WAYS_MAX])
{
    uint32_t n = 0;
    uint32_t i;
    int stays = may_go_on(&threads[self]);

    for (i = 1; i < thread_count && threads[self].gives_way; i++)
        if (may_go_on(&threads[(self + i) % thread_count])) {
            found[0] = (uint8_t)((self + i) % thread_count);
            return 1;
        }
    if (stays)
        found[n++] = (uint8_t)self;
    for (i = 0; i < thread_count; i++)
        if (i != self && may_go_on(&threads[i]) && (!stays || switches < switches_max))
            found[n++] = (uint8_t)i;
    for (i = 0; i < thread_count; i++)
        if (threads[i].buffered && (i != self || somebody_waits()))
            found[n++] = (uint8_t)(MODEL_THREADS + i);
    return n;
}

/* Who goes on; NOBODY: the run is over, or has failed. */
static uint32_t decide(void)
{
    while (!failure) {
        uint8_t found[WAYS_MAX];
        uint32_t n = find_ways(found);
        uint32_t way;

        if (n == 0)
            return NOBODY;
        if (steps++ == STEPS_MAX) {
            failure = "it never ends";
            return NOBODY;
        }
        way = found[choose(n)];
        if (way < MODEL_THREADS) {
            switches += way != self && may_go_on(&threads[self]) && !threads[self].gives_way;
            if (way != self)
                for (n = choose(threads[self].buffered + 1); n > 0; n--)
                    flush_one(&threads[self]);
            threads[self].gives_way = 0;
            threads[way].waits_for = NULL;
            threads[way].waits_for_zero = 0;
            return failure ? NOBODY : way;
        }
        flush_one(&threads[way - MODEL_THREADS]);
    }
    return NOBODY;
}

void model_point(void)
{
    if (!is_inside)
        return;
    next = decide();
    if (next != self)
        swapcontext(&threads[self].context, &scheduler);
}

static void enter(void)
{
    struct thread *t = &threads[self];

    t->fn();
    flush(t);
    t->is_over = 1;
    next = decide();
    swapcontext(&t->context, &scheduler);
}

static void run_once(const struct model_test *t)
{
    uint32_t i;

    depth = 0;
    switches = 0;
    switches_max = t->switches_max;
    steps = 0;
    self = 0;
    t->begin();
    for (i = 0; i < thread_count; i++) {
        struct thread *one = &threads[i];

        one->fn = t->thread[i];
        one->waits_for = NULL;
        one->waits_for_zero = 0;
        one->gives_way = 0;
        one->is_over = 0;
        one->buffered = 0;
        getcontext(&one->context);
        one->context.uc_stack.ss_sp = one->stack;
        one->context.uc_stack.ss_size = STACK_BYTES;
        one->context.uc_link = NULL;
        makecontext(&one->context, enter, 0);
    }
    for (next = decide(); next != NOBODY;) {
        self = next;
        is_inside = 1;
        swapcontext(&scheduler, &threads[self].context);
        is_inside = 0;
    }
    for (i = 0; i < thread_count && !failure; i++)
        if (!threads[i].is_over)
            failure = "a thread waits for ever: a wake-up was lost";
    if (!failure)
        t->end();
}

/* The next run's choices. 0: there is no other way left. */
static int next_run(void)
{
    while (depth > 0 && choices[depth - 1] + 1 == ways[depth - 1])
        depth--;
    if (depth == 0)
        return 0;
    choices[depth - 1]++;
    memset(choices + depth, 0, sizeof(choices) - depth);
    return 1;
}

struct model_result model_explore(const struct model_test *t)
{
    struct model_result r = {0, 0, NULL};
    uint32_t i;

#ifdef NV_SANITIZED /* they do not know these stacks */
    printf("(%s: not under a sanitizer) ", t->name);
    r.is_whole = 1;
    r.failure = model_breaks ? "not run" : NULL;
    return r;
#endif
    failure = NULL;
    chance = t->seed;
    memset(choices, 0, sizeof(choices));
    for (thread_count = 0; thread_count < MODEL_THREADS && t->thread[thread_count]; thread_count++)
        ;
    for (i = 0; i < thread_count; i++) {
        threads[i].stack = malloc(STACK_BYTES);
        if (!threads[i].stack)
            abort();
    }
    do {
        run_once(t);
        r.runs++;
        r.is_whole = !chance && !failure && !next_run();
    } while (!failure && !r.is_whole && r.runs < t->runs_max);
    for (i = 0; i < thread_count; i++)
        free(threads[i].stack);
    r.failure = failure;
    printf("\n    %s: %llu runs%s%s%s ", t->name, (unsigned long long)r.runs,
           r.is_whole ? ", all there are" : "", r.failure ? ": " : "", r.failure ? r.failure : "");
    return r;
}
