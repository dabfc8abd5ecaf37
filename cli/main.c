/* SPDX-License-Identifier: MIT
 *
 * The program `nave`: an ordinary host on the public headers, nothing private. The tables of args.c say
 * what it can be asked; each command is a function in the file of its idea.
 *
 * Exit status: 0 all went well; 1 it failed while running; 2 the configuration or the command line
 * is wrong, and nothing ran.
 */
#include <stdlib.h>
#include <string.h>

#include <nave/runtime.h>

#include "args.h"
#include "commands.h"
#include "output.h"

int cli_version(const struct cli_args *args)
{
    (void)args;
    printf("nave %s\n", nave_version());
    return cli_output_end(EXIT_SUCCESS);
}

int cli_help_run(const struct cli_args *args)
{
    const struct cli_command *c;
    size_t used = 0;

    if (!args->word_count) {
        cli_help(stdout);
        return cli_output_end(EXIT_SUCCESS);
    }
    c = cli_find_command(args->words, args->word_count, &used);
    if (!c || used != args->word_count)
        return cli_no_command(args->words, args->word_count);
    cli_help_command(stdout, c);
    return cli_output_end(EXIT_SUCCESS);
}

/* No command was named, or one that there is not. */
static int no_command(const struct cli_args *args, int argc, char **argv)
{
    int i;

    for (i = 1; i < argc; i++)
        if (strcmp(argv[i], "--version") == 0)
            return cli_version(args);
    if (args->given & CLI_HELP) {
        cli_help(stdout);
        return cli_output_end(EXIT_SUCCESS);
    }
    if (args->word_count)
        return cli_no_command(args->words, args->word_count);
    cli_help(stderr);
    return CLI_EXIT_CONFIG;
}

int main(int argc, char **argv)
{
    struct cli_args args;
    int status;

    cli_output_init();
    status = cli_args_parse(&args, argc, argv);
    if (status) {
        /* was said */
    } else if (!args.command) {
        status = no_command(&args, argc, argv);
    } else if (args.given & CLI_HELP) {
        cli_help_command(stdout, args.command);
        status = cli_output_end(EXIT_SUCCESS);
    } else {
        status = args.command->run(&args);
    }
    cli_args_free(&args);
    return status;
}
