/* SPDX-License-Identifier: MIT
 *
 * nave run FILE: the runtime handles signals, takes over sockets that were passed to the process, and
 * whoever supervises it is told what it does.
 */
#include "commands.h"
#include "notify.h"
#include "print.h"
#include "session.h"

int cli_run(const struct cli_args *args)
{
    const char *file = args->words[0];
    struct nave_runtime_options options;
    struct cli_printer printer;
    struct cli_notify notify;
    struct nave_runtime *rt;
    nave_err err;
    int status;

    cli_printer_init(&printer, stderr, args->has_colour);
    cli_notify_open(&notify, file);
    if (notify.said[0])
        fprintf(stderr, "nave: warning: %s; the service manager is not told\n", notify.said);
    cli_options_init(&options, cli_print_report, &printer);
    options.flags = NAVE_RUNTIME_SIGNALS | NAVE_RUNTIME_INHERIT;
    options.event = cli_notify_event;
    options.event_arg = &notify;
    options.beat_ns = notify.beat_ns;
    rt = cli_open_file(&options, args, file, &status);
    if (rt) {
        err = nave_runtime_run(rt);
        nave_runtime_destroy(rt);
        status = cli_exit_status(err);
    }
    cli_notify_close(&notify);
    return status;
}
