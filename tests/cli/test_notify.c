/* SPDX-License-Identifier: MIT
 *
 * What a service manager gets to read, on sockets of both kinds; and variables that are wrong.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "notify.h"
#include "test_main.h"

static int manager = -1; /* the socket of the service manager */
static char name[100];   /* as NOTIFY_SOCKET has it           */
static char got[1100];

static void manage(const char *at)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(at));
    struct timeval two = {.tv_sec = 2};

    snprintf(name, sizeof(name), "%s", at);
    memcpy(un.sun_path, at, strlen(at));
    if (at[0] == '@')
        un.sun_path[0] = '\0';
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_FATAL(manager >= 0);
    CU_ASSERT_FATAL(bind(manager, (struct sockaddr *)&un, size + (at[0] == '/')) == 0);
    setsockopt(manager, SOL_SOCKET, SO_RCVTIMEO, &two, sizeof(two));
    setenv("NOTIFY_SOCKET", at, 1);
}

static void manage_abstract(void)
{
    char at[64];

    snprintf(at, sizeof(at), "@nave-test-notify-%ld", (long)getpid());
    manage(at);
}

static void end_manager(void)
{
    close(manager);
    if (name[0] == '/')
        unlink(name);
}

static const char *heard(void)
{
    ssize_t n = recv(manager, got, sizeof(got) - 1, 0);

    got[n > 0 ? n : 0] = '\0';
    return got;
}

static int heard_nothing(void)
{
    return recv(manager, got, sizeof(got), MSG_DONTWAIT) < 0;
}

static void without_the_variable_nothing_is_opened_or_sent(void)
{
    struct cli_notify n;

    unsetenv("NOTIFY_SOCKET");
    setenv("WATCHDOG_USEC", "1000000", 1);
    cli_notify_open(&n, "f");
    CU_ASSERT_EQUAL(n.fd, -1);
    CU_ASSERT_EQUAL(n.beat_ns, 0);
    CU_ASSERT_STRING_EQUAL(n.said, "");
    cli_notify_event(&n, NAVE_EVENT_LISTENING, NAVE_OK); /* harmless */
    cli_notify_close(&n);
    CU_ASSERT_PTR_NULL(getenv("WATCHDOG_USEC"));
}

static void each_event_is_told_in_the_words_of_sd_notify(void)
{
    static const struct {
        uint32_t event;
        nave_err err;
        const char *text;
    } rows[] = {
        {NAVE_EVENT_LISTENING, NAVE_OK, "READY=1\nSTATUS=Serving app.json"},
        {NAVE_EVENT_RELOADED, NAVE_OK, "READY=1\nSTATUS=Serving app.json"},
        {NAVE_EVENT_RELOADED, NAVE_ENOMEM,
         "READY=1\nSTATUS=Reload refused (out of memory), serving as before: app.json"},
        {NAVE_EVENT_DRAINING, NAVE_OK, "STOPPING=1\nSTATUS=Finishing what is under way: app.json"},
    };
    struct cli_notify n;
    size_t i;

    manage_abstract();
    cli_notify_open(&n, "app.json");
    CU_ASSERT_FATAL(n.fd >= 0);
    CU_ASSERT_PTR_NULL(getenv("NOTIFY_SOCKET")); /* no child speaks for us */
    for (i = 0; i < NAVE_COUNT(rows); i++) {
        cli_notify_event(&n, rows[i].event, rows[i].err);
        CU_ASSERT_STRING_EQUAL(heard(), rows[i].text);
    }
    cli_notify_event(&n, 99, NAVE_OK); /* of a newer runtime */
    CU_ASSERT(heard_nothing());
    cli_notify_close(&n);
    cli_notify_close(&n);
    end_manager();
}

static void a_reload_carries_the_monotonic_time_in_the_same_message(void)
{
    struct timespec before, after;
    struct cli_notify n;
    int64_t us = 0;
    char rest[64] = "";

    manage_abstract();
    cli_notify_open(&n, "x");
    clock_gettime(CLOCK_MONOTONIC, &before);
    cli_notify_event(&n, NAVE_EVENT_RELOADING, NAVE_OK);
    clock_gettime(CLOCK_MONOTONIC, &after);
    CU_ASSERT_EQUAL(sscanf(heard(), "RELOADING=1\nMONOTONIC_USEC=%" SCNd64 "\n%63[^\n]", &us, rest),
                    2);
    CU_ASSERT(us >= before.tv_sec * 1000000LL + before.tv_nsec / 1000);
    CU_ASSERT(us <= after.tv_sec * 1000000LL + after.tv_nsec / 1000);
    CU_ASSERT_STRING_EQUAL(rest, "STATUS=Reloading x");
    cli_notify_close(&n);
    end_manager();
}

static void a_path_is_served_like_an_abstract_name(void)
{
    char folder[] = "/tmp/nave-test-notify-XXXXXX", at[64];
    struct cli_notify n;

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(at, sizeof(at), "%s/socket", folder);
    manage(at);
    cli_notify_open(&n, "x");
    CU_ASSERT_STRING_EQUAL(n.said, "");
    cli_notify_ready(&n, NAVE_OK);
    CU_ASSERT_STRING_EQUAL(heard(), "READY=1\nSTATUS=Serving x");
    end_manager();
    cli_notify_ready(&n, NAVE_OK); /* nobody is there any more: no signal, no error */
    cli_notify_close(&n);
    CU_ASSERT_EQUAL(rmdir(folder), 0);
}

static void the_watchdog_gets_a_quarter_of_its_time_if_it_is_ours(void)
{
    static const struct {
        const char *usec, *pid, *said;
        nave_nsec beat_ns;
    } rows[] = {
        {"20000000", NULL, "", 5 * NAVE_SEC},
        {"20000000", "own", "", 5 * NAVE_SEC},
        {"20000000", "1", "", 0},
        {"20000000", "x", "", 0},
        {"1", NULL, "", NAVE_MSEC},
        {"0", NULL, "WATCHDOG_USEC is no length of time: \"0\"", 0},
        {"1s", NULL, "WATCHDOG_USEC is no length of time: \"1s\"", 0},
        {"", NULL, "WATCHDOG_USEC is no length of time: \"\"", 0},
        {"99999999999999999999", NULL,
         "WATCHDOG_USEC is no length of time: \"99999999999999999999\"", 0},
    };
    struct cli_notify n;
    char own[32];
    size_t i;

    snprintf(own, sizeof(own), "%ld", (long)getpid());
    for (i = 0; i < NAVE_COUNT(rows); i++) {
        const char *pid = rows[i].pid;

        manage_abstract();
        setenv("WATCHDOG_USEC", rows[i].usec, 1);
        if (pid)
            setenv("WATCHDOG_PID", strcmp(pid, "own") == 0 ? own : pid, 1);
        cli_notify_open(&n, "x");
        CU_ASSERT_EQUAL(n.beat_ns, rows[i].beat_ns);
        CU_ASSERT_STRING_EQUAL(n.said, rows[i].said);
        cli_notify_event(&n, NAVE_EVENT_BEAT, NAVE_OK);
        if (rows[i].beat_ns)
            CU_ASSERT_STRING_EQUAL(heard(), "WATCHDOG=1");
        CU_ASSERT(heard_nothing());
        CU_ASSERT_PTR_NULL(getenv("WATCHDOG_PID"));
        cli_notify_close(&n);
        end_manager();
    }
}

static void a_socket_that_cannot_be_told_is_named_and_nothing_else_happens(void)
{
    static const struct {
        const char *socket, *said;
    } rows[] = {
        {"run/notify", "NOTIFY_SOCKET \"run/notify\": is neither a path nor an abstract name"},
        {"@", "NOTIFY_SOCKET \"@\": is neither a path nor an abstract name"},
        {"vsock:2:1", "NOTIFY_SOCKET \"vsock:2:1\": is neither a path nor an abstract name"},
        {"/nonexistent/nave", "NOTIFY_SOCKET \"/nonexistent/nave\": No such file or directory"},
    };
    struct cli_notify n;
    char big[200];
    size_t i;

    for (i = 0; i < NAVE_COUNT(rows); i++) {
        setenv("NOTIFY_SOCKET", rows[i].socket, 1);
        setenv("WATCHDOG_USEC", "1000000", 1);
        cli_notify_open(&n, "x");
        CU_ASSERT_EQUAL(n.fd, -1);
        CU_ASSERT_EQUAL(n.beat_ns, 0); /* a watchdog that cannot be fed */
        CU_ASSERT_STRING_EQUAL(n.said, rows[i].said);
        cli_notify_ready(&n, NAVE_OK);
        cli_notify_close(&n);
    }
    memset(big, '/', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    setenv("NOTIFY_SOCKET", big, 1);
    cli_notify_open(&n, "x");
    CU_ASSERT(strstr(n.said, "is too long") != NULL);
}

static void a_file_name_cannot_say_anything_of_its_own(void)
{
    struct cli_notify n;
    char big[3000];

    manage_abstract();
    cli_notify_open(&n, "a\nSTOPPING=1\x7f");
    cli_notify_ready(&n, NAVE_OK);
    CU_ASSERT_STRING_EQUAL(heard(), "READY=1\nSTATUS=Serving a?STOPPING=1?");
    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    n.serves = big;
    cli_notify_ready(&n, NAVE_OK);
    CU_ASSERT_EQUAL(strlen(heard()), 1023);
    cli_notify_close(&n);
    end_manager();
}

static CU_TestInfo tests[] = {
    {"without_the_variable_nothing_is_opened_or_sent",
     without_the_variable_nothing_is_opened_or_sent},
    {"each_event_is_told_in_the_words_of_sd_notify", each_event_is_told_in_the_words_of_sd_notify},
    {"a_reload_carries_the_monotonic_time_in_the_same_message",
     a_reload_carries_the_monotonic_time_in_the_same_message},
    {"a_path_is_served_like_an_abstract_name", a_path_is_served_like_an_abstract_name},
    {"the_watchdog_gets_a_quarter_of_its_time_if_it_is_ours",
     the_watchdog_gets_a_quarter_of_its_time_if_it_is_ours},
    {"a_socket_that_cannot_be_told_is_named_and_nothing_else_happens",
     a_socket_that_cannot_be_told_is_named_and_nothing_else_happens},
    {"a_file_name_cannot_say_anything_of_its_own", a_file_name_cannot_say_anything_of_its_own},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"notify", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)
