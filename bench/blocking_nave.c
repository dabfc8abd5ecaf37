/* SPDX-License-Identifier: MIT
 *
 * For `nave-bench blocking`: what a call costs through the pool of a runtime with one worker and the
 * shipped defaults. Jobs that do nothing, and jobs that look at a small file as the plugin files does
 * (open the folder, open below it, fstat, read 4 KiB, close both); one after the other, and 64 at a time;
 * and the same looks on the worker itself. One line each: NAME WALL_NS CPU_NS, for one call.
 */
#include <nave/nave.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CALLS 50000u
#define MANY  64u

static char folder[] = "/tmp/nave-bench-XXXXXX";
static struct nave_runtime *rt;
static struct nave_blocking *pool;
static struct nave_worker *worker;

struct run {
    const char *name;
    const struct nave_blocking_work *work;
    uint32_t at_once;
};

static uint32_t run_at, to_start, in_flight;
static double wall_0, cpu_0;
static struct nave_op ops[MANY];

static double seconds(clockid_t clock)
{
    struct timespec t = {0, 0};

    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void begin(void)
{
    wall_0 = seconds(CLOCK_MONOTONIC);
    cpu_0 = seconds(CLOCK_PROCESS_CPUTIME_ID);
}

static void print(const char *name)
{
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_0;
    double wall = seconds(CLOCK_MONOTONIC) - wall_0;

    printf("%s %.1f %.1f\n", name, wall * 1e9 / CALLS, cpu * 1e9 / CALLS);
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

/* --- jobs -------------------------------------------------------------------------------------- */

static nave_err nothing(void *arg, struct nave_blocking_run *now)
{
    (void)arg;
    (void)now;
    return NAVE_OK;
}

static nave_err look(void *arg, struct nave_blocking_run *now)
{
    int at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd = at < 0 ? -1 : openat(at, "file", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char bytes[4096];
    struct stat s;

    (void)arg;
    (void)now;
    if (fd < 0 || fstat(fd, &s) != 0 || read(fd, bytes, sizeof(bytes)) != sizeof(bytes))
        fail("look");
    close(fd);
    close(at);
    return NAVE_OK;
}

static const struct nave_blocking_work nothing_work = {.size = sizeof(nothing_work),
                                                       .name = "nothing",
                                                       .run = nothing};
static const struct nave_blocking_work look_work = {.size = sizeof(look_work),
                                                    .name = "look",
                                                    .run = look};

static const struct run runs[] = {{"call", &nothing_work, 1},
                                  {"calls", &nothing_work, MANY},
                                  {"look", &look_work, 1},
                                  {"looks", &look_work, MANY}};

/* --- one run after the other ------------------------------------------------------------------- */

static void on_done(struct nave_op *op, void *arg);

static void start_one(struct nave_op *op)
{
    to_start--;
    nave_op_init(op, worker, on_done, NULL);
    if (nave_blocking_start(pool, op, runs[run_at].work, NULL, 0) != NAVE_EAGAIN)
        fail("start");
}

static void start_run(void)
{
    uint32_t i;

    to_start = CALLS;
    in_flight = runs[run_at].at_once;
    begin();
    for (i = 0; i < runs[run_at].at_once; i++)
        start_one(&ops[i]);
}

static void on_done(struct nave_op *op, void *arg)
{
    (void)arg;
    if (to_start > 0) {
        start_one(op);
        return;
    }
    if (--in_flight > 0)
        return;
    print(runs[run_at].name);
    if (++run_at < NAVE_COUNT(runs))
        start_run();
    else
        nave_runtime_stop(rt);
}

static nave_err create(struct nave_host *host, void **out_self)
{
    struct nave_handle *handle;
    nave_err err = host->api->bind(host, NAVE_BLOCKING_ID, 0, sizeof(*pool->api), &handle);

    if (err == NAVE_OK)
        pool = (struct nave_blocking *)(void *)handle;
    *out_self = ops;
    return err;
}

static nave_err worker_start(void *self, struct nave_worker *w)
{
    struct nave_blocking_run now = {0, 0, 0};
    uint32_t i;

    (void)self;
    worker = w;
    begin();
    for (i = 0; i < CALLS; i++)
        (void)look(NULL, &now);
    print("direct");
    start_run();
    return NAVE_OK;
}

static const struct nave_plugin_ops bench_ops = {
    .size = sizeof(bench_ops),
    .create = create,
    .prepare = nave_default_prepare,
    .commit = nave_default_ok,
    .abort = nave_default_nothing,
    .start = nave_default_ok,
    .worker_start = worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = nave_default_worker_stop,
    .stop = nave_default_nothing,
    .destroy = nave_default_nothing,
};

#define NAVE_STATIC_PLUGIN
#define NAVE_PLUGIN_NAME        calls
#define NAVE_PLUGIN_ID          "calls"
#define NAVE_PLUGIN_VERSION     "1.0.0"
#define NAVE_PLUGIN_FLAGS       0
#define NAVE_PLUGIN_NEEDS(NEED) NEED(NAVE_BLOCKING_ID, 0, 0)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          bench_ops
#include <nave/define.h>

static void make_file(char *path, size_t size)
{
    static char bytes[4096];
    int fd;

    if (!mkdtemp(folder))
        fail(folder);
    snprintf(path, size, "%s/file", folder);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, bytes, sizeof(bytes)) != sizeof(bytes))
        fail(path);
    close(fd);
}

int main(void)
{
    static const nave_plugin_entry_fn parts[] = {calls_plugin_entry_v1, NULL};
    static const char text[] = "{\"plugins\": {\"calls\": {}}}";
    struct nave_runtime_options o = {.size = sizeof(o), .static_plugins = parts, .workers = 1};
    char path[64];
    nave_err err;

    make_file(path, sizeof(path));
    err = nave_runtime_create(&o, &rt);
    if (!err)
        err = nave_runtime_configure_text(rt, text, sizeof(text) - 1, "bench");
    if (!err)
        err = nave_runtime_run(rt);
    nave_runtime_destroy(rt);
    unlink(path);
    rmdir(folder);
    return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
