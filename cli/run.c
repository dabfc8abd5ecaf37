/* SPDX-License-Identifier: MIT
 *
 * nave run FILE: the runtime handles signals, takes over sockets that were passed to the process, and
 * whoever supervises it is told what it does.
 */
#include "commands.h"
#include "notify.h"
#include "print.h"
#include "session.h"
#include "watch.h"

/* Who is told of events, and by what. */
struct listening {
    struct cli_notify notify;
    struct cli_watch *watch; /* NULL: without --watch */
};

static void on_event(void *arg, uint32_t event, nave_err err)
{
    struct listening *l = arg;

    cli_notify_event(&l->notify, event, err);
    cli_watch_event(l->watch, event);
}

/* Run the configured `rt`; gives the exit status. */
static int serve(const struct cli_args *args, struct nave_runtime *rt, struct listening *l)
{
    nave_err err;

    if (args->given & CLI_WATCH) {
        l->watch = cli_watch_start(rt, args->words[0]);
        if (!l->watch)
            return CLI_EXIT_RUN;
    }
    err = nave_runtime_run(rt);
    cli_watch_stop(l->watch);
    return cli_exit_status(err);
}

int cli_run(const struct cli_args *args)
{
    const char *file = args->words[0];
    struct nave_runtime_options options;
    struct cli_printer printer;
    struct listening l = {.watch = NULL};
    struct nave_runtime *rt;
    int status;

    cli_printer_init(&printer, stderr, args->has_colour);
    cli_notify_open(&l.notify, file);
    if (l.notify.said[0])
        fprintf(stderr, "nave: warning: %s; the service manager is not told\n", l.notify.said);
    cli_options_init(&options, cli_print_report, &printer);
    options.flags = NAVE_RUNTIME_SIGNALS | NAVE_RUNTIME_INHERIT | NAVE_RUNTIME_LOG_THREAD;
    options.event = on_event;
    options.event_arg = &l;
    options.beat_ns = l.notify.beat_ns;
    rt = cli_open_file(&options, args, file, &status);
    if (rt) {
        status = serve(args, rt, &l);
        nave_runtime_destroy(rt);
    }
    cli_notify_close(&l.notify);
    return status;
}
