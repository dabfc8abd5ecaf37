/* SPDX-License-Identifier: MIT
 *
 * The admin socket from inside: who may speak, what stands in the way of the file, clients that are
 * served by a runtime that turns in this very thread, deadlines by a clock of the test's. Every allocation
 * fails once.
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
#include <nave/exec.h>
#include <nave/runtime.h>

#include "failing.h"
#include "test_main.h"

#include "admin/admin_path.h"
#include "runtime/runtime.h"
#include "worker/scheduler.h"
#include "worker/worker_state.h"

extern const struct nave_plugin *meter_plugin_entry_v1(void);

static char folder[64], path[96];
static struct nave_runtime *rt;
static char answer[1 << 20];

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

/* --- very many tasks ------------------------------------------------------------------------- */

static nave_poll stone_poll(struct nave_future *f, struct nave_cx *cx)
{
    (void)f;
    return cx->is_canceled ? NAVE_READY : NAVE_PENDING;
}

static void stone_drop(struct nave_future *f)
{
    (void)f;
}

static nave_err stone_result(struct nave_future *f)
{
    (void)f;
    return NAVE_OK;
}

static const struct nave_future_iface stone = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, NAVE_IFACE_DRAFT),
    .name = "stone",
    .poll = stone_poll,
    .drop = stone_drop,
    .result = stone_result,
};

/* They have been polled when this returns. */
static void spawn_stones(int count)
{
    struct nave_handle *h = NULL;
    struct nave_exec *exec;

    CU_ASSERT_EQUAL_FATAL(nave_runtime_bind(rt, NAVE_EXEC_ID, 0, sizeof(*exec->api), &h), NAVE_OK);
    exec = (struct nave_exec *)(void *)h;
    while (count-- > 0)
        CU_ASSERT_EQUAL(exec->api->spawn(exec, &stone, 64, NULL, NULL, NULL), NAVE_OK);
    do {
        CU_ASSERT_EQUAL(nave_runtime_turn(rt, 0), NAVE_OK);
    } while (nv_sched_has_work(rt->threads.each[0].worker));
}

static int count_of(const char *word)
{
    const char *at = answer;
    int count = 0;

    while ((at = strstr(at, word)) != NULL) {
        at += strlen(word);
        count++;
    }
    return count;
}

static void a_dump_of_any_length_lies_in_little_memory_while_nobody_reads_it(void)
{
    int fd, i;

    CU_ASSERT_EQUAL_FATAL(start(), NAVE_OK);
    spawn_stones(2000);
    realloc_largest = 0;
    fd = dial();
    CU_ASSERT_EQUAL(send(fd, "dump json\n", 10, 0), 10);
    for (i = 0; i < 200; i++)
        CU_ASSERT_EQUAL(nave_runtime_turn(rt, 0), NAVE_OK);
    CU_ASSERT_EQUAL(__atomic_load_n(&rt->admin_server.client_count, __ATOMIC_RELAXED), 1);

    CU_ASSERT_TRUE(listen_to(fd, 10000) > (size_t)512 << 10);
    CU_ASSERT_EQUAL(count_of("\"name\": \"stone\""), 2000);
    CU_ASSERT_EQUAL(count_of("\"calls_queued\": 0\n}\n"), 1);
    CU_ASSERT_TRUE(realloc_largest > 0 && realloc_largest <= (size_t)128 << 10);
    close(fd);
    stop();
}

/* --- deadlines ------------------------------------------------------------------------------- */

static nave_nsec shift_ns;
static nave_nsec (*real_now)(struct nv_poller *p);

static nave_nsec shifted_now(struct nv_poller *p)
{
    return real_now(p) + shift_ns;
}

/* The clock of worker 0 is the test's from here on. */
static void take_clock(void)
{
    static struct nv_poller_ops ops;
    struct nv_worker *w = rt->threads.each[0].worker;

    shift_ns = 0;
    real_now = w->poller_ops->now;
    ops = *w->poller_ops;
    ops.now = shifted_now;
    w->poller_ops = &ops;
}

static void pass(nave_nsec ns)
{
    int i;

    shift_ns += ns;
    for (i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(nave_runtime_turn(rt, 0), NAVE_OK);
}

static void who_asks_nothing_or_never_ends_a_question_is_let_go(void)
{
    int silent, endless;

    CU_ASSERT_EQUAL_FATAL(start(), NAVE_OK);
    take_clock();
    silent = dial();
    endless = dial();
    CU_ASSERT_EQUAL(send(endless, "dum", 3, 0), 3);
    pass(0);
    CU_ASSERT_EQUAL(rt->admin_server.client_count, 2);
    pass(5 * NAVE_SEC);
    CU_ASSERT_EQUAL(send(endless, "p", 1, 0), 1); /* this gives it no more time */
    pass(0);
    CU_ASSERT_EQUAL(rt->admin_server.client_count, 2);
    pass(6 * NAVE_SEC);

    CU_ASSERT_EQUAL(rt->admin_server.client_count, 0);
    CU_ASSERT_EQUAL(recv(silent, answer, 1, 0), 0);
    CU_ASSERT_EQUAL(recv(endless, answer, 1, 0), 0);
    close(silent);
    close(endless);
    stop();
}

static void who_does_not_take_what_he_asked_for_is_let_go(void)
{
    int fd;

    CU_ASSERT_EQUAL_FATAL(start(), NAVE_OK);
    spawn_stones(8000);
    take_clock();
    fd = dial();
    CU_ASSERT_EQUAL(send(fd, "dump json\n", 10, 0), 10);
    pass(0);
    pass(25 * NAVE_SEC);
    CU_ASSERT_EQUAL(rt->admin_server.client_count, 1);
    pass(6 * NAVE_SEC);

    CU_ASSERT_EQUAL(rt->admin_server.client_count, 0);
    close(fd);
    stop();
}

/* --- ends ------------------------------------------------------------------------------------ */

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
    static const char *const questions[] = {"metrics\n", "metrics json\n", "graph\n",
                                            "dump\n",    "dump json\n",    "top\n"};
    size_t i;
    long n;

    CU_ASSERT_EQUAL_FATAL(start(), NAVE_OK);
    spawn_stones(600); /* so that a dump grows */
    for (i = 0; i < NAVE_COUNT(questions); i++) {
        for (n = 0; n < 200; n++) {
            int fd = dial();

            CU_ASSERT_EQUAL(send(fd, questions[i], strlen(questions[i]), 0),
                            (ssize_t)strlen(questions[i]));
            fail_after(n);
            (void)listen_to(fd, i == NAVE_COUNT(questions) - 1 ? 4 : 50);
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
    TEST(a_dump_of_any_length_lies_in_little_memory_while_nobody_reads_it),
    TEST(who_asks_nothing_or_never_ends_a_question_is_let_go),
    TEST(who_does_not_take_what_he_asked_for_is_let_go),
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
