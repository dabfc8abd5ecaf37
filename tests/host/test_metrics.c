/* SPDX-License-Identifier: MIT
 *
 * What nave.admin/1 tells in metrics: the text of Prometheus by the rules of the format, JSON, from any
 * thread, and never without a started runtime. Every allocation fails once.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nave/admin.h>
#include <nave/runtime.h>

#include "failing.h"
#include "test_main.h"

#include "runtime/runtime.h"
#include "worker/worker_state.h"

extern const struct nave_plugin *meter_plugin_entry_v1(void);

static char answer[1 << 18];
static size_t answer_len;
static struct nave_runtime *rt;
static struct nave_admin *admin;

static void on_text(void *arg, const char *text, size_t len)
{
    (void)arg;
    if (len > sizeof(answer) - 1 - answer_len)
        len = sizeof(answer) - 1 - answer_len;
    memcpy(answer + answer_len, text, len);
    answer_len += len;
    answer[answer_len] = '\0';
}

static nave_err metrics(const char *format)
{
    answer_len = 0;
    answer[0] = '\0';
    return nave_admin_metrics(admin, format, on_text, NULL);
}

static void arrange(int is_started)
{
    static const nave_plugin_entry_fn statics[] = {meter_plugin_entry_v1, NULL};
    static const char config[] =
        "{\"runtime\": {\"workers\": 1}, \"plugins\": {\"test.meter\": {}}}";
    struct nave_runtime_options o = {.size = sizeof(o), .static_plugins = statics};
    struct nave_handle *h = NULL;

    CU_ASSERT_EQUAL_FATAL(nave_runtime_create(&o, &rt), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_runtime_configure_text(rt, config, sizeof(config) - 1, "t"),
                          NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_runtime_bind(rt, NAVE_ADMIN_ID, 0, sizeof(struct nave_admin_iface),
                                            &h),
                          NAVE_OK);
    admin = (struct nave_admin *)(void *)h;
    if (is_started)
        CU_ASSERT_EQUAL_FATAL(nave_runtime_start(rt), NAVE_OK);
}

static void finish(void)
{
    nave_runtime_destroy(rt);
    rt = NULL;
}

static void expect_line(const char *line)
{
    char whole[512];

    snprintf(whole, sizeof(whole), "\n%s\n", line);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer, whole));
    if (!strstr(answer, whole))
        printf("\n  missing: %s", line);
}

static void texts_are_escaped_and_names_made_of_what_a_name_may_hold(void)
{
    arrange(1);
    CU_ASSERT_EQUAL(metrics(NULL), NAVE_OK);

    expect_line("# HELP nave_test_meter_zeta_total The last one.");
    expect_line("# TYPE nave_test_meter_zeta_total counter");
    expect_line("nave_test_meter_zeta_total{plugin=\"test.meter\"} 7");
    expect_line("# HELP nave_test_meter_own_total Counter of a plugin.");
    expect_line("nave_test_meter_own_total{plugin=\"test.meter\"} 1");
    expect_line("# HELP nave_test_meter_a_b_total A \"doc\" with \\\\ and\\na second line.");
    finish();
}

static void two_counters_that_come_to_one_name_are_one_line(void)
{
    const char *first;

    arrange(1);
    CU_ASSERT_EQUAL(metrics("prometheus"), NAVE_OK);

    expect_line("nave_test_meter_a_b_total{plugin=\"test.meter\"} 7");
    first = strstr(answer, "\nnave_test_meter_a_b_total{");
    CU_ASSERT_PTR_NOT_NULL_FATAL(first);
    CU_ASSERT_PTR_NULL(strstr(first + 1, "\nnave_test_meter_a_b_total{"));
    finish();
}

/* Each line is a comment or a value; every metric has its HELP and TYPE before it, once; buckets grow. */
static void the_text_keeps_the_rules_of_the_format(void)
{
    char family[128] = "", *line, *save = NULL;
    unsigned long long last = 0, value;
    size_t len;

    arrange(1);
    CU_ASSERT_EQUAL(metrics(NULL), NAVE_OK);
    CU_ASSERT_EQUAL(answer[answer_len - 1], '\n');
    for (line = strtok_r(answer, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        if (strncmp(line, "# HELP ", 7) == 0) {
            snprintf(family, sizeof(family), "%.*s", (int)strcspn(line + 7, " "), line + 7);
            line = strtok_r(NULL, "\n", &save);
            CU_ASSERT_PTR_NOT_NULL_FATAL(line);
            CU_ASSERT_EQUAL(strncmp(line, "# TYPE ", 7), 0);
            CU_ASSERT_EQUAL(strncmp(line + 7, family, strlen(family)), 0);
            last = 0;
            continue;
        }
        len = strcspn(line, "{ ");
        CU_ASSERT_EQUAL(strncmp(line, family, strlen(family)), 0);
        CU_ASSERT_PTR_NOT_NULL_FATAL(strrchr(line, ' '));
        if (len > 7 && strncmp(line + len - 7, "_bucket", 7) == 0) {
            value = strtoull(strrchr(line, ' ') + 1, NULL, 10);
            CU_ASSERT_TRUE(value >= last);
            last = value;
        }
    }
    finish();
}

static void bounds_are_seconds_and_the_last_one_has_none(void)
{
    arrange(1);
    CU_ASSERT_EQUAL(metrics(NULL), NAVE_OK);

    CU_ASSERT_PTR_NOT_NULL(
        strstr(answer,
               "nave_worker_poll_time_seconds_bucket{worker=\"0\",le=\"0.000000256\"} 0\n"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(answer, "nave_worker_poll_time_seconds_bucket{worker=\"0\",le=\"17.179869184\"} 0\n"
                       "nave_worker_poll_time_seconds_bucket{worker=\"0\",le=\"+Inf\"} 0\n"
                       "nave_worker_poll_time_seconds_sum{worker=\"0\"} 0\n"
                       "nave_worker_poll_time_seconds_count{worker=\"0\"} 0\n"));
    finish();
}

/* "0.000000256": 256, exactly; "+Inf": the most there is. */
static uint64_t ns_of(const char *le)
{
    char *end;
    uint64_t s = strtoull(le, &end, 10), ns = 0, unit = 1000000000;

    if (strncmp(le, "+Inf", 4) == 0)
        return UINT64_MAX;
    if (*end == '.')
        for (end++; *end >= '0' && *end <= '9'; end++)
            ns += (uint64_t)(*end - '0') * (unit /= 10);
    return s * 1000000000 + ns;
}

/* Times at every edge of every bucket: each is counted from its own bucket on. */
static void no_time_is_lost_between_the_buckets_and_the_text(void)
{
    static const char name[] = "nave_worker_poll_time_seconds_bucket{worker=\"0\",le=\"";
    static uint64_t times[3 * NV_HISTOGRAM_BUCKETS];
    struct nv_histogram *h;
    uint32_t i, k, lines = 0;
    uint64_t sum = 0;
    char want[96];
    char *at;

    arrange(1);
    h = &rt->threads.each[0].worker->stats.poll_time;
    for (i = 0; i < NV_HISTOGRAM_BUCKETS; i++) {
        uint64_t bound = nv_histogram_bound(i);

        times[3 * i] = bound - 1;
        times[3 * i + 1] = bound;
        times[3 * i + 2] = bound + 1;
    }
    for (k = 0; k < NAVE_COUNT(times); k++) {
        nv_histogram_add(h, (nave_nsec)times[k]);
        sum += times[k];
    }
    CU_ASSERT_EQUAL(metrics(NULL), NAVE_OK);
    for (at = answer; (at = strstr(at, name)) != NULL; lines++) {
        uint64_t le = ns_of(at + sizeof(name) - 1), count = 0;

        at = strstr(at, "\"} ");
        CU_ASSERT_PTR_NOT_NULL_FATAL(at);
        for (k = 0; k < NAVE_COUNT(times); k++)
            count += times[k] <= le;
        CU_ASSERT_EQUAL(strtoull(at + 3, NULL, 10), count);
    }
    CU_ASSERT_EQUAL(lines, 28);
    expect_line("nave_worker_poll_time_seconds_count{worker=\"0\"} 384");
    snprintf(want, sizeof(want), "nave_worker_poll_time_seconds_sum{worker=\"0\"} %llu.%09llu",
             (unsigned long long)(sum / 1000000000), (unsigned long long)(sum % 1000000000));
    while (want[strlen(want) - 1] == '0')
        want[strlen(want) - 1] = '\0';
    expect_line(want);
    finish();
}

static void json_has_every_number_by_its_name(void)
{
    arrange(1);
    CU_ASSERT_EQUAL(metrics("json"), NAVE_OK);

    CU_ASSERT_PTR_NOT_NULL(strstr(answer, "\"zeta\": 7"));
    CU_ASSERT_PTR_NOT_NULL(strstr(answer, "\"steals_empty\": 0"));
    CU_ASSERT_PTR_NOT_NULL(strstr(answer, "\"timer_lateness\": {\n"));
    CU_ASSERT_EQUAL(answer[0], '{');
    CU_ASSERT_STRING_EQUAL(answer + answer_len - 2, "}\n");
    finish();
}

static void without_a_start_or_with_another_format_nothing_is_written(void)
{
    arrange(0);
    CU_ASSERT_EQUAL(metrics(NULL), NAVE_ESTATE);
    CU_ASSERT_EQUAL(nave_runtime_start(rt), NAVE_OK);
    CU_ASSERT_EQUAL(metrics("xml"), NAVE_EINVAL);
    if (!getenv("NAVE_CHECK")) /* which would not let it come so far */
        CU_ASSERT_EQUAL(nave_admin_metrics(admin, NULL, NULL, NULL), NAVE_EINVAL);
    CU_ASSERT_EQUAL(answer_len, 0);
    finish();
}

static void what_a_runtime_that_has_ended_counted_can_be_read(void)
{
    arrange(1);
    nave_runtime_stop(rt);
    while (nave_runtime_turn(rt, 0) == NAVE_OK)
        ;
    CU_ASSERT_EQUAL(metrics(NULL), NAVE_OK);
    expect_line("nave_test_meter_zeta_total{plugin=\"test.meter\"} 7");
    finish();
}

static void *read_often(void *arg)
{
    uint32_t *errors = arg;
    int i;

    for (i = 0; i < 20; i++)
        if (nave_admin_metrics(admin, NULL, on_text, NULL) != NAVE_OK)
            ++*errors;
    return NULL;
}

static void any_thread_may_read_while_the_runtime_turns(void)
{
    uint32_t errors = 0;
    pthread_t thread;
    int i;

    arrange(1);
    answer_len = 0;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, read_often, &errors), 0);
    for (i = 0; i < 200; i++)
        CU_ASSERT_EQUAL(nave_runtime_turn(rt, 0), NAVE_OK);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(errors, 0);
    finish();
}

static void every_failing_allocation_is_an_error_and_nothing_written(void)
{
    long n;

    arrange(1);
    for (n = 0; n < 100; n++) {
        nave_err err;

        fail_after(n);
        err = metrics(NULL);
        countdown = -1;
        if (!has_failed)
            break;
        CU_ASSERT_EQUAL(err, NAVE_ENOMEM);
        CU_ASSERT_EQUAL(answer_len, 0);
    }
    CU_ASSERT_TRUE(n > 0 && n < 100);
    finish();
}

#define TEST(name)  \
    {               \
#        name, name \
    }
static CU_TestInfo metrics_tests[] = {
    TEST(texts_are_escaped_and_names_made_of_what_a_name_may_hold),
    TEST(two_counters_that_come_to_one_name_are_one_line),
    TEST(the_text_keeps_the_rules_of_the_format),
    TEST(bounds_are_seconds_and_the_last_one_has_none),
    TEST(no_time_is_lost_between_the_buckets_and_the_text),
    TEST(json_has_every_number_by_its_name),
    TEST(without_a_start_or_with_another_format_nothing_is_written),
    TEST(what_a_runtime_that_has_ended_counted_can_be_read),
    TEST(any_thread_may_read_while_the_runtime_turns),
    TEST(every_failing_allocation_is_an_error_and_nothing_written),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"metrics", NULL, NULL, NULL, NULL, metrics_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)
