/* SPDX-License-Identifier: MIT
 *
 * One log into a file of its own, by hand (nv_log_pump) or with its thread, and two clocks that do what they are
 * told.
 */
#ifndef LOG_RIG_H
#define LOG_RIG_H

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nave/host.h>

#include "test_main.h"

#include "log/log_state.h"

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

static NAVE_UNUSED void put_as(uint32_t worker, const char *line)
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

static NAVE_UNUSED void is_content(const char *expected)
{
    const char *got = content_of(path);

    CU_ASSERT_STRING_EQUAL(got, expected);
    if (strcmp(got, expected) != 0)
        printf("\n  got: %.2000s", got);
}

static NAVE_UNUSED void pump(void)
{
    CU_ASSERT(nv_log_pump(it, 0).is_idle);
}

static struct nv_log_stats stats(void)
{
    struct nv_log_stats s;

    nv_log_stats_get(it, &s);
    return s;
}

static NAVE_UNUSED int open_reader(void)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    CU_ASSERT_FATAL(fd >= 0);
    return fd;
}

/* All that is in a descriptor, lines counted. */
static NAVE_UNUSED uint32_t drain(int fd)
{
    uint32_t lines = 0;
    ssize_t n, i;

    while ((n = read(fd, text, sizeof(text))) > 0)
        for (i = 0; i < n; i++)
            lines += text[i] == '\n';
    return lines;
}

#endif
