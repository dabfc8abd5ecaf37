/* SPDX-License-Identifier: MIT
 *
 * That nothing shared grows with the work: tests/lines/growth [WORK WORKERS...].
 *
 * Virtual workers on one thread (nave/sim.h) each do the same work; lines.h counts transfers between their
 * caches and locked instructions, per operation, exactly and the same each time. Without arguments it
 * compares all work on 2 and 8 workers with what it may cost; else it prints one line of JSON for each
 * number of workers.
 */
#include <nave/runtime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "work.h"

#define OPERATIONS 5000u /* of each worker, after as many to warm up */
#define A_FEW      1000u
#define STEPS_MAX  200000000u

static struct work work;
static uint64_t enough; /* operations of each worker */

static void show(void *arg, const struct nave_report *r)
{
    (void)arg;
    fprintf(stderr, "growth: %.*s\n", (int)r->text.len, r->text.ptr);
}

static void start_here(struct nave_worker *w, void *arg)
{
    const struct work_kind *kind = arg;

    if (!kind->start(&work, work.parts[w->index].w))
        exit(2);
}

/* Those that take part. */
static int32_t is_at_work(const struct work_kind *kind, uint32_t i)
{
    return i % kind->each == 0 && i < kind->most;
}

static int32_t is_enough(void *arg)
{
    uint32_t i;

    for (i = 0; i < work.workers; i++)
        if (is_at_work(arg, i) && work.parts[i].done < enough)
            return 0;
    return 1;
}

static uint64_t operations(void)
{
    uint64_t sum = 0;
    uint32_t i;

    for (i = 0; i < work.workers; i++)
        sum += work.parts[i].done;
    return sum;
}

/* Returns the operations that were counted. */
static uint64_t measure(const struct work_kind *kind, uint32_t workers, uint64_t each,
                        struct lines *out)
{
    static const nave_plugin_entry_fn parts[] = {work_plugin_entry_v1, NULL};
    static const char config[] = "{\"plugins\": {\"work\": {}}}";
    struct nave_sim_options sim_options = {.size = sizeof(sim_options),
                                           .seed = 1,
                                           .steps_max = STEPS_MAX};
    struct nave_runtime_options o = {.size = sizeof(o),
                                     .report = show,
                                     .plugin_path = "",
                                     .static_plugins = parts,
                                     .workers = workers,
                                     .log_level = NAVE_LOG_WARN,
                                     .user = &work,
                                     .sim = &sim_options};
    struct nave_handle *handle = NULL;
    struct nave_runtime *rt = NULL;
    struct nave_sim *sim;
    uint64_t before;
    uint32_t i;
    nave_err err;

    memset(&work, 0, sizeof(work));
    work.workers = workers;
    err = nave_runtime_create(&o, &rt);
    if (!err)
        err = nave_runtime_configure_text(rt, config, strlen(config), "growth.c");
    if (!err)
        err = nave_runtime_start(rt);
    if (!err)
        err = nave_runtime_bind(rt, NAVE_SIM_ID, 0, sizeof(struct nave_sim_iface), &handle);
    if (err)
        exit(2);
    sim = (struct nave_sim *)(void *)handle;
    for (i = 0; i < workers; i++)
        if (sim->api->call(sim, i, start_here, (void *)(uintptr_t)kind) != NAVE_OK)
            exit(2);
    enough = each;
    if (sim->api->run(sim, NAVE_NEVER, is_enough, (void *)(uintptr_t)kind) != NAVE_OK)
        exit(2);
    before = operations();
    enough = 2 * each;
    lines_begin();
    if (sim->api->run(sim, NAVE_NEVER, is_enough, (void *)(uintptr_t)kind) != NAVE_OK)
        exit(2);
    lines_end(out);
    before = operations() - before;
    for (i = 0; i < workers; i++)
        work.parts[i].is_stopped = 1;
    nave_runtime_stop(rt);
    (void)sim->api->run(sim, NAVE_NEVER, NULL, NULL);
    nave_runtime_destroy(rt);
    return before;
}

static int by_count(const void *a, const void *b)
{
    const struct lines_site *x = a, *y = b;
    uint64_t more = x->transfers + x->rmws, less = y->transfers + y->rmws;

    return more < less ? 1 : more > less ? -1 : 0;
}

static void print(const struct work_kind *kind, uint32_t workers)
{
    struct lines lines;
    double n = (double)measure(kind, workers, OPERATIONS, &lines);
    uint32_t i;

    qsort(lines.sites, lines.site_count, sizeof(lines.sites[0]), by_count);
    printf("{\"work\": \"%s\", \"workers\": %u, \"operations\": %.0f, \"accesses\": %.3f, "
           "\"transfers\": %.4f, \"rmws\": %.4f, \"fences\": %.4f, \"shared_lines\": %llu, "
           "\"sites\": [",
           kind->name, workers, n, (double)lines.accesses / n, (double)lines.transfers / n,
           (double)lines.rmws / n, (double)lines.fences / n, (unsigned long long)lines.shared);
    for (i = 0; i < lines.site_count && i < 12; i++)
        printf("%s[\"%#llx\", %.4f, %.4f]", i ? ", " : "", (unsigned long long)lines.sites[i].pc,
               (double)lines.sites[i].transfers / n, (double)lines.sites[i].rmws / n);
    printf("]}\n");
    fflush(stdout);
}

static int check(const struct work_kind *kind, uint32_t workers)
{
    struct lines lines;
    double n = (double)measure(kind, workers, A_FEW, &lines);
    double transfers = (double)lines.transfers / n, rmws = (double)lines.rmws / n;
    double transfers_max = kind->transfers_max + kind->transfers_each * workers;

    if (lines.accesses > 0 && transfers <= transfers_max && rmws <= kind->rmws_max)
        return 0;
    fprintf(stderr,
            "%s, %u workers: %.4f transfers (%.4f at most), %.4f rmws (%.4f) an operation\n",
            kind->name, workers, transfers, transfers_max, rmws, kind->rmws_max);
    return 1;
}

int main(int argc, char **argv)
{
    const struct work_kind *kind;
    int failed = 0, i;

    for (kind = work_kinds; kind->name; kind++) {
        if (argc < 2) {
            failed |= check(kind, 2);
            failed |= check(kind, 8);
        } else if (strcmp(argv[1], kind->name) == 0 || strcmp(argv[1], "all") == 0) {
            for (i = 2; i < argc; i++)
                if (strtoul(argv[i], NULL, 10) > (kind->each | (kind->most == 1)) - 1)
                    print(kind, (uint32_t)strtoul(argv[i], NULL, 10));
        }
    }
    return failed;
}
