/* SPDX-License-Identifier: MIT
 *
 * The admin socket from inside: who may speak, what stands in the way of the file, clients that are
 * served by a runtime that turns in this very thread, deadlines. Every allocation fails once.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <nave/admin.h>
#include <nave/runtime.h>

#include "failing.h"
#include "test_main.h"

#include "admin_path.h"

extern const struct nave_plugin *meter_plugin_entry_v1(void);

static char folder[64], path[96];
static struct nave_runtime *rt;
static char answer[1 << 17];

static int make_folder(void)
{
    snprintf(folder, sizeof(folder), "/tmp/nave-admin-XXXXXX");
    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof(path), "%s/a.sock", folder);
    return 0;
}

static int remove_folder(void)
{
    return rmdir(folder);
}

/* --- who ------------------------------------------------------------------------------------- */

static void the_user_itself_and_root_may_speak_and_nobody_else(void)
{
    CU_ASSERT_TRUE(nv_admin_may(1000, 1000));
    CU_ASSERT_TRUE(nv_admin_may(0, 1000));
    CU_ASSERT_TRUE(nv_admin_may(0, 0));
    CU_ASSERT_FALSE(nv_admin_may(1001, 1000));
    CU_ASSERT_FALSE(nv_admin_may(1000, 0));
    CU_ASSERT_FALSE(nv_admin_may((uid_t)-1, 1000));
}

static void the_kernel_tells_who_is_at_the_other_end(void)
{
    uid_t user = (uid_t)-1;
    int pair[2];

    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    CU_ASSERT_EQUAL(nv_admin_peer(pair[0], &user), NAVE_OK);
    CU_ASSERT_EQUAL(user, geteuid());
    close(pair[0]);
    close(pair[1]);
    CU_ASSERT_NOT_EQUAL(nv_admin_peer(pair[0], &user), NAVE_OK);
}

/* --- the file -------------------------------------------------------------------------------- */

static void the_socket_has_mode_0600_whatever_the_umask(void)
{
    struct nv_admin_path p = {.fd = -1};
    struct nv_why why = {""};
    struct stat st;
    mode_t before = umask(0);

    CU_ASSERT_EQUAL(nv_admin_path_open(path, &p, &why), NAVE_OK);
    umask(before);
    CU_ASSERT_EQUAL(stat(path, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
    nv_admin_path_close(&p, path);
    CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
    nv_admin_path_close(&p, path); /* none is fine */
}

static void a_file_that_took_its_place_is_left_alone(void)
{
    struct nv_admin_path first = {.fd = -1}, second = {.fd = -1};
    struct nv_why why = {""};

    CU_ASSERT_EQUAL(nv_admin_path_open(path, &first, &why), NAVE_OK);
    CU_ASSERT_EQUAL(unlink(path), 0);
    CU_ASSERT_EQUAL(nv_admin_path_open(path, &second, &why), NAVE_OK);
    nv_admin_path_close(&first, path);
    CU_ASSERT_EQUAL(access(path, F_OK), 0);
    nv_admin_path_close(&second, path);
}

static void expect_refusal(const char *at, nave_err code, const char *text)
{
    struct nv_admin_path p = {.fd = -1};
    struct nv_why why = {""};

    CU_ASSERT_EQUAL(nv_admin_path_open(at, &p, &why), code);
    CU_ASSERT_PTR_NOT_NULL(strstr(why.text, text));
    if (!strstr(why.text, text))
        printf("\n  got %s", why.text);
    CU_ASSERT_EQUAL(p.fd, -1);
}

static void what_stands_in_the_way_is_never_removed(void)
{
    char link_path[128];
    FILE *file = fopen(path, "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fclose(file);
    expect_refusal(path, NAVE_EEXIST, "that is no socket");
    snprintf(link_path, sizeof(link_path), "%s/link", folder);
    CU_ASSERT_EQUAL(symlink(path, link_path), 0);
    expect_refusal(link_path, NAVE_EEXIST, "that is no socket");
    CU_ASSERT_EQUAL(unlink(link_path), 0);
    CU_ASSERT_EQUAL(unlink(path), 0);
}

static void one_who_listens_is_not_driven_out_and_a_stale_socket_is(void)
{
    struct nv_admin_path p = {.fd = -1}, next = {.fd = -1};
    struct nv_why why = {""};

    CU_ASSERT_EQUAL(nv_admin_path_open(path, &p, &why), NAVE_OK);
    expect_refusal(path, NAVE_EBUSY, "another program listens there");
    close(p.fd); /* as if it had been killed */
    CU_ASSERT_EQUAL(nv_admin_path_open(path, &next, &why), NAVE_OK);
    nv_admin_path_close(&next, path);
}

static void a_folder_that_others_may_write_to_is_refused_unless_it_is_sticky(void)
{
    struct nv_admin_path p = {.fd = -1};
    struct nv_why why = {""};

    CU_ASSERT_EQUAL(chmod(folder, 0770), 0);
    expect_refusal(path, NAVE_EDENIED, "others may change its folder");
    CU_ASSERT_EQUAL(chmod(folder, 01777), 0);
    CU_ASSERT_EQUAL(nv_admin_path_open(path, &p, &why), NAVE_OK);
    nv_admin_path_close(&p, path);
    CU_ASSERT_EQUAL(chmod(folder, 0700), 0);
    expect_refusal("/nowhere/at/all", NAVE_ENOTFOUND, "its folder /nowhere/at");
}

/* --- clients --------------------------------------------------------------------------------- */

static nave_err start(void)
{
    static const nave_plugin_entry_fn statics[] = {meter_plugin_entry_v1, NULL};
    struct nave_runtime_options o = {.size = sizeof(o), .static_plugins = statics};
    char config[256];
    nave_err err = nave_runtime_create(&o, &rt);

    if (err)
        return err;
    snprintf(config, sizeof(config),
             "{\"runtime\": {\"workers\": 1, \"admin\": \"unix://%s\"}, \"plugins\": "
             "{\"test.meter\": {}}}",
             path);
    err = nave_runtime_configure_text(rt, config, strlen(config), "t");
    if (!err)
        err = nave_runtime_start(rt);
    return err;
}

static void stop(void)
{
    nave_runtime_destroy(rt);
    rt = NULL;
    CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
}

static int dial(void)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

    memcpy(to.sun_path, path, strlen(path) + 1);
    CU_ASSERT_EQUAL(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

/* Turn until the connection ends, or `turns` turns have passed. Returns the bytes of the answer. */
static size_t listen_to(int fd, int turns)
{
    size_t len = 0;

    while (turns-- > 0) {
        ssize_t n;

        CU_ASSERT_EQUAL(nave_runtime_turn(rt, NAVE_MSEC), NAVE_OK);
        n = recv(fd, answer + len, sizeof(answer) - 1 - len, 0);
        if (n > 0)
            len += (size_t)n;
        else if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK))
            break;
    }
    answer[len] = '\0';
    return len;
}

static void ask(const char *question)
{
    int fd = dial();

    CU_ASSERT_EQUAL(send(fd, question, strlen(question), 0), (ssize_t)strlen(question));
    (void)listen_to(fd, 1000);
    close(fd);
}

static void an_answer_comes_whole_and_then_the_end(void)
{
    CU_ASSERT_EQUAL_FATAL(start(), NAVE_OK);
    ask("metrics\n");
    CU_ASSERT_EQUAL(strncmp(answer, "# HELP nave_info ", 17), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer, "nave_test_meter_zeta_total{plugin=\"test.meter\"} 7\n"));
    ask("plugins\n");
    CU_ASSERT_PTR_NOT_NULL(strstr(answer, "test.meter"));
    stop();
}

static void an_answer_waits_for_a_reader_that_takes_it_slowly(void)
{
    int fd, small = 1;

    CU_ASSERT_EQUAL_FATAL(start(), NAVE_OK);
    fd = dial();
    CU_ASSERT_EQUAL(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
    CU_ASSERT_EQUAL(send(fd, "metrics json\n", 13, 0), 13);
    CU_ASSERT_EQUAL(nave_runtime_turn(rt, NAVE_MSEC), NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_turn(rt, 0), NAVE_OK);
    (void)listen_to(fd, 1000);
    close(fd);
    CU_ASSERT_EQUAL(answer[0], '{');
    CU_ASSERT_STRING_EQUAL(answer + strlen(answer) - 2, "}\n");
    stop();
}

static void clients_that_are_open_end_with_the_runtime(void)
{
    int quiet, busy;

    CU_ASSERT_EQUAL_FATAL(start(), NAVE_OK);
    quiet = dial();
    busy = dial();
    CU_ASSERT_EQUAL(send(busy, "top\n", 4, 0), 4);
    CU_ASSERT_EQUAL(nave_runtime_turn(rt, NAVE_MSEC), NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_turn(rt, 0), NAVE_OK);
    stop();
    CU_ASSERT_EQUAL(recv(quiet, answer, 1, 0), 0);
    close(quiet);
    close(busy);
}

static void every_failing_allocation_of_an_answer_is_an_error_for_that_client_alone(void)
{
    static const char *const questions[] = {"metrics\n", "metrics json\n", "graph\n", "top\n"};
    size_t i;
    long n;

    CU_ASSERT_EQUAL_FATAL(start(), NAVE_OK);
    for (i = 0; i < NAVE_COUNT(questions); i++) {
        for (n = 0; n < 200; n++) {
            int fd = dial();

            CU_ASSERT_EQUAL(send(fd, questions[i], strlen(questions[i]), 0),
                            (ssize_t)strlen(questions[i]));
            fail_after(n);
            (void)listen_to(fd, i == 3 ? 4 : 50);
            countdown = -1;
            close(fd);
            CU_ASSERT_EQUAL(nave_runtime_turn(rt, 0), NAVE_OK);
            if (!has_failed)
                break;
        }
        CU_ASSERT_TRUE(n > 0 && n < 200);
        ask("files\n");
        CU_ASSERT_STRING_EQUAL(answer, "");
    }
    stop();
}

static void every_failing_allocation_of_a_start_leaves_no_socket(void)
{
    long n;

    for (n = 0; n < 2000; n++) {
        nave_err err;

        fail_after(n);
        err = start();
        countdown = -1;
        nave_runtime_destroy(rt);
        rt = NULL;
        CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
        if (!has_failed) {
            CU_ASSERT_EQUAL(err, NAVE_OK);
            break;
        }
        CU_ASSERT_EQUAL(err, NAVE_ENOMEM);
    }
    CU_ASSERT_TRUE(n > 0 && n < 2000);
}

#define TEST(name)  \
    {               \
#        name, name \
    }
static CU_TestInfo who_tests[] = {
    TEST(the_user_itself_and_root_may_speak_and_nobody_else),
    TEST(the_kernel_tells_who_is_at_the_other_end),
    CU_TEST_INFO_NULL,
};
static CU_TestInfo file_tests[] = {
    TEST(the_socket_has_mode_0600_whatever_the_umask),
    TEST(a_file_that_took_its_place_is_left_alone),
    TEST(what_stands_in_the_way_is_never_removed),
    TEST(one_who_listens_is_not_driven_out_and_a_stale_socket_is),
    TEST(a_folder_that_others_may_write_to_is_refused_unless_it_is_sticky),
    CU_TEST_INFO_NULL,
};
static CU_TestInfo client_tests[] = {
    TEST(an_answer_comes_whole_and_then_the_end),
    TEST(an_answer_waits_for_a_reader_that_takes_it_slowly),
    TEST(clients_that_are_open_end_with_the_runtime),
    TEST(every_failing_allocation_of_an_answer_is_an_error_for_that_client_alone),
    TEST(every_failing_allocation_of_a_start_leaves_no_socket),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"who", NULL, NULL, NULL, NULL, who_tests},
    {"file", make_folder, remove_folder, NULL, NULL, file_tests},
    {"clients", make_folder, remove_folder, NULL, NULL, client_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)
