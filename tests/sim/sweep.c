/* SPDX-License-Identifier: MIT
 *
 * The sweep: tests/sim/sweep [SEED]. Without a seed it lives through NAVE_SIM_SEEDS of them (10,000), from
 * NAVE_SIM_FIRST (1) on, and every sixteenth twice, whose traces must be equal. The first seed that fails,
 * crashes or hangs is printed with how to run it alone; alone, it tells all that the runtime reports.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "scenario.h"

#define SEEDS       10000u
#define TWICE_EVERY 16u
#define HANGS_AFTER 60u /* seconds of one seed: a step that never ends */

static char last_words[256]; /* what is said when the present seed ends the program */
static char file[] = "/tmp/nave-sweep-XXXXXX";

static void on_end(int number)
{
    ssize_t ignored = write(STDERR_FILENO, last_words, strlen(last_words));

    (void)ignored;
    (void)unlink(file);
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static void set_last_words(const char *program, uint64_t seed, const char *why)
{
    (void)snprintf(last_words, sizeof(last_words), "seed %llu %s; alone: %s %llu\n",
                   (unsigned long long)seed, why, program, (unsigned long long)seed);
}

static uint64_t number_of(const char *text, uint64_t otherwise)
{
    return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

static int write_config(void)
{
    int fd = mkstemp(file);
    size_t len = strlen(scenario_config);
    int failed;

    if (fd < 0)
        return -1;
    failed = write(fd, scenario_config, len) != (ssize_t)len;
    return close(fd) != 0 || failed ? -1 : 0;
}

/* Returns 0 when `seed` lives through. */
static int sweep_one(const char *program, uint64_t seed, int is_loud, struct scenario_sums *sums)
{
    uint64_t trace = 0, again = 0;
    const char *what;

    set_last_words(program, seed, "crashes or hangs");
    (void)alarm(HANGS_AFTER);
    what = scenario_run(seed, file, is_loud, &trace, sums);
    if (!what && (is_loud || seed % TWICE_EVERY == 0)) {
        struct scenario_sums unused = {0};

        what = scenario_run(seed, file, 0, &again, &unused);
        if (!what && trace != again)
            what = "has another trace when it runs again";
    }
    if (!what && is_loud)
        printf("seed %llu: trace %016llx\n", (unsigned long long)seed, (unsigned long long)trace);
    if (!what)
        return 0;
    fprintf(stderr, "seed %llu: %s\n", (unsigned long long)seed, what);
    set_last_words(program, seed, "fails");
    fputs(last_words, stderr);
    return 1;
}

int main(int argc, char **argv)
{
    static const int ends[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM};
    uint64_t first = number_of(getenv("NAVE_SIM_FIRST"), 1);
    uint64_t seeds = number_of(getenv("NAVE_SIM_SEEDS"), SEEDS), seed;
    struct scenario_sums s = {0};
    clock_t began = clock();
    int failed = 0;
    size_t i;

    if (write_config()) {
        perror(file);
        return 1;
    }
    for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        (void)signal(ends[i], on_end);
    if (argc > 1) {
        first = number_of(argv[1], 0);
        seeds = 1;
    }
    for (seed = first; seed < first + seeds && !failed; seed++)
        failed = sweep_one(argv[0], seed, argc > 1, &s);
    (void)unlink(file);
    printf("%llu seeds, %llu steps, %llu faults in %.1f s of processor time\n"
           "%llu clients: %llu served, %llu broken, %llu shed; %llu tasks, %llu aborted, %llu "
           "sleeps, %llu "
           "answers, %llu items; "
           "%llu reloads, %llu refused; %llu drains with stragglers\n",
           (unsigned long long)(seed - first), (unsigned long long)s.steps,
           (unsigned long long)s.faults, (double)(clock() - began) / CLOCKS_PER_SEC,
           (unsigned long long)s.clients, (unsigned long long)s.served, (unsigned long long)s.broke,
           (unsigned long long)s.shed, (unsigned long long)s.tasks, (unsigned long long)s.aborted,
           (unsigned long long)s.sleeps, (unsigned long long)s.answers, (unsigned long long)s.items,
           (unsigned long long)s.reloads, (unsigned long long)s.refused_reloads,
           (unsigned long long)s.stragglers);
    return failed;
}
