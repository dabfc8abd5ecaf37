/* SPDX-License-Identifier: MIT
 *
 * Listening and accepting: bursts, the limit, running out of descriptors and memory, addresses.
 */
#include "rig.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "plugins/tcp/addr.h"
#include "test_main.h"

static void connect_many(struct rig *r, int *clients, int n)
{
    int i;

    for (i = 0; i < n; i++)
        clients[i] = rig_connect(r);
}

static void close_many(const int *clients, int n)
{
    int i;

    for (i = 0; i < n; i++)
        close(clients[i]);
}

static void burst_is_bounded_and_goes_on_by_a_job(void)
{
    struct rig r;
    int clients[10];
    uint32_t before;

    rig_init(&r, RIG_EPOLL);
    r.options.accept_burst = 4;
    CU_ASSERT_EQUAL_FATAL(rig_start(&r, "127.0.0.1:0"), NAVE_OK);
    connect_many(&r, clients, 10);
    CU_ASSERT_EQUAL(r.accepted, 0);
    before = (uint32_t)r.worker.jobs_run;
    CU_ASSERT(rig_until(&r, &r.accepted, 10));
    CU_ASSERT_EQUAL(r.worker.jobs_run - before, 2); /* 4, 4, then 2 and EAGAIN */
    CU_ASSERT_EQUAL(fake_host_counter(&r.host, "connections_accepted"), 10);
    close_many(clients, 10);
    rig_end(&r);
}

static void limit_pauses_accepting_until_a_connection_closes(void)
{
    static const int backends[] = {RIG_EPOLL, RIG_POLL, RIG_EPOLL1};
    struct rig r;
    int clients[5];
    size_t b;
    unsigned accepts;

    for (b = 0; b < NAVE_COUNT(backends); b++) {
        rig_init(&r, backends[b]);
        r.options.max_connections = 3;
        CU_ASSERT_EQUAL_FATAL(rig_start(&r, "127.0.0.1:0"), NAVE_OK);
        connect_many(&r, clients, 5);
        CU_ASSERT(rig_until(&r, &r.accepted, 3));
        rig_settle(&r);
        CU_ASSERT_EQUAL(r.accepted, 3);
        CU_ASSERT_EQUAL(fake_host_counter(&r.host, "connections_held_back"), 1);
        accepts = spy.accepts;
        rig_settle(&r);
        CU_ASSERT_EQUAL(spy.accepts, accepts); /* it rests */
        rig_close(&r, r.streams[0], 0);
        CU_ASSERT(rig_until(&r, &r.accepted, 4));
        rig_close(&r, r.streams[1], 0);
        CU_ASSERT(rig_until(&r, &r.accepted, 5));
        CU_ASSERT_EQUAL(r.self->open, 3);
        close_many(clients, 5);
        rig_end(&r);
    }
}

static void running_out_rests_for_the_pause_and_loses_nobody(void)
{
    static const struct {
        int error;
        const char *counter;
    } rows[] = {{EMFILE, "accept_no_files"},
                {ENFILE, "accept_no_files"},
                {ENOBUFS, "accept_no_memory"},
                {ENOMEM, "accept_no_memory"}};
    struct rig r;
    int client;
    size_t i;

    for (i = 0; i < NAVE_COUNT(rows); i++) {
        rig_init(&r, i & 1 ? RIG_POLL : RIG_EPOLL);
        CU_ASSERT_EQUAL_FATAL(rig_start(&r, "127.0.0.1:0"), NAVE_OK);
        rig_settle(&r);
        spy.accept_error = rows[i].error;
        spy.accept_failures = 3;
        spy.accepts = 0;
        client = rig_connect(&r);
        rig_settle(&r);
        CU_ASSERT_EQUAL(spy.accepts, 1); /* one try, then rest: no busy loop */
        fake_worker_advance(&r.worker, 100 * NAVE_MSEC);
        CU_ASSERT_EQUAL(spy.accepts, 2);
        fake_worker_advance(&r.worker, 100 * NAVE_MSEC);
        CU_ASSERT_EQUAL(r.accepted, 0);
        CU_ASSERT_EQUAL(r.host.log_count, 1); /* at most one line a second */
        fake_worker_advance(&r.worker, 100 * NAVE_MSEC);
        CU_ASSERT_EQUAL(r.accepted, 1);
        CU_ASSERT_EQUAL(fake_host_counter(&r.host, rows[i].counter), 3);
        close(client);
        rig_end(&r);
    }
}

static void error_of_one_connection_is_counted_and_the_next_is_accepted(void)
{
    struct rig r;
    int client;

    rig_init(&r, RIG_EPOLL);
    CU_ASSERT_EQUAL_FATAL(rig_start(&r, "127.0.0.1:0"), NAVE_OK);
    rig_settle(&r);
    spy.accept_error = ECONNABORTED;
    spy.accept_failures = 2;
    client = rig_connect(&r);
    CU_ASSERT(rig_until(&r, &r.accepted, 1));
    CU_ASSERT_EQUAL(fake_host_counter(&r.host, "accept_errors"), 2);
    close(client);
    rig_end(&r);
}

static void stop_accepts_what_the_kernel_already_holds(void)
{
    struct rig r;
    int clients[20];

    rig_init(&r, RIG_EPOLL);
    CU_ASSERT_EQUAL_FATAL(rig_start(&r, "127.0.0.1:0"), NAVE_OK);
    connect_many(&r, clients, 20);
    CU_ASSERT_EQUAL(r.accepted, 0);
    r.listener->api->stop(r.listener, 0);
    CU_ASSERT_EQUAL(r.accepted, 20);
    r.listener->api->stop(r.listener, 0); /* twice is fine */
    close_many(clients, 20);
    rig_end(&r);
}

static void protocol_may_close_inside_accept(void)
{
    struct rig r;
    int client;
    char c;

    rig_init(&r, RIG_EPOLL);
    r.is_closing_on_accept = 1;
    CU_ASSERT_EQUAL_FATAL(rig_start(&r, "127.0.0.1:0"), NAVE_OK);
    client = rig_connect(&r);
    CU_ASSERT(rig_until(&r, &r.accepted, 1));
    CU_ASSERT_EQUAL(read(client, &c, 1), 0);
    CU_ASSERT_EQUAL(fake_host_counter(&r.host, "connections_closed"), 1);
    close(client);
    rig_end(&r);
}

static void ip6_is_listened_on_and_told(void)
{
    struct rig r;
    struct nave_addr a;
    int client;
    nave_err err;

    rig_init(&r, RIG_EPOLL);
    err = rig_start(&r, "[::1]:0");
    if (err == NAVE_OK) {
        CU_ASSERT_EQUAL(r.listener->api->address(r.listener, &a), NAVE_OK);
        CU_ASSERT_EQUAL(a.family, NAVE_ADDR_IP6);
        CU_ASSERT(a.port != 0);
        client = rig_connect(&r);
        CU_ASSERT(rig_until(&r, &r.accepted, 1));
        close(client);
    } else {
        CU_ASSERT(err == NAVE_ENOSYS || err == NAVE_EADDRNOTAVAIL); /* a machine without IPv6 */
    }
    rig_end(&r);
}

static void address_in_use_is_refused_with_advice(void)
{
    struct rig one, two;
    struct nave_addr a;
    char text[TCP_ADDR_TEXT];

    rig_init(&one, RIG_EPOLL);
    CU_ASSERT_EQUAL_FATAL(rig_start(&one, "127.0.0.1:0"), NAVE_OK);
    one.listener->api->address(one.listener, &a);
    tcp_addr_format(&a, text);
    rig_init(&two, RIG_EPOLL);
    CU_ASSERT_EQUAL(rig_start(&two, text), NAVE_EADDRINUSE);
    CU_ASSERT(strstr(two.host.last_fail, "the address is in use; stop the other program") != NULL);
    rig_end(&two);
    rig_end(&one);
}

/* What several workers share must be refused to a second program all the same. */
static void shared_port_is_not_taken_twice(void)
{
    struct rig r;
    struct nave_addr a = {.family = NAVE_ADDR_IP4, .bytes = {127, 0, 0, 1}};
    int one = -1, other = -1;

    rig_init(&r, RIG_EPOLL);
    CU_ASSERT_EQUAL(tcp_socket_listen(&a, &r.options, 1, &one), NAVE_OK);
    CU_ASSERT(a.port != 0);
    CU_ASSERT_EQUAL(tcp_socket_listen(&a, &r.options, 1, &other), NAVE_OK);
    CU_ASSERT_EQUAL(tcp_socket_probe(&a, &r.options), NAVE_EADDRINUSE);
    close(one);
    close(other);
    CU_ASSERT_EQUAL(tcp_socket_probe(&a, &r.options), NAVE_OK);
    rig_end(&r);
}

static void addresses_are_read_and_written(void)
{
    static const struct {
        const char *in, *out;
    } rows[] = {{"127.0.0.1:8080", "127.0.0.1:8080"},
                {"[::1]:0", "[::1]:0"},
                {"*:80", "[::]:80"},
                {"localhost:65535", "127.0.0.1:65535"},
                {"[::ffff:1.2.3.4]:1", "[::ffff:1.2.3.4]:1"}};
    struct nave_addr a;
    char message[256], text[TCP_ADDR_TEXT];
    size_t i;

    for (i = 0; i < NAVE_COUNT(rows); i++) {
        CU_ASSERT_EQUAL(tcp_addr_parse(rows[i].in, strlen(rows[i].in), &a, message,
                                       sizeof(message)),
                        NAVE_OK);
        tcp_addr_format(&a, text);
        CU_ASSERT_STRING_EQUAL(text, rows[i].out);
    }
}

static void bad_addresses_say_what_is_wrong(void)
{
    static const struct {
        const char *in, *message;
    } rows[] = {
        {"", "the port is missing in \"\": write host:port, such as 127.0.0.1:8080"},
        {"127.0.0.1", "the port is missing in \"127.0.0.1\": write host:port, such as "
                      "127.0.0.1:8080"},
        {"[::1]", "the port is missing in \"[::1]\": write host:port, such as 127.0.0.1:8080"},
        {":80", "the host is missing: write *:80 to listen on every address"},
        {"1.2.3.4:", "the port is missing: write a number from 0 to 65535 after ':'"},
        {"1.2.3.4:http", "port \"http\" is not a number from 0 to 65535"},
        {"1.2.3.4:65536", "port \"65536\" is not a number from 0 to 65535"},
        {"1.2.3.4:000080", "port \"000080\" is not a number from 0 to 65535"},
        {"1.2.3.4: 80", "port \" 80\" is not a number from 0 to 65535"},
        {"1.2.3:80", "\"1.2.3\" is not an IPv4 address; one looks like 127.0.0.1"},
        {"256.1.1.1:80", "\"256.1.1.1\" is not an IPv4 address; one looks like 127.0.0.1"},
        {"::1:80", "an IPv6 address stands in brackets: write [::1]:80"},
        {"[::1:80", "the ']' is missing or misplaced in \"[::1:80\""},
        {"[:80", "the ']' is missing or misplaced in \"[:80\""},
        {"[]:80", "\"[]\" is not an IPv6 address; one looks like [::1]"},
        {"[1.2.3.4]:80", "\"[1.2.3.4]\" is not an IPv6 address; one looks like [::1]"},
        {"[fe80::1%nosuchif]:80", "there is no network interface \"nosuchif\""},
    };
    struct nave_addr a = {.port = 7};
    char message[512];
    size_t i;

    for (i = 0; i < NAVE_COUNT(rows); i++) {
        CU_ASSERT(tcp_addr_parse(rows[i].in, strlen(rows[i].in), &a, message, sizeof(message)) !=
                  NAVE_OK);
        CU_ASSERT_STRING_EQUAL(message, rows[i].message);
        CU_ASSERT_EQUAL(a.port, 7);
    }
    memset(message, '1', sizeof(message));
    CU_ASSERT_EQUAL(tcp_addr_parse(message, 400, &a, message, sizeof(message)), NAVE_ESYNTAX);
}

static void each_failing_allocation_is_an_error_and_leaks_nothing(void)
{
    struct rig r;
    int client, n;
    nave_err err = NAVE_ENOMEM;

    for (n = 0; n < 64 && err != NAVE_OK; n++) { /* the start-up */
        rig_init(&r, RIG_EPOLL);
        r.host.fail_after = n;
        r.host.fail_once = 1;
        err = rig_start(&r, "127.0.0.1:0");
        if (err)
            CU_ASSERT_EQUAL(err, NAVE_ENOMEM);
        rig_end(&r);
    }
    CU_ASSERT(n > 5 && n < 64);
    for (n = 0; n < 2; n++) { /* a connection: its stream, its io */
        rig_init(&r, RIG_EPOLL);
        CU_ASSERT_EQUAL_FATAL(rig_start(&r, "127.0.0.1:0"), NAVE_OK);
        rig_settle(&r);
        client = rig_connect(&r);
        r.host.fail_after = n;
        r.host.fail_once = 1;
        rig_settle(&r);
        CU_ASSERT_EQUAL(r.accepted, 0);
        CU_ASSERT_EQUAL(fake_host_counter(&r.host, "accept_no_memory"), 1);
        close(client);
        fake_worker_advance(&r.worker, 100 * NAVE_MSEC);
        client = rig_connect(&r);
        CU_ASSERT(rig_until(&r, &r.accepted, 1)); /* and it goes on */
        r.host.fail_after = 0;
        rig_close(&r, r.streams[0], NAVE_CLOSE_LINGER); /* without memory: at once */
        CU_ASSERT_EQUAL(r.worker.holds, 0);
        close(client);
        rig_end(&r);
    }
}

#define T(name)     \
    {               \
#        name, name \
    }
static CU_TestInfo tests[] = {
    T(burst_is_bounded_and_goes_on_by_a_job),
    T(limit_pauses_accepting_until_a_connection_closes),
    T(running_out_rests_for_the_pause_and_loses_nobody),
    T(error_of_one_connection_is_counted_and_the_next_is_accepted),
    T(stop_accepts_what_the_kernel_already_holds),
    T(protocol_may_close_inside_accept),
    T(ip6_is_listened_on_and_told),
    T(address_in_use_is_refused_with_advice),
    T(shared_port_is_not_taken_twice),
    T(addresses_are_read_and_written),
    T(bad_addresses_say_what_is_wrong),
    T(each_failing_allocation_is_an_error_and_leaks_nothing),
    CU_TEST_INFO_NULL,
};
static CU_SuiteInfo suites[] = {
    {"tcp listener", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};
NAVE_TEST_MAIN(suites)
