/* SPDX-License-Identifier: MIT
 *
 * Two runtimes in one process, one for guests and one for staff, each with workers, routes, limits and
 * state of its own. Nothing is global: the guests' runs on a thread, the staff's on main's. When
 * one ends, for whatever reason, so does the other.
 *
 *     cc embed_many.c $(pkg-config --cflags --libs nave) -pthread -o embed_many && ./embed_many
 *     curl http://127.0.0.1:8080/ http://127.0.0.1:8081/
 */
#include <nave/nave.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct house {
    const char *name;
    const char *file;   /* NULL: the text */
    const char *config; /* the text */
    struct nave_runtime *runtime;
    struct house *other;
    uint64_t visits; /* atomic */
    nave_err err;
};

static void visit(struct nave_http *x, void *user)
{
    struct house *house = user;
    char text[96];
    int len = snprintf(text, sizeof(text), "visit %llu to the house of the %s\n",
                       (unsigned long long)__atomic_add_fetch(&house->visits, 1, __ATOMIC_RELAXED),
                       house->name);

    (void)nave_http_respond_text(x, 200, "text/plain", 10, text, (size_t)len);
}

#define NAVE_STATIC_PLUGIN
#define NAVE_HANDLERS_NAME     house
#define NAVE_HANDLERS_ID       "house"
#define NAVE_HANDLERS(HANDLER) HANDLER(visit, "counts visits")
#include <nave/handlers.h>

static const char guests_config[] =
    "{\"runtime\": {\"workers\": 2},\n"
    " \"plugins\": {\"tcp\": {}, \"http1\": {\"max_body\": \"64KiB\"}, \"house\": {},\n"
    "              \"router\": {\"routes\": [{\"GET /\": {\"visit\": {}}}]}},\n"
    " \"listeners\": [{\"name\": \"guests\", \"bind\": \"tcp://127.0.0.1:8080\",\n"
    "                \"protocols\": [\"http1\"], \"handler\": \"router\"}]}";
static const char staff_config[] =
    "{\"runtime\": {\"workers\": 1},\n"
    " \"plugins\": {\"tcp\": {}, \"http1\": {}, \"house\": {}},\n"
    " \"listeners\": [{\"name\": \"staff\", \"bind\": \"tcp://127.0.0.1:8081\",\n"
    "                \"protocols\": [\"http1\"], \"handler\": \"visit\"}]}";

static void show(void *arg, const struct nave_report *r)
{
    const struct house *house = arg;

    fprintf(stderr, "%s: %.*s\n", house->name, (int)r->text.len, r->text.ptr);
}

static nave_err house_open(struct house *house, uint32_t flags)
{
    static const nave_plugin_entry_fn parts[] = {house_plugin_entry_v1, NULL};
    struct nave_runtime_options options = {.size = sizeof(options),
                                           .flags = flags,
                                           .report = show,
                                           .report_arg = house,
                                           .static_plugins = parts,
                                           .plugin_path = getenv("NAVE_PLUGIN_PATH"),
                                           .log_level = NAVE_LOG_INFO,
                                           .user = house};
    nave_err err = nave_runtime_create(&options, &house->runtime);

    if (err)
        return err;
    if (house->file)
        return nave_runtime_configure_file(house->runtime, house->file);
    return nave_runtime_configure_text(house->runtime, house->config, strlen(house->config),
                                       house->name);
}

static void *house_run(void *arg)
{
    struct house *house = arg;

    house->err = nave_runtime_run(house->runtime);
    nave_runtime_stop(house->other->runtime);
    return NULL;
}

/* embed_many [FILE FILE]: configurations in the place of ours, for the guests and for the staff. */
int main(int argc, char **argv)
{
    struct house guests = {.name = "guests", .config = guests_config};
    struct house staff = {.name = "staff", .config = staff_config, .other = &guests};
    pthread_t thread;
    nave_err err;

    guests.other = &staff;
    if (argc == 3) {
        guests.file = argv[1];
        staff.file = argv[2];
    }
    err = house_open(&guests, 0);
    if (!err)
        err = house_open(&staff, NAVE_RUNTIME_SIGNALS); /* one of a process may ask for them */
    if (!err && pthread_create(&thread, NULL, house_run, &guests) != 0)
        err = NAVE_ENOMEM;
    if (!err) {
        (void)house_run(&staff); /* until Ctrl-C */
        pthread_join(thread, NULL);
        err = guests.err ? guests.err : staff.err;
    }
    nave_runtime_destroy(staff.runtime);
    nave_runtime_destroy(guests.runtime);
    return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
