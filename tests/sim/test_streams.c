/* SPDX-License-Identifier: MIT
 *
 * Streams that are awaited, in whole runtimes of the simulation: a mirror and its visitors, all of them
 * async functions, through short reads and writes, watches called for nothing, loss, stalls, resets, no
 * descriptors and no memory. Whatever fails, no byte is lost, doubled or moved out of its order.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nave/async.h>
#include <nave/plugin.h>
#include <nave/role.h>
#include <nave/runtime.h>
#include <nave/select.h>
#include <nave/sim.h>
#include <nave/sleep.h>
#include <nave/stream_op.h>

#include "test_main.h"

const struct nave_plugin *tcp_plugin_entry_v1(void);

#define SEEDS    1000u
#define VISITORS 6u
#define LEN      3000u
#define BLOCK    256u /* less than the window: a visitor reads behind each */
#define WINDOW   1024u
#define HOME     0u /* the worker of the drifters' streams */

static const char config[] =
    "{\"runtime\": {\"shutdown_timeout\": \"60s\"}, \"plugins\": {\"tcp\": {}, \"mirror\": {}},\n"
    " \"listeners\": [{\"name\": \"m\", \"bind\": \"tcp://127.0.0.1:7\", \"protocols\": "
    "[\"mirror\"]}]}";

struct visit {
    struct nave_stream *stream;
    uint32_t seen;     /* bytes that came back, each as it should be */
    uint32_t timeouts; /* a recv that was dropped, by select         */
    uint32_t is_over;
    nave_err result;
};

struct world {
    struct nave_worker *workers[4];
    struct visit visits[VISITORS];
    uint32_t over;    /* visits */
    uint32_t mirrors; /* that live */
    uint32_t mirrored;
    uint32_t strangers; /* NAVE_EAFFINITY */
    uint32_t wrong;     /* bytes that should not be there, and more that should not be */
    uint32_t away;      /* uses of a stream by a task that was on another worker, and was told so */
    uint32_t moves;     /* of drifters to other workers */
};

static struct world all;
static struct nave_runtime *rt;
static struct nave_sim *sim;
static uint64_t lost_to_timeouts; /* recvs that were dropped, over all seeds */

static uint8_t byte_at(uint32_t at)
{
    return (uint8_t)(at * 7 + at / 251);
}

/* --- the mirror ------------------------------------------------------------------------------- */

NAVE_ASYNC(mirror, struct nave_stream *stream; struct nave_stream_op io; uint8_t data[100];)
{
    NAVE_BEGIN();
    for (;;) {
        NAVE_AWAIT(nave_stream_recv(cx, &f->io, f->stream, f->data, sizeof(f->data)));
        if (NAVE_RESULT() == NAVE_EOF)
            break;
        NAVE_TRY_NOW(NAVE_RESULT());
        NAVE_TRY(nave_stream_send(cx, &f->io, f->stream, f->data, (size_t)f->io.op.value));
        all.mirrored += (uint32_t)f->io.op.value;
    }
    NAVE_TRY_NOW(nave_stream_shut(f->stream)); /* the other direction was open until now */
    NAVE_CLEANUP();
    all.strangers += f->async.result == NAVE_EAFFINITY;
    all.mirrors--;
    nave_stream_close(f->stream, 0);
    NAVE_END();
}

static void mirror_accept(struct nave_protocol *p, struct nave_stream *s_take,
                          const struct nave_accept_info *info)
{
    struct nave_worker *w = all.workers[info->worker];
    struct nave_future *f = NULL;

    (void)p;
    if (NAVE_NEW(mirror, w, &f, .stream = s_take) != NAVE_OK) {
        nave_stream_close(s_take, NAVE_CLOSE_ABORT);
        return;
    }
    all.mirrors++;
    (void)w->api->spawn_local(w, f);
}

static const struct nave_protocol_iface mirror_iface = {
    .hdr = NAVE_IFACE(struct nave_protocol_iface, NAVE_PROTOCOL_ID, 0, NAVE_IFACE_DRAFT),
    .accept = mirror_accept,
    .set_next = nave_default_set_next,
    .retire = nave_default_retire,
};
static struct nave_protocol the_mirror = {&mirror_iface};

static nave_err mirror_make(void *self, const struct nave_role_args *args, struct nave_handle **out)
{
    (void)self;
    (void)args;
    *out = (struct nave_handle *)(void *)&the_mirror;
    return NAVE_OK;
}

static void mirror_unmake(void *self, struct nave_handle *handle)
{
    (void)self;
    (void)handle;
}

static nave_err mirror_create(struct nave_host *host, void **out_self)
{
    (void)host;
    *out_self = &all;
    return NAVE_OK;
}

static nave_err mirror_worker_start(void *self, struct nave_worker *w)
{
    (void)self;
    all.workers[w->index] = w;
    return NAVE_OK;
}

static const struct nave_plugin_ops mirror_ops = {
    .size = sizeof(mirror_ops),
    .create = mirror_create,
    .prepare = nave_default_prepare,
    .commit = nave_default_ok,
    .abort = nave_default_nothing,
    .start = nave_default_ok,
    .worker_start = mirror_worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = nave_default_worker_stop,
    .stop = nave_default_nothing,
    .destroy = nave_default_nothing,
};

#define NAVE_PLUGIN_NAME        mirror
#define NAVE_PLUGIN_ID          "mirror"
#define NAVE_PLUGIN_VERSION     "1.0.0"
#define NAVE_PLUGIN_FLAGS       0
#define NAVE_PLUGIN_NEEDS(NEED) NEED("nave.worker/1", 0, 0)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)                                                             \
    ROLE(protocol, "mirror", NAVE_PROTOCOL_ID, mirror_make, mirror_unmake, nave_no_options, \
         NAVE_NO_OPTIONS, "sends back what comes")
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          mirror_ops
#include <nave/define.h>

/* --- a visitor -------------------------------------------------------------------------------- */

/* Sends block after block; gives each recv little time and takes it back, again and again. */
struct visitor {
    struct nave_async async; /* first */
    struct visit *visit;
    struct nave_stream_op in, out;
    struct nave_sleep_op sleep;
    struct nave_select select;
    struct nave_arm arms[2];
    uint8_t data[BLOCK], back[BLOCK];
    uint32_t sent, len;
};
NAVE_ASYNC_DECLARE(visitor);

/* Compare what came back. */
static void look(struct visit *v, const uint8_t *data, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++)
        all.wrong += data[i] != byte_at(v->seen++);
}

static void fill(struct visitor *f, uint32_t most)
{
    uint32_t i;

    f->len = 1 + most % BLOCK;
    if (f->len > LEN - f->sent)
        f->len = LEN - f->sent;
    for (i = 0; i < f->len; i++)
        f->data[i] = byte_at(f->sent + i);
    f->sent += f->len;
}

NAVE_ASYNC_BODY(visitor)
{
    struct visit *v;

    NAVE_BEGIN();
    while (f->sent < LEN) {
        fill(f, nave_worker_random(cx->worker, BLOCK));
        NAVE_TRY(nave_stream_send(cx, &f->out, f->visit->stream, f->data, f->len));
        while (f->visit->seen < f->sent) {
            NAVE_SELECT(&f->select, f->arms, NAVE_SELECT_FAIR,
                        nave_stream_recv(cx, &f->in, f->visit->stream, f->back, sizeof(f->back)),
                        nave_sleep(cx, &f->sleep,
                                   (1 + nave_worker_random(cx->worker, 4)) * NAVE_MSEC));
            NAVE_TRY_NOW(NAVE_RESULT());
            if (f->select.winner == 0)
                look(f->visit, f->back, (size_t)f->in.op.value);
            else
                f->visit->timeouts++;
        }
    }
    NAVE_TRY_NOW(nave_stream_shut(f->visit->stream));
    NAVE_AWAIT(nave_stream_recv(cx, &f->in, f->visit->stream, f->back, sizeof(f->back)));
    NAVE_RETURN(NAVE_RESULT()); /* NAVE_EOF */
    NAVE_CLEANUP();
    v = f->visit;
    v->result = f->async.result;
    v->is_over = 1;
    all.strangers += f->async.result == NAVE_EAFFINITY;
    all.over++;
    nave_stream_close(v->stream, 0);
    NAVE_END();
}

static void visit(struct nave_worker *w, void *arg)
{
    struct visit *v = arg;
    struct nave_future *f = NULL;

    if (NAVE_NEW(visitor, w, &f, .visit = v) == NAVE_OK) {
        (void)w->api->spawn_local(w, f);
        return;
    }
    nave_stream_close(v->stream, NAVE_CLOSE_ABORT);
    v->result = NAVE_ENOMEM;
    v->is_over = 1;
    all.over++;
}

static int32_t all_over(void *arg)
{
    (void)arg;
    return all.over == VISITORS && all.mirrors == 0;
}

/* --- a task that any worker may take ------------------------------------------------------------ */

#define ROUNDS 20u
#define YIELDS 400u /* a worker polls up to 1,024 times before others have their turn */

/* Who is idle is woken for this one, and finds others to take as well. */
NAVE_ASYNC(lure, uint32_t yields;)
{
    NAVE_BEGIN();
    for (; f->yields < YIELDS; f->yields++)
        NAVE_YIELD();
    NAVE_CLEANUP();
    NAVE_END();
}

static void set_lure(struct nave_worker *w)
{
    struct nave_future *f = NULL;

    if (NAVE_NEW(lure, w, &f, .yields = 0) == NAVE_OK)
        (void)w->api->spawn(w, f);
}

/* Sends a byte and waits for it, when it is where its stream is; is told so when it is not. */
NAVE_ASYNC(drifter, struct visit *visit; struct nave_stream_op io; uint32_t round, at, yields;
           uint8_t byte;)
{
    NAVE_BEGIN();
    for (; f->round < ROUNDS; f->round++) {
        all.moves += f->round > 0 && f->at != cx->worker->index;
        f->at = cx->worker->index;
        f->byte = (uint8_t)f->round;
        NAVE_AWAIT(nave_stream_send(cx, &f->io, f->visit->stream, &f->byte, 1));
        if (f->at != HOME) {
            all.wrong += NAVE_RESULT() != NAVE_EAFFINITY;
            all.away++;
        } else {
            NAVE_TRY_NOW(NAVE_RESULT());
            f->byte = 0xFF;
            NAVE_TRY(nave_stream_recv(cx, &f->io, f->visit->stream, &f->byte, 1));
            all.wrong += cx->worker->index != HOME || f->byte != (uint8_t)f->round;
            f->visit->seen++;
        }
        /* It is pinned no more: left in the queue for so long, it is taken by who is idle. */
        set_lure(cx->worker);
        set_lure(cx->worker); /* one is run next, for the other somebody is woken */
        for (f->yields = 0; f->yields < YIELDS; f->yields++)
            NAVE_YIELD();
    }
    NAVE_CLEANUP();
    f->visit->result = f->async.result;
    all.over++; /* its stream is closed at home: closed here it might stay open */
    NAVE_END();
}

static void drift(struct nave_worker *w, void *arg)
{
    struct nave_future *f = NULL;

    w = all.workers[w->index]; /* of a plugin, which is on all workers: its tasks may move */
    CU_ASSERT_EQUAL_FATAL(NAVE_NEW(drifter, w, &f, .visit = arg), NAVE_OK);
    (void)w->api->spawn(w, f);
}

static void close_at_home(struct nave_worker *w, void *arg)
{
    (void)w;
    nave_stream_close(((struct visit *)arg)->stream, 0);
}

static int32_t all_drifted(void *arg)
{
    (void)arg;
    return all.over == VISITORS;
}

static int32_t no_mirrors(void *arg)
{
    (void)arg;
    return all.mirrors == 0;
}

/* --- one seed --------------------------------------------------------------------------------- */

static void on_report(void *arg, const struct nave_report *r)
{
    (void)arg;
    (void)r;
}

static void open_world(uint64_t seed, uint32_t workers, const struct nave_sim_faults *faults)
{
    static const nave_plugin_entry_fn parts[] = {tcp_plugin_entry_v1, mirror_plugin_entry_v1, NULL};
    struct nave_sim_options o = {.size = sizeof(o), .seed = seed, .window = WINDOW};
    struct nave_runtime_options options = {.size = sizeof(options),
                                           .report = on_report,
                                           .plugin_path = "",
                                           .static_plugins = parts,
                                           .workers = workers,
                                           .log_level = NAVE_LOG_ERROR,
                                           .sim = &o};
    struct nave_handle *handle = NULL;

    memset(&all, 0, sizeof(all));
    CU_ASSERT_EQUAL_FATAL(nave_runtime_create(&options, &rt), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_runtime_configure_text(rt, config, strlen(config), "test"), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_runtime_start(rt), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_runtime_bind(rt, NAVE_SIM_ID, 0, sizeof(struct nave_sim_iface),
                                            &handle),
                          NAVE_OK);
    sim = (struct nave_sim *)(void *)handle;
    CU_ASSERT_EQUAL_FATAL(sim->api->set_faults(sim, faults), NAVE_OK);
}

/* Returns the trace. */
static uint64_t close_world(void)
{
    struct nave_sim_info info = {.size = sizeof(info)};

    CU_ASSERT_EQUAL(all.wrong, 0);
    nave_runtime_stop(rt);
    CU_ASSERT_EQUAL(sim->api->run(sim, NAVE_NEVER, NULL, NULL), NAVE_ECLOSED);
    CU_ASSERT_EQUAL(sim->api->info(sim, &info), NAVE_OK);
    CU_ASSERT_EQUAL(info.streams_open, 0);
    nave_runtime_destroy(rt);
    if (CU_get_number_of_failures() > 0)
        printf("\n    seed %llu, %u workers\n", (unsigned long long)info.seed, info.workers);
    return info.trace;
}

/* Returns the trace. */
static uint64_t run(uint64_t seed, uint32_t workers, const struct nave_sim_faults *faults)
{
    nave_err err;
    uint32_t i;

    open_world(seed, workers, faults);
    for (i = 0; i < VISITORS; i++) {
        struct nave_str address = NAVE_STR_LIT("127.0.0.1:7");

        err = sim->api->connect(sim, i % workers, address, &all.visits[i].stream);
        if (err == NAVE_OK)
            err = sim->api->call(sim, i % workers, visit, &all.visits[i]);
        else
            all.over++;
        if (err != NAVE_OK)
            all.visits[i].result = err;
    }
    err = sim->api->run(sim, sim->api->now(sim) + 600 * NAVE_SEC, all_over, NULL);
    CU_ASSERT_EQUAL(err, NAVE_OK);
    CU_ASSERT_EQUAL(all.strangers, 0);
    for (i = 0; i < VISITORS; i++)
        lost_to_timeouts += all.visits[i].timeouts;
    return close_world();
}

/* Every visitor has seen all of it, and the end. */
static uint32_t served(void)
{
    uint32_t i, n = 0;

    for (i = 0; i < VISITORS; i++)
        n += all.visits[i].result == NAVE_EOF && all.visits[i].seen == LEN;
    return n;
}

/* --- the tests -------------------------------------------------------------------------------- */

static void through_short_moves_and_false_alarms_every_byte_comes_back(void)
{
    static const struct nave_sim_faults faults = {.size = sizeof(faults),
                                                  .short_read = 300000,
                                                  .short_write = 300000,
                                                  .spurious = 200000,
                                                  .loss = 5000};
    uint64_t seed;

    lost_to_timeouts = 0;
    for (seed = 1; seed <= SEEDS && CU_get_number_of_failures() == 0; seed++) {
        (void)run(seed, 1 + (uint32_t)(seed % 4), &faults);
        CU_ASSERT_EQUAL(served(), VISITORS);
    }
    CU_ASSERT(lost_to_timeouts > SEEDS); /* recvs were dropped, and lost nothing */
}

static void whatever_fails_nothing_is_lost_doubled_or_left_open(void)
{
    static const struct nave_sim_faults faults = {.size = sizeof(faults),
                                                  .short_read = 100000,
                                                  .short_write = 100000,
                                                  .spurious = 50000,
                                                  .loss = 2000,
                                                  .stall = 500,
                                                  .reset = 4000,
                                                  .refuse = 50000,
                                                  .no_files = 100000,
                                                  .no_memory = 20000};
    uint32_t well = 0, broken = 0;
    uint64_t seed;

    for (seed = 1; seed <= SEEDS && CU_get_number_of_failures() == 0; seed++) {
        (void)run(seed, 1 + (uint32_t)(seed % 4), &faults);
        well += served();
        broken += VISITORS - served();
    }
    CU_ASSERT(well > SEEDS);
    CU_ASSERT(broken > SEEDS / 4);
}

static void a_task_that_any_worker_may_take_stays_while_it_waits_and_moves_after(void)
{
    static const struct nave_sim_faults faults = {.size = sizeof(faults),
                                                  .short_read = 100000,
                                                  .spurious = 100000};
    struct nave_str address = NAVE_STR_LIT("127.0.0.1:7");
    uint32_t away = 0, moves = 0, seen = 0, i;
    uint64_t seed;

    for (seed = 1; seed <= 100 && CU_get_number_of_failures() == 0; seed++) {
        open_world(seed, 2 + (uint32_t)(seed % 3), &faults);
        for (i = 0; i < VISITORS; i++) {
            struct visit *v = &all.visits[i];

            CU_ASSERT_EQUAL_FATAL(sim->api->connect(sim, HOME, address, &v->stream), NAVE_OK);
            CU_ASSERT_EQUAL(sim->api->call(sim, HOME, drift, v), NAVE_OK);
        }
        CU_ASSERT_EQUAL(sim->api->run(sim, sim->api->now(sim) + 600 * NAVE_SEC, all_drifted, NULL),
                        NAVE_OK);
        for (i = 0; i < VISITORS; i++) {
            CU_ASSERT_EQUAL(all.visits[i].result, NAVE_OK);
            CU_ASSERT_EQUAL(sim->api->call(sim, HOME, close_at_home, &all.visits[i]), NAVE_OK);
            seen += all.visits[i].seen;
        }
        CU_ASSERT_EQUAL(sim->api->run(sim, sim->api->now(sim) + 600 * NAVE_SEC, no_mirrors, NULL),
                        NAVE_OK);
        CU_ASSERT_EQUAL(all.strangers, 0);
        away += all.away;
        moves += all.moves;
        (void)close_world();
    }
    CU_ASSERT(away > 100);
    CU_ASSERT(moves > 100);
    CU_ASSERT(seen > 1000);
}

static void the_same_seed_does_the_same(void)
{
    static const struct nave_sim_faults faults = {.size = sizeof(faults),
                                                  .short_read = 300000,
                                                  .spurious = 200000,
                                                  .reset = 1000};
    uint64_t first = run(77, 3, &faults);

    CU_ASSERT_EQUAL(run(77, 3, &faults), first);
    CU_ASSERT_NOT_EQUAL(run(78, 3, &faults), first);
}

#define TEST(name)  \
    {               \
#        name, name \
    }
static CU_TestInfo tests[] = {
    TEST(through_short_moves_and_false_alarms_every_byte_comes_back),
    TEST(whatever_fails_nothing_is_lost_doubled_or_left_open),
    TEST(a_task_that_any_worker_may_take_stays_while_it_waits_and_moves_after),
    TEST(the_same_seed_does_the_same),
    CU_TEST_INFO_NULL,
};
static CU_SuiteInfo suites[] = {
    {"streams that are awaited, simulated", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};
NAVE_TEST_MAIN(suites)
