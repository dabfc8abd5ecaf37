/* SPDX-License-Identifier: MIT
 *
 * For the tests of the simulated world: a runtime with two listeners whose streams the test uses itself,
 * both ends of them.
 */
#ifndef SIM_WORLD_RIG_H
#define SIM_WORLD_RIG_H

#include <stdio.h>
#include <string.h>

#include <nave/runtime.h>
#include <nave/sim.h>
#include <nave/worker.h>

#include "raw.h"
#include "test_main.h"

const struct nave_plugin *tcp_plugin_entry_v1(void);

/* Two listeners whose streams are kept by raw: the second one gets port 40000. */
static const char config[] =
    "{\"runtime\": {\"shutdown_timeout\": \"5s\"}, \"plugins\": {\"tcp\": {}, \"raw\": {}},\n"
    " \"listeners\": [{\"name\": \"a\", \"bind\": \"tcp://127.0.0.1:8080\", \"protocols\": "
    "[\"raw\"]},\n"
    "                {\"name\": \"b\", \"bind\": \"tcp://*:0\", \"protocols\": [\"raw\"]}]}";

static struct nave_runtime *rt;
static struct nave_sim *sim;
static struct raw raw;
static char reported[4096];
static struct nave_stream *client, *server; /* of open_pair */

static void on_report(void *arg, const struct nave_report *r)
{
    size_t len = strlen(reported);

    (void)arg;
    snprintf(reported + len, sizeof(reported) - len, "%.*s\n", (int)r->text.len, r->text.ptr);
}

static nave_err create(const struct nave_sim_options *o, uint32_t workers)
{
    static const nave_plugin_entry_fn parts[] = {tcp_plugin_entry_v1, raw_plugin_entry_v1, NULL};
    struct nave_runtime_options options = {.size = sizeof(options),
                                           .report = on_report,
                                           .plugin_path = "",
                                           .static_plugins = parts,
                                           .workers = workers,
                                           .log_level = NAVE_LOG_WARN,
                                           .user = &raw,
                                           .sim = o};

    memset(&raw, 0, sizeof(raw));
    reported[0] = '\0';
    rt = NULL;
    return nave_runtime_create(&options, &rt);
}

static nave_err begin_with(const struct nave_sim_options *o, uint32_t workers)
{
    struct nave_handle *handle = NULL;
    nave_err err = create(o, workers);

    if (!err)
        err = nave_runtime_configure_text(rt, config, strlen(config), "test");
    if (!err)
        err = nave_runtime_start(rt);
    if (!err)
        err = nave_runtime_bind(rt, NAVE_SIM_ID, 0, sizeof(struct nave_sim_iface), &handle);
    sim = (struct nave_sim *)(void *)handle;
    return err;
}

static inline void begin(uint32_t workers)
{
    struct nave_sim_options o = {.size = sizeof(o), .seed = 7};

    CU_ASSERT_EQUAL_FATAL(begin_with(&o, workers), NAVE_OK);
}

static inline void end(void)
{
    nave_runtime_stop(rt);
    CU_ASSERT_EQUAL(sim->api->run(sim, NAVE_NEVER, NULL, NULL), NAVE_ECLOSED);
    nave_runtime_destroy(rt);
    CU_ASSERT_STRING_EQUAL(reported, "");
}

static inline struct nave_str str(const char *text)
{
    return (struct nave_str){text, strlen(text)};
}

/* As much time as anything here needs. */
static inline void settle(void)
{
    nave_err err = sim->api->run(sim, sim->api->now(sim) + NAVE_SEC, NULL, NULL);

    CU_ASSERT_EQUAL(err, NAVE_ETIMEDOUT);
}

static inline void open_pair(void)
{
    uint32_t before = raw.count;

    CU_ASSERT_EQUAL_FATAL(sim->api->connect(sim, 0, str("127.0.0.1:8080"), &client), NAVE_OK);
    settle();
    CU_ASSERT_EQUAL_FATAL(raw.count, before + 1);
    server = raw.streams[before];
}

static inline void close_pair(void)
{
    nave_stream_close(client, NAVE_CLOSE_ABORT);
    nave_stream_close(server, NAVE_CLOSE_ABORT);
}

static inline void count_call(void *arg)
{
    ++*(uint32_t *)arg;
}

#endif
