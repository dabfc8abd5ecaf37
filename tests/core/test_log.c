/* SPDX-License-Identifier: MIT
 *
 * The log by hand: lines, their order and their limits, and how many are let through.
 */
#include <pthread.h>
#include <sys/stat.h>

#include "log_rig.h"

/* --- lines ----------------------------------------------------------------------------------- */

static void lines_of_all_come_out_oldest_first(void)
{
    struct nv_log_options o = options(NV_LOG_TO_FILE);

    open_log(&o);
    put_as(1, "first");
    put_as(0, "second");
    put("third, of a stranger");
    put_as(1, "fourth");
    pump();

    is_content("info  a: first\ninfo  a: second\ninfo  a: third, of a stranger\ninfo  a: fourth\n");
    CU_ASSERT_EQUAL(stats().written, 4);
}

static void a_file_is_made_for_its_owner_and_group_and_appended_to(void)
{
    struct nv_log_options o = options(NV_LOG_TO_FILE);
    mode_t before = umask(0);
    struct stat st;

    open_log(&o);
    umask(before);
    put("one");
    pump();
    nv_log_close(it, 0);
    it = NULL;
    open_log(&o);
    put("two");
    pump();

    is_content("info  a: one\ninfo  a: two\n");
    CU_ASSERT_EQUAL_FATAL(stat(path, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0640);
    CU_ASSERT_EQUAL(fcntl(it->sink.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

static void a_text_beyond_the_limit_is_cut_between_two_characters(void)
{
    struct nv_log_options o = options(NV_LOG_TO_FILE);
    char *line = malloc(NV_LOG_TEXT_MAX + 10);
    const char *got;

    CU_ASSERT_PTR_NOT_NULL_FATAL(line);
    memset(line, 'x', NV_LOG_TEXT_MAX + 9);
    memcpy(line + NV_LOG_TEXT_MAX - 1, "\xc3\xa9", 2);
    line[NV_LOG_TEXT_MAX + 9] = '\0';
    open_log(&o);
    put(line);
    pump();

    got = content_of(path);
    CU_ASSERT_EQUAL(strlen(got), strlen("info  a: ") + NV_LOG_TEXT_MAX - 1 + strlen(" [cut]\n"));
    CU_ASSERT_STRING_EQUAL(got + strlen(got) - 8, "x [cut]\n");
    free(line);
}

static void a_thread_of_another_log_is_a_stranger(void)
{
    struct nv_log_options o = options(NV_LOG_TO_FILE);
    struct nv_log *first, *second;
    char other[160];

    snprintf(other, sizeof(other), "%s/other", folder);
    open_log(&o);
    first = it;
    o.path = other;
    open_log(&o);
    second = it;
    (void)nv_log_enter(first, 0);
    put("to the second");
    nv_log_leave((struct nv_log_here){NULL, 0});
    CU_ASSERT(nv_log_ring_is_empty(&first->lanes[0]->ring));
    CU_ASSERT(nv_log_ring_is_empty(&second->lanes[0]->ring));
    pump();
    CU_ASSERT_STRING_EQUAL(content_of(other), "info  a: to the second\n");
    (void)unlink(other);
    nv_log_close(second, 0);
    it = first;
}

static struct nave_report taken;
static char taken_texts[4][64];
static uint32_t taken_count;

static void take(void *arg, const struct nave_report *r)
{
    CU_ASSERT_PTR_EQUAL(arg, &taken);
    taken = *r;
    snprintf(taken_texts[0], 64, "%.*s", (int)r->plugin.len, r->plugin.ptr);
    snprintf(taken_texts[1], 64, "%.*s", (int)r->file.len, r->file.ptr);
    snprintf(taken_texts[2], 64, "%.*s", (int)r->pointer.len, r->pointer.ptr);
    snprintf(taken_texts[3], 64, "%.*s", (int)r->text.len, r->text.ptr);
    taken_count++;
}

static void the_program_takes_lines_as_they_were(void)
{
    struct nv_log_options o = options(NV_LOG_TO_PROGRAM);
    struct nave_report r = {.size = sizeof(r),
                            .level = NAVE_LOG_ERROR,
                            .code = NAVE_EIO,
                            .line = 4,
                            .column = 5,
                            .file = NAVE_STR_LIT("file"),
                            .pointer = NAVE_STR_LIT("/at"),
                            .plugin = NAVE_STR_LIT("p"),
                            .text = NAVE_STR_LIT("\x1b raw")};

    o.take = take;
    o.take_arg = &taken;
    taken_count = 0;
    open_log(&o);
    nv_log_put(it, &r);
    CU_ASSERT_EQUAL(taken_count, 0);
    pump();

    CU_ASSERT_EQUAL_FATAL(taken_count, 1);
    CU_ASSERT_EQUAL(taken.size, sizeof(taken));
    CU_ASSERT_EQUAL(taken.level, NAVE_LOG_ERROR);
    CU_ASSERT_EQUAL(taken.code, NAVE_EIO);
    CU_ASSERT_EQUAL(taken.line, 4);
    CU_ASSERT_EQUAL(taken.column, 5);
    CU_ASSERT_STRING_EQUAL(taken_texts[0], "p");
    CU_ASSERT_STRING_EQUAL(taken_texts[1], "file");
    CU_ASSERT_STRING_EQUAL(taken_texts[2], "/at");
    CU_ASSERT_STRING_EQUAL(taken_texts[3], "\x1b raw");
}

/* --- too many -------------------------------------------------------------------------------- */

static void what_is_held_back_is_told_once_a_second(void)
{
    struct nv_log_options o = options(NV_LOG_TO_FILE);
    struct nv_log_wait w;
    int i;

    o.rate = 2;
    open_log(&o);
    for (i = 0; i < 10; i++)
        put("peer 7 left");
    put("another");
    w = nv_log_pump(it, 0);
    CU_ASSERT(w.is_idle);
    CU_ASSERT_EQUAL(w.until_ns, mono_ns + NAVE_SEC);
    is_content("info  a: peer 7 left\ninfo  a: peer 7 left\ninfo  a: another\n");
    CU_ASSERT_EQUAL(stats().held, 8);

    mono_ns += NAVE_SEC - 1;
    pump();
    is_content("info  a: peer 7 left\ninfo  a: peer 7 left\ninfo  a: another\n");
    mono_ns += 1;
    w = nv_log_pump(it, 0);
    CU_ASSERT_EQUAL(w.until_ns, NAVE_NEVER);
    is_content("info  a: peer 7 left\ninfo  a: peer 7 left\ninfo  a: another\n"
               "info  a: 8 lines were held back (runtime.log.rate) like: peer 7 left\n");
    mono_ns += 10 * NAVE_SEC;
    pump();
    CU_ASSERT_EQUAL(stats().written, 4); /* told once */
}

static void what_is_held_back_at_the_end_is_told_too(void)
{
    struct nv_log_options o = options(NV_LOG_TO_FILE);

    o.rate = 1;
    open_log(&o);
    put_at(NAVE_LOG_WARN, "b", "flood");
    put_at(NAVE_LOG_WARN, "b", "flood");
    put_as(0, "flood");
    put_as(0, "flood");
    CU_ASSERT(nv_log_pump(it, 1).is_idle);

    is_content("warn  b: flood\ninfo  a: flood\n"
               "info  a: 1 lines were held back (runtime.log.rate) like: flood\n"
               "warn  b: 1 lines were held back (runtime.log.rate) like: flood\n");
}

static void a_full_ring_costs_lines_and_their_number_is_told(void)
{
    struct nv_log_options o = options(NV_LOG_TO_FILE);
    uint64_t in;
    char note[160];
    const char *got;
    int i;

    open_log(&o);
    for (i = 0; i < 5000; i++)
        put_as(0, "a line of some length that fills the ring of the first worker soon");
    put_as(1, "of the other worker");
    in = 5001 - stats().dropped;
    CU_ASSERT(stats().dropped > 100);
    CU_ASSERT_EQUAL(it->lanes[1]->ring.dropped, 0); /* it was not in the way of the other */
    pump();

    got = content_of(path);
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "of the other worker\n"));
    snprintf(
        note, sizeof(note),
        "\nwarn  nave: %llu lines were dropped: they came faster than the log could be written "
        "(runtime.log.buffer)\n",
        (unsigned long long)stats().dropped);
    CU_ASSERT_PTR_NOT_NULL(strstr(got, note));
    CU_ASSERT_EQUAL(stats().written, in + 1);
    pump();
    CU_ASSERT_EQUAL(stats().written, in + 1); /* told once */
}

static CU_TestInfo tests[] = {
    {"lines_of_all_come_out_oldest_first", lines_of_all_come_out_oldest_first},
    {"a_file_is_made_for_its_owner_and_group_and_appended_to",
     a_file_is_made_for_its_owner_and_group_and_appended_to},
    {"a_text_beyond_the_limit_is_cut_between_two_characters",
     a_text_beyond_the_limit_is_cut_between_two_characters},
    {"a_thread_of_another_log_is_a_stranger", a_thread_of_another_log_is_a_stranger},
    {"the_program_takes_lines_as_they_were", the_program_takes_lines_as_they_were},
    {"what_is_held_back_is_told_once_a_second", what_is_held_back_is_told_once_a_second},
    {"what_is_held_back_at_the_end_is_told_too", what_is_held_back_at_the_end_is_told_too},
    {"a_full_ring_costs_lines_and_their_number_is_told",
     a_full_ring_costs_lines_and_their_number_is_told},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"log by hand", suite_setup, suite_teardown, setup, teardown, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)
