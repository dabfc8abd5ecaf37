/* SPDX-License-Identifier: MIT
 *
 * nave top: asks each second and shows what passed. On a terminal it has a screen of its own, which is
 * given back however it ends; elsewhere it writes one page after the other, without escape sequences.
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "admin.h"
#include "commands.h"
#include "output.h"
#include "top_show.h"

#define EVERY_MS 1000

static volatile sig_atomic_t is_over;

static void on_signal(int number)
{
    (void)number;
    is_over = 1;
}

/* --- the terminal ---------------------------------------------------------------------------- */

struct terminal {
    int is_there;
    int has_keys; /* keys come at once, and are not shown */
    struct termios before;
};

static void terminal_open(struct terminal *t)
{
    struct termios now;

    memset(t, 0, sizeof(*t));
    t->is_there = isatty(STDOUT_FILENO);
    if (!t->is_there)
        return;
    fputs("\033[?1049h\033[?25l", stdout); /* a screen of its own, no cursor */
    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &t->before) != 0)
        return;
    now = t->before;
    now.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    t->has_keys = tcsetattr(STDIN_FILENO, TCSANOW, &now) == 0;
}

static void terminal_close(const struct terminal *t)
{
    if (t->has_keys)
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &t->before);
    if (t->is_there)
        fputs("\033[?25h\033[?1049l", stdout);
}

static struct cli_screen screen_of(const struct terminal *t)
{
    struct cli_screen screen = {.is_terminal = t->is_there};
    struct winsize size;

    if (t->is_there && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
        screen.rows = size.ws_row;
        screen.columns = size.ws_col;
    }
    return screen;
}

/* Wait for the next page; `q` ends. */
static void wait_a_while(const struct terminal *t)
{
    struct pollfd keys = {.fd = t->has_keys ? STDIN_FILENO : -1, .events = POLLIN};
    char key;

    if (poll(&keys, 1, EVERY_MS) > 0 && (read(STDIN_FILENO, &key, 1) <= 0 || key == 'q'))
        is_over = 1;
}

/* --- the command ----------------------------------------------------------------------------- */

static int ask(FILE *server, struct cli_sample *out)
{
    int status = cli_admin_send(server, "top");

    memset(out, 0, sizeof(*out));
    return status ? status : cli_sample_read(out, server);
}

static int once(FILE *server)
{
    const struct cli_screen screen = {.rows = 0};
    struct cli_sample now;
    int status = ask(server, &now);

    if (!status)
        cli_top_show(stdout, &screen, NULL, &now);
    cli_sample_free(&now);
    return status;
}

static int again_and_again(FILE *server)
{
    struct sigaction action = {.sa_handler = on_signal};
    struct cli_sample before, now;
    struct terminal terminal;
    int status = EXIT_SUCCESS, is_first = 1;

    memset(&before, 0, sizeof(before));
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    terminal_open(&terminal);
    while (!is_over && !status) {
        struct cli_screen screen = screen_of(&terminal);

        status = ask(server, &now);
        if (status) {
            cli_sample_free(&now);
            break;
        }
        fputs(terminal.is_there ? "\033[H" : is_first ? "" : "\n", stdout);
        cli_top_show(stdout, &screen, is_first ? NULL : &before, &now);
        if (terminal.is_there)
            fputs("\033[J", stdout);
        if (fflush(stdout) != 0)
            break; /* cli_output_end says so */
        cli_sample_free(&before);
        before = now;
        is_first = 0;
        wait_a_while(&terminal);
    }
    terminal_close(&terminal);
    cli_sample_free(&before);
    return is_over ? EXIT_SUCCESS : status;
}

int cli_top(const struct cli_args *args)
{
    int status = EXIT_SUCCESS;
    FILE *server = cli_admin_connect(args, &status);

    if (!server)
        return status;
    status = args->given & CLI_ONCE ? once(server) : again_and_again(server);
    fclose(server);
    return cli_output_end(status);
}
