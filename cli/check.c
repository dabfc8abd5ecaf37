/* SPDX-License-Identifier: MIT
 *
 * nave check FILE...: each file has a runtime of its own, so that one cannot hide the errors of
 * another. People read errors on standard error; programs get one JSON object a line on standard
 * output, and nothing else there.
 */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "output.h"
#include "print.h"
#include "report_json.h"
#include "session.h"

static int check_one(const struct cli_args *args, const char *file)
{
    int is_json = (args->given & CLI_JSON) != 0;
    struct nave_runtime_options options;
    struct cli_printer printer;
    struct nave_runtime *rt;
    int status = EXIT_SUCCESS;

    cli_printer_init(&printer, stderr, args->has_colour);
    cli_options_init(&options, is_json ? cli_report_json : cli_print_report, &printer);
    rt = cli_open_file(&options, args, file, &status);
    if (rt && (args->given & CLI_LOAD)) {
        nave_err err = nave_runtime_check(rt);

        /* Whatever a plugin refused, it refused the file; memory is the machine's. */
        if (err)
            status = err == NAVE_ENOMEM ? CLI_EXIT_RUN : CLI_EXIT_CONFIG;
    }
    nave_runtime_destroy(rt);
    if (!status && !is_json) {
        cli_output_write(NULL, file, strlen(file));
        cli_output_write(NULL, ": ok\n", 5);
    }
    return status;
}

int cli_check(const struct cli_args *args)
{
    int worst = EXIT_SUCCESS;
    size_t i;

    for (i = 0; i < args->word_count; i++) {
        int status = check_one(args, args->words[i]);

        if (status > worst)
            worst = status;
    }
    return cli_output_end(worst);
}
