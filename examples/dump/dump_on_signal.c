/* SPDX-License-Identifier: MIT
 *
 * A program that writes down what its tasks wait for when it is sent SIGUSR1, into the file tasks.dump of
 * the working directory: for the night in which something hangs and nobody has thought of an admin socket.
 * Here it sends itself one, looks into the file, and its status tells whether all was there.
 *
 *     cc dump_on_signal.c $(pkg-config --cflags --libs nave) -o dump_on_signal && ./dump_on_signal
 */
#include <nave/admin.h>
#include <nave/nave.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_NAME "tasks.dump"

/* Atomic: the handler runs on some thread of the program, and who looks is a worker. */
static int is_wanted;

/* A handler may do no more than this. */
static void on_usr1(int number)
{
    (void)number;
    __atomic_store_n(&is_wanted, 1, __ATOMIC_RELEASE);
}

static void on_text(void *arg, const char *text, size_t len)
{
    (void)fwrite(text, 1, len, arg);
}

/* On worker 0, which has the control role: all other workers go on meanwhile, and it waits for the file. */
static nave_err write_dump(struct nave_admin *admin)
{
    FILE *file = fopen(FILE_NAME ".new", "w");
    nave_err err;

    if (!file)
        return NAVE_EIO;
    err = nave_admin_dump(admin, "text", on_text, file);
    if (fclose(file) != 0 && !err)
        err = NAVE_EIO;
    if (!err && rename(FILE_NAME ".new", FILE_NAME) != 0)
        err = NAVE_EIO;
    return err;
}

/* --- what the program does otherwise ----------------------------------------------------------- */

struct app {
    struct nave_runtime *runtime;
    struct nave_admin *admin;
    nave_err err; /* of the dump */
};

NAVE_ASYNC(fetch, struct nave_sleep_op answer;)
{
    NAVE_BEGIN();
    NAVE_TRY(nave_sleep(cx, &f->answer, 3600 * NAVE_SEC));
    NAVE_CLEANUP();
    NAVE_END();
}

NAVE_ASYNC(report, struct fetch fetch;)
{
    NAVE_BEGIN();
    NAVE_TRY(NAVE_CALL(fetch, &f->fetch));
    NAVE_CLEANUP();
    NAVE_END();
}

static nave_err worker_start(void *self, struct nave_worker *w)
{
    struct nave_future *f;
    nave_err err = NAVE_NEW(report, w, &f);

    (void)self;
    if (!err)
        (void)w->api->spawn(w, f);
    return err;
}

/* --- the program ------------------------------------------------------------------------------- */

/* Ten times a second: the signal is seen soon, and a program that does nothing sleeps between. */
static void on_event(void *arg, uint32_t event, nave_err err)
{
    struct app *app = arg;

    (void)err;
    if (event == NAVE_EVENT_LISTENING)
        (void)kill(getpid(), SIGUSR1); /* yours comes from outside: kill -USR1 */
    if (event != NAVE_EVENT_BEAT || !__atomic_exchange_n(&is_wanted, 0, __ATOMIC_ACQUIRE))
        return;
    app->err = write_dump(app->admin);
    nave_runtime_stop(app->runtime); /* yours goes on */
}

static nave_err create(struct nave_host *host, void **out_self)
{
    *out_self = nave_host_user(host);
    return NAVE_OK;
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
#define NAVE_PLUGIN_NAME    reports
#define NAVE_PLUGIN_ID      "reports"
#define NAVE_PLUGIN_VERSION "1.0.0"
#define NAVE_PLUGIN_FLAGS   0
#define NAVE_PLUGIN_NEEDS(NEED)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          ops
#include <nave/define.h>

/* How many of its lines are in the file. */
static int look(void)
{
    static const char *const wanted[] = {" report of reports: ", "fetch at ", "waits for sleep"};
    FILE *file = fopen(FILE_NAME, "r");
    char text[4096] = "";
    int found = 0;
    size_t i, len;

    if (!file)
        return 0;
    len = fread(text, 1, sizeof(text) - 1, file);
    (void)fclose(file);
    text[len] = '\0';
    fputs(text, stdout);
    for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        found += strstr(text, wanted[i]) != NULL;
    return found;
}

int main(void)
{
    static const char text[] = "{\"runtime\": {\"workers\": 2, \"shutdown_timeout\": \"100ms\"}, "
                               "\"plugins\": {\"reports\": {}}}";
    static const nave_plugin_entry_fn parts[] = {reports_plugin_entry_v1, NULL};
    struct app app = {.err = NAVE_ENOTFOUND};
    struct nave_runtime_options options = {.size = sizeof(options),
                                           .static_plugins = parts,
                                           .event = on_event,
                                           .event_arg = &app,
                                           .beat_ns = 100 * NAVE_MSEC,
                                           .user = &app};
    struct nave_handle *admin;
    nave_err err = nave_runtime_create(&options, &app.runtime);

    (void)signal(SIGUSR1, on_usr1);
    (void)remove(FILE_NAME);
    if (!err)
        err = nave_runtime_configure_text(app.runtime, text, sizeof(text) - 1, "dump_on_signal.c");
    /* Minor 1: an older libnave has no dump, and says so here. */
    if (!err)
        err = nave_runtime_bind(app.runtime, NAVE_ADMIN_ID, 1, sizeof(*app.admin->api), &admin);
    if (!err) {
        app.admin = (struct nave_admin *)(void *)admin;
        err = nave_runtime_run(app.runtime);
    }
    nave_runtime_destroy(app.runtime);
    if (err || app.err)
        fprintf(stderr, "%s\n", nave_err_text(err ? err : app.err));
    return err || app.err || look() != 3 || remove(FILE_NAME) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
