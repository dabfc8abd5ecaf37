/* SPDX-License-Identifier: MIT
 *
 * Accepting on sockets that were passed: which are taken, how they are shared, what is refused.
 */
#include "rig.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "plugins/tcp/addr.h"
#include "test_main.h"

/* A listening socket as the host describes it; `host` is an IPv4 address. */
static struct nave_inherited make(const char *host, uint16_t port)
{
    struct nave_inherited s = {.size = sizeof(s),
                               .kind = NAVE_INHERITED_LISTENING,
                               .name = NAVE_STR_LIT("unknown")};
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(port)};
    socklen_t len = sizeof(sa);
    int one = 1;

    inet_pton(AF_INET, host, &sa.sin_addr);
    s.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    CU_ASSERT_FATAL(s.fd >= 0);
    setsockopt(s.fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
    CU_ASSERT_FATAL(bind(s.fd, (struct sockaddr *)&sa, len) == 0 && listen(s.fd, 50) == 0);
    CU_ASSERT_FATAL(getsockname(s.fd, (struct sockaddr *)&sa, &len) == 0);
    s.address.family = NAVE_ADDR_IP4;
    s.address.port = ntohs(sa.sin_port);
    memcpy(s.address.bytes, &sa.sin_addr, 4);
    return s;
}

static void begin(struct rig *r, struct nave_inherited **list, uint32_t count)
{
    rig_init(r, RIG_EPOLL);
    r->inherited = list;
    r->inherited_count = count;
}

static int connect_to(const struct nave_inherited *s)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(s->address.port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CU_ASSERT_FATAL(fd >= 0 && connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0);
    return fd;
}

static void the_socket_of_the_address_is_taken_with_who_waits_already(void)
{
    struct nave_inherited other = make("127.0.0.1", 0), mine = make("127.0.0.1", 0);
    struct nave_inherited *list[] = {&other, &mine};
    struct nave_addr at;
    char text[TCP_ADDR_TEXT];
    struct rig r;
    int early = connect_to(&mine), value = 0;
    socklen_t len = sizeof(value);

    begin(&r, list, 2);
    tcp_addr_format(&mine.address, text);
    CU_ASSERT_EQUAL_FATAL(rig_start(&r, text), NAVE_OK);
    CU_ASSERT_EQUAL(mine.flags, NAVE_INHERITED_TAKEN);
    CU_ASSERT_EQUAL(other.flags, 0);
    CU_ASSERT(rig_until(&r, &r.accepted, 1));
    CU_ASSERT_EQUAL(r.listener->api->address(r.listener, &at), NAVE_OK);
    CU_ASSERT_EQUAL(at.port, mine.address.port);
    CU_ASSERT_EQUAL(r.host.log_count, 0);
    /* Accepted connections inherit what the options say. */
    CU_ASSERT_EQUAL(getsockopt(mine.fd, IPPROTO_TCP, TCP_NODELAY, &value, &len), 0);
    CU_ASSERT(value != 0);
    close(early);
    rig_end(&r);
    early = connect_to(&mine); /* what was passed still listens: it is the host's */
    close(early);
    close(mine.fd);
    close(other.fd);
}

static void a_name_has_the_last_word_and_says_where_it_is(void)
{
    struct nave_inherited mine = make("127.0.0.1", 0);
    struct nave_inherited *list[] = {&mine};
    char want[256], text[TCP_ADDR_TEXT];
    struct rig r;
    int client;

    begin(&r, list, 1);
    mine.flags = NAVE_INHERITED_NAMED;
    CU_ASSERT_EQUAL_FATAL(rig_start(&r, "127.0.0.2:9"), NAVE_OK);
    CU_ASSERT_EQUAL(mine.flags, NAVE_INHERITED_NAMED | NAVE_INHERITED_TAKEN);
    tcp_addr_format(&mine.address, text);
    snprintf(
        want, sizeof(want),
        "listener \"web\" accepts on the socket of its name that was passed, which is bound to "
        "%s, not to 127.0.0.2:9 as the configuration says",
        text);
    CU_ASSERT_STRING_EQUAL(r.host.last_log, want);
    client = rig_connect(&r);
    CU_ASSERT(rig_until(&r, &r.accepted, 1));
    close(client);
    rig_end(&r);

    begin(&r, list, 1); /* any port: nothing to wonder about */
    mine.flags = NAVE_INHERITED_NAMED;
    CU_ASSERT_EQUAL_FATAL(rig_start(&r, "127.0.0.1:0"), NAVE_OK);
    CU_ASSERT_EQUAL(r.host.log_count, 0);
    rig_end(&r);
    close(mine.fd);
}

static void what_is_bound_elsewhere_is_left_alone(void)
{
    struct nave_inherited s = make("127.0.0.1", 0);
    struct nave_inherited *list[] = {&s};
    struct nave_addr at;
    struct rig r;

    begin(&r, list, 1);
    CU_ASSERT_EQUAL_FATAL(rig_start(&r, "127.0.0.1:0"), NAVE_OK); /* its own port */
    CU_ASSERT_EQUAL(s.flags, 0);
    CU_ASSERT_EQUAL(r.listener->api->address(r.listener, &at), NAVE_OK);
    CU_ASSERT(at.port != s.address.port);
    rig_end(&r);
    close(s.fd);
}

static void a_star_takes_every_address_of_either_family(void)
{
    struct nave_inherited s = make("0.0.0.0", 0);
    struct nave_inherited *list[] = {&s};
    char text[32];
    struct rig r;

    begin(&r, list, 1);
    snprintf(text, sizeof(text), "*:%u", s.address.port);
    CU_ASSERT_EQUAL_FATAL(rig_start(&r, text), NAVE_OK);
    CU_ASSERT_EQUAL(s.flags, NAVE_INHERITED_TAKEN);
    rig_end(&r);
    close(s.fd);
}

static void more_sockets_than_workers_are_all_accepted_on(void)
{
    struct nave_inherited a = make("127.0.0.1", 0), b = make("127.0.0.1", a.address.port),
                          c = make("127.0.0.1", a.address.port);
    struct nave_inherited *list[] = {&a, &b, &c};
    char text[TCP_ADDR_TEXT];
    struct rig r;
    int clients[24];
    size_t i;

    begin(&r, list, 3);
    tcp_addr_format(&a.address, text);
    CU_ASSERT_EQUAL_FATAL(rig_start(&r, text), NAVE_OK);
    for (i = 0; i < NAVE_COUNT(clients); i++) /* the kernel spreads them */
        clients[i] = connect_to(&a);
    CU_ASSERT(rig_until(&r, &r.accepted, NAVE_COUNT(clients)));
    for (i = 0; i < NAVE_COUNT(clients); i++)
        close(clients[i]);
    rig_end(&r);
    close(a.fd);
    close(b.fd);
    close(c.fd);
}

static void sockets_of_a_wrong_kind_are_refused_by_name_and_passed_over_by_address(void)
{
    static const struct {
        uint32_t kind;
        uint16_t family;
        const char *what;
    } rows[] = {
        {NAVE_INHERITED_DATAGRAM, NAVE_ADDR_IP4, "is a datagram socket; "},
        {NAVE_INHERITED_STREAM, NAVE_ADDR_IP4, "is a socket that does not listen; "},
        {NAVE_INHERITED_OTHER, NAVE_ADDR_NONE, "is no such socket at all; "},
        {NAVE_INHERITED_LISTENING, NAVE_ADDR_UNIX, "is a Unix socket; "},
        {NAVE_INHERITED_LISTENING, NAVE_ADDR_NONE, "is a socket of another family; "},
    };
    struct nave_inherited s = make("127.0.0.1", 0);
    struct nave_inherited *list[] = {&s};
    char text[TCP_ADDR_TEXT];
    struct rig r;
    size_t i;

    tcp_addr_format(&s.address, text);
    for (i = 0; i < NAVE_COUNT(rows); i++) {
        s.kind = rows[i].kind;
        s.address.family = rows[i].family;
        s.flags = NAVE_INHERITED_NAMED;
        begin(&r, list, 1);
        CU_ASSERT_EQUAL(rig_start(&r, text), NAVE_EINVAL);
        CU_ASSERT(strstr(r.host.last_fail, rows[i].what) != NULL);
        CU_ASSERT(
            strstr(r.host.last_fail,
                   "which was passed to this program under the name of listener \"web\", is") !=
            NULL);
        CU_ASSERT_EQUAL(s.flags, NAVE_INHERITED_NAMED);
        rig_end(&r);

        s.flags = 0;
        begin(&r, list, 1);
        CU_ASSERT_EQUAL(rig_start(&r, text), NAVE_EADDRINUSE); /* binds; ours is there */
        CU_ASSERT_EQUAL(s.flags, 0);
        rig_end(&r);
    }
    close(s.fd);
}

static void a_closed_descriptor_is_an_error_and_nothing_is_taken(void)
{
    struct nave_inherited s = make("127.0.0.1", 0);
    struct nave_inherited *list[] = {&s};
    char text[TCP_ADDR_TEXT];
    struct rig r;

    close(s.fd);
    begin(&r, list, 1);
    tcp_addr_format(&s.address, text);
    CU_ASSERT(rig_start(&r, text) != NAVE_OK);
    CU_ASSERT_EQUAL(s.flags, 0);
    CU_ASSERT_EQUAL(r.host.fail_count, 1);
    rig_end(&r);
}

static void stop_serves_what_waits_on_a_passed_socket(void)
{
    struct nave_inherited s = make("127.0.0.1", 0);
    struct nave_inherited *list[] = {&s};
    char text[TCP_ADDR_TEXT];
    struct rig r;
    int clients[20];
    size_t i;

    begin(&r, list, 1);
    r.options.backlog = 1; /* not that of the socket */
    tcp_addr_format(&s.address, text);
    CU_ASSERT_EQUAL_FATAL(rig_start(&r, text), NAVE_OK);
    for (i = 0; i < NAVE_COUNT(clients); i++)
        clients[i] = connect_to(&s);
    r.listener->api->stop(r.listener, 0);
    CU_ASSERT_EQUAL(r.accepted, NAVE_COUNT(clients));
    for (i = 0; i < NAVE_COUNT(clients); i++)
        close(clients[i]);
    rig_end(&r);
    close(s.fd);
}

#define T(name)     \
    {               \
#        name, name \
    }
static CU_TestInfo tests[] = {
    T(the_socket_of_the_address_is_taken_with_who_waits_already),
    T(a_name_has_the_last_word_and_says_where_it_is),
    T(what_is_bound_elsewhere_is_left_alone),
    T(a_star_takes_every_address_of_either_family),
    T(more_sockets_than_workers_are_all_accepted_on),
    T(sockets_of_a_wrong_kind_are_refused_by_name_and_passed_over_by_address),
    T(a_closed_descriptor_is_an_error_and_nothing_is_taken),
    T(stop_serves_what_waits_on_a_passed_socket),
    CU_TEST_INFO_NULL,
};
static CU_SuiteInfo suites[] = {
    {"tcp inherit", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};
NAVE_TEST_MAIN(suites)
