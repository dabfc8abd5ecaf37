/* SPDX-License-Identifier: MIT
 *
 * The pool under load: several workers start jobs, drop some of them at any time and start others, while
 * 24 threads come and go. Every argument ends once: with its caller, or by release.
 */
#include "blocking_setup.h"

#define WORKERS 4u
#define OPS     32u
#define STARTS  8000u

static uint32_t made; /* atomic */
static uint32_t back; /* atomic: taken back by their callers */
static uint32_t ran;  /* atomic */

struct client {
    pthread_t thread;
    uint32_t index;
    uint32_t seed;
    uint32_t dones;
    uint32_t in_flight;
    struct nv_worker *worker;
    struct nv_worker_handle handle;
    struct slot {
        struct nave_op op;
        struct client *client;
        uint64_t *arg;
        uint32_t is_used;
    } slots[OPS];
};

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static nave_err stress_run(void *arg, struct nave_blocking_run *now)
{
    uint64_t *number = arg, i, spins = *number % 512;

    for (i = 0; i < spins && !nave_blocking_is_canceled(now); i++)
        ;
    now->value = ++*number; /* a second run, or a freed argument, is seen by the sanitizers */
    __atomic_fetch_add(&ran, 1, __ATOMIC_RELAXED);
    return NAVE_OK;
}

static const struct nave_blocking_work stress_work = {.size = sizeof(stress_work),
                                                      .name = "stress",
                                                      .run = stress_run,
                                                      .release = load_release};

static void on_stress_done(struct nave_op *op, void *arg)
{
    struct slot *s = arg;

    if (op->result == NAVE_OK && op->value != *s->arg)
        abort();
    free(s->arg);
    s->is_used = 0;
    s->client->in_flight--;
    s->client->dones++;
    __atomic_fetch_add(&back, 1, __ATOMIC_RELAXED);
}

static void drop(struct slot *s)
{
    nave_op_drop(&s->op);
    if (s->arg)
        abort();
    s->is_used = 0;
    s->client->in_flight--;
}

static void start(struct client *c, struct slot *s)
{
    uint32_t flags = next_random(&c->seed) % 4 == 0 ? NAVE_BLOCKING_DNS : 0;
    nave_err err;

    if (next_random(&c->seed) % 8 == 0)
        flags |= NAVE_BLOCKING_NO_WAIT;
    s->arg = malloc(sizeof(*s->arg));
    if (!s->arg)
        abort();
    *s->arg = next_random(&c->seed);
    __atomic_fetch_add(&made, 1, __ATOMIC_RELAXED);
    nave_op_init(&s->op, &c->handle.pub, on_stress_done, s);
    err = nave_blocking_start(b, &s->op, &stress_work, NAVE_BLOCKING_ARG(&s->arg), flags);
    if (err == NAVE_EAGAIN) {
        s->is_used = 1;
        c->in_flight++;
        return;
    }
    if (err != NAVE_ELIMIT)
        abort();
    free(s->arg);
    __atomic_fetch_add(&back, 1, __ATOMIC_RELAXED);
}

static void *client_main(void *arg)
{
    struct client *c = arg;
    uint32_t i;

    nv_worker_attach(c->worker);
    for (i = 0; i < STARTS; i++) {
        struct slot *s = &c->slots[next_random(&c->seed) % OPS];

        if (s->is_used)
            drop(s);
        else
            start(c, s);
        if (i % 8 == 0)
            nv_worker_turn(c->worker, 0);
    }
    while (c->in_flight > OPS / 2) /* some end by themselves, the others in a drop */
        nv_worker_turn(c->worker, NAVE_NEVER);
    for (i = 0; i < OPS; i++)
        if (c->slots[i].is_used)
            drop(&c->slots[i]);
    return NULL;
}

static void every_argument_ends_once(uint32_t threads, nave_nsec idle_ns)
{
    static struct client clients[WORKERS];
    struct nv_worker_options wo = {.poller = NULL};
    uint32_t i, k;

    made = back = ran = 0;
    memset(clients, 0, sizeof(clients));
    setup_with((struct nv_blocking_options){.threads = threads,
                                            .dns_threads = 6,
                                            .queue_max = 8,
                                            .idle_ns = idle_ns},
               NULL);
    for (i = 0; i < WORKERS; i++) {
        struct client *c = &clients[i];

        wo.index = i;
        c->index = i;
        c->seed = 4711 + i;
        for (k = 0; k < OPS; k++)
            c->slots[k].client = c;
        if (nv_worker_create(&wo, &c->worker) != NAVE_OK)
            abort();
        nv_worker_handle_init(&c->handle, c->worker, "acme");
        if (pthread_create(&c->thread, NULL, client_main, c) != 0)
            abort();
    }
    for (i = 0; i < WORKERS; i++)
        pthread_join(clients[i].thread, NULL);
    while (nv_blocking_is_busy(&pool))
        sched_yield();
    nv_blocking_close(&pool);
    nv_blocking_end(&pool);
    for (i = 0; i < WORKERS; i++)
        nv_worker_destroy(clients[i].worker);

    CU_ASSERT_EQUAL(made, back + released);
    CU_ASSERT_TRUE(ran > 0);
    CU_ASSERT_TRUE(released > 0);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).queued + stats_of(NV_LANE_MAIN).running, 0);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).started,
                    stats_of(NV_LANE_MAIN).finished + stats_of(NV_LANE_MAIN).canceled);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).threads, 0);
    teardown();
}

static void every_argument_ends_once_with_24_threads(void)
{
    every_argument_ends_once(24, 60 * NAVE_SEC);
}

static void every_argument_ends_once_with_threads_that_end_at_once(void)
{
    every_argument_ends_once(24, 0);
}

static void every_argument_ends_once_with_one_thread(void)
{
    every_argument_ends_once(1, 60 * NAVE_SEC);
}

static CU_TestInfo stress_tests[] = {
    {"every_argument_ends_once_with_24_threads", every_argument_ends_once_with_24_threads},
    {"every_argument_ends_once_with_threads_that_end_at_once",
     every_argument_ends_once_with_threads_that_end_at_once},
    {"every_argument_ends_once_with_one_thread", every_argument_ends_once_with_one_thread},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"stress", NULL, NULL, NULL, NULL, stress_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)
