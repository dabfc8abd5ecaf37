/* SPDX-License-Identifier: MIT
 *
 * The log: syslog and the journal, which come, go, and do not read.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include "log_rig.h"

/* --- daemons --------------------------------------------------------------------------------- */

static int daemon_at(int type)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct timeval most = {.tv_sec = 5};
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

    memcpy(at.sun_path, path, strlen(path) + 1);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    if (type == SOCK_STREAM)
        CU_ASSERT_EQUAL_FATAL(listen(fd, 4), 0);
    CU_ASSERT_EQUAL(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most)), 0);
    return fd;
}

static const char *receive(int fd)
{
    ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

    CU_ASSERT_FATAL(n >= 0);
    text[n] = '\0';
    return text;
}

static void syslog_gets_one_datagram_a_line(void)
{
    struct nv_log_options o = options(NV_LOG_TO_SYSLOG);
    int fd = daemon_at(SOCK_DGRAM);
    char end[64];

    o.name = "my.app";
    open_log(&o);
    put_at(NAVE_LOG_WARN, "tcp", "forged\n<0>line");
    put_at(NAVE_LOG_INFO, "", "plain");
    pump();

    snprintf(end, sizeof(end), " my.app[%d]: tcp: forged\\n<0>line", (int)getpid());
    CU_ASSERT_EQUAL(strncmp(receive(fd), "<28>Nov ", 8), 0);
    CU_ASSERT_STRING_EQUAL(text + 19, end);
    snprintf(end, sizeof(end), " my.app[%d]: plain", (int)getpid());
    CU_ASSERT_STRING_EQUAL(receive(fd) + 19, end);
    (void)close(fd);
}

static void syslog_by_a_stream_gets_messages_with_an_end(void)
{
    struct nv_log_options o = options(NV_LOG_TO_SYSLOG);
    int listener = daemon_at(SOCK_STREAM), fd;
    ssize_t n;

    o.form = NV_LOG_FORM_JSON;
    open_log(&o);
    fd = accept(listener, NULL, NULL);
    CU_ASSERT_FATAL(fd >= 0);
    put("one");
    put("two");
    pump();

    n = recv(fd, text, sizeof(text), 0);
    CU_ASSERT_FATAL(n > 0 && text[n - 1] == '\0');
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"plugin\":\"a\",\"msg\":\"one\"}"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text + strlen(text) + 1, "\"msg\":\"two\"}"));
    CU_ASSERT_EQUAL((size_t)n, strlen(text) + 1 + strlen(text + strlen(text) + 1) + 1);
    (void)close(fd);
    (void)close(listener);
}

static void a_daemon_that_starts_anew_is_found_again(void)
{
    struct nv_log_options o = options(NV_LOG_TO_SYSLOG);
    int fd = daemon_at(SOCK_DGRAM);

    open_log(&o);
    put("one");
    pump();
    CU_ASSERT_PTR_NOT_NULL(strstr(receive(fd), "a: one"));
    (void)close(fd);
    (void)unlink(path);
    put("two");
    CU_ASSERT(nv_log_pump(it, 0).is_failing);
    mono_ns += NAVE_SEC;
    CU_ASSERT(nv_log_pump(it, 0).is_failing); /* nobody is there yet */
    fd = daemon_at(SOCK_DGRAM);
    mono_ns += NAVE_SEC;
    pump();

    CU_ASSERT_PTR_NOT_NULL(strstr(receive(fd), "a: two"));
    CU_ASSERT_PTR_NOT_NULL(strstr(receive(fd), "could not be written for 2.000 s: "));
    CU_ASSERT_EQUAL(stats().breaks, 1);
    (void)close(fd);
}

static void the_journal_gets_fields_in_one_datagram(void)
{
    struct nv_log_options o = options(NV_LOG_TO_JOURNALD);
    int fd = daemon_at(SOCK_DGRAM);

    open_log(&o);
    put_at(NAVE_LOG_ERROR, "http1", "broken");
    pump();
    CU_ASSERT_STRING_EQUAL(receive(fd), "MESSAGE=http1: broken\nPRIORITY=3\nSYSLOG_FACILITY=3\n"
                                        "SYSLOG_IDENTIFIER=nave\nNAVE_PLUGIN=http1\n");
    (void)close(fd);
}

static void a_daemon_that_does_not_read_stops_the_writer_alone(void)
{
    struct nv_log_options o = options(NV_LOG_TO_JOURNALD);
    int fd = daemon_at(SOCK_DGRAM);
    uint64_t got = 0;
    uint32_t i;

    open_log(&o);
    for (i = 0; i < 20000; i++) {
        put("a line for somebody who does not read");
        if (i % 64 == 0)
            (void)nv_log_pump(it, 0);
    }
    CU_ASSERT(nv_log_pump(it, 0).wants_out);
    CU_ASSERT(stats().dropped > 5000);
    while (!nv_log_pump(it, 0).is_idle)
        while (recv(fd, text, sizeof(text), MSG_DONTWAIT) > 0)
            got++;
    while (recv(fd, text, sizeof(text), MSG_DONTWAIT) > 0)
        got++;
    CU_ASSERT_EQUAL(got, 20000 - stats().dropped + 1);
    (void)close(fd);
}

static void a_message_that_is_too_large_is_left_out_and_counted(void)
{
    struct nv_log_options o = options(NV_LOG_TO_JOURNALD);
    int fd = daemon_at(SOCK_DGRAM), small = 1;
    char line[6000];

    memset(line, 'x', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    open_log(&o);
    CU_ASSERT_EQUAL(setsockopt(it->sink.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
    put(line);
    put("small");
    pump();

    CU_ASSERT_EQUAL(stats().refused, 1);
    CU_ASSERT_EQUAL(strncmp(receive(fd), "MESSAGE=a: small\n", 17), 0);
    (void)close(fd);
}

static CU_TestInfo tests[] = {
    {"syslog_gets_one_datagram_a_line", syslog_gets_one_datagram_a_line},
    {"syslog_by_a_stream_gets_messages_with_an_end", syslog_by_a_stream_gets_messages_with_an_end},
    {"a_daemon_that_starts_anew_is_found_again", a_daemon_that_starts_anew_is_found_again},
    {"the_journal_gets_fields_in_one_datagram", the_journal_gets_fields_in_one_datagram},
    {"a_daemon_that_does_not_read_stops_the_writer_alone",
     a_daemon_that_does_not_read_stops_the_writer_alone},
    {"a_message_that_is_too_large_is_left_out_and_counted",
     a_message_that_is_too_large_is_left_out_and_counted},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"log daemons", suite_setup, suite_teardown, setup, teardown, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)
