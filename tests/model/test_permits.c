/* SPDX-License-Identifier: MIT
 *
 * The permits of core/sync/permits.c, its own source, under every interleaving of those who take, give, drop and
 * close: no permit is lost or made, nobody waits for ever while there are permits for him, what was set
 * aside for one who drops goes on, and nothing is touched after the last holder has freed a mutex.
 */
#define MODEL_REDIRECT
#include "explore.h"

#include "sync/permits.c"

#undef __atomic_load_n
#undef __atomic_store_n
#undef __atomic_exchange_n
#undef __atomic_compare_exchange_n
#undef __atomic_fetch_and
#undef __atomic_fetch_or
#undef __atomic_fetch_add

#include <string.h>

#include "test_main.h"

#define LIMIT 8u
#define FREED 0xEE

static struct nave_lock_state state;
static struct nave_op ops[MODEL_THREADS];
static uint32_t bells[MODEL_THREADS]; /* rung by the waker of each thread */
static uint64_t held;                 /* permits, by everybody            */
static uint64_t total;
static uint32_t users;      /* threads that still use the state */
static uint32_t is_freed;   /* a mutex that is over             */
static uint32_t skips_pass; /* a broken version: poll does not pass through the lock */
static uint32_t skips_give; /* a broken version: drop keeps what was set aside       */

/* --- what permits.c needs of the rest -------------------------------------------------------- */

/* As in sync_wait.c: whoever finds it taken waits until it is not. */
void nv_lock_wait(struct nv_lock *l)
{
    while (model_exchange(&l->word, sizeof(l->word), 1) != 0)
        model_wait_zero(&l->word);
}

/* As in lock.c. */
nave_poll nv_state_poll(struct nave_op *op)
{
    struct nave_lock_state *s = op->impl;

    if ((nave_err)(int32_t)model_load(&op->result, sizeof(op->result)) == NAVE_EAGAIN)
        return NAVE_PENDING;
    if (!skips_pass) {
        nv_lock_take(nv_state_lock(s));
        nv_lock_leave(nv_state_lock(s));
    }
    return NAVE_READY;
}

nave_err nv_locks_may_block(const struct nave_lock_state *s)
{
    (void)s;
    return NAVE_OK;
}

nave_err nv_parker_init(struct nv_parker *p, struct nave_op *op)
{
    (void)p;
    (void)op;
    return NAVE_ENOMEM; /* nobody blocks here: threads have ops */
}

void nv_parker_fini(struct nv_parker *p)
{
    (void)p;
}

nave_err nv_block(struct nv_parker *p, struct nave_op *op, struct nv_lock *lock,
                  nave_nsec timeout_ns)
{
    (void)p;
    (void)op;
    (void)lock;
    (void)timeout_ns;
    return NAVE_ETIMEDOUT;
}

static void ring(const struct nave_waker *w)
{
    (void)model_exchange(w->task, sizeof(uint32_t),
                         1); /* what was written before is seen, as of any wake */
}

static const struct nave_waker_iface waker_table = {.wake = ring};

static void drop_op(struct nave_op *op)
{
    nave_err outcome = op->result;

    if (skips_give && outcome == NAVE_OK)
        return;
    nv_permits_drop(op, LIMIT);
}

static const struct nave_op_source source = {sizeof(source), 0, drop_op, nv_state_poll, "model"};

/* --- the threads ----------------------------------------------------------------------------- */

static void begin_with(uint64_t permits)
{
    memset(&state, 0, sizeof(state));
    memset(ops, 0, sizeof(ops));
    memset(bells, 0, sizeof(bells));
    nv_permits_init(&state, permits);
    total = permits;
    held = is_freed = 0;
}

static struct nave_op *start(uint64_t n, nave_err *out_err)
{
    struct nave_op *op = &ops[model_self()];

    nave_op_init(op, (struct nave_worker *)(void *)&state, NULL, &bells[model_self()]);
    op->waker = &waker_table;
    *out_err = nv_permits_start(&state, op, n, &source);
    return op;
}

/* As a task: polled when its bell has rung. */
static nave_err await(struct nave_op *op)
{
    while (nave_op_poll(op) == NAVE_PENDING) {
        model_wait(&bells[model_self()]);
        bells[model_self()] = 0;
    }
    return op->result;
}

static nave_err take(uint64_t n)
{
    nave_err err;
    struct nave_op *op = start(n, &err);

    if (err == NAVE_EAGAIN)
        err = await(op);
    if (err == NAVE_OK) {
        held += n;
        if (held > total)
            model_fail("more is held than there is");
    }
    return err;
}

static void give(uint64_t n)
{
    held -= n;
    if (nv_permits_give(&state, n, LIMIT) != NAVE_OK)
        model_fail("giving back was refused");
}

static void take_and_give(uint64_t n)
{
    if (take(n) == NAVE_OK) {
        model_point();
        give(n);
    }
}

static void one(void)
{
    take_and_give(1);
}

static void two(void)
{
    take_and_give(2);
}

/* Starts and drops: waiting, served unseen, or with the permits. */
static void one_drops(void)
{
    nave_err err;
    struct nave_op *op = start(1, &err);

    if (err == NAVE_EAGAIN) {
        nave_op_drop(op);
    } else if (err == NAVE_OK) {
        held++;
        give(1);
    }
}

static void two_drop(void)
{
    nave_err err;
    struct nave_op *op = start(2, &err);

    if (err == NAVE_EAGAIN) {
        nave_op_drop(op);
    } else if (err == NAVE_OK) {
        held += 2;
        give(2);
    }
}

static void close_it(void)
{
    nv_permits_close(&state);
}

static void forget_one(void)
{
    total -= nv_permits_forget(&state, 1);
}

/* The last one to leave frees the mutex; whatever is written later is seen at the end. */
static void last_frees(void)
{
    uint32_t is_last;

    if (take(1) != NAVE_OK)
        return;
    is_last = --users == 0;
    give(1);
    if (is_last) {
        memset(&state, FREED, sizeof(state));
        is_freed = 1;
    }
}

static void end(void)
{
    if (state.first || state.last)
        model_fail("somebody waits for ever");
    if (state.lock)
        model_fail("the lock is held");
    if (held)
        model_fail("something is held");
    if (nv_permits_available(&state) != total)
        model_fail("permits were lost or made");
}

static void end_freed(void)
{
    const uint8_t *byte = (const uint8_t *)&state;
    size_t i;

    for (i = 0; i < sizeof(state); i++)
        if (!is_freed || byte[i] != FREED)
            model_fail("a freed mutex was written");
}

static void begin_one(void)
{
    begin_with(1);
    users = 3;
}

static void begin_pair(void)
{
    begin_with(1);
    users = 2;
}

static void begin_two(void)
{
    begin_with(2);
}

/* Two threads: all interleavings. Three: so many by chance, the same each time. */
static struct model_result explore(const char *name, void (*begin)(void), void (*a)(void),
                                   void (*b)(void), void (*c)(void), void (*at_end)(void))
{
    struct model_test t = {.name = name,
                           .begin = begin,
                           .thread = {a, b, c},
                           .end = at_end,
                           .switches_max = c ? 8 : 3,
                           .runs_max = c ? 20000 : 400000,
                           .seed = c ? 20261127 : 0};

    return model_explore(&t);
}

static void check(struct model_result r)
{
    CU_ASSERT_PTR_NULL(r.failure);
    CU_ASSERT(r.is_whole || r.runs == 20000);
}

static void fails(struct model_result r)
{
#ifndef NV_SANITIZED /* nothing is explored there */
    CU_ASSERT_PTR_NOT_NULL(r.failure);
#else
    (void)r;
#endif
}

/* --- the tests ------------------------------------------------------------------------------- */

static void a_mutex_is_passed_on_and_never_lost(void)
{
    check(explore("two", begin_one, one, one, NULL, end));
    check(explore("three", begin_one, one, one, one, end));
}

static void drops_at_every_moment_lose_nothing(void)
{
    check(explore("one drops", begin_one, one, one_drops, NULL, end));
    check(explore("one of three drops", begin_one, one, one_drops, one, end));
    check(explore("two of three drop", begin_one, one, one_drops, one_drops, end));
    check(explore("the first wants more", begin_two, one, two_drop, one, end));
}

static void who_wants_many_and_who_wants_few_are_all_served(void)
{
    check(explore("two and one", begin_two, two, one, NULL, end));
    check(explore("two, one, one", begin_two, two, one, one, end));
    check(explore("two, two, one", begin_two, two, two, one, end));
}

static void closing_leaves_nobody_waiting(void)
{
    check(explore("close", begin_one, one, close_it, NULL, end));
    check(explore("close, two wait", begin_one, one, one, close_it, end));
    check(explore("close and drop", begin_one, one, one_drops, close_it, end));
}

static void forgetting_takes_what_nobody_has(void)
{
    check(explore("forget", begin_two, one, forget_one, NULL, end));
    check(explore("forget and drop", begin_two, one, one_drops, forget_one, end));
}

static void the_last_holder_may_free_it(void)
{
    check(explore("two free", begin_pair, last_frees, last_frees, NULL, end_freed));
    check(explore("three free", begin_one, last_frees, last_frees, last_frees, end_freed));
}

static void broken_versions_are_seen_to_fail(void)
{
    skips_give = 1;
    fails(explore("keeps", begin_one, one, one_drops, one, end));
    skips_give = 0;
    skips_pass = 1;
    fails(explore("two free", begin_pair, last_frees, last_frees, NULL, end_freed));
    skips_pass = 0;
    model_breaks = MODEL_CAS_IS_TWO_STEPS;
    fails(explore("two", begin_one, one, one, NULL, end));
    model_breaks = 0;
}

static CU_TestInfo tests[] = {
    {"a_mutex_is_passed_on_and_never_lost", a_mutex_is_passed_on_and_never_lost},
    {"drops_at_every_moment_lose_nothing", drops_at_every_moment_lose_nothing},
    {"who_wants_many_and_who_wants_few_are_all_served",
     who_wants_many_and_who_wants_few_are_all_served},
    {"closing_leaves_nobody_waiting", closing_leaves_nobody_waiting},
    {"forgetting_takes_what_nobody_has", forgetting_takes_what_nobody_has},
    {"the_last_holder_may_free_it", the_last_holder_may_free_it},
    {"broken_versions_are_seen_to_fail", broken_versions_are_seen_to_fail},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"model of permits", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)
