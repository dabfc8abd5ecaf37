/* SPDX-License-Identifier: MIT
 *
 * One table of commands, one of options. A new one is a row, and a line in the completions and in the
 * manual page; a test compares them.
 */
#include "args.h"

#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "near.h"

static const struct option {
    const char *name, *value; /* "--set", "/pointer=value" */
    uint32_t flag;
    const char *text;
} options[] = {
    {"--set", "/POINTER=VALUE", CLI_SET,
     "put a value over what FILE says, such as --set /runtime/workers=2; a value that\n"
     "is no JSON is a text; may be given many times"},
    {"--load", NULL, CLI_LOAD,
     "also load the plugins and let them prepare, which finds what only their code can\n"
     "find; nothing is opened to the network"},
    {"--json", NULL, CLI_JSON, "write JSON, for programs"},
    {"--dot", NULL, CLI_DOT, "write a graph for Graphviz: nave graph --dot FILE | dot -Tsvg"},
    {"--watch", NULL, CLI_WATCH,
     "read FILE again, as with SIGHUP, when it or a file it includes changes"},
    {"--markdown", NULL, CLI_MARKDOWN, "write a page for people instead of a schema"},
    {"--once", NULL, CLI_ONCE, "show one page, with rates since the start, and end"},
    {"--color", "WHEN", CLI_COLOR, "auto (on a terminal, unless NO_COLOR is set), always or never"},
    {"--help", NULL, CLI_HELP, "say what the command does"},
};

const struct cli_command cli_commands[] = {
    {"run", "FILE", "run what FILE describes",
     "Loads the plugins that FILE names, listens where it says, and serves until SIGINT or\n"
     "SIGTERM. It takes no new work then, finishes what it has, and exits; a second signal\n"
     "ends it at once. SIGHUP reads FILE again: what may change while it runs does, without a\n"
     "dropped connection; everything else is refused by name, and nothing changes then.\n",
     CLI_SET | CLI_WATCH, 1, 1, cli_run},
    {"check", "FILE...", "check FILE without running it; all errors are shown",
     "Reads each FILE and the manifests of the plugins that it names, and shows every error as\n"
     "FILE:LINE:COLUMN: /json/pointer: what is wrong. No plugin's code runs without --load. With\n"
     "--json each error is one line, an object, on standard output.\n",
     CLI_SET | CLI_LOAD | CLI_JSON, 1, SIZE_MAX, cli_check},
    {"schema", "[PLUGIN...]", "write the JSON Schema of a configuration file",
     "One JSON Schema (2020-12) of the whole file, with the options of every plugin that is\n"
     "found, or of each PLUGIN, an id or the path of a file. Editors complete and check by it:\n"
     "\n"
     "  nave schema >nave.schema.json        and in the file: \"$schema\": \"nave.schema.json\"\n",
     CLI_MARKDOWN, 0, SIZE_MAX, cli_schema},
    {"plugins", "", "list the plugins that are found, and why others are not used",
     "Looks at every file of the search path, and lists plugins with their version, roles and\n"
     "services; then the files that are not used, each with the reason.\n",
     CLI_JSON, 0, 0, cli_plugins},
    {"plugin info", "PLUGIN...", "say everything that a plugin says of itself",
     "PLUGIN is an id, or the path of a file. Its manifest is read, its code does not run, so\n"
     "that it may be of another machine.\n",
     CLI_JSON, 1, SIZE_MAX, cli_plugin_info},
    {"graph", "FILE", "show plugins, services and listeners of FILE",
     "Resolves FILE as run does, and shows the order in which its plugins start, which service\n"
     "each takes from which, and what serves on each listener.\n",
     CLI_SET | CLI_JSON | CLI_DOT, 1, 1, cli_graph},
    {"config", "FILE", "show the configuration that FILE comes to",
     "Writes what is in force when FILE is run: with what it includes and what is set, the\n"
     "default of everything else, and secrets masked. No plugin's code runs.\n",
     CLI_SET, 1, 1, cli_config},
    {"top", "[SOCKET|FILE]", "show what a running nave does, each second",
     "Asks a running nave at its admin socket, or at the one that configuration FILE names in\n"
     "runtime.admin: how busy each worker is, how long polls of tasks take and how long tasks\n"
     "wait for theirs, what each plugin uses, what each listener accepted. Without an argument\n"
     "NAVE_ADMIN names one of them. The key q ends it.\n",
     CLI_SET | CLI_ONCE, 0, 1, cli_top},
    {"dump", "[SOCKET|FILE]", "list the tasks of a running nave, and what they wait for",
     "Asks as top does, and writes every task with its plugin, its state, its worker and, when it\n"
     "waits, the functions that wait for each other, with file and line, down to the operation.\n"
     "The tasks are not disturbed. Then every blocking call that runs or is queued.\n",
     CLI_SET | CLI_JSON, 0, 1, cli_dump},
    {"metrics", "[SOCKET|FILE]", "write what a running nave counts",
     "Asks as top does, and writes everything that is counted in the text format of Prometheus,\n"
     "or as JSON.\n",
     CLI_SET | CLI_JSON, 0, 1, cli_metrics},
    {"version", "", "say which version this is", "The version of the program and its library.\n", 0,
     0, 0, cli_version},
    {"help", "[COMMAND]", "say this, or what COMMAND does",
     "Help for a command, or the list of all.\n", 0, 0, 2, cli_help_run},
    {NULL, NULL, NULL, NULL, 0, 0, 0, NULL},
};

/* --- help ------------------------------------------------------------------------------------ */

void cli_help(FILE *out)
{
    const struct cli_command *c;

    fputs("usage: nave COMMAND ...\n\n", out);
    for (c = cli_commands; c->name; c++)
        fprintf(out, "  %s %-*s  %s\n", c->name, (int)(22 - strlen(c->name)), c->words, c->summary);
    fputs("\n"
          "nave help COMMAND says more of each, and which options it has.\n"
          "\n"
          "environment:\n"
          "  NAVE_PLUGIN_PATH   absolute folders with ':' between, searched for plugins\n"
          "  NAVE_ADMIN         the socket or file that top, dump and metrics ask\n"
          "  NAVE_WATCH=poll    run --watch looks each second instead of asking the system\n"
          "  NAVE_CHECK=1       watch how plugins use the host, and name the one who errs\n"
          "  NO_COLOR           no colour on a terminal\n"
          "\n"
          "exit status: 0 clean, 1 failed while running, 2 configuration or usage\n",
          out);
}

static void put_option(FILE *out, const struct option *o)
{
    const char *text = o->text, *end;
    char name[40];

    snprintf(name, sizeof(name), "%s%s%s", o->name, o->value ? "=" : "", o->value ? o->value : "");
    fprintf(out, "  %-22s ", name);
    for (; (end = strchr(text, '\n')) != NULL; text = end + 1)
        fprintf(out, "%.*s\n%25s", (int)(end - text), text, "");
    fprintf(out, "%s\n", text);
}

void cli_help_command(FILE *out, const struct cli_command *c)
{
    size_t i;

    fprintf(out, "usage: nave %s", c->name);
    for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (options[i].flag & c->options)
            fprintf(out, " [%s%s%s]%s", options[i].name, options[i].value ? "=" : "",
                    options[i].value ? options[i].value : "",
                    options[i].flag == CLI_SET ? "..." : "");
    fprintf(out, "%s%s\n\n%s\noptions:\n", c->words[0] ? " " : "", c->words, c->text);
    for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (options[i].flag & (c->options | CLI_COLOR | CLI_HELP))
            put_option(out, &options[i]);
}

/* --- commands -------------------------------------------------------------------------------- */

const struct cli_command *cli_find_command(const char *const *words, size_t count, size_t *out_used)
{
    const struct cli_command *c;

    for (c = cli_commands; c->name; c++) {
        const char *space = strchr(c->name, ' ');
        size_t first = space ? (size_t)(space - c->name) : strlen(c->name);

        if (!count || strlen(words[0]) != first || memcmp(words[0], c->name, first) != 0)
            continue;
        if (space && (count < 2 || strcmp(words[1], space + 1) != 0))
            continue;
        *out_used = space ? 2 : 1;
        return c;
    }
    return NULL;
}

/* 1: `name` is a command of two words, and `word` is the first. */
static int is_first_word(const char *word, const char *name)
{
    size_t len = strlen(word);

    return strncmp(name, word, len) == 0 && name[len] == ' ';
}

int cli_no_command(const char *const *words, size_t count)
{
    const struct cli_command *c, *best = NULL;
    unsigned least = 99;
    char typed[80];
    int is_half = 0;

    snprintf(typed, sizeof(typed), "%s", words[0]);
    for (c = cli_commands; c->name; c++)
        if (is_first_word(words[0], c->name) && count > 1)
            snprintf(typed, sizeof(typed), "%s %s", words[0], words[1]);
    for (c = cli_commands; c->name; c++) {
        unsigned d = cli_distance(typed, c->name);

        if (d < least) {
            least = d;
            best = c;
        }
    }
    fprintf(stderr, "nave: error: there is no command \"%s\"", typed);
    for (c = cli_commands; c->name; c++)
        if (is_first_word(typed, c->name))
            fprintf(stderr, "%s \"%s\"", is_half++ ? "," : "; there is", c->name);
    if (!is_half && best && cli_is_near(typed, least))
        fprintf(stderr, "; did you mean \"%s\"?", best->name);
    fputs("\nnave: \"nave help\" lists them\n", stderr);
    return CLI_EXIT_CONFIG;
}

/* --- options --------------------------------------------------------------------------------- */

static int complain(const struct cli_command *c, const char *what, const char *word,
                    const char *more)
{
    fprintf(stderr, "nave: error: %s%s%s\n", what, word, more);
    if (c)
        fprintf(stderr, "nave: \"nave help %s\" says what it takes\n", c->name);
    else
        fputs("nave: \"nave help\" lists the commands\n", stderr);
    return CLI_EXIT_CONFIG;
}

static int no_option(const struct cli_command *c, const char *name, size_t len)
{
    uint32_t allowed = (c ? c->options : 0) | CLI_COLOR | CLI_HELP;
    char word[64], more[128] = "";
    const struct option *best = NULL;
    unsigned least = 99;
    size_t i;

    snprintf(word, sizeof(word), "%.*s", (int)(len < 60 ? len : 60), name);
    for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        unsigned d = cli_distance(word, options[i].name);

        if ((options[i].flag & allowed) && d < least) {
            least = d;
            best = &options[i];
        }
    }
    snprintf(more, sizeof(more), " is no option of %s", c ? c->name : "nave");
    if (best && cli_is_near(word, least))
        snprintf(more + strlen(more), sizeof(more) - strlen(more), "; did you mean %s?",
                 best->name);
    return complain(c, "", word, more);
}

static int take_value(struct cli_args *a, uint32_t flag, const char *value)
{
    if (flag == CLI_SET) {
        a->sets[a->set_count++] = value;
        return 0;
    }
    if (strcmp(value, "auto") == 0)
        a->has_colour = -1;
    else if (strcmp(value, "always") == 0)
        a->has_colour = 1;
    else if (strcmp(value, "never") == 0)
        a->has_colour = 0;
    else
        return complain(a->command, "--color is auto, always or never, not \"", value, "\"");
    return 0;
}

/* Take option argv[*at]; its value may be the next word. */
static int take_option(struct cli_args *a, int argc, char **argv, int *at)
{
    const char *word = argv[*at], *equals = strchr(word, '='), *value = NULL;
    size_t len = equals ? (size_t)(equals - word) : strlen(word), i;
    uint32_t allowed = (a->command ? a->command->options : 0) | CLI_COLOR | CLI_HELP;

    if (strcmp(word, "-h") == 0) {
        a->given |= CLI_HELP;
        return 0;
    }
    for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (strlen(options[i].name) == len && memcmp(word, options[i].name, len) == 0)
            break;
    if (i == sizeof(options) / sizeof(options[0]) || !(options[i].flag & allowed))
        return no_option(a->command, word, len);
    if (equals)
        value = equals + 1;
    if (value && !options[i].value)
        return complain(a->command, options[i].name, " takes no value", "");
    if (!value && options[i].value) {
        if (*at + 1 >= argc)
            return complain(a->command, options[i].name, " needs a value: ", options[i].value);
        value = argv[++*at];
    }
    a->given |= options[i].flag;
    return value ? take_value(a, options[i].flag, value) : 0;
}

/* The words that are no option, up to the first two: who is asked. Values are those of options that
 * stand behind the command, so that nothing else can be meant. */
static const struct cli_command *find(int argc, char **argv, size_t *out_used)
{
    const char *words[2] = {NULL, NULL};
    size_t count = 0;
    int i;

    for (i = 1; i < argc && count < 2; i++) {
        if (strcmp(argv[i], "--color") == 0)
            i++;
        else if (argv[i][0] != '-')
            words[count++] = argv[i];
        else if (strcmp(argv[i], "--") == 0)
            break;
    }
    return cli_find_command(words, count, out_used);
}

static int check_words(const struct cli_args *a)
{
    const struct cli_command *c = a->command;
    char text[48];

    if (a->given & CLI_HELP)
        return 0;
    if (a->word_count < c->words_min)
        return complain(c, c->name, " needs ", c->words);
    if (a->word_count <= c->words_max)
        return 0;
    if (!c->words_max)
        return complain(c, c->name, " takes nothing more, such as ", a->words[0]);
    snprintf(text, sizeof(text), " takes one %.16s, not also ", c->words);
    return complain(c, c->name, text, a->words[c->words_max]);
}

int cli_args_parse(struct cli_args *a, int argc, char **argv)
{
    size_t used = 0, seen = 0;
    int is_over = 0, status = 0, i;

    memset(a, 0, sizeof(*a));
    a->has_colour = -1;
    a->words = calloc((size_t)argc + 1, sizeof(*a->words));
    a->sets = calloc((size_t)argc + 1, sizeof(*a->sets));
    if (!a->words || !a->sets) {
        fputs("nave: error: out of memory\n", stderr);
        return CLI_EXIT_RUN;
    }
    a->command = find(argc, argv, &used);
    for (i = 1; i < argc && !status; i++) {
        if (!is_over && strcmp(argv[i], "--") == 0)
            is_over = 1;
        else if (!is_over && argv[i][0] == '-' && argv[i][1])
            status = strcmp(argv[i], "--version") == 0 && !a->command
                         ? 0
                         : take_option(a, argc, argv, &i);
        else if (seen < used)
            seen++;
        else
            a->words[a->word_count++] = argv[i];
    }
    if (!status && a->command)
        status = check_words(a);
    return status;
}

void cli_args_free(struct cli_args *a)
{
    free(a->words);
    free(a->sets);
}
