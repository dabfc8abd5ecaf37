/* SPDX-License-Identifier: MIT
 *
 * The command line: which commands and options there are, and what one call of the program asks for.
 * The tables in args.c are all that help, parsing and the tests of the completions know.
 */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CLI_EXIT_RUN    1 /* it failed while running              */
#define CLI_EXIT_CONFIG 2 /* the configuration or the command line is wrong */

/* Options; a command allows a set of them. */
#define CLI_JSON     (1u << 0)
#define CLI_DOT      (1u << 1)
#define CLI_MARKDOWN (1u << 2)
#define CLI_LOAD     (1u << 3)
#define CLI_WATCH    (1u << 4)
#define CLI_SET      (1u << 5)
#define CLI_COLOR    (1u << 6) /* every command has it */
#define CLI_HELP     (1u << 7) /* every command has it */
#define CLI_ONCE     (1u << 8)

/* What one call asks for. Points into argv. */
struct cli_args {
    const struct cli_command *command;
    uint32_t given;     /* CLI_JSON, ...                       */
    int has_colour;     /* 0 never, 1 always, -1 on a terminal */
    const char **words; /* what is no option; ends with NULL   */
    size_t word_count;
    const char **sets; /* of --set, as they were given        */
    size_t set_count;
};

struct cli_command {
    const char *name;    /* "run", "plugin info"                          */
    const char *words;   /* "FILE..."                                     */
    const char *summary; /* one line, for the list                        */
    const char *text;    /* for help of the command                       */
    uint32_t options;    /* that it allows                                */
    size_t words_min, words_max;
    int (*run)(const struct cli_args *args); /* gives the exit status     */
};

/* All commands; the last one has no name. */
extern const struct cli_command cli_commands[];

/* Read the command line. Gives 0, or an exit status after it has said on standard error what is wrong.
 * State: cli_args_free must be called either way. */
int cli_args_parse(struct cli_args *args, int argc, char **argv);
void cli_args_free(struct cli_args *args);

/* The text of `nave help`, and of `nave help COMMAND`. */
void cli_help(FILE *out);
void cli_help_command(FILE *out, const struct cli_command *command);

/* The command named by the first one or two of `words`; *out_used is how many. NULL: there is none. */
const struct cli_command *cli_find_command(const char *const *words, size_t count,
                                           size_t *out_used);

/* Say on standard error that there is no such command, and which was perhaps meant. Gives the exit
 * status. */
int cli_no_command(const char *const *words, size_t count);

#endif
