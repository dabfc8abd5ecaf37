/* SPDX-License-Identifier: MIT
 *
 * nave.channels/1 as a runtime offers it: to a plugin that needs it and to the program, memory that is
 * counted for who made the channel, no blocking on a worker, and in checked mode handles that were
 * given up.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nave/channel.h>
#include <nave/plugin.h>
#include <nave/runtime.h>
#include <nave/worker.h>

#include "test_main.h"

static struct nave_host *host;
static struct nave_channels *channels;
static void (*on_worker)(struct nave_worker *w);
static char said[2048];

/* --- the plugin ------------------------------------------------------------------------------ */

static nave_err create(struct nave_host *h, void **out_self)
{
    struct nave_handle *handle;
    nave_err err =
        h->api->bind(h, NAVE_CHANNELS_ID, 0, sizeof(struct nave_channels_iface), &handle);

    *out_self = NULL;
    host = h;
    if (!err)
        channels = (struct nave_channels *)(void *)handle;
    return err;
}

static nave_err worker_start(void *self, struct nave_worker *w)
{
    (void)self;
    on_worker(w);
    return NAVE_OK;
}

static const struct nave_plugin_ops ops = {
    .size = sizeof(ops),
    .create = create,
    .prepare = nave_default_prepare,
    .commit = nave_default_ok,
    .abort = nave_default_nothing,
    .start = nave_default_ok,
    .worker_start = worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = nave_default_worker_stop,
    .stop = nave_default_nothing,
    .destroy = nave_default_nothing,
};

#define NAVE_PLUGIN_NAME    post
#define NAVE_PLUGIN_ID      "post"
#define NAVE_PLUGIN_VERSION "1.0.0"
#define NAVE_PLUGIN_FLAGS   0
#define NAVE_PLUGIN_NEEDS(NEED) \
    NEED(NAVE_CHANNELS_ID, 0, 0) NEED(NAVE_MPSC_ID, 0, 0) NEED(NAVE_WATCH_RX_ID, 0, 0)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          ops
#include <nave/define.h>

/* --- a runtime with it ----------------------------------------------------------------------- */

static void on_report(void *arg, const struct nave_report *r)
{
    size_t used = strlen(said);

    (void)arg;
    if (used + r->text.len + 2 < sizeof(said))
        snprintf(said + used, sizeof(said) - used, "%.*s\n", (int)r->text.len, r->text.ptr);
}

static struct nave_runtime *start(void (*what)(struct nave_worker *w))
{
    static const char text[] = "{\"runtime\": {\"workers\": 1}, \"plugins\": {\"post\": {}}}";
    static const nave_plugin_entry_fn parts[] = {post_plugin_entry_v1, NULL};
    struct nave_runtime_options o = {.size = sizeof(o),
                                     .report = on_report,
                                     .static_plugins = parts,
                                     .log_level = NAVE_LOG_WARN};
    struct nave_runtime *rt = NULL;

    said[0] = '\0';
    on_worker = what;
    if (nave_runtime_create(&o, &rt) != NAVE_OK ||
        nave_runtime_configure_text(rt, text, sizeof(text) - 1, "t") != NAVE_OK ||
        nave_runtime_start(rt) != NAVE_OK) {
        fprintf(stderr, "%s", said);
        abort();
    }
    return rt;
}

static void end(struct nave_runtime *rt)
{
    uint32_t i;

    nave_runtime_stop(rt);
    for (i = 0; i < 1000 && nave_runtime_turn(rt, 0) == NAVE_OK; i++)
        ;
    nave_runtime_destroy(rt);
}

/* --- tests ----------------------------------------------------------------------------------- */

static void block_on_worker(struct nave_worker *w)
{
    struct nave_mpsc_options o = {.size = sizeof(o), .item_size = 8, .capacity = 1};
    struct nave_broadcast_rx *news;
    struct nave_broadcast *tell;
    struct nave_oneshot_rx *answer;
    struct nave_oneshot *question;
    struct nave_watch_rx *seen;
    struct nave_watch *level;
    struct nave_mpsc_rx *rx;
    struct nave_mpsc *tx;
    uint64_t n = 0;

    (void)w;
    CU_ASSERT_EQUAL_FATAL(nave_mpsc_new(channels, &o, &tx, &rx), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_oneshot_new(channels, 8, &question, &answer), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_broadcast_new(channels, 8, 1, &tell), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_broadcast_subscribe(tell, &news), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_watch_new(channels, 8, &n, &level), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_watch_subscribe(level, &seen), NAVE_OK);
    CU_ASSERT_EQUAL(nave_mpsc_send_blocking(tx, &n, 0), NAVE_EDEADLOCK);
    CU_ASSERT_EQUAL(nave_mpsc_rx_len(rx), 0); /* though there was room */
    CU_ASSERT_EQUAL(nave_mpsc_recv_blocking(rx, &n, 0), NAVE_EDEADLOCK);
    CU_ASSERT_EQUAL(nave_oneshot_recv_blocking(answer, &n, 0), NAVE_EDEADLOCK);
    CU_ASSERT_EQUAL(nave_broadcast_recv_blocking(news, &n, NULL, 0), NAVE_EDEADLOCK);
    CU_ASSERT_EQUAL(nave_watch_changed_blocking(seen, &n, 0), NAVE_EDEADLOCK);
    nave_mpsc_drop(tx);
    nave_mpsc_rx_drop(rx);
    nave_oneshot_drop(question);
    nave_oneshot_rx_drop(answer);
    nave_broadcast_drop(tell);
    nave_broadcast_rx_drop(news);
    nave_watch_drop(level);
    nave_watch_rx_drop(seen);
}

static void a_worker_is_told_that_it_must_not_block(void)
{
    struct nave_runtime *rt = start(block_on_worker);

    end(rt);
    CU_ASSERT_STRING_EQUAL(said, ""); /* all was given back */
}

static void forget_a_channel(struct nave_worker *w)
{
    struct nave_mpsc_options o = {.size = sizeof(o), .item_size = 8, .capacity = 1};
    struct nave_mpsc_rx *rx;
    struct nave_mpsc *tx;

    (void)w;
    CU_ASSERT_EQUAL_FATAL(nave_mpsc_new(channels, &o, &tx, &rx), NAVE_OK);
    nave_mpsc_drop(tx);
    channels = (struct nave_channels *)(void *)rx; /* so that it is not lost for a leak checker */
}

static void a_channel_that_is_not_given_back_is_told_of_its_plugin(void)
{
    struct nave_runtime *rt = start(forget_a_channel);
    static void *kept;

    kept = channels;
    end(rt);
    CU_ASSERT_PTR_NOT_NULL(kept);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "plugin \"post\" did not give back "));
    CU_ASSERT_PTR_NOT_NULL(strstr(said, " bytes of host memory in 2 blocks"));
}

static void do_nothing(struct nave_worker *w)
{
    (void)w;
}

static void the_program_makes_channels_of_its_own(void)
{
    struct nave_runtime *rt = start(do_nothing);
    struct nave_handle *h = NULL;
    struct nave_oneshot_rx *rx;
    struct nave_oneshot *tx;
    uint64_t n = 5;

    CU_ASSERT_EQUAL_FATAL(nave_runtime_bind(rt, NAVE_CHANNELS_ID, 0,
                                            sizeof(struct nave_channels_iface), &h),
                          NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_oneshot_new((struct nave_channels *)(void *)h, 8, &tx, &rx),
                          NAVE_OK);
    CU_ASSERT_EQUAL(nave_oneshot_send(tx, &n), NAVE_OK);
    n = 0;
    CU_ASSERT_EQUAL(nave_oneshot_try_recv(rx, &n), NAVE_OK);
    CU_ASSERT_EQUAL(n, 5);
    nave_oneshot_rx_drop(rx);
    end(rt);
    CU_ASSERT_STRING_EQUAL(said, "");
}

/* --- checked mode ---------------------------------------------------------------------------- */

static void use_what_is_over(struct nave_worker *w)
{
    struct nave_oneshot_rx *rx;
    struct nave_oneshot *tx;
    uint64_t n = 0;

    (void)w;
    if (nave_oneshot_new(channels, 8, &tx, &rx) != NAVE_OK)
        return;
    (void)nave_oneshot_send(tx, &n);
    (void)nave_oneshot_send(tx, &n);
}

static void send_nothing(struct nave_worker *w)
{
    struct nave_watch *tx;
    uint64_t n = 0;

    (void)w;
    if (nave_watch_new(channels, 8, &n, &tx) == NAVE_OK)
        nave_watch_send(tx, NULL);
}

static int out_fd;

static void on_last_words(void *arg, const struct nave_report *r)
{
    (void)arg;
    if (write(out_fd, r->text.ptr, r->text.len) < 0)
        _exit(3);
}

/* What a process of its own says in checked mode when its plugin does `what`. */
static void breach(void (*what)(struct nave_worker *w), char text[512])
{
    static const char config[] = "{\"runtime\": {\"workers\": 1}, \"plugins\": {\"post\": {}}}";
    static const nave_plugin_entry_fn parts[] = {post_plugin_entry_v1, NULL};
    int fds[2], status = 0;
    ssize_t n;
    pid_t pid;

    fflush(stdout);
    if (pipe(fds) || (pid = fork()) < 0)
        abort();
    if (pid == 0) {
        struct nave_runtime_options o = {.size = sizeof(o),
                                         .report = on_last_words,
                                         .static_plugins = parts,
                                         .log_level = NAVE_LOG_ERROR};
        struct nave_runtime *rt;

        out_fd = fds[1];
        on_worker = what;
        signal(SIGABRT, SIG_DFL);
        setenv("NAVE_CHECK", "1", 1);
        if (nave_runtime_create(&o, &rt) == NAVE_OK &&
            nave_runtime_configure_text(rt, config, sizeof(config) - 1, "t") == NAVE_OK &&
            nave_runtime_start(rt) == NAVE_OK)
            (void)!nave_runtime_turn(rt, 0);
        _exit(0);
    }
    close(fds[1]);
    n = read(fds[0], text, 511);
    text[n > 0 ? n : 0] = '\0';
    close(fds[0]);
    waitpid(pid, &status, 0);
    CU_ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void checked_mode_tells_who_uses_a_handle_that_is_over(void)
{
    char text[512];

    breach(use_what_is_over, text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "called nave.oneshot/1 send"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "the handle is over"));
    breach(send_nothing, text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "called nave.watch/1 send"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "item is NULL"));
}

static CU_TestInfo tests[] = {
    {"a_worker_is_told_that_it_must_not_block", a_worker_is_told_that_it_must_not_block},
    {"a_channel_that_is_not_given_back_is_told_of_its_plugin",
     a_channel_that_is_not_given_back_is_told_of_its_plugin},
    {"the_program_makes_channels_of_its_own", the_program_makes_channels_of_its_own},
    {"checked_mode_tells_who_uses_a_handle_that_is_over",
     checked_mode_tells_who_uses_a_handle_that_is_over},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"channels of a runtime", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)
