/* SPDX-License-Identifier: MIT
 *
 * The two ways of opening below a folder, on a hostile tree: both must say the same, and neither may
 * ever leave the folder.
 */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#include "plugins/files/open.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/support/test_main.h"

#define TEST(name)  \
    {               \
#        name, name \
    }
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char top[64];
static int folder = -1; /* top/root */

/* Setting up a suite may not assert. */
static void must(int is_done)
{
    if (!is_done)
        abort();
}

static void write_file(const char *name, const char *text)
{
    int fd = openat(AT_FDCWD, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

    must(fd >= 0);
    must(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static void path_to(char out[200], const char *below)
{
    snprintf(out, 200, "%s/%s", top, below);
}

static void make_folder(const char *below)
{
    char path[200];

    path_to(path, below);
    must(mkdir(path, 0755) == 0);
}

static void make_file(const char *below, const char *text)
{
    char path[200];

    path_to(path, below);
    write_file(path, text);
}

static void make_link(const char *below, const char *target)
{
    char path[200];

    path_to(path, below);
    must(symlink(target, path) == 0);
}

static int tree_begin(void)
{
    char absolute[200], path[200];
    int i;

    snprintf(top, sizeof(top), "/tmp/nave-open-XXXXXX");
    if (!mkdtemp(top))
        return 1;
    make_folder("root");
    make_folder("root/sub");
    make_folder("root/sub/deep");
    make_folder("outside");
    make_file("secret", "secret");
    make_file("outside/secret", "secret");
    make_file("root/a", "a");
    make_file("root/sub/b", "b");
    make_file("root/sub/deep/c", "c");
    make_link("root/link_a", "a");
    make_link("root/link_sub", "sub");
    make_link("root/sub/link_up", "../a");
    make_link("root/sub/link_here", ".");
    make_link("root/sub/link_dots", "deep/../../sub/./b");
    make_link("root/link_out", "../secret");
    make_link("root/link_out_folder", "../outside");
    make_link("root/sub/link_far", "../../secret");
    make_link("root/sub/link_back_in", "../../root/a");
    make_link("root/link_loop", "link_loop");
    make_link("root/link_nowhere", "nothing");
    snprintf(absolute, sizeof(absolute), "%s/root/a", top);
    make_link("root/link_absolute", absolute);
    make_link("root/link_etc", "/etc/passwd");
    make_link("root/link_proc", "/proc/self/root/etc/passwd");
    make_link("root/chain0", "a");
    for (i = 1; i <= 45; i++) {
        char name[40], target[40];

        snprintf(name, sizeof(name), "root/chain%d", i);
        snprintf(target, sizeof(target), "chain%d", i - 1);
        make_link(name, target);
    }
    path_to(path, "root/fifo");
    if (mkfifo(path, 0644))
        return 1;
    path_to(path, "root");
    folder = files_open_root(path);
    return folder < 0;
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *at)
{
    (void)s;
    (void)type;
    (void)at;
    return remove(path);
}

static int tree_end(void)
{
    close(folder);
    return nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* What is read: a letter of a file, "folder", "special", or the error's letter. */
static char read_it(int fd)
{
    struct stat s;
    char c = '?';

    if (fd == -ENOENT || fd == -ENOTDIR)
        return '-';
    if (fd == -ELOOP || fd == -EXDEV)
        return '!';
    if (fd < 0)
        return 'E';
    if (fstat(fd, &s) == 0 && S_ISDIR(s.st_mode))
        c = '/';
    else if (!S_ISREG(s.st_mode))
        c = '|';
    else if (read(fd, &c, 1) != 1)
        c = '0';
    CU_ASSERT(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    close(fd);
    return c;
}

static const struct {
    const char *path;
    char never, inside, always;
} rows[] = {
    {"", '/', '/', '/'},
    {"a", 'a', 'a', 'a'},
    {"sub", '/', '/', '/'},
    {"sub/b", 'b', 'b', 'b'},
    {"sub/deep/c", 'c', 'c', 'c'},
    {"nothing", '-', '-', '-'},
    {"nothing/a", '-', '-', '-'},
    {"a/b", '-', '-', '-'},
    {"fifo", '|', '|', '|'},
    {"link_a", '!', 'a', 'a'},
    {"link_sub/b", '!', 'b', 'b'},
    {"link_sub", '!', '/', '/'},
    {"sub/link_up", '!', 'a', 'a'},
    {"sub/link_here/b", '!', 'b', 'b'},
    {"sub/link_here", '!', '/', '/'},
    {"sub/link_dots", '!', 'b', 'b'},
    {"link_sub/link_up", '!', 'a', 'a'},
    {"link_out", '!', '!', 's'},
    {"link_out_folder/secret", '!', '!', 's'},
    {"link_out_folder", '!', '!', '/'},
    {"sub/link_far", '!', '!', 's'},
    {"sub/link_back_in", '!', '!', 'a'},
    {"link_absolute", '!', '!', 'a'},
    {"link_etc", '!', '!', 'r'},
    {"link_loop", '!', '!', '!'},
    {"link_nowhere", '!', '-', '-'},
    {"chain39", '!', 'a', 'a'},
    {"chain45", '!', '!', '!'},
    /* a safe path has none of these; the ways keep to the folder all the same */
    {"..", '!', '!', '/'},
    {"../secret", '!', '!', 's'},
    {"sub/../../secret", '!', '!', 's'},
    {"sub/../a", 'a', 'a', 'a'},
};

static void both_ways_say_what_each_row_says(void)
{
    int has_kernel = files_open_has_kernel();
    uint32_t links;
    size_t i;

    if (!has_kernel)
        fprintf(stderr, "no openat2 here: the walk alone is tested\n");
    for (i = 0; i < COUNT(rows); i++) {
        for (links = FILES_LINKS_NEVER; links <= FILES_LINKS_ALWAYS; links++) {
            char want = links == FILES_LINKS_NEVER    ? rows[i].never
                        : links == FILES_LINKS_INSIDE ? rows[i].inside
                                                      : rows[i].always;
            char walk = read_it(files_open_walk(folder, rows[i].path, links, 0));
            char kernel =
                has_kernel ? read_it(files_open_kernel(folder, rows[i].path, links, 0)) : want;

            if (walk != want || kernel != want) {
                fprintf(stderr, "%s, links %u: walk %c, kernel %c, not %c\n", rows[i].path, links,
                        walk, kernel, want);
                CU_FAIL("another file");
            }
        }
    }
}

static void links_of_the_kernel_are_never_followed_below(void)
{
    CU_ASSERT_EQUAL(read_it(files_open_walk(folder, "link_proc", FILES_LINKS_INSIDE, 0)), '!');
    if (files_open_has_kernel()) {
        CU_ASSERT_EQUAL(read_it(files_open_kernel(folder, "link_proc", FILES_LINKS_INSIDE, 0)),
                        '!');
        CU_ASSERT_EQUAL(read_it(files_open_kernel(folder, "link_proc", FILES_LINKS_ALWAYS, 0)),
                        '!');
    }
}

static void a_folder_that_is_asked_for_must_be_one(void)
{
    uint32_t links;

    for (links = FILES_LINKS_NEVER; links <= FILES_LINKS_ALWAYS; links++) {
        CU_ASSERT_EQUAL(read_it(files_open_walk(folder, "sub", links, 1)), '/');
        CU_ASSERT_EQUAL(read_it(files_open_walk(folder, "", links, 1)), '/');
        CU_ASSERT_EQUAL(read_it(files_open_walk(folder, "a", links, 1)), '-');
        CU_ASSERT_EQUAL(read_it(files_open_walk(folder, "fifo", links, 1)), '-');
        if (files_open_has_kernel())
            CU_ASSERT_EQUAL(read_it(files_open_kernel(folder, "a", links, 1)), '-');
    }
    CU_ASSERT_EQUAL(read_it(files_open_walk(folder, "link_sub", FILES_LINKS_INSIDE, 1)), '/');
}

static void sockets_and_paths_too_long_are_errors(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    char path[200], longest[5000];

    path_to(path, "root/socket");
    memcpy(at.sun_path, path, strnlen(path, sizeof(at.sun_path) - 1));
    CU_ASSERT_EQUAL(bind(s, (struct sockaddr *)&at, sizeof(at)), 0);
    CU_ASSERT(files_open_walk(folder, "socket", FILES_LINKS_NEVER, 0) < 0);
    close(s);
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    CU_ASSERT(files_open_walk(folder, longest, FILES_LINKS_NEVER, 0) < 0);
    CU_ASSERT(files_open_walk(folder, longest, FILES_LINKS_ALWAYS, 0) < 0);
    longest[300] = '\0';
    CU_ASSERT(files_open_walk(folder, longest, FILES_LINKS_NEVER, 0) < 0);
    CU_ASSERT(files_open_root("/nothing/here") < 0);
    path_to(path, "root/a");
    CU_ASSERT_EQUAL(files_open_root(path), -ENOTDIR);
}

static void no_descriptor_is_left_open(void)
{
    int before = dup(0), after;
    size_t i, k;

    close(before);
    for (k = 0; k < 50; k++) {
        for (i = 0; i < COUNT(rows); i++) {
            (void)read_it(files_open_walk(folder, rows[i].path, FILES_LINKS_INSIDE, 0));
            (void)read_it(files_open_walk(folder, rows[i].path, FILES_LINKS_NEVER, 0));
        }
    }
    after = dup(0);
    close(after);
    CU_ASSERT_EQUAL(before, after);
}

static int is_over;

/* Swap a folder and a link that leads outside, over and over. */
static void *swap_all_the_time(void *arg)
{
    char a[200], b[200];

    (void)arg;
    path_to(a, "root/swap");
    path_to(b, "root/swap_link");
    while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED))
        if (renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) != 0)
            break;
    return NULL;
}

static void a_folder_that_becomes_a_link_meanwhile_leads_nowhere_else(void)
{
    pthread_t thread;
    int i, inside = 0;

    make_folder("root/swap");
    make_file("root/swap/secret", "inside");
    make_link("root/swap_link", "../outside");
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, swap_all_the_time, NULL), 0);
    for (i = 0; i < 20000; i++) {
        uint32_t links = i % 2 ? FILES_LINKS_INSIDE : FILES_LINKS_NEVER;
        char c = read_it(i % 4 < 2 || !files_open_has_kernel()
                             ? files_open_walk(folder, "swap/secret", links, 0)
                             : files_open_kernel(folder, "swap/secret", links, 0));

        inside += c == 'i';
        if (c == 's')
            CU_FAIL_FATAL("it got out");
    }
    __atomic_store_n(&is_over, 1, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    CU_ASSERT(inside > 0);
}

static CU_TestInfo tests[] = {
    TEST(both_ways_say_what_each_row_says),
    TEST(links_of_the_kernel_are_never_followed_below),
    TEST(a_folder_that_is_asked_for_must_be_one),
    TEST(sockets_and_paths_too_long_are_errors),
    TEST(no_descriptor_is_left_open),
    TEST(a_folder_that_becomes_a_link_meanwhile_leads_nowhere_else),
    CU_TEST_INFO_NULL,
};
static CU_SuiteInfo suites[] = {
    {"open", tree_begin, tree_end, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};
NAVE_TEST_MAIN(suites)
