/* SPDX-License-Identifier: MIT
 *
 * Sockets that were passed: what the variables may say, what a descriptor is, who may have it.
 * The descriptors of these tests begin at 200, so that nothing of the harness is among them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/inherit.h"
#include "test_main.h"

#define FIRST 200
#define OWN   4711

static struct nv_report report;
static char told[4096];
static struct nv_inherit set;

static void on_report(void *arg, const struct nave_report *r)
{
    size_t len = strlen(told);

    (void)arg;
    snprintf(told + len, sizeof(told) - len, "%u %.*s\n", r->level, (int)r->text.len, r->text.ptr);
}

/* Descriptor FIRST + `n` becomes `fd`, which is closed; inherited ones are not closed on exec. */
static int pass(int n, int fd)
{
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL_FATAL(dup2(fd, FIRST + n), FIRST + n);
    close(fd);
    return FIRST + n;
}

static int listening(int type, uint16_t *port)
{
    struct sockaddr_in sa = {.sin_family = AF_INET};
    socklen_t len = sizeof(sa);
    int fd = socket(AF_INET, type, 0);

    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CU_ASSERT_FATAL(fd >= 0 && bind(fd, (struct sockaddr *)&sa, len) == 0);
    CU_ASSERT(type != SOCK_STREAM || listen(fd, 5) == 0);
    CU_ASSERT_FATAL(getsockname(fd, (struct sockaddr *)&sa, &len) == 0);
    *port = ntohs(sa.sin_port);
    return fd;
}

static nave_err read_env(const char *pid, const char *fds, const char *names)
{
    struct nv_inherit_env env = {pid, fds, names, OWN, FIRST};

    told[0] = '\0';
    return nv_inherit_read(&set, &env, &report);
}

static int32_t nobody(const void *arg, struct nave_str name)
{
    (void)arg;
    (void)name;
    return 0;
}

static int32_t is_word(const void *arg, struct nave_str name)
{
    const char *word = arg;

    return strlen(word) == name.len && memcmp(word, name.ptr, name.len) == 0;
}

static void no_variables_or_those_of_another_process_pass_nothing(void)
{
    uint16_t port;
    int fd = pass(0, listening(SOCK_STREAM, &port));

    CU_ASSERT_EQUAL(read_env(NULL, NULL, NULL), NAVE_OK);
    CU_ASSERT_EQUAL(read_env(NULL, "1", "web"), NAVE_OK);
    CU_ASSERT_EQUAL(read_env("4711", NULL, NULL), NAVE_OK);
    CU_ASSERT_EQUAL(read_env("4712", "1", "web"), NAVE_OK);
    CU_ASSERT_EQUAL(set.count, 0);
    CU_ASSERT_EQUAL(fcntl(fd, F_GETFD), 0); /* untouched */
    CU_ASSERT_STRING_EQUAL(told, "");
    nv_inherit_close(&set);
    CU_ASSERT_EQUAL(fcntl(fd, F_GETFD), 0);
    close(fd);
}

static void wrong_variables_say_what_is_wrong(void)
{
    static const struct {
        const char *pid, *fds, *names, *text;
    } rows[] = {
        {"", "1", NULL, "LISTEN_PID is \"\", which is no process id"},
        {"12x", "1", NULL, "LISTEN_PID is \"12x\", which is no process id"},
        {"-1", "1", NULL, "LISTEN_PID is \"-1\", which is no process id"},
        {"99999999999999999999", "1", NULL,
         "LISTEN_PID is \"99999999999999999999\", which is no process id"},
        {"4711", "", NULL, "LISTEN_FDS is \"\", which is no number from 1 to 1024"},
        {"4711", "0", NULL, "LISTEN_FDS is \"0\", which is no number from 1 to 1024"},
        {"4711", "1025", NULL, "LISTEN_FDS is \"1025\", which is no number from 1 to 1024"},
        {"4711", " 1", NULL, "LISTEN_FDS is \" 1\", which is no number from 1 to 1024"},
        {"4711", "1", "a:b",
         "LISTEN_FDNAMES is \"a:b\", which is not as many names as LISTEN_FDS has descriptors"},
        {"4711", "2", "a",
         "LISTEN_FDNAMES is \"a\", which is not as many names as LISTEN_FDS has descriptors"},
        {"4711", "2", "",
         "LISTEN_FDNAMES is \"\", which is not as many names as LISTEN_FDS has descriptors"},
        {"4711", "2", NULL, "descriptor 201, which LISTEN_FDS counts, is not open"},
    };
    char want[512];
    uint16_t port;
    int fd = pass(0, listening(SOCK_STREAM, &port));
    size_t i;

    for (i = 0; i < NAVE_COUNT(rows); i++) {
        CU_ASSERT_EQUAL(read_env(rows[i].pid, rows[i].fds, rows[i].names), NAVE_EINVAL);
        snprintf(want, sizeof(want), "0 cannot take the sockets that were passed: %s\n",
                 rows[i].text);
        CU_ASSERT_STRING_EQUAL(told, want);
        CU_ASSERT_EQUAL(set.count, 0);
        CU_ASSERT(fcntl(fd, F_GETFD) >= 0); /* not closed */
    }
    close(fd);
}

static void a_name_of_256_bytes_is_refused(void)
{
    char name[257];
    uint16_t port;
    int fd = pass(0, listening(SOCK_STREAM, &port));

    memset(name, 'n', sizeof(name) - 1);
    name[256] = '\0';
    CU_ASSERT_EQUAL(read_env("4711", "1", name), NAVE_EINVAL);
    CU_ASSERT(strstr(told, "where a name has more than 255 bytes") != NULL);
    CU_ASSERT_EQUAL(read_env("4711", "1", name + 1), NAVE_OK);
    CU_ASSERT_EQUAL(set.each[0].pub.name.len, 255);
    nv_inherit_close(&set);
    CU_ASSERT(fcntl(fd, F_GETFD) < 0);
}

static void each_descriptor_is_known_for_what_it_is(void)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "\0nave-test-inherit"};
    char text[256], want[256];
    uint16_t port, datagram_port;
    int ends[2], fd;

    CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    pass(0, listening(SOCK_STREAM, &port));
    pass(1, listening(SOCK_DGRAM, &datagram_port));
    pass(2, ends[0]);
    pass(3, open("/dev/null", O_RDONLY));
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CU_ASSERT_FATAL(bind(fd, (struct sockaddr *)&un,
                         (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 18)) == 0);
    CU_ASSERT(listen(fd, 1) == 0);
    pass(4, fd);

    CU_ASSERT_EQUAL_FATAL(read_env("4711", "5", "web:dns::file:local"), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(set.count, 5);
    CU_ASSERT_EQUAL(set.each[0].pub.kind, NAVE_INHERITED_LISTENING);
    CU_ASSERT_EQUAL(set.each[0].pub.address.family, NAVE_ADDR_IP4);
    CU_ASSERT_EQUAL(set.each[0].pub.address.port, port);
    CU_ASSERT_EQUAL(set.each[0].pub.fd, FIRST);
    CU_ASSERT(fcntl(FIRST, F_GETFD) & FD_CLOEXEC);
    CU_ASSERT(fcntl(FIRST, F_GETFL) & O_NONBLOCK);
    snprintf(want, sizeof(want), "descriptor 200 (\"web\"), a listening socket at 127.0.0.1:%u",
             port);
    nv_inherit_describe(&set.each[0].pub, text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, want);

    CU_ASSERT_EQUAL(set.each[1].pub.kind, NAVE_INHERITED_DATAGRAM);
    snprintf(want, sizeof(want), "descriptor 201 (\"dns\"), a datagram socket at 127.0.0.1:%u",
             datagram_port);
    nv_inherit_describe(&set.each[1].pub, text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, want);
    CU_ASSERT(!(fcntl(FIRST + 1, F_GETFL) & O_NONBLOCK));

    CU_ASSERT_EQUAL(set.each[2].pub.kind, NAVE_INHERITED_STREAM);
    CU_ASSERT_EQUAL(set.each[2].pub.name.len, 0);
    nv_inherit_describe(&set.each[2].pub, text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text,
                           "descriptor 202 (\"\"), a stream socket that does not listen (in a "
                           ".socket file: Accept=no) at unix:");
    CU_ASSERT_EQUAL(set.each[3].pub.kind, NAVE_INHERITED_OTHER);
    nv_inherit_describe(&set.each[3].pub, text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text,
                           "descriptor 203 (\"file\"), neither a stream nor a datagram socket");
    CU_ASSERT_EQUAL(set.each[4].pub.kind, NAVE_INHERITED_LISTENING);
    nv_inherit_describe(&set.each[4].pub, text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(
        text, "descriptor 204 (\"local\"), a listening socket at unix:@nave-test-inherit");
    nv_inherit_close(&set);
    CU_ASSERT(fcntl(FIRST, F_GETFD) < 0 && fcntl(FIRST + 4, F_GETFD) < 0);
    close(ends[1]);
}

static void without_names_each_is_unknown(void)
{
    uint16_t port;

    pass(0, listening(SOCK_STREAM, &port));
    CU_ASSERT_EQUAL_FATAL(read_env("4711", "1", NULL), NAVE_OK);
    CU_ASSERT(is_word("unknown", set.each[0].pub.name));
    nv_inherit_close(&set);
    nv_inherit_close(&set); /* twice is fine */
}

static void a_listener_is_offered_its_name_and_what_nobody_is_named_like(void)
{
    const struct nave_listener one = {NULL};
    uint16_t port;

    pass(0, listening(SOCK_STREAM, &port));
    pass(1, listening(SOCK_STREAM, &port));
    pass(2, listening(SOCK_STREAM, &port));
    CU_ASSERT_EQUAL_FATAL(read_env("4711", "3", "web:api:nave.socket"), NAVE_OK);

    CU_ASSERT_EQUAL(nv_inherit_offer(&set, NAVE_STR_LIT("web"), is_word, "api"), 2);
    CU_ASSERT_PTR_EQUAL(set.offer[0], &set.each[0].pub);
    CU_ASSERT_EQUAL(set.offer[0]->flags, NAVE_INHERITED_NAMED);
    CU_ASSERT_PTR_EQUAL(set.offer[1], &set.each[2].pub);
    CU_ASSERT_EQUAL(set.offer[1]->flags, 0);
    set.offer[1]->flags |= NAVE_INHERITED_TAKEN;
    CU_ASSERT_EQUAL(nv_inherit_settle(&set, 2, &one), 1);

    CU_ASSERT_EQUAL(nv_inherit_offer(&set, NAVE_STR_LIT("web"), is_word, "api"), 1);
    CU_ASSERT_EQUAL(nv_inherit_offer(&set, NAVE_STR_LIT(""), nobody, NULL), 2);
    nv_inherit_release(&set, &one);
    CU_ASSERT_EQUAL(nv_inherit_offer(&set, NAVE_STR_LIT(""), nobody, NULL), 3);
    nv_inherit_close(&set);
}

static void a_listener_made_anew_gets_what_bears_its_name_and_the_one_before_gets_it_back(void)
{
    const struct nave_listener one = {NULL}, two = {NULL}, three = {NULL};
    uint16_t port;

    pass(0, listening(SOCK_STREAM, &port));
    CU_ASSERT_EQUAL_FATAL(read_env("4711", "1", "web"), NAVE_OK);
    CU_ASSERT_EQUAL(nv_inherit_offer(&set, NAVE_STR_LIT("web"), is_word, "web"), 1);
    set.offer[0]->flags |= NAVE_INHERITED_TAKEN;
    CU_ASSERT_EQUAL(nv_inherit_settle(&set, 1, &one), 1);
    CU_ASSERT_EQUAL(nv_inherit_offer(&set, NAVE_STR_LIT("web"), is_word, "web"), 1);
    set.offer[0]->flags |= NAVE_INHERITED_TAKEN;
    CU_ASSERT_EQUAL(nv_inherit_settle(&set, 1, &two), 1);
    nv_inherit_release(&set, &two); /* the reload failed */
    CU_ASSERT_PTR_EQUAL(set.each[0].owner, &one);
    CU_ASSERT_EQUAL(nv_inherit_offer(&set, NAVE_STR_LIT("web"), is_word, "web"), 1);
    set.offer[0]->flags |= NAVE_INHERITED_TAKEN;
    CU_ASSERT_EQUAL(nv_inherit_settle(&set, 1, &three), 1);
    nv_inherit_release(&set, &one); /* it went well */
    nv_inherit_close_unused(&set, &report);
    CU_ASSERT(fcntl(FIRST, F_GETFD) >= 0);
    nv_inherit_release(&set, &three);
    nv_inherit_close_unused(&set, &report);
    CU_ASSERT(fcntl(FIRST, F_GETFD) < 0);
    nv_inherit_close(&set);
}

static void what_nobody_took_is_closed_and_named(void)
{
    const struct nave_listener one = {NULL};
    char want[512];
    uint16_t port, other;

    pass(0, listening(SOCK_STREAM, &port));
    pass(1, listening(SOCK_STREAM, &other));
    CU_ASSERT_EQUAL_FATAL(read_env("4711", "2", "web:rest"), NAVE_OK);
    CU_ASSERT_EQUAL(nv_inherit_offer(&set, NAVE_STR_LIT("web"), nobody, NULL), 2);
    set.offer[0]->flags |= NAVE_INHERITED_TAKEN;
    CU_ASSERT_EQUAL(nv_inherit_settle(&set, 2, &one), 1);
    nv_inherit_close_unused(&set, &report);
    snprintf(want, sizeof(want),
             "1 no listener has the name or the address of descriptor 201 (\"rest\"), a listening "
             "socket at 127.0.0.1:%u; it was passed for nothing and is closed\n",
             other);
    CU_ASSERT_STRING_EQUAL(told, want);
    CU_ASSERT(fcntl(FIRST, F_GETFD) >= 0);
    CU_ASSERT(fcntl(FIRST + 1, F_GETFD) < 0);
    told[0] = '\0';
    nv_inherit_close_unused(&set, &report);
    CU_ASSERT_STRING_EQUAL(told, ""); /* once */
    CU_ASSERT_EQUAL(nv_inherit_offer(&set, NAVE_STR_LIT("x"), nobody, NULL), 0);
    nv_inherit_close(&set);
}

static void the_environment_is_cleared_only_when_it_was_for_us(void)
{
    setenv("LISTEN_PID", "1", 1);
    setenv("LISTEN_FDS", "1", 1);
    setenv("LISTEN_FDNAMES", "web", 1);
    CU_ASSERT_EQUAL(nv_inherit_take(&set, &report), NAVE_OK);
    CU_ASSERT_EQUAL(set.count, 0);
    CU_ASSERT_PTR_NOT_NULL(getenv("LISTEN_FDS"));
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
}

static CU_TestInfo tests[] = {
    {"no_variables_or_those_of_another_process_pass_nothing",
     no_variables_or_those_of_another_process_pass_nothing},
    {"wrong_variables_say_what_is_wrong", wrong_variables_say_what_is_wrong},
    {"a_name_of_256_bytes_is_refused", a_name_of_256_bytes_is_refused},
    {"each_descriptor_is_known_for_what_it_is", each_descriptor_is_known_for_what_it_is},
    {"without_names_each_is_unknown", without_names_each_is_unknown},
    {"a_listener_is_offered_its_name_and_what_nobody_is_named_like",
     a_listener_is_offered_its_name_and_what_nobody_is_named_like},
    {"a_listener_made_anew_gets_what_bears_its_name_and_the_one_before_gets_it_back",
     a_listener_made_anew_gets_what_bears_its_name_and_the_one_before_gets_it_back},
    {"what_nobody_took_is_closed_and_named", what_nobody_took_is_closed_and_named},
    {"the_environment_is_cleared_only_when_it_was_for_us",
     the_environment_is_cleared_only_when_it_was_for_us},
    CU_TEST_INFO_NULL,
};

static int set_up(void)
{
    return nv_report_init(&report, on_report, NULL, NAVE_LOG_WARN);
}

static int tear_down(void)
{
    nv_report_finish(&report);
    return 0;
}

static CU_SuiteInfo suites[] = {
    {"inherit", set_up, tear_down, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)
