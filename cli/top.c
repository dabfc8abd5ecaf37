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

static volatile sig_atomic_t is_over, is_to_stop;

static void on_signal(int number)
{
    (void)number;
    is_over = 1;
}

static void on_stop(int number)
{
    (void)number;
    is_to_stop = 1;
}

/* It ends the wait for the next page, no more. */
static void on_resize(int number)
{
    (void)number;
}

static void take_signals(void)
{
    struct sigaction over = {.sa_handler = on_signal};
    struct sigaction resize = {.sa_handler = on_resize, .sa_flags = SA_RESTART};
    struct sigaction stop = {.sa_handler = on_stop, .sa_flags = SA_RESTART};

    (void)sigaction(SIGINT, &over, NULL);
    (void)sigaction(SIGTERM, &over, NULL);
    (void)sigaction(SIGHUP, &over, NULL);
    /* These end poll() all the same. */
    (void)sigaction(SIGWINCH, &resize, NULL);
    (void)sigaction(SIGTSTP, &stop, NULL);
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

/* Give the terminal back, stop, and take it again when the shell lets it go on. */
static void stop_for_now(struct terminal *t)
{
    is_to_stop = 0;
    terminal_close(t);
    (void)fflush(stdout);
    (void)raise(SIGSTOP);
    terminal_open(t);
}

/* Wait for the next page; `q` ends. 1: show the same page anew, the terminal has another size or was
 * somebody else's. */
static int wait_a_while(struct terminal *t)
{
    struct pollfd keys = {.fd = t->has_keys ? STDIN_FILENO : -1, .events = POLLIN};
    int ready = is_to_stop ? -1 : poll(&keys, 1, EVERY_MS);
    char key;

    if (is_to_stop)
        stop_for_now(t);
    if (ready < 0)
        return t->is_there && !is_over;
    if (ready > 0 && (read(STDIN_FILENO, &key, 1) <= 0 || key == 'q'))
        is_over = 1;
    return 0;
}

/* --- the command ----------------------------------------------------------------------------- */

static int ask(FILE *server, struct cli_sample *out)
{
    memset(out, 0, sizeof(*out));
    if (!cli_admin_send(server, "top"))
        return cli_sample_read(out, server);
    snprintf(out->error, sizeof(out->error), CLI_ADMIN_LOST);
    return CLI_EXIT_RUN;
}

/* Say why there is no sample. */
static void complain(const struct cli_sample *s)
{
    if (s->error[0])
        fprintf(stderr, "nave: error: %s\n", s->error);
}

static int once(FILE *server)
{
    const struct cli_screen screen = {.rows = 0};
    struct cli_sample now;
    int status = ask(server, &now);

    if (!status)
        cli_top_show(stdout, &screen, NULL, &now);
    complain(&now);
    cli_sample_free(&now);
    return status;
}

static void show(const struct terminal *t, const struct cli_sample *before,
                 const struct cli_sample *now)
{
    const struct cli_screen screen = screen_of(t);

    fputs(t->is_there ? "\033[H" : before ? "\n" : "", stdout);
    cli_top_show(stdout, &screen, before, now);
    if (t->is_there)
        fputs("\033[J", stdout);
}

static int again_and_again(FILE *server)
{
    struct cli_sample before, now;
    struct terminal terminal;
    int status, is_first = 1;

    memset(&before, 0, sizeof(before));
    take_signals();
    terminal_open(&terminal);
    for (;;) {
        status = ask(server, &now);
        if (status)
            break;
        do
            show(&terminal, is_first ? NULL : &before, &now);
        while (fflush(stdout) == 0 && wait_a_while(&terminal));
        if (is_over || ferror(stdout)) /* cli_output_end says so */
            break;
        cli_sample_free(&before);
        before = now;
        is_first = 0;
    }
    terminal_close(&terminal);
    (void)fflush(stdout);
    if (!is_over) /* where it can be seen */
        complain(&now);
    cli_sample_free(&before);
    cli_sample_free(&now);
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
