/* SPDX-License-Identifier: MIT
 *
 * The log as a whole. Most tests drive the writer by hand, with clocks of their own: what is told and when
 * is exact. The last ones have its thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <nave/host.h>

#include "test_main.h"

#include "log_state.h"

#define TEXT_BYTES (1u << 20)

static char folder[] = "/tmp/nave-log-XXXXXX";
static char path[128];
static char text[TEXT_BYTES];
static struct nv_log *it;
static struct nv_why why;
static nave_nsec mono_ns, wall_ns;

static nave_nsec mono(void)
{
    return mono_ns;
}

/* A microsecond later at each look, so that every line has a time of its own. */
static nave_nsec wall(void)
{
    return wall_ns += NAVE_USEC;
}

static int suite_setup(void)
{
    signal(SIGPIPE, SIG_IGN); /* the thread of a log has it blocked */
    signal(SIGXFSZ, SIG_IGN);
    return mkdtemp(folder) == NULL;
}

static int suite_teardown(void)
{
    return rmdir(folder);
}

static void setup(void)
{
    snprintf(path, sizeof(path), "%s/log", folder);
    mono_ns = 1000 * NAVE_SEC;
    wall_ns = INT64_C(1795734089) * NAVE_SEC;
    it = NULL;
    why.text[0] = '\0';
}

static void teardown(void)
{
    nv_log_close(it, NAVE_SEC);
    (void)unlink(path);
}

static struct nv_log_options options(enum nv_log_to to)
{
    return (struct nv_log_options){.workers = 2,
                                   .ring_bytes = NV_LOG_RING_MIN,
                                   .to = to,
                                   .path = path,
                                   .is_manual = 1,
                                   .mono = mono,
                                   .wall = wall};
}

static void open_log(const struct nv_log_options *o)
{
    nave_err err = nv_log_open(o, &why, &it);

    if (err)
        printf("\n  %s\n", why.text);
    CU_ASSERT_EQUAL_FATAL(err, NAVE_OK);
}

static void put_at(uint32_t level, const char *plugin, const char *line)
{
    struct nave_report r = {.size = sizeof(r), .level = level};

    r.file = r.pointer = (struct nave_str){"", 0};
    r.plugin = (struct nave_str){plugin, strlen(plugin)};
    r.text = (struct nave_str){line, strlen(line)};
    nv_log_put(it, &r);
}

static void put(const char *line)
{
    put_at(NAVE_LOG_INFO, "a", line);
}

static void put_as(uint32_t worker, const char *line)
{
    struct nv_log_here before = nv_log_enter(it, worker);

    put(line);
    nv_log_leave(before);
}

/* What is in `name`, without the times at the beginning of lines. */
static const char *content_of(const char *name)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    char *from, *to;
    ssize_t n;

    CU_ASSERT_FATAL(fd >= 0);
    n = read(fd, text, sizeof(text) - 1);
    (void)close(fd);
    CU_ASSERT_FATAL(n >= 0);
    text[n] = '\0';
    for (from = to = text; *from;) {
        size_t line = strcspn(from, "\n");

        line += from[line] == '\n';
        if (line > 25 && from[23] == 'Z') {
            memmove(to, from + 25, line - 25);
            to += line - 25;
        } else {
            memmove(to, from, line);
            to += line;
        }
        from += line;
    }
    *to = '\0';
    return text;
}

static void is_content(const char *expected)
{
    const char *got = content_of(path);

    CU_ASSERT_STRING_EQUAL(got, expected);
    if (strcmp(got, expected) != 0)
        printf("\n  got: %.2000s", got);
}

static void pump(void)
{
    CU_ASSERT(nv_log_pump(it, 0).is_idle);
}

static struct nv_log_stats stats(void)
{
    struct nv_log_stats s;

    nv_log_stats_get(it, &s);
    return s;
}

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

/* --- files that come, go and fail ------------------------------------------------------------ */

static void a_file_that_was_moved_away_is_made_anew(void)
{
    struct nv_log_options o = options(NV_LOG_TO_FILE);
    char moved[160];

    snprintf(moved, sizeof(moved), "%s.1", path);
    open_log(&o);
    put("one");
    pump();
    CU_ASSERT_EQUAL(rename(path, moved), 0);
    put("two");
    pump();
    nv_log_reopen(it);
    put("three");
    pump();

    is_content("info  a: three\n");
    CU_ASSERT_STRING_EQUAL(content_of(moved), "info  a: one\ninfo  a: two\n");
    (void)unlink(moved);
}

static void a_file_that_cannot_be_opened_anew_stays(void)
{
    struct nv_log_options o = options(NV_LOG_TO_FILE);
    char moved[160];
    const char *got;

    snprintf(moved, sizeof(moved), "%s.1", path);
    open_log(&o);
    CU_ASSERT_EQUAL(rename(path, moved), 0);
    CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
    nv_log_reopen(it);
    put("still here");
    pump();
    CU_ASSERT_EQUAL(rmdir(path), 0);

    got = content_of(moved);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(got,
               "cannot be opened for the log: Is a directory; the log goes on where it was\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "info  a: still here\n"));
    (void)unlink(moved);
}

/* The limit of file sizes stands for a full disk: a write stops in the middle of a line, then fails. */
static void a_full_disk_costs_no_line_and_is_told_when_it_is_over(void)
{
    struct nv_log_options o = options(NV_LOG_TO_FILE);
    struct rlimit before, tight;
    struct nv_log_wait w;
    int i;

    open_log(&o);
    CU_ASSERT_EQUAL(getrlimit(RLIMIT_FSIZE, &before), 0);
    tight = before;
    tight.rlim_cur = 100;
    for (i = 0; i < 5; i++)
        put("0123456789");
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &tight), 0);
    w = nv_log_pump(it, 0);
    CU_ASSERT(w.is_failing && !w.is_idle && !w.wants_out);
    CU_ASSERT_EQUAL(w.until_ns, mono_ns + 100 * NAVE_MSEC);
    CU_ASSERT_EQUAL(nv_log_pump(it, 0).until_ns, w.until_ns); /* not yet tried again */
    mono_ns += 100 * NAVE_MSEC;
    w = nv_log_pump(it, 0);
    CU_ASSERT_EQUAL(w.until_ns, mono_ns + 200 * NAVE_MSEC);
    for (i = 0; i < 20; i++) {
        mono_ns = w.until_ns;
        w = nv_log_pump(it, 0);
    }
    CU_ASSERT_EQUAL(w.until_ns, mono_ns + 5 * NAVE_SEC); /* and not more seldom */
    put("meanwhile");
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &before), 0);
    mono_ns = w.until_ns;
    pump();

    CU_ASSERT_EQUAL(stats().breaks, 1);
    CU_ASSERT_EQUAL(stats().written, 7);
    is_content("info  a: 0123456789\ninfo  a: 0123456789\ninfo  a: 0123456789\n"
               "info  a: 0123456789\ninfo  a: 0123456789\n"
               "warn  nave: the log could not be written for 86.300 s: File too large\n"
               "info  a: meanwhile\n");
}

static void a_full_device_fails_for_ever_without_harm(void)
{
    struct nv_log_options o = options(NV_LOG_TO_FILE);
    int i;

    o.path = "/dev/full";
    open_log(&o);
    for (i = 0; i < 3000; i++)
        put("nobody will ever read this line, since its device is full");
    CU_ASSERT(nv_log_pump(it, 0).is_failing);
    CU_ASSERT(nv_log_pump(it, 1).is_failing);
    CU_ASSERT_EQUAL(stats().written, 0);
    CU_ASSERT(stats().dropped > 0);
}

static int open_reader(void)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    CU_ASSERT_FATAL(fd >= 0);
    return fd;
}

/* All that is in a descriptor, lines counted. */
static uint32_t drain(int fd)
{
    uint32_t lines = 0;
    ssize_t n, i;

    while ((n = read(fd, text, sizeof(text))) > 0)
        for (i = 0; i < n; i++)
            lines += text[i] == '\n';
    return lines;
}

static void a_reader_that_stands_still_stops_the_writer_alone(void)
{
    struct nv_log_options o = options(NV_LOG_TO_FILE);
    struct nv_log_wait w;
    uint32_t i, got;
    int reader;

    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    reader = open_reader();
    open_log(&o);
    for (i = 0; i < 20000; i++) { /* more than pipe, buffer and ring hold */
        put("a line for somebody who does not read");
        if (i % 64 == 0)
            w = nv_log_pump(it, 0);
    }
    w = nv_log_pump(it, 0);
    CU_ASSERT(w.wants_out && !w.is_failing && !w.is_idle);
    CU_ASSERT(stats().dropped > 5000);

    got = drain(reader);
    while (!nv_log_pump(it, 0).is_idle)
        got += drain(reader);
    got += drain(reader);
    CU_ASSERT_EQUAL(got, 20000 - stats().dropped + 1); /* and the line that says how many */
    CU_ASSERT_EQUAL(stats().written, got);
    (void)close(reader);
}

static void a_reader_that_goes_and_comes_again_gets_the_rest(void)
{
    struct nv_log_options o = options(NV_LOG_TO_FILE);
    int reader;

    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    reader = open_reader();
    open_log(&o);
    (void)close(reader);
    put("one");
    CU_ASSERT(nv_log_pump(it, 0).is_failing); /* EPIPE, and no signal */
    reader = open_reader();
    mono_ns += NAVE_SEC;
    pump();
    CU_ASSERT_EQUAL(drain(reader), 2);
    CU_ASSERT_EQUAL(stats().breaks, 1);
    (void)close(reader);
}

/* --- what cannot be opened ------------------------------------------------------------------- */

static void refused(enum nv_log_to to, const char *where, nave_err err, const char *end)
{
    struct nv_log_options o = options(to);

    o.path = where;
    it = (struct nv_log *)1;
    CU_ASSERT_EQUAL(nv_log_open(&o, &why, &it), err);
    CU_ASSERT_PTR_EQUAL(it, (struct nv_log *)1);
    it = NULL;
    CU_ASSERT_FATAL(strlen(why.text) >= strlen(end));
    CU_ASSERT_STRING_EQUAL(why.text + strlen(why.text) - strlen(end), end);
    if (strcmp(why.text + strlen(why.text) - strlen(end), end) != 0)
        printf("\n  got: %s", why.text);
}

static void what_cannot_be_opened_is_said_with_its_reason(void)
{
    refused(NV_LOG_TO_FILE, "/", NAVE_EIO,
            "file \"/\" cannot be opened for the log: Is a directory");
    refused(NV_LOG_TO_FILE, "/nowhere/at/all", NAVE_ENOTFOUND,
            "file \"/nowhere/at/all\" cannot be opened for the log: No such file or directory");
    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    refused(NV_LOG_TO_FILE, path, NAVE_EIO, "it is a pipe or a device that nobody reads");
    refused(
        NV_LOG_TO_SYSLOG, "/nowhere/log", NAVE_ENOTFOUND,
        "syslog cannot be reached at \"/nowhere/log\": No such file or directory; does its daemon "
        "run?");
    refused(NV_LOG_TO_JOURNALD, path, NAVE_EREFUSED, "does its daemon run?");
}

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

/* --- with the thread ------------------------------------------------------------------------- */

#define LINES 4000u

static uint32_t ended; /* atomic */

static void *produce(void *arg)
{
    uint32_t who = (uint32_t)(uintptr_t)arg, i;
    char line[64];

    (void)nv_log_enter(who < 2 ? it : NULL, who);
    for (i = 0; i < LINES; i++) {
        snprintf(line, sizeof(line), "of %u: %u", who, i);
        put(line);
    }
    __atomic_add_fetch(&ended, 1, __ATOMIC_RELAXED);
    return NULL;
}

static void every_line_of_every_thread_comes_once_and_in_order(void)
{
    struct nv_log_options o = options(NV_LOG_TO_FILE);
    uint32_t next[4] = {0}, wrong = 0, who, number;
    pthread_t threads[4];
    const char *at;
    uintptr_t i;

    o.is_manual = 0;
    o.mono = o.wall = NULL;
    o.ring_bytes = 4u << 20;
    open_log(&o);
    for (i = 0; i < 4; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, produce, (void *)i), 0);
    for (i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    CU_ASSERT_EQUAL(nv_log_flush(it, 30 * NAVE_SEC), NAVE_OK);

    CU_ASSERT_EQUAL(stats().written, 4 * LINES);
    for (at = content_of(path); *at; at += strcspn(at, "\n") + 1)
        if (sscanf(at, "info  a: of %u: %u", &who, &number) != 2 || who > 3 ||
            number != next[who]++)
            wrong++;
    CU_ASSERT_EQUAL(wrong, 0);
    for (i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(next[i], LINES);
}

static void workers_go_on_while_nobody_reads(void)
{
    struct nv_log_options o = options(NV_LOG_TO_FILE);
    pthread_t threads[4];
    uintptr_t i;
    int reader;

    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    reader = open_reader();
    o.is_manual = 0;
    o.mono = o.wall = NULL;
    open_log(&o);
    ended = 0;
    for (i = 0; i < 4; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, produce, (void *)i), 0);
    for (i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);

    CU_ASSERT_EQUAL(ended, 4); /* though not a byte was read */
    CU_ASSERT(stats().dropped > 0);
    CU_ASSERT_EQUAL(nv_log_flush(it, NAVE_MSEC), NAVE_ETIMEDOUT);
    nv_log_close(it, NAVE_MSEC); /* and the end does not wait either */
    it = NULL;
    (void)close(reader);
}

static void flushing_a_log_that_fails_says_so(void)
{
    struct nv_log_options o = options(NV_LOG_TO_FILE);

    o.is_manual = 0;
    o.mono = o.wall = NULL;
    o.path = "/dev/full";
    open_log(&o);
    put("x");
    CU_ASSERT_EQUAL(nv_log_flush(it, 30 * NAVE_SEC), NAVE_EIO);
}

static nave_nsec cpu_of(pthread_t thread)
{
    struct timespec t = {0};
    clockid_t clock;

    CU_ASSERT_EQUAL(pthread_getcpuclockid(thread, &clock), 0);
    CU_ASSERT_EQUAL(clock_gettime(clock, &t), 0);
    return (nave_nsec)t.tv_sec * NAVE_SEC + t.tv_nsec;
}

/* Idle, failing and blocked, each for a while that a spinning thread would fill. */
static void a_writer_that_waits_uses_no_processor(void)
{
    struct nv_log_options o = options(NV_LOG_TO_FILE);
    nave_nsec before;
    int reader, k;

    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    reader = open_reader();
    o.is_manual = 0;
    o.mono = o.wall = NULL;
    for (k = 0; k < 3; k++) {
        o.path = k == 1 ? "/dev/full" : path;
        open_log(&o);
        if (k == 2)
            produce((void *)0);
        else if (k == 1)
            put("x");
        (void)nv_log_flush(it, 20 * NAVE_MSEC);
        before = cpu_of(it->thread);
        CU_ASSERT_EQUAL(poll(NULL, 0, 60), 0);
        CU_ASSERT(cpu_of(it->thread) - before < 20 * NAVE_MSEC);
        nv_log_close(it, NAVE_MSEC);
        it = NULL;
    }
    (void)close(reader);
}

static void a_line_wakes_the_writer_by_itself(void)
{
    struct nv_log_options o = options(NV_LOG_TO_FILE);
    struct pollfd p = {.events = POLLIN};
    uint32_t i;

    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    p.fd = open_reader();
    o.is_manual = 0;
    o.mono = o.wall = NULL;
    open_log(&o);
    for (i = 0; i < 50; i++) {
        put("x");
        CU_ASSERT_EQUAL_FATAL(poll(&p, 1, 20000), 1);
        CU_ASSERT_EQUAL(drain(p.fd), 1);
    }
    (void)close(p.fd);
}

static void late_take(void *arg, const struct nave_report *r)
{
    (void)r;
    sched_yield();
    __atomic_add_fetch((uint32_t *)arg, 1, __ATOMIC_RELAXED);
}

static void the_end_waits_for_the_program_to_return(void)
{
    struct nv_log_options o = options(NV_LOG_TO_PROGRAM);
    uint32_t count = 0, i;

    o.is_manual = 0;
    o.mono = o.wall = NULL;
    o.take = late_take;
    o.take_arg = &count;
    open_log(&o);
    for (i = 0; i < 5; i++)
        put("x");
    nv_log_close(it, NAVE_SEC);
    it = NULL;
    CU_ASSERT_EQUAL(count, 5);
}

static CU_TestInfo by_hand[] = {
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
    {"a_file_that_was_moved_away_is_made_anew", a_file_that_was_moved_away_is_made_anew},
    {"a_file_that_cannot_be_opened_anew_stays", a_file_that_cannot_be_opened_anew_stays},
    {"a_full_disk_costs_no_line_and_is_told_when_it_is_over",
     a_full_disk_costs_no_line_and_is_told_when_it_is_over},
    {"a_full_device_fails_for_ever_without_harm", a_full_device_fails_for_ever_without_harm},
    {"a_reader_that_stands_still_stops_the_writer_alone",
     a_reader_that_stands_still_stops_the_writer_alone},
    {"a_reader_that_goes_and_comes_again_gets_the_rest",
     a_reader_that_goes_and_comes_again_gets_the_rest},
    {"what_cannot_be_opened_is_said_with_its_reason",
     what_cannot_be_opened_is_said_with_its_reason},
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

static CU_TestInfo with_thread[] = {
    {"every_line_of_every_thread_comes_once_and_in_order",
     every_line_of_every_thread_comes_once_and_in_order},
    {"workers_go_on_while_nobody_reads", workers_go_on_while_nobody_reads},
    {"flushing_a_log_that_fails_says_so", flushing_a_log_that_fails_says_so},
    {"a_writer_that_waits_uses_no_processor", a_writer_that_waits_uses_no_processor},
    {"a_line_wakes_the_writer_by_itself", a_line_wakes_the_writer_by_itself},
    {"the_end_waits_for_the_program_to_return", the_end_waits_for_the_program_to_return},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"log by hand", suite_setup, NULL, setup, teardown, by_hand},
    {"log with its thread", NULL, suite_teardown, setup, teardown, with_thread},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)
