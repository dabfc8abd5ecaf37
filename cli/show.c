/* SPDX-License-Identifier: MIT
 *
 * The commands that show: what nave.admin/1 describes, written to standard output as it comes.
 */
#include <stdlib.h>

#include <nave/admin.h>

#include "commands.h"
#include "output.h"
#include "print.h"
#include "session.h"

/* Describe to standard output. Destroys `rt`. */
static int describe(struct nave_runtime *rt, const char *what, const char *const *subjects,
                    const char *format)
{
    struct nave_handle *handle = NULL;
    nave_err err =
        nave_runtime_bind(rt, NAVE_ADMIN_ID, 0, sizeof(struct nave_admin_iface), &handle);
    int status = EXIT_SUCCESS;

    if (!err)
        err = nave_admin_describe((struct nave_admin *)(void *)handle, what, subjects, format,
                                  cli_output_write, NULL);
    if (err)
        status = err == NAVE_ENOMEM ? CLI_EXIT_RUN : CLI_EXIT_CONFIG;
    nave_runtime_destroy(rt);
    return cli_output_end(status);
}

static int show(const struct cli_args *args, const char *what, const char *const *subjects,
                const char *format)
{
    struct nave_runtime_options options;
    struct cli_printer printer;
    struct nave_runtime *rt;
    int status = EXIT_SUCCESS;

    cli_printer_init(&printer, stderr, args->has_colour);
    cli_options_init(&options, cli_print_report, &printer);
    rt = cli_open(&options, &status);
    return rt ? describe(rt, what, subjects, format) : status;
}

int cli_schema(const struct cli_args *args)
{
    return show(args, "schema", args->words, args->given & CLI_MARKDOWN ? "markdown" : "json");
}

int cli_plugins(const struct cli_args *args)
{
    return show(args, "plugins", NULL, args->given & CLI_JSON ? "json" : "text");
}

int cli_plugin_info(const struct cli_args *args)
{
    return show(args, "plugin", args->words, args->given & CLI_JSON ? "json" : "text");
}

/* Describe the configuration of a file. */
static int show_file(const struct cli_args *args, const char *what, const char *format)
{
    struct nave_runtime_options options;
    struct cli_printer printer;
    struct nave_runtime *rt;
    int status = EXIT_SUCCESS;

    cli_printer_init(&printer, stderr, args->has_colour);
    cli_options_init(&options, cli_print_report, &printer);
    rt = cli_open_file(&options, args, args->words[0], &status);
    return rt ? describe(rt, what, NULL, format) : status;
}

int cli_graph(const struct cli_args *args)
{
    if ((args->given & CLI_DOT) && (args->given & CLI_JSON)) {
        fputs("nave: error: --dot and --json cannot both be had\n", stderr);
        return CLI_EXIT_CONFIG;
    }
    return show_file(args, "graph",
                     args->given & CLI_DOT    ? "dot"
                     : args->given & CLI_JSON ? "json"
                                              : "text");
}

int cli_config(const struct cli_args *args)
{
    return show_file(args, "config", "json");
}
