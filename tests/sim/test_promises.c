/* SPDX-License-Identifier: MIT
 *
 * What scopes, select, deadlines and blocking calls promise, over seeds with every fault of workers: families
 * whose parts wait in one of these ways, fail, and are told to end at any time. And what waiting for a
 * task from outside is in a simulation.
 */
#include <stdlib.h>
#include <string.h>

#include <nave/async.h>
#include <nave/blocking.h>
#include <nave/channel.h>
#include <nave/exec.h>
#include <nave/mpsc.h>
#include <nave/plugin.h>
#include <nave/runtime.h>
#include <nave/scope.h>
#include <nave/select.h>
#include <nave/sim.h>
#include <nave/sleep.h>
#include <nave/timeout.h>

#include "test_main.h"

#define SEEDS    300u
#define WORKERS  3u
#define FAMILIES 6u
#define PARTS    5u
#define ITEMS    6u

/* All of one runtime; nave_runtime_options.user. */
struct town {
    struct nave_sim *sim;
    struct nave_channels *channels;
    struct nave_blocking *pool;
    struct nave_worker *workers[WORKERS];
    struct nave_join joins[FAMILIES];
    uint32_t made, cleaned;   /* families and parts */
    uint32_t given, released; /* arguments of blocking calls */
    uint32_t received, timeouts;
    const char *wrong;
};

static uint64_t drawn(const struct town *t, uint64_t below)
{
    return t->sim->api->random(t->sim, below);
}

static void wrong(struct town *t, const char *what)
{
    if (!t->wrong)
        t->wrong = what;
}

/* --- a call that blocks ----------------------------------------------------------------------- */

struct call {
    struct town *town;
    uint32_t runs;
};

static nave_err run_call(void *arg, struct nave_blocking_run *now)
{
    struct call *c = arg;

    (void)now;
    if (c->runs++)
        wrong(c->town, "a call ran twice");
    return NAVE_OK;
}

static void free_call(struct call *c)
{
    if (!c)
        return;
    c->town->released++;
    free(c);
}

static void release_call(void *arg)
{
    free_call(arg);
}

static const struct nave_blocking_work work = {.size = sizeof(work),
                                               .name = "call",
                                               .run = run_call,
                                               .release = release_call};

/* --- a part ----------------------------------------------------------------------------------- */

NAVE_ASYNC(teller, struct town *town; struct nave_mpsc * tx; uint64_t item; struct nave_op op;
           struct nave_sleep_op sleep;)
{
    NAVE_BEGIN();
    for (f->item = 1; f->item <= ITEMS; f->item++) {
        NAVE_TRY(nave_sleep(cx, &f->sleep, (nave_nsec)drawn(f->town, 3 * NAVE_MSEC)));
        NAVE_TRY(nave_mpsc_send(cx, &f->op, f->tx, &f->item));
    }
    NAVE_CLEANUP();
    nave_mpsc_drop(f->tx);
    f->town->cleaned++;
    NAVE_END();
}

/* Waits in the way that was drawn. */
NAVE_ASYNC(part, struct town *town; uint32_t * living; struct nave_mpsc_rx * rx; struct call * call;
           struct nave_sleep_op sleep, tick; struct nave_op op; struct nave_op_limit limit;
           struct nave_select select; struct nave_arm arms[2]; uint64_t item, last; nave_nsec began;
           nave_nsec patience; nave_err fails;)
{
    NAVE_BEGIN();
    NAVE_TRY(nave_sleep(cx, &f->sleep, (nave_nsec)drawn(f->town, 4 * NAVE_MSEC)));
    while (f->rx) { /* each item once and in order, whichever arm wins */
        NAVE_SELECT(&f->select, f->arms, NAVE_SELECT_FAIR,
                    nave_mpsc_recv(cx, &f->op, f->rx, &f->item),
                    nave_sleep(cx, &f->tick, NAVE_MSEC));
        if (f->select.winner != 0)
            continue;
        if (NAVE_RESULT() != NAVE_OK)
            break;
        if (f->item != f->last + 1)
            wrong(f->town, "an item was lost, or came twice");
        f->last = f->item;
        f->town->received++;
    }
    if (f->rx && NAVE_RESULT() == NAVE_ECLOSED && f->last != ITEMS && !f->fails)
        f->fails = NAVE_EIO; /* the teller was told to end */
    f->began = nave_now(cx->worker);
    f->patience = (nave_nsec)drawn(f->town, 6 * NAVE_MSEC);
    NAVE_AWAIT(
        nave_op_timeout(cx, &f->limit, nave_sleep(cx, &f->sleep, 3 * NAVE_MSEC), f->patience));
    if (NAVE_RESULT() == NAVE_ETIMEDOUT) {
        f->town->timeouts++;
        if (nave_now(cx->worker) < f->began + f->patience)
            wrong(f->town, "a deadline passed early");
    } else if (NAVE_RESULT() == NAVE_OK && nave_now(cx->worker) < f->began + 3 * NAVE_MSEC) {
        wrong(f->town, "a sleep ended early");
    }
    f->call = calloc(1, sizeof(*f->call));
    if (f->call) {
        f->call->town = f->town;
        f->town->given++;
        NAVE_TRY(nave_blocking(cx, &f->op, f->town->pool, &work, NAVE_BLOCKING_ARG(&f->call)));
        if (f->call->runs != 1)
            wrong(f->town, "a call that is done did not run");
    }
    NAVE_RETURN(f->fails);
    NAVE_CLEANUP();
    nave_select_drop(&f->select, cx->worker);
    if (f->rx)
        nave_mpsc_rx_drop(f->rx);
    free_call(f->call);
    --*f->living;
    f->town->cleaned++;
    NAVE_END();
}

/* --- a family --------------------------------------------------------------------------------- */

NAVE_ASYNC(family, struct town *town; struct nave_scope scope; struct nave_op op;
           struct nave_timeout limit; uint32_t i, living, has_failing; struct nave_mpsc * tx;
           struct nave_mpsc_rx * rx;)
{
    struct nave_mpsc_options options = {.size = sizeof(options), .item_size = 8, .capacity = 2};
    struct nave_future *made = NULL;

    NAVE_BEGIN();
    nave_scope_init(cx->worker, &f->scope, NAVE_SCOPE_FAIL_FAST);
    if (nave_mpsc_new(f->town->channels, &options, &f->tx, &f->rx) != NAVE_OK)
        f->tx = NULL;
    for (f->i = 0; f->i < PARTS; f->i++) {
        nave_err fails = drawn(f->town, 16) ? NAVE_OK : NAVE_ERESET;

        NAVE_TRY_NOW(NAVE_NEW(part, cx->worker, &made, .town = f->town, .living = &f->living,
                              .rx = f->i == 0 && f->tx ? f->rx : NULL, .fails = fails));
        if (f->i == 0)
            f->rx = NULL;
        f->has_failing |= fails != NAVE_OK;
        f->town->made++;
        f->living++;
        NAVE_TRY_NOW(nave_scope_spawn(&f->scope, cx->worker, made, 0));
    }
    if (f->tx) {
        NAVE_TRY_NOW(NAVE_NEW(teller, cx->worker, &made, .town = f->town, .tx = f->tx));
        f->tx = NULL;
        f->town->made++;
        NAVE_TRY_NOW(nave_scope_spawn(&f->scope, cx->worker, made, 0));
    }
    NAVE_TRY(nave_scope_wait(cx, &f->op, &f->scope));
    if (f->has_failing)
        wrong(f->town, "a scope is well, and a child of it has failed");
    NAVE_CLEANUP();
    NAVE_SHIELD(&f->limit, NAVE_SEC, nave_scope_end(cx, &f->op, &f->scope));
    if (f->living)
        wrong(f->town, "a parent ended before its children");
    nave_scope_drop(&f->scope);
    if (f->tx)
        nave_mpsc_drop(f->tx);
    if (f->rx)
        nave_mpsc_rx_drop(f->rx);
    f->town->cleaned++;
    NAVE_END();
}

/* --- the plugin ------------------------------------------------------------------------------- */

static nave_err town_create(struct nave_host *host, void **out_self)
{
    struct town *t = nave_host_user(host);
    struct nave_handle *channels, *pool;
    nave_err err = host->api->bind(host, NAVE_CHANNELS_ID, 0, sizeof(*t->channels->api), &channels);

    if (!err)
        err = host->api->bind(host, NAVE_BLOCKING_ID, 0, sizeof(*t->pool->api), &pool);
    if (err)
        return err;
    t->channels = (struct nave_channels *)(void *)channels;
    t->pool = (struct nave_blocking *)(void *)pool;
    *out_self = t;
    return NAVE_OK;
}

static nave_err town_worker_start(void *self, struct nave_worker *w)
{
    ((struct town *)self)->workers[w->index] = w;
    return NAVE_OK;
}

static const struct nave_plugin_ops town_ops = {
    .size = sizeof(town_ops),
    .create = town_create,
    .prepare = nave_default_prepare,
    .commit = nave_default_ok,
    .abort = nave_default_nothing,
    .start = nave_default_ok,
    .worker_start = town_worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = nave_default_worker_stop,
    .stop = nave_default_nothing,
    .destroy = nave_default_nothing,
};

#define NAVE_PLUGIN_NAME        town
#define NAVE_PLUGIN_ID          "town"
#define NAVE_PLUGIN_VERSION     "1.0.0"
#define NAVE_PLUGIN_FLAGS       0
#define NAVE_PLUGIN_NEEDS(NEED) NEED(NAVE_CHANNELS_ID, 0, 0) NEED(NAVE_BLOCKING_ID, 0, 0)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          town_ops
#include <nave/define.h>

/* --- a runtime -------------------------------------------------------------------------------- */

static struct town town;
static struct nave_runtime *rt;

static void begin(uint64_t seed, const struct nave_sim_faults *faults)
{
    static const nave_plugin_entry_fn parts[] = {town_plugin_entry_v1, NULL};
    static const char config[] = "{\"plugins\": {\"town\": {}}}";
    struct nave_sim_options sim = {.size = sizeof(sim),
                                   .seed = seed,
                                   .pause_ns = 5 * NAVE_MSEC,
                                   .steps_max = 1000000,
                                   .faults = faults};
    struct nave_runtime_options o = {.size = sizeof(o),
                                     .plugin_path = "",
                                     .static_plugins = parts,
                                     .workers = WORKERS,
                                     .log_level = NAVE_LOG_WARN,
                                     .user = &town,
                                     .sim = &sim};
    struct nave_handle *handle = NULL;

    memset(&town, 0, sizeof(town));
    CU_ASSERT_EQUAL_FATAL(nave_runtime_create(&o, &rt), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_runtime_configure_text(rt, config, strlen(config), "test"), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_runtime_start(rt), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_runtime_bind(rt, NAVE_SIM_ID, 0, sizeof(struct nave_sim_iface),
                                            &handle),
                          NAVE_OK);
    town.sim = (struct nave_sim *)(void *)handle;
}

static uint64_t end(void)
{
    struct nave_sim_info info = {.size = sizeof(info)};

    nave_runtime_stop(rt);
    CU_ASSERT_EQUAL(town.sim->api->run(town.sim, NAVE_NEVER, NULL, NULL), NAVE_ECLOSED);
    CU_ASSERT_EQUAL(town.sim->api->info(town.sim, &info), NAVE_OK);
    nave_runtime_destroy(rt);
    return info.trace;
}

/* --- promises --------------------------------------------------------------------------------- */

static void found_here(struct nave_worker *w, void *arg)
{
    struct nave_join *j = arg;
    struct nave_future *f = NULL;

    w = town.workers[w->index];
    if (NAVE_NEW(family, w, &f, .town = &town) != NAVE_OK)
        return;
    town.made++;
    (void)nave_spawn_join(w, f, drawn(&town, 2) ? NAVE_SPAWN_LOCAL : 0, j);
}

static int32_t is_cleaned(void *arg)
{
    (void)arg;
    return town.cleaned == town.made;
}

/* Let families live, and tell some of them to end at some time. Gives the trace. */
static uint64_t live(uint64_t seed)
{
    struct nave_sim_faults faults = {.size = sizeof(faults)};
    uint32_t i;

    if (seed % 4) {
        faults.pause = 5000;
        faults.wake = 100000;
        faults.poll = seed % 4 == 1 ? 300000 : 20000;
        faults.no_memory = seed % 4 == 3 ? 5000 : 0;
    }
    begin(seed, &faults);
    for (i = 0; i < FAMILIES; i++) {
        CU_ASSERT_EQUAL(town.sim->api->call(town.sim, (uint32_t)drawn(&town, WORKERS), found_here,
                                            &town.joins[i]),
                        NAVE_OK);
        (void)town.sim->api->run(town.sim,
                                 town.sim->api->now(town.sim) +
                                     (nave_nsec)drawn(&town, 4 * NAVE_MSEC),
                                 NULL, NULL);
        if (drawn(&town, 3) == 0 && town.joins[drawn(&town, i + 1)].api)
            (void)nave_join_abort(&town.joins[i]);
    }
    if (town.sim->api->run(town.sim, town.sim->api->now(town.sim) + 60 * NAVE_SEC, is_cleaned,
                           NULL) != NAVE_OK)
        wrong(&town, "somebody waits for ever, or was not cleaned up");
    for (i = 0; i < FAMILIES; i++)
        if (town.joins[i].api)
            nave_join_drop(&town.joins[i]);
    return end();
}

static void promises_are_kept_over_many_seeds(void)
{
    uint32_t received = 0, timeouts = 0, given = 0, failed = 0;
    uint64_t seed;

    for (seed = 1; seed <= SEEDS && !failed; seed++) {
        (void)live(seed);
        if (town.given != town.released)
            wrong(&town, "an argument that was not given back once");
        if (town.made != town.cleaned)
            wrong(&town, "not every cleanup ran once");
        failed = town.wrong != NULL;
        if (failed)
            printf("\n  seed %llu: %s\n", (unsigned long long)seed, town.wrong);
        received += town.received;
        timeouts += town.timeouts;
        given += town.given;
    }
    CU_ASSERT_EQUAL(failed, 0);
    CU_ASSERT(received > SEEDS && timeouts > SEEDS && given > SEEDS); /* all of it did happen */
}

static void the_same_seed_keeps_them_in_the_same_way(void)
{
    uint64_t seed;

    for (seed = 1; seed <= 20; seed++)
        CU_ASSERT_EQUAL(live(seed), live(seed));
    CU_ASSERT_NOT_EQUAL(live(1), live(2));
}

/* --- waiting from outside --------------------------------------------------------------------- */

NAVE_ASYNC(nap, nave_nsec length; struct nave_sleep_op sleep; uint32_t answer;)
{
    NAVE_BEGIN();
    NAVE_TRY(nave_sleep(cx, &f->sleep, f->length));
    f->answer = 42;
    NAVE_CLEANUP();
    NAVE_END();
}

struct asked {
    nave_nsec length;
    uint32_t answer;
    nave_err err;
};

static void fill_nap(void *frame, void *arg)
{
    NAVE_ASYNC_FRAME(nap, frame)->length = ((const struct asked *)arg)->length;
}

static void take_nap(void *frame, void *arg)
{
    ((struct asked *)arg)->answer = NAVE_ASYNC_FRAME(nap, frame)->answer;
}

static nave_err block(struct asked *a, nave_nsec patience)
{
    struct nave_handle *exec = NULL;
    nave_err result = NAVE_OK;
    nave_err err = nave_runtime_bind(rt, NAVE_EXEC_ID, 0, sizeof(struct nave_exec_iface), &exec);

    if (!err)
        err = nave_block_on((struct nave_exec *)(void *)exec, &nap_api, NAVE_ASYNC_SIZE(nap),
                            fill_nap, take_nap, a, patience, &result);
    return err ? err : result;
}

static void block_here(struct nave_worker *w, void *arg)
{
    struct asked *a = arg;

    (void)w;
    a->err = block(a, NAVE_NEVER);
}

static void between_steps_block_on_takes_steps(void)
{
    struct asked a = {.length = 3600 * NAVE_SEC};
    nave_nsec before;

    begin(1, NULL);
    before = town.sim->api->now(town.sim);
    CU_ASSERT_EQUAL(block(&a, NAVE_NEVER), NAVE_OK);
    CU_ASSERT_EQUAL(a.answer, 42);
    CU_ASSERT(town.sim->api->now(town.sim) - before >= a.length);
    (void)end();
}

static void its_patience_is_virtual_time(void)
{
    struct asked a = {.length = 3600 * NAVE_SEC};
    nave_nsec before;

    begin(2, NULL);
    before = town.sim->api->now(town.sim);
    CU_ASSERT_EQUAL(block(&a, 5 * NAVE_SEC), NAVE_ETIMEDOUT);
    CU_ASSERT_EQUAL(town.sim->api->now(town.sim) - before, 5 * NAVE_SEC);
    CU_ASSERT_EQUAL(a.answer, 0);
    (void)end(); /* without stragglers: it was asked to end */
}

static void inside_a_step_block_on_says_that_it_would_wait_for_itself(void)
{
    struct asked a = {.length = NAVE_MSEC};

    begin(3, NULL);
    CU_ASSERT_EQUAL(town.sim->api->call(town.sim, 1, block_here, &a), NAVE_OK);
    CU_ASSERT_EQUAL(a.err, NAVE_EDEADLOCK);
    (void)end();
}

static void what_can_never_end_is_a_deadlock(void)
{
    struct asked a = {.length = NAVE_NEVER};

    begin(4, NULL);
    CU_ASSERT_EQUAL(block(&a, NAVE_NEVER), NAVE_EDEADLOCK);
    (void)end();
}

#define TEST(name)  \
    {               \
#        name, name \
    }
static CU_TestInfo promise_tests[] = {
    TEST(promises_are_kept_over_many_seeds),
    TEST(the_same_seed_keeps_them_in_the_same_way),
    CU_TEST_INFO_NULL,
};
static CU_TestInfo block_tests[] = {
    TEST(between_steps_block_on_takes_steps),
    TEST(its_patience_is_virtual_time),
    TEST(inside_a_step_block_on_says_that_it_would_wait_for_itself),
    TEST(what_can_never_end_is_a_deadlock),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"promises", NULL, NULL, NULL, NULL, promise_tests},
    {"block_on", NULL, NULL, NULL, NULL, block_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)
