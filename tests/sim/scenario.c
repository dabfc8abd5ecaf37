/* SPDX-License-Identifier: MIT
 *
 * See scenario.h. What must hold: every answer is right or a clean error; nobody waits for ever; without
 * faults everybody is served; every task is dropped, no sleep ends early; nothing is left at the end, no
 * stream, no memory; a reload that fails changes nothing.
 */
#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nave/runtime.h>

#include "client.h"
#include "load.h"

#define CLIENTS_MAX 16u
#define PHASES_MAX  10u
#define STEPS_MAX   400000u
#define FAULTS      ((sizeof(struct nave_sim_faults) - sizeof(uint32_t)) / sizeof(uint32_t))

const struct nave_plugin *tcp_plugin_entry_v1(void);
const struct nave_plugin *http1_plugin_entry_v1(void);
const struct nave_plugin *router_plugin_entry_v1(void);

const char scenario_config[] =
    "{\"runtime\": {\"workers\": 2, \"shutdown_timeout\": \"20s\"},\n"
    " \"plugins\": {\"load\": {}, \"tcp\": {}, \"http1\": {}, \"router\": {\"routes\": [\n"
    "  {\"GET /hello\": {\"text\": \"Hello, World!\\n\"}}, {\"ANY /echo/*\": {\"echo\": {}}},\n"
    "  {\"GET /new\": {\"text\": \"0\"}}]}},\n"
    " \"listeners\": [{\"name\": \"web\", \"bind\": \"tcp://127.0.0.1:8080\",\n"
    "                \"protocols\": [\"http1\"], \"handler\": \"router\"}]}";

struct scenario {
    struct nave_runtime *rt;
    struct nave_sim *sim;
    struct load load;
    struct client clients[CLIENTS_MAX];
    uint32_t client_count;
    uint64_t steps_left; /* of the present phase */
    uint32_t reloads, refused_reloads, texts;
    uint32_t has_faults;
    uint32_t is_at_once; /* stopped without a drain */
    int is_loud;
    char wrong[512];
};

static void wrong(struct scenario *s, const char *what, long long number)
{
    if (!s->wrong[0])
        (void)snprintf(s->wrong, sizeof(s->wrong), "%s (%lld)", what, number);
}

static void on_report(void *arg, const struct nave_report *r)
{
    struct scenario *s = arg;

    if (s->is_loud)
        fprintf(stderr, "%.*s\n", (int)r->text.len, r->text.ptr);
    if (r->text.len > 20 && memmem(r->text.ptr, r->text.len, "did not give back", 17) &&
        !s->wrong[0])
        (void)snprintf(s->wrong, sizeof(s->wrong), "%.*s", (int)r->text.len, r->text.ptr);
}

static void on_event(void *arg, uint32_t event, nave_err err)
{
    struct scenario *s = arg;

    if (event == NAVE_EVENT_RELOADED && err)
        s->refused_reloads++;
    else if (event == NAVE_EVENT_RELOADED)
        s->reloads++;
}

/* Some faults, or none with one seed of four. The draws are of the seed, but not of the world: it is not
 * there yet. */
static void draw_faults(uint64_t seed, struct nave_sim_faults *faults)
{
    static const uint32_t levels[4] = {0, 1000, 20000, 200000};
    uint64_t z = seed * 0x9e3779b97f4a7c15u;
    uint32_t *ppm = &faults->short_read;
    uint32_t i;

    faults->size = sizeof(*faults);
    if (z >> 62 == 0)
        return;
    for (i = 0; i < FAULTS; i++) {
        z = (z ^ (z >> 29)) * 0xbf58476d1ce4e5b9u;
        ppm[i] = levels[z >> 62];
    }
    faults->stall /= 10; /* each costs a connection */
    faults->reset /= 4;
    faults->no_memory /= 4;
    faults->partition /= 10;
    faults->pause /= 10; /* each takes 50 ms */
}

static nave_err begin(struct scenario *s, uint64_t seed, const char *file)
{
    static const nave_plugin_entry_fn parts[] = {load_plugin_entry_v1, tcp_plugin_entry_v1,
                                                 http1_plugin_entry_v1, router_plugin_entry_v1,
                                                 NULL};
    struct nave_sim_faults faults = {0};
    struct nave_sim_options sim = {.size = sizeof(sim),
                                   .seed = seed,
                                   .steps_max = STEPS_MAX,
                                   .faults = &faults};
    struct nave_runtime_options o = {.size = sizeof(o),
                                     .report = on_report,
                                     .report_arg = s,
                                     .plugin_path = "",
                                     .static_plugins = parts,
                                     .log_level = NAVE_LOG_WARN,
                                     .workers = 1 + (uint32_t)(seed % 4),
                                     .event = on_event,
                                     .event_arg = s,
                                     .user = &s->load,
                                     .sim = &sim};
    struct nave_handle *handle = NULL;
    uint32_t i;
    nave_err err;

    draw_faults(seed, &faults);
    for (i = 0; i < FAULTS; i++)
        s->has_faults |= (&faults.short_read)[i];
    err = nave_runtime_create(&o, &s->rt);
    if (!err)
        err = nave_runtime_configure_file(s->rt, file);
    if (!err)
        err = nave_runtime_start(s->rt);
    if (!err)
        err = nave_runtime_bind(s->rt, NAVE_SIM_ID, 0, sizeof(struct nave_sim_iface), &handle);
    s->sim = s->load.sim = (struct nave_sim *)(void *)handle;
    return err;
}

/* The phase is over. */
static int32_t is_phase_over(void *arg)
{
    struct scenario *s = arg;

    return s->steps_left == 0 || s->steps_left-- == 0;
}

static int32_t is_all_over(void *arg)
{
    struct scenario *s = arg;
    uint32_t i;

    for (i = 0; i < s->client_count; i++)
        if (!client_is_over(&s->clients[i]))
            return 0;
    return s->load.dropped == s->load.made && s->load.belts.dropped == s->load.belts.made;
}

/* Ask for a reload; mostly one that makes all routes anew. */
static void reload(struct scenario *s)
{
    char json[64];
    nave_err err = NAVE_OK;

    if (s->sim->api->random(s->sim, 4)) {
        (void)snprintf(json, sizeof(json), "{\"GET /new\": {\"text\": \"%u\"}}", ++s->texts);
        err = nave_runtime_set(s->rt, "/plugins/router/routes/2", json);
    }
    if (err)
        wrong(s, "set", err);
    nave_runtime_reload(s->rt);
}

/* Begin something, drawn. */
static void add_work(struct scenario *s)
{
    struct nave_sim *sim = s->sim;
    uint32_t worker = (uint32_t)sim->api->random(sim, s->load.worker_count);
    nave_err err;

    switch (sim->api->random(sim, 6)) {
    case 0:
        load_belt(&s->load, worker);
        break;
    case 3:
        belts_abort_one(&s->load.belts);
        break;
    case 2:
        load_spawn(&s->load, worker, 1 + (uint32_t)sim->api->random(sim, 4));
        break;
    case 1:
        reload(s);
        break;
    default:
        if (s->client_count == CLIENTS_MAX)
            break;
        err = client_start(&s->clients[s->client_count], sim, worker, "127.0.0.1:8080",
                           1 + (uint32_t)sim->api->random(sim, 4));
        if (err == NAVE_ENOFILES && s->has_faults)
            break;
        if (err)
            wrong(s, "connect", err);
        else
            s->client_count++;
        break;
    }
}

/* Work comes, some steps are taken; at last wait for all, or stop in the midst of it. */
static nave_err live(struct scenario *s, int *out_is_calm)
{
    uint32_t phases = 1 + (uint32_t)s->sim->api->random(s->sim, PHASES_MAX), i;
    nave_err err = NAVE_OK;

    for (i = 0; i < phases && !err; i++) {
        add_work(s);
        add_work(s);
        s->steps_left = s->sim->api->random(s->sim, 150);
        err = s->sim->api->run(s->sim, NAVE_NEVER, is_phase_over, s);
        if (err == NAVE_EAGAIN) /* nobody has anything to do */
            err = NAVE_OK;
    }
    *out_is_calm = s->sim->api->random(s->sim, 2) == 1;
    if (!err && *out_is_calm)
        err = s->sim->api->run(s->sim, NAVE_NEVER, is_all_over, s);
    s->is_at_once = s->sim->api->random(s->sim, 8) == 0;
    if (s->is_at_once)
        nave_runtime_stop(s->rt); /* the first of two */
    return err;
}

static void check(struct scenario *s, int is_calm, struct scenario_sums *sums)
{
    struct nave_sim_info info = {.size = sizeof(info)};
    uint32_t i;

    for (i = 0; i < s->client_count; i++) {
        struct client *c = &s->clients[i];

        if (is_calm && c->state == CLIENT_RUNS)
            wrong(s, "a client waits for ever", i);
        client_stop(c);
        if (c->state == CLIENT_WRONG)
            wrong(s, c->why, c->err);
        if (is_calm && !s->has_faults && c->state != CLIENT_DONE)
            wrong(s, "not served, and nothing failed", c->err);
        sums->served += c->state == CLIENT_DONE;
        sums->broke += c->state == CLIENT_BROKE;
        sums->shed += c->state == CLIENT_SHED;
    }
    if (s->load.wrong)
        wrong(s, s->load.wrong, 0);
    belts_join(&s->load.belts);
    if (is_calm)
        belts_check(&s->load.belts);
    if (s->load.belts.wrong)
        wrong(s, s->load.belts.wrong, 0);
    if (s->load.belts.made != s->load.belts.dropped)
        wrong(s, "tasks of a belt that were not dropped", 0);
    if (s->load.made != s->load.dropped)
        wrong(s, "tasks that were not dropped", (long long)(s->load.made - s->load.dropped));
    if (!s->has_faults && (s->refused_reloads || s->load.refused || s->load.belts.refused))
        wrong(s, "refused, and nothing failed", s->refused_reloads);
    if (s->sim->api->info(s->sim, &info) != NAVE_OK || info.streams_open)
        wrong(s, "streams that nobody closed", (long long)info.streams_open);
    sums->steps += info.steps;
    sums->faults += info.faults;
    sums->clients += s->client_count;
    sums->tasks += s->load.made + s->load.belts.made;
    sums->items += s->load.belts.items;
    sums->aborted += s->load.belts.aborted;
    sums->sleeps += s->load.sleeps;
    sums->answers += s->load.answers;
    sums->reloads += s->reloads;
    sums->refused_reloads += s->refused_reloads;
}

const char *scenario_run(uint64_t seed, const char *file, int is_loud, uint64_t *out_trace,
                         struct scenario_sums *sums)
{
    static struct scenario s;
    struct nave_sim_info info = {.size = sizeof(info)};
    int is_calm = 0;
    nave_err err;

    memset(&s, 0, sizeof(s));
    s.is_loud = is_loud;
    err = begin(&s, seed, file);
    if (err) {
        wrong(&s, "it does not start", err);
        nave_runtime_destroy(s.rt);
        return s.wrong;
    }
    err = live(&s, &is_calm);
    if (err)
        wrong(&s, "it does not run", err);
    nave_runtime_stop(s.rt);
    err = s.sim->api->run(s.sim, NAVE_NEVER, NULL, NULL);
    if (err == NAVE_ESTRAGGLERS && (s.has_faults || s.is_at_once || !is_calm))
        sums->stragglers++;
    else if (err != NAVE_ECLOSED)
        wrong(&s, "it does not drain", err);
    check(&s, is_calm, sums);
    (void)s.sim->api->info(s.sim, &info);
    *out_trace = info.trace;
    nave_runtime_destroy(s.rt);
    return s.wrong[0] ? s.wrong : NULL;
}
