/* SPDX-License-Identifier: MIT
 *
 * Microtasks of what the runtime calls outside of turns: worker_start, worker_drain and worker_stop of each
 * plugin are followed by theirs before the next plugin is called, also in a simulation.
 */
#include <string.h>

#include <nave/runtime.h>
#include <nave/sim.h>

#include "test_main.h"
#include "trace.h"

struct trace trace;

#define CALLS 6 /* two plugins, three calls */

struct follow_up {
    struct nave_job job;
    const char *what;
};

static struct follow_up follow_ups[CALLS];
static uint32_t count;

static void add(const char *text)
{
    if (trace.text[0])
        strncat(trace.text, " ", sizeof(trace.text) - strlen(trace.text) - 1);
    strncat(trace.text, text, sizeof(trace.text) - strlen(trace.text) - 1);
}

/* The calls that are no worker's are not of interest. */
nave_err trace_add(const char *who, const char *what)
{
    if (strncmp(what, "worker", 6) == 0) {
        add(who);
        add(what);
    }
    return NAVE_OK;
}

static void run_follow_up(struct nave_job *j)
{
    add("then");
    add(NAVE_CONTAINER_OF(j, struct follow_up, job)->what);
}

static void on_worker(const char *what, struct nave_worker *w)
{
    struct follow_up *f = &follow_ups[count < CALLS ? count++ : 0];

    *f = (struct follow_up){{NULL, run_follow_up}, what};
    nave_worker_microtask(w, &f->job);
}

static void run(const struct nave_sim_options *sim)
{
    static const nave_plugin_entry_fn statics[] = {trace_a_plugin_entry_v1, trace_b_plugin_entry_v1,
                                                   NULL};
    static const char config[] =
        "{\"runtime\": {\"workers\": 1}, \"plugins\": {\"a\": {}, \"b\": {}}}";
    struct nave_runtime_options o = {.size = sizeof(o), .static_plugins = statics, .sim = sim};
    struct nave_runtime *rt;

    memset(&trace, 0, sizeof(trace));
    trace.on_worker = on_worker;
    count = 0;
    CU_ASSERT_EQUAL_FATAL(nave_runtime_create(&o, &rt), NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_configure_text(rt, config, strlen(config), "test"), NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_start(rt), NAVE_OK);
    nave_runtime_stop(rt);
    CU_ASSERT_EQUAL(nave_runtime_run(rt), NAVE_OK);
    nave_runtime_destroy(rt);
    CU_ASSERT_STRING_EQUAL(trace.text, "a worker_start then a.worker_start "
                                       "b worker_start then b.worker_start "
                                       "b worker_drain then b.worker_drain "
                                       "a worker_drain then a.worker_drain "
                                       "b worker_stop then b.worker_stop "
                                       "a worker_stop then a.worker_stop");
}

static void each_call_of_a_plugin_is_followed_by_its_microtasks(void)
{
    run(NULL);
}

static void so_it_is_in_a_simulation(void)
{
    const struct nave_sim_options sim = {.size = sizeof(sim), .seed = 3};

    run(&sim);
}

static CU_TestInfo tests[] = {
    {"each_call_of_a_plugin_is_followed_by_its_microtasks",
     each_call_of_a_plugin_is_followed_by_its_microtasks},
    {"so_it_is_in_a_simulation", so_it_is_in_a_simulation},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"microtasks of plugin calls", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)
