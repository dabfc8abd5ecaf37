/* SPDX-License-Identifier: MIT
 *
 * The host program: see rt_nave.h. Everything runs with shipped defaults; only the number of workers is
 * the command line's.
 *
 *     rt_nave NAME OPERATIONS WORKERS
 */
#include "rt_nave.h"

const struct rt_bench rt_benches[] = {
    {"spawn", NULL, rt_spawn_start, 0},
    {"spawn_poll", &rt_spawn_future, NULL, 0},
    {"spawn_each", NULL, rt_each_start, 0},
    {"spawn_batch", NULL, rt_batch_start, 0},
    {"spawn_batch_poll", &rt_batch_future, NULL, 0},
    {"yield", NULL, rt_yield_start, 0},
    {"yield_poll", &rt_yield_future, NULL, 0},
    {"yield_many", NULL, rt_yield_many_start, 0},
    {"pingpong", NULL, rt_pingpong_start, 0},
    {"await", NULL, rt_await_start, 0},
    {"latency0", &rt_latency_future, NULL, 0},
    {"latency64", &rt_latency_future, NULL, 64},
    {"scale", &rt_work_future, NULL, RT_WORK_SCALE},
    {"steal", &rt_work_future, NULL, RT_WORK_STEAL},
    {"wake_parked", NULL, rt_wake_start, 0},
    {"memory", &rt_memory_future, NULL, 0},
    {"idle", NULL, rt_idle_start, 0},
    {"echo", NULL, rt_idle_start, 0},
    {NULL, NULL, NULL, 0},
};

/* --- helpers --------------------------------------------------------------------------------- */

void rt_fail(const char *what, nave_err err)
{
    fprintf(stderr, "rt_nave: %s: %s\n", what, nave_err_name(err));
    exit(1);
}

void *rt_memory(size_t count, size_t size)
{
    void *p = calloc(count, size);

    if (!p)
        rt_fail("memory", NAVE_ENOMEM);
    return p;
}

struct nave_future *rt_future(struct nave_worker *w, const struct nave_future_iface *api,
                              size_t frame_size)
{
    struct nave_future *f;
    nave_err err = w->api->future_new(w, api, frame_size, &f);

    if (err != NAVE_OK)
        rt_fail("future_new", err);
    return f;
}

int32_t rt_next(struct rt_run *run, uint64_t *out_count)
{
    if (run->phase == 2)
        rt_end(&run->span);
    if (++run->phase > 2) {
        rt_print(run->args.name, run->args.operations, &run->span, run->more);
        nave_runtime_stop(run->runtime);
        return 0;
    }
    *out_count = run->phase == 1 ? rt_warm_up(run->args.operations) : run->args.operations;
    run->span = rt_begin();
    return 1;
}

/* --- the plugin ------------------------------------------------------------------------------ */

static nave_err bench_create(struct nave_host *host, void **out_self)
{
    struct rt_plugin *p = nave_host_alloc(host, sizeof(*p));
    struct nave_handle *channels = NULL;
    nave_err err;

    if (!p)
        return NAVE_ENOMEM;
    err = host->api->bind(host, NAVE_CHANNELS_ID, 0, sizeof(struct nave_channels_iface), &channels);
    if (err != NAVE_OK) {
        nave_host_free(host, p, sizeof(*p));
        return err;
    }
    p->host = host;
    p->run = nave_host_user(host);
    p->run->channels = (struct nave_channels *)(void *)channels;
    *out_self = p;
    return NAVE_OK;
}

static nave_err bench_prepare(void *self, const struct nave_prepare_args *args)
{
    (void)self;
    (void)args;
    return NAVE_OK;
}

/* Worker 0 spawns the benchmark when it turns; those of several workers wait for the others. */
static nave_err bench_worker_start(void *self, struct nave_worker *w)
{
    struct rt_run *run = ((struct rt_plugin *)self)->run;
    const struct rt_bench *b = run->bench;

    rt_pin(w->index);
    run->workers[w->index] = w;
    __atomic_add_fetch(&run->started, 1, __ATOMIC_RELEASE);
    if (b->start) {
        b->start(run, w);
    } else if (w->index == 0) {
        struct nave_future *f = rt_future(w, b->api, rt_frame_max);

        ((struct rt_driver *)nave_future_frame(f))->run = run;
        (void)w->api->spawn(w, f);
    }
    return NAVE_OK;
}

static void bench_destroy(void *self)
{
    struct rt_plugin *p = self;

    if (p)
        nave_host_free(p->host, p, sizeof(*p));
}

static const struct nave_plugin_ops bench_ops = {
    .size = sizeof(bench_ops),
    .create = bench_create,
    .prepare = bench_prepare,
    .commit = nave_default_ok,
    .abort = nave_default_nothing,
    .start = nave_default_ok,
    .worker_start = bench_worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = nave_default_worker_stop,
    .stop = nave_default_nothing,
    .destroy = bench_destroy,
};

#define NAVE_STATIC_PLUGIN
#define NAVE_PLUGIN_NAME        bench
#define NAVE_PLUGIN_ID          "bench"
#define NAVE_PLUGIN_VERSION     "1.0.0"
#define NAVE_PLUGIN_FLAGS       0
#define NAVE_PLUGIN_NEEDS(NEED) NEED("nave.worker/1", 0, 0) NEED(NAVE_CHANNELS_ID, 0, 0)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)                                                             \
    ROLE(protocol, "echo", NAVE_PROTOCOL_ID, rt_echo_make, rt_echo_unmake, nave_no_options, \
         NAVE_NO_OPTIONS, "sends back what comes")
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          bench_ops
#include <nave/define.h>

static void show(void *arg, const struct nave_report *r)
{
    (void)arg;
    fprintf(stderr, "rt_nave: %.*s\n", (int)r->text.len, r->text.ptr);
}

int main(int argc, char **argv)
{
    static const nave_plugin_entry_fn parts[] = {bench_plugin_entry_v1, NULL};
    static const char plain[] = "{\"plugins\": {\"bench\": {}}}";
    static const char echo[] = "{\"plugins\": {\"bench\": {}, \"tcp\": {}},\n"
                               " \"listeners\": [{\"name\": \"echo\", \"bind\": "
                               "\"tcp://127.0.0.1:0\", \"protocols\": [\"echo\"]}]}";
    const char *config = plain;
    static struct rt_run run;
    struct nave_runtime_options options = {.size = sizeof(options),
                                           .report = show,
                                           .static_plugins = parts,
                                           .log_level = NAVE_LOG_WARN,
                                           .user = &run};
    nave_err err;

    run.args = rt_arguments(argc, argv);
    for (run.bench = rt_benches; run.bench->name; run.bench++)
        if (!strcmp(run.bench->name, run.args.name))
            break;
    if (!run.bench->name) {
        fprintf(stderr, "%s: no benchmark is called %s\n", argv[0], run.args.name);
        return 2;
    }
    if (!strcmp(run.bench->name, "echo"))
        config = echo;
    options.workers = run.args.workers;
    options.plugin_path = getenv("NAVE_PLUGIN_PATH");
    err = nave_runtime_create(&options, &run.runtime);
    if (!err)
        err = nave_runtime_configure_text(run.runtime, config, strlen(config), "rt_nave.c");
    if (!err)
        err = nave_runtime_run(run.runtime);
    nave_runtime_destroy(run.runtime);
    return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
