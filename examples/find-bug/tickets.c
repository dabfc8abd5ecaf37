/* SPDX-License-Identifier: MIT
 *
 * A program with a bug that shows itself once in hundreds of runs, and the test that finds it. A box office
 * sells its seats: a buyer comes, sees that one is left, pays, which takes some milliseconds, and gets it.
 * Whoever looks while another one pays gets a seat that is not there. `--fixed` holds a lock meanwhile.
 *
 *     cc tickets.c $(pkg-config --cflags --libs nave) -o tickets
 *     ./tickets                     one evening, in real time
 *     ./tickets --test              1,000 evenings in simulation; ends at the first that is wrong
 *     NAVE_SIM_SEED=17 ./tickets --test   the evening of seed 17 alone, with what the runtime reports
 */
#include <nave/async.h>
#include <nave/nave.h>
#include <nave/sleep.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEATS   3u
#define BUYERS  8u
#define WORKERS 4u
#define SEEDS   1000u

/* --- the program ------------------------------------------------------------------------------ */

struct office {
    struct nave_locks *locks;
    struct nave_mutex lock;
    uint32_t is_fixed;
    uint32_t seats;             /* atomic: that are left                     */
    uint32_t tickets;           /* atomic: sold                              */
    uint32_t gone;              /* atomic: buyers, with a ticket or without  */
    struct nave_runtime *stops; /* when all have gone; NULL: nobody, the test looks itself */
};

/* Some thousandths of `most`, out of the worker's luck: in a simulation that is the seed's. */
static nave_nsec drawn(struct nave_cx *cx, nave_nsec most)
{
    return most / 1000 * (nave_nsec)nave_worker_random(cx->worker, 1000);
}

NAVE_ASYNC(buyer, struct office *o; struct nave_sleep_op sleep; struct nave_op op;
           uint32_t has_lock;)
{
    NAVE_BEGIN();
    NAVE_TRY(nave_sleep(cx, &f->sleep, drawn(cx, NAVE_SEC))); /* on the way */
    if (f->o->is_fixed) {
        NAVE_TRY(nave_mutex_lock(cx, &f->op, &f->o->lock));
        f->has_lock = 1;
    }
    if (__atomic_load_n(&f->o->seats, __ATOMIC_RELAXED) > 0) {
        NAVE_TRY(nave_sleep(cx, &f->sleep, drawn(cx, NAVE_MSEC))); /* pays */
        /* The bug: the seat was seen before the await, and is taken behind it. */
        __atomic_sub_fetch(&f->o->seats, 1, __ATOMIC_RELAXED);
        __atomic_add_fetch(&f->o->tickets, 1, __ATOMIC_RELAXED);
    }
    NAVE_CLEANUP();
    if (f->has_lock)
        nave_mutex_unlock(&f->o->lock);
    if (__atomic_add_fetch(&f->o->gone, 1, __ATOMIC_RELAXED) == BUYERS && f->o->stops)
        nave_runtime_stop(f->o->stops);
    NAVE_END();
}

static nave_err create(struct nave_host *h, void **out_self)
{
    struct office *o = nave_host_user(h);
    struct nave_handle *handle;
    nave_err err = h->api->bind(h, NAVE_LOCKS_ID, 0, sizeof(*o->locks->api), &handle);

    *out_self = o;
    if (err)
        return err;
    o->locks = (struct nave_locks *)(void *)handle;
    o->locks->api->mutex_init(o->locks, &o->lock);
    o->seats = SEATS;
    return NAVE_OK;
}

static nave_err worker_start(void *self, struct nave_worker *w)
{
    struct nave_future *f;
    nave_err err = NAVE_OK;
    uint32_t i;

    for (i = 0; i < BUYERS / WORKERS && !err; i++) {
        err = NAVE_NEW(buyer, w, &f, .o = self);
        if (!err)
            (void)w->api->spawn(w, f);
    }
    return err;
}

static const struct nave_plugin_ops ops = {
    sizeof(ops),
    0,
    create,
    nave_default_prepare,
    nave_default_ok,
    nave_default_nothing,
    nave_default_ok,
    worker_start,
    nave_default_worker_drain,
    nave_default_worker_stop,
    nave_default_nothing,
    nave_default_nothing,
};

#define NAVE_STATIC_PLUGIN
#define NAVE_PLUGIN_NAME        office
#define NAVE_PLUGIN_ID          "office"
#define NAVE_PLUGIN_VERSION     "1.0.0"
#define NAVE_PLUGIN_FLAGS       0
#define NAVE_PLUGIN_NEEDS(NEED) NEED(NAVE_LOCKS_ID, 0, 0)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          ops
#include <nave/define.h>

static void show(void *arg, const struct nave_report *r)
{
    (void)arg;
    fprintf(stderr, "%.*s\n", (int)r->text.len, r->text.ptr);
}

/* A runtime with the office; `sim` NULL: a real one. */
static nave_err make(struct office *o, const struct nave_sim_options *sim, nave_report_fn *report,
                     struct nave_runtime **out_rt)
{
    static const nave_plugin_entry_fn parts[] = {office_plugin_entry_v1, NULL};
    static const char config[] = "{\"plugins\": {\"office\": {}}}";
    struct nave_runtime_options options = {.size = sizeof(options),
                                           .report = report,
                                           .static_plugins = parts,
                                           .workers = WORKERS,
                                           .log_level = NAVE_LOG_WARN,
                                           .user = o,
                                           .sim = sim};
    nave_err err = nave_runtime_create(&options, out_rt);

    return err ? err : nave_runtime_configure_text(*out_rt, config, strlen(config), "tickets.c");
}

/* --- the test --------------------------------------------------------------------------------- */

static int32_t have_all_gone(void *arg)
{
    return ((const struct office *)arg)->gone == BUYERS;
}

/* Live through one evening, of `seed` (0: the environment's). What is wrong, or NULL. */
static const char *evening(uint64_t seed, uint32_t is_fixed, nave_report_fn *report,
                           struct nave_sim_info *info)
{
    struct nave_sim_faults faults = {.size = sizeof(faults), .pause = 1000, .poll = 20000};
    struct nave_sim_options sim_options = {.size = sizeof(sim_options),
                                           .seed = seed,
                                           .pause_ns = 5 * NAVE_MSEC,
                                           .faults = &faults};
    struct office o = {.is_fixed = is_fixed};
    struct nave_runtime *rt = NULL;
    struct nave_handle *handle;
    struct nave_sim *sim;
    const char *wrong = "it does not start";

    if (make(&o, &sim_options, report, &rt) == NAVE_OK && nave_runtime_start(rt) == NAVE_OK &&
        nave_runtime_bind(rt, NAVE_SIM_ID, 0, sizeof(*sim->api), &handle) == NAVE_OK) {
        sim = (struct nave_sim *)(void *)handle;
        wrong = NULL;
        if (sim->api->run(sim, NAVE_NEVER, have_all_gone, &o) != NAVE_OK)
            wrong = "somebody waits for ever";
        else if (o.tickets != SEATS)
            wrong = "not as many tickets as seats";
        (void)sim->api->info(sim, info);
    }
    nave_runtime_destroy(rt);
    return wrong;
}

static int test(uint32_t is_fixed)
{
    struct nave_sim_info info = {.size = sizeof(info)};
    int is_one = getenv("NAVE_SIM_SEED") != NULL;
    uint64_t seed;

    for (seed = is_one ? 0 : 1; seed <= (is_one ? 0 : SEEDS); seed++) {
        const char *wrong = evening(seed, is_fixed, is_one ? show : NULL, &info);

        if (is_one)
            printf("trace %016llx\n", (unsigned long long)info.trace);
        if (wrong) {
            printf("seed %llu: %s; again: NAVE_SIM_SEED=%llu ./tickets --test%s\n",
                   (unsigned long long)info.seed, wrong, (unsigned long long)info.seed,
                   is_fixed ? " --fixed" : "");
            return EXIT_FAILURE;
        }
    }
    printf("every evening was right\n");
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct office o = {.is_fixed = argc > 1 && strcmp(argv[argc - 1], "--fixed") == 0};
    nave_err err;

    if (argc > 1 && strcmp(argv[1], "--test") == 0)
        return test(o.is_fixed);
    err = make(&o, NULL, show, &o.stops);
    if (!err)
        err = nave_runtime_run(o.stops);
    nave_runtime_destroy(o.stops);
    printf("%u tickets for %u seats\n", o.tickets, SEATS);
    return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
