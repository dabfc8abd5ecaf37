/* SPDX-License-Identifier: MIT
 *
 * A simulated runtime with http1 and router, unchanged: the same seed does the same, whatever fails is
 * a right answer or a clean error, and nothing is left.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nave/plugin.h>
#include <nave/runtime.h>
#include <nave/sim.h>

#include "client.h"
#include "test_main.h"

const struct nave_plugin *tcp_plugin_entry_v1(void);
const struct nave_plugin *http1_plugin_entry_v1(void);
const struct nave_plugin *router_plugin_entry_v1(void);

#define CLIENTS 24

static const nave_plugin_entry_fn parts[] = {tcp_plugin_entry_v1, http1_plugin_entry_v1,
                                             router_plugin_entry_v1, NULL};
static const char config[] =
    "{\"plugins\": {\"tcp\": {}, \"http1\": {}, \"router\": {\"routes\": [\n"
    "  {\"GET /hello\": {\"text\": \"Hello, World!\\n\"}}, {\"ANY /echo/*\": {\"echo\": {}}}]}},\n"
    " \"listeners\": [{\"name\": \"web\", \"bind\": \"tcp://127.0.0.1:8080\",\n"
    "                \"protocols\": [\"http1\"], \"handler\": \"router\"}]}";
static const char address[] = "127.0.0.1:8080";

static struct client clients[CLIENTS];
static char reported[4096];

static void on_report(void *arg, const struct nave_report *r)
{
    size_t len = strlen(reported);

    (void)arg;
    snprintf(reported + len, sizeof(reported) - len, "%.*s\n", (int)r->text.len, r->text.ptr);
}

static struct nave_sim *begin(const struct nave_sim_options *sim, uint32_t workers,
                              struct nave_runtime **out_rt)
{
    struct nave_runtime_options o = {.size = sizeof(o),
                                     .report = on_report,
                                     .plugin_path = "",
                                     .static_plugins = parts,
                                     .log_level = NAVE_LOG_WARN,
                                     .workers = workers,
                                     .sim = sim};
    struct nave_handle *handle = NULL;

    reported[0] = '\0';
    CU_ASSERT_EQUAL_FATAL(nave_runtime_create(&o, out_rt), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_runtime_configure_text(*out_rt, config, strlen(config), "test"),
                          NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_runtime_start(*out_rt), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_runtime_bind(*out_rt, NAVE_SIM_ID, 0, sizeof(struct nave_sim_iface),
                                            &handle),
                          NAVE_OK);
    return (struct nave_sim *)(void *)handle;
}

/* Stop, and drain to the end. */
static nave_err finish(struct nave_runtime *rt, struct nave_sim *sim)
{
    nave_err err;

    nave_runtime_stop(rt);
    err = sim->api->run(sim, NAVE_NEVER, NULL, NULL);
    return err;
}

static struct nave_sim_info info_of(struct nave_sim *sim)
{
    struct nave_sim_info info = {.size = sizeof(info)};

    CU_ASSERT_EQUAL(sim->api->info(sim, &info), NAVE_OK);
    return info;
}

static int32_t all_over(void *arg)
{
    uint32_t i, n = *(uint32_t *)arg;

    for (i = 0; i < n; i++)
        if (!client_is_over(&clients[i]))
            return 0;
    return 1;
}

/* Serve `n` clients; the trace. `out_done` counts those that were served to the end. */
static uint64_t serve(uint64_t seed, uint32_t workers, const struct nave_sim_faults *faults,
                      uint32_t n, uint32_t *out_done)
{
    struct nave_sim_options o = {.size = sizeof(o), .seed = seed, .faults = faults};
    struct nave_runtime *rt;
    struct nave_sim *sim = begin(&o, workers, &rt);
    struct nave_sim_info info;
    uint32_t i;
    nave_err err;

    *out_done = 0;
    for (i = 0; i < n; i++) {
        err = client_start(&clients[i], sim, (uint32_t)sim->api->random(sim, workers), address, 4);
        CU_ASSERT(err == NAVE_OK || (err == NAVE_ENOFILES && faults && faults->no_files));
    }
    CU_ASSERT_EQUAL(sim->api->run(sim, NAVE_NEVER, all_over, &n), NAVE_OK);
    for (i = 0; i < n; i++) {
        CU_ASSERT(clients[i].state != CLIENT_RUNS || clients[i].err == NAVE_ENOFILES);
        CU_ASSERT_NOT_EQUAL(clients[i].state, CLIENT_WRONG);
        if (clients[i].state == CLIENT_WRONG)
            printf("\n  seed %llu, client %u: %s (%d)\n%s\n", (unsigned long long)seed, i,
                   clients[i].why, clients[i].err, clients[i].in);
        *out_done += clients[i].state == CLIENT_DONE;
    }
    err = finish(rt, sim);
    CU_ASSERT_EQUAL(err, NAVE_ECLOSED);
    info = info_of(sim);
    CU_ASSERT_EQUAL(info.streams_open, 0);
    if (err != NAVE_ECLOSED || info.streams_open)
        printf("\n  seed %llu: %d, %llu open\n%s", (unsigned long long)seed, err,
               (unsigned long long)info.streams_open, reported);
    nave_runtime_destroy(rt);
    return info.trace;
}

/* --- tests ------------------------------------------------------------------------------------ */

static void a_world_without_faults_serves_everybody(void)
{
    uint32_t done;

    serve(1, 1, NULL, CLIENTS, &done);
    CU_ASSERT_EQUAL(done, CLIENTS);
    serve(2, 4, NULL, CLIENTS, &done);
    CU_ASSERT_EQUAL(done, CLIENTS);
    CU_ASSERT_STRING_EQUAL(reported, "");
}

static void the_same_seed_gives_the_same_trace(void)
{
    struct nave_sim_faults faults = {.size = sizeof(faults), .short_read = 200000, .loss = 10000};
    uint32_t done, again;
    uint64_t seed;

    for (seed = 1; seed <= 20; seed++) {
        CU_ASSERT_EQUAL(serve(seed, 3, &faults, 8, &done), serve(seed, 3, &faults, 8, &again));
        CU_ASSERT_EQUAL(done, again);
    }
}

static void another_seed_gives_another_trace(void)
{
    uint64_t traces[50];
    uint32_t i, k, done;

    for (i = 0; i < 50; i++)
        traces[i] = serve(i + 1, 2, NULL, 4, &done);
    for (i = 0; i < 50; i++)
        for (k = 0; k < i; k++)
            CU_ASSERT_NOT_EQUAL(traces[i], traces[k]);
}

/* One fault at a time, often. */
static void each_fault_ends_in_a_right_answer_or_a_clean_error(void)
{
    static const struct {
        const char *name;
        size_t offset;
        uint32_t ppm;
        uint32_t is_harmless; /* everybody is served all the same */
    } rows[] = {
#define ROW(name, ppm, is_harmless) \
    {#name, offsetof(struct nave_sim_faults, name), ppm, is_harmless}
        ROW(short_read, 900000, 1), ROW(short_write, 900000, 1), ROW(spurious, 500000, 1),
        ROW(loss, 200000, 1),       ROW(stall, 100000, 0),       ROW(reset, 100000, 0),
        ROW(refuse, 300000, 0),     ROW(no_files, 500000, 0),    ROW(no_memory, 50000, 0),
        ROW(no_answer, 300000, 0),  ROW(partition, 50000, 0),    ROW(pause, 50000, 1),
        ROW(wake, 500000, 1),       ROW(poll, 500000, 1),        ROW(wall_jump, 500000, 1),
    };
    uint32_t i, done, total;
    uint64_t seed;

    for (i = 0; i < NAVE_COUNT(rows); i++) {
        struct nave_sim_faults faults = {.size = sizeof(faults)};

        memcpy((char *)&faults + rows[i].offset, &rows[i].ppm, sizeof(uint32_t));
        total = 0;
        for (seed = 1; seed <= 10; seed++) {
            serve(seed, 2, &faults, 12, &done);
            total += done;
        }
        if (rows[i].is_harmless)
            CU_ASSERT_EQUAL(total, 120);
        CU_ASSERT(total > 0);
        printf("%s %u/120 ", rows[i].name, total);
    }
}

/* What the Date of the last answer of clients[0] says. */
static const char *date_of_answer(void)
{
    const char *field = strstr(clients[0].in, "\r\nDate: ");

    return field ? field + 8 : "none";
}

/* Dates follow the wall clock, whichever way it goes; what waits for a time does not see it. */
static void the_wall_clock_of_answers_jumps_and_deadlines_stay(void)
{
    struct nave_sim_options o = {.size = sizeof(o), .seed = 4};
    struct nave_runtime *rt;
    struct nave_sim *sim = begin(&o, 1, &rt);
    uint32_t one = 1;
    nave_nsec before;

    CU_ASSERT_EQUAL_FATAL(client_start(&clients[0], sim, 0, address, 2), NAVE_OK);
    CU_ASSERT_EQUAL(sim->api->run(sim, NAVE_NEVER, all_over, &one), NAVE_OK);
    CU_ASSERT_EQUAL(strncmp(date_of_answer(), "Thu, 01 Jan 2026 00:00:0", 24), 0);
    CU_ASSERT_EQUAL(sim->api->wall_jump(sim, -86400 * NAVE_SEC), NAVE_OK);
    (void)sim->api->run(sim, sim->api->now(sim) + 2 * NAVE_SEC, NULL, NULL);
    CU_ASSERT_EQUAL_FATAL(client_start(&clients[0], sim, 0, address, 2), NAVE_OK);
    CU_ASSERT_EQUAL(sim->api->run(sim, NAVE_NEVER, all_over, &one), NAVE_OK);
    CU_ASSERT_EQUAL(strncmp(date_of_answer(), "Wed, 31 Dec 2025 00:00:0", 24), 0);
    /* One that says nothing is closed when its time is over: 10 s, and no year sooner or later. */
    CU_ASSERT_EQUAL_FATAL(client_start(&clients[0], sim, 0, address, 0), NAVE_OK);
    before = sim->api->now(sim);
    CU_ASSERT_EQUAL(sim->api->wall_jump(sim, 365 * 86400 * NAVE_SEC), NAVE_OK);
    CU_ASSERT_EQUAL(sim->api->run(sim, NAVE_NEVER, all_over, &one), NAVE_OK);
    CU_ASSERT(sim->api->now(sim) - before >= 9 * NAVE_SEC);
    CU_ASSERT(sim->api->now(sim) - before < 12 * NAVE_SEC);
    CU_ASSERT_EQUAL(finish(rt, sim), NAVE_ECLOSED);
    nave_runtime_destroy(rt);
}

static CU_TestInfo tests[] = {
#define TEST(name)  \
    {               \
#        name, name \
    }
    TEST(a_world_without_faults_serves_everybody),
    TEST(the_same_seed_gives_the_same_trace),
    TEST(another_seed_gives_another_trace),
    TEST(each_fault_ends_in_a_right_answer_or_a_clean_error),
    TEST(the_wall_clock_of_answers_jumps_and_deadlines_stay),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"sim", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)
