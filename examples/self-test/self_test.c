/* SPDX-License-Identifier: MIT
 *
 * A program that tests itself. Without arguments it serves: each guest gets a number. With --test it lives
 * through 200 simulated days of its server, each with another seed, four workers and a bad network, and
 * looks at what it promises: no two guests have the same number, and nobody waits for ever.
 *
 *     cc self_test.c $(pkg-config --cflags --libs nave) -o self_test
 *     ./self_test --test            the seeds 1 to 200
 *     ./self_test --test 17         the seed 17 alone, with what the runtime reports
 */
#include <nave/nave.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GUESTS 12
#define SEEDS  200

/* --- the program ------------------------------------------------------------------------------ */

static void number(struct nave_http *x, void *user)
{
    uint64_t *guests = user; /* all workers are here at the same time */
    char text[64];
    int len = snprintf(text, sizeof(text), "You are guest %llu.\n",
                       (unsigned long long)__atomic_add_fetch(guests, 1, __ATOMIC_RELAXED));

    (void)nave_http_respond_text(x, 200, "text/plain", 10, text, (size_t)len);
}

#define NAVE_STATIC_PLUGIN
#define NAVE_HANDLERS_NAME     app
#define NAVE_HANDLERS_ID       "app"
#define NAVE_HANDLERS(HANDLER) HANDLER(number, "gives each guest a number")
#include <nave/handlers.h>

static const char config[] =
    "{\"plugins\": {\"tcp\": {}, \"http1\": {}, \"app\": {},\n"
    "              \"router\": {\"routes\": [{\"GET /\": {\"number\": {}}}]}},\n"
    " \"listeners\": [{\"name\": \"web\", \"bind\": \"tcp://127.0.0.1:8080\",\n"
    "                \"protocols\": [\"http1\"], \"handler\": \"router\"}]}";

static void show(void *arg, const struct nave_report *r)
{
    (void)arg;
    fprintf(stderr, "%.*s\n", (int)r->text.len, r->text.ptr);
}

/* A runtime with our configuration; `sim` NULL: a real one. */
static nave_err make(const struct nave_sim_options *sim, nave_report_fn *report, uint64_t *guests,
                     struct nave_runtime **out_rt)
{
    static const nave_plugin_entry_fn parts[] = {app_plugin_entry_v1, NULL};
    struct nave_runtime_options options = {.size = sizeof(options),
                                           .flags = NAVE_RUNTIME_SIGNALS,
                                           .report = report,
                                           .static_plugins = parts,
                                           .plugin_path = getenv("NAVE_PLUGIN_PATH"),
                                           .workers = sim ? 4 : 0,
                                           .log_level = sim ? NAVE_LOG_WARN : NAVE_LOG_INFO,
                                           .user = guests,
                                           .sim = sim};
    nave_err err = nave_runtime_create(&options, out_rt);

    return err ? err : nave_runtime_configure_text(*out_rt, config, strlen(config), "self_test.c");
}

/* --- a guest ---------------------------------------------------------------------------------- */

struct guest {
    struct nave_sim *sim;
    struct nave_stream *stream; /* NULL: it has gone */
    size_t sent, len;
    char answer[1024];
};

static void leave(struct guest *g)
{
    nave_stream_close(g->stream, 0);
    g->stream = NULL;
}

/* Both watches: send what is to be sent, then read to the end of the connection. */
static void go_on(void *arg)
{
    static const char ask[] = "GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n";
    struct guest *g = arg;
    nave_err err = NAVE_OK;
    size_t n;

    while (!err && g->sent < sizeof(ask) - 1) {
        err = nave_stream_write(g->stream, ask + g->sent, sizeof(ask) - 1 - g->sent, &n);
        g->sent += err ? 0 : n;
    }
    while (!err && g->len < sizeof(g->answer) - 1) {
        err = nave_stream_read(g->stream, g->answer + g->len, sizeof(g->answer) - 1 - g->len, &n);
        g->len += err ? 0 : n;
    }
    if (err == NAVE_EAGAIN)
        return; /* a watch comes */
    if (err != NAVE_EOF)
        g->len = 0; /* a broken connection is no answer */
    leave(g);
}

/* On a worker: a guest comes. */
static void come(struct nave_worker *w, void *arg)
{
    static const char address[] = "127.0.0.1:8080"; /* as the configuration has it */
    struct nave_str where = {address, sizeof(address) - 1};
    struct guest *g = arg;

    if (g->sim->api->connect(g->sim, w->index, where, &g->stream) != NAVE_OK)
        return;
    nave_stream_watch(g->stream, NAVE_STREAM_READ, go_on, g);
    nave_stream_watch(g->stream, NAVE_STREAM_WRITE, go_on, g);
}

/* --- the test --------------------------------------------------------------------------------- */

static int32_t have_all_gone(void *arg)
{
    const struct guest *guests = arg;
    int i;

    for (i = 0; i < GUESTS; i++)
        if (guests[i].stream)
            return 0;
    return 1;
}

/* What is wrong with the answers, or NULL. */
static const char *look(const struct guest *guests)
{
    unsigned long seen[GUESTS];
    int i, k, count = 0;

    for (i = 0; i < GUESTS; i++) {
        const char *text = strstr(guests[i].answer, "You are guest ");

        if (!guests[i].len)
            continue; /* the network broke it */
        if (!text)
            return "an answer without a number";
        seen[count] = strtoul(text + 14, NULL, 10);
        for (k = 0; k < count; k++)
            if (seen[k] == seen[count])
                return "two guests have the same number";
        count++;
    }
    return NULL;
}

/* Live through one seed. What is wrong, or NULL. */
static const char *live(uint64_t seed, nave_report_fn *report)
{
    struct nave_sim_faults faults = {.size = sizeof(faults),
                                     .short_read = 100000,
                                     .short_write = 100000,
                                     .loss = 20000,
                                     .reset = 5000,
                                     .no_files = 50000};
    struct nave_sim_options sim_options = {.size = sizeof(sim_options),
                                           .seed = seed,
                                           .faults = &faults};
    struct guest guests[GUESTS];
    struct nave_runtime *rt = NULL;
    struct nave_handle *handle;
    struct nave_sim *sim;
    const char *wrong = "it does not start";
    uint64_t count = 0;
    uint32_t i;

    memset(guests, 0, sizeof(guests));
    if (make(&sim_options, report, &count, &rt) == NAVE_OK && nave_runtime_start(rt) == NAVE_OK &&
        nave_runtime_bind(rt, NAVE_SIM_ID, 0, sizeof(*sim->api), &handle) == NAVE_OK) {
        sim = (struct nave_sim *)(void *)handle;
        wrong = NULL;
        for (i = 0; i < GUESTS && !wrong; i++) {
            guests[i].sim = sim;
            if (sim->api->call(sim, (uint32_t)sim->api->random(sim, 4), come, &guests[i]) !=
                NAVE_OK)
                wrong = "a guest cannot come";
        }
        /* One virtual minute is enough for each of them. */
        if (!wrong && sim->api->run(sim, sim->api->now(sim) + 60 * NAVE_SEC, have_all_gone, guests))
            wrong = "somebody waits for ever";
        if (!wrong)
            wrong = look(guests);
        nave_runtime_stop(rt);
        if (sim->api->run(sim, NAVE_NEVER, NULL, NULL) != NAVE_ECLOSED && !wrong)
            wrong = "the drain leaves something";
    }
    nave_runtime_destroy(rt);
    return wrong;
}

static int test(uint64_t first, uint64_t count, nave_report_fn *report)
{
    uint64_t seed;

    for (seed = first; seed < first + count; seed++) {
        const char *wrong = live(seed, report);

        if (wrong) {
            printf("seed %llu: %s; again: self_test --test %llu\n", (unsigned long long)seed, wrong,
                   (unsigned long long)seed);
            return EXIT_FAILURE;
        }
    }
    printf("%llu seeds: every guest had a number of his own\n", (unsigned long long)count);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct nave_runtime *rt = NULL;
    uint64_t guests = 0;
    nave_err err;

    if (argc == 2 && strcmp(argv[1], "--test") == 0)
        return test(1, SEEDS, NULL);
    if (argc == 3 && strcmp(argv[1], "--test") == 0)
        return test(strtoull(argv[2], NULL, 0), 1, show);
    err = make(NULL, show, &guests, &rt);
    if (!err)
        err = nave_runtime_run(rt); /* until Ctrl-C */
    nave_runtime_destroy(rt);
    return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
