/* SPDX-License-Identifier: MIT
 *
 * See admin.h; and the commands that show an answer as it comes.
 */
#include "admin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <nave/admin.h>

#include "commands.h"
#include "output.h"
#include "print.h"
#include "session.h"

#define ANSWER_TIME 60 /* seconds that a runtime may take for a piece of its answer */

/* --- which socket ---------------------------------------------------------------------------- */

struct text {
    char at[256];
    size_t len;
};

static void on_text(void *arg, const char *text, size_t len)
{
    struct text *t = arg;

    if (len > sizeof(t->at) - 1 - t->len)
        len = sizeof(t->at) - 1 - t->len;
    memcpy(t->at + t->len, text, len);
    t->len += len;
    t->at[t->len] = '\0';
}

/* The socket that configuration `file` names, into `out`. Gives an exit status. */
static int socket_of(const struct cli_args *args, const char *file, struct text *out)
{
    const char *const subjects[] = {file, NULL};
    struct nave_runtime_options options;
    struct nave_handle *handle = NULL;
    struct cli_printer printer;
    struct nave_runtime *rt;
    int status = EXIT_SUCCESS;
    nave_err err;

    cli_printer_init(&printer, stderr, args->has_colour);
    cli_options_init(&options, cli_print_report, &printer);
    rt = cli_open_set(&options, args, &status);
    if (!rt)
        return status;
    err = nave_runtime_bind(rt, NAVE_ADMIN_ID, 0, sizeof(struct nave_admin_iface), &handle);
    if (!err)
        err = nave_admin_describe((struct nave_admin *)(void *)handle, "admin", subjects, "text",
                                  on_text, out);
    nave_runtime_destroy(rt);
    if (err)
        return err == NAVE_ENOMEM ? CLI_EXIT_RUN : CLI_EXIT_CONFIG;
    out->at[strcspn(out->at, "\n")] = '\0';
    if (out->at[0])
        return EXIT_SUCCESS;
    fprintf(stderr,
            "nave: error: %s has no admin socket; give it one: \"runtime\": {\"admin\": "
            "{\"socket\": \"PATH\"}}\n",
            file);
    return CLI_EXIT_CONFIG;
}

/* The path of the socket, into `out`. Gives an exit status. */
static int find_socket(const struct cli_args *args, struct text *out)
{
    static const char scheme[] = "unix://";
    const char *name = args->word_count ? args->words[0] : getenv("NAVE_ADMIN");
    struct stat st;

    if (!name || !name[0]) {
        fprintf(stderr,
                "nave: error: which runtime? give its admin socket or its configuration, or put "
                "one of them into NAVE_ADMIN\n");
        return CLI_EXIT_CONFIG;
    }
    if (strncmp(name, scheme, sizeof(scheme) - 1) == 0) {
        name += sizeof(scheme) - 1;
    } else if (stat(name, &st) == 0 && !S_ISSOCK(st.st_mode)) {
        return socket_of(args, name, out);
    }
    on_text(out, name, strlen(name));
    return EXIT_SUCCESS;
}

/* --- the connection -------------------------------------------------------------------------- */

static int complain(const char *path, const char *why)
{
    fprintf(stderr, "nave: error: cannot ask at %s: %s\n", path, why);
    return CLI_EXIT_RUN;
}

static const char *reason_of(int number)
{
    if (number == ENOENT)
        return "there is no such socket; does the runtime run?";
    if (number == ECONNREFUSED)
        return "nobody listens there; does the runtime run?";
    if (number == EACCES || number == EPERM)
        return "it may be opened by its owner only";
    return strerror(number);
}

FILE *cli_admin_connect(const struct cli_args *args, int *out_status)
{
    struct timeval limit = {.tv_sec = ANSWER_TIME};
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    struct text path = {.len = 0};
    FILE *server = NULL;
    int fd;

    *out_status = find_socket(args, &path);
    if (*out_status)
        return NULL;
    if (path.len >= sizeof(to.sun_path)) {
        *out_status = complain(path.at, "the path is too long");
        return NULL;
    }
    memcpy(to.sun_path, path.at, path.len + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
        connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
        server = fdopen(fd, "r");
    if (!server) {
        *out_status = complain(path.at, reason_of(errno));
        if (fd >= 0)
            (void)close(fd);
    }
    return server;
}

int cli_admin_send(FILE *server, const char *line)
{
    char text[256];
    int len = snprintf(text, sizeof(text), "%s\n", line);

    if (send(fileno(server), text, (size_t)len, MSG_NOSIGNAL) == (ssize_t)len)
        return EXIT_SUCCESS;
    return CLI_EXIT_RUN;
}

static int lost(void)
{
    fprintf(stderr, "nave: error: " CLI_ADMIN_LOST "\n");
    return CLI_EXIT_RUN;
}

/* --- commands -------------------------------------------------------------------------------- */

/* Ask, and write the answer to standard output; one that begins with "error: " to standard error. */
static int show(const struct cli_args *args, const char *question)
{
    static const char error[] = "error: ";
    char piece[8192];
    int status = EXIT_SUCCESS;
    FILE *server = cli_admin_connect(args, &status);
    size_t n, total = 0;

    if (!server)
        return status;
    if (cli_admin_send(server, question))
        status = lost();
    while (!status && (n = fread(piece, 1, sizeof(piece), server)) > 0) {
        if (total == 0 && n > sizeof(error) && memcmp(piece, error, sizeof(error) - 1) == 0) {
            fprintf(stderr, "nave: %.*s", (int)n, piece);
            status = CLI_EXIT_RUN;
        } else {
            cli_output_write(NULL, piece, n);
        }
        total += n;
    }
    if (!status && (ferror(server) || total == 0))
        status = lost();
    fclose(server);
    return cli_output_end(status);
}

int cli_metrics(const struct cli_args *args)
{
    return show(args, args->given & CLI_JSON ? "metrics json" : "metrics");
}

int cli_dump(const struct cli_args *args)
{
    return show(args, args->given & CLI_JSON ? "dump json" : "dump");
}
