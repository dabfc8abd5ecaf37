/* SPDX-License-Identifier: MIT
 *
 * The handler behind http1 on a stream in memory, over a tree of real files in a folder that is made and
 * removed with the suite. begin() makes all of it, finish() checks that nothing is left.
 */
#ifndef FILES_RIG_H
#define FILES_RIG_H

#include "plugins/files/limits.h"
#include "plugins/http1/limits.h"
#include "tests/support/fake_host.h"
#include "tests/support/mem_stream.h"

#include <nave/http.h>
#include <nave/plugin.h>

#define TEST(name)  \
    {               \
#        name, name \
    }

#define BIG   (300u * 1024u + 5u)
#define SMALL 5000u

#define FILES_REFUSED_MAX 4096u

const struct nave_plugin *files_plugin_entry_v1(void);
const struct nave_plugin *http1_plugin_entry_v1(void);

extern struct fake_host host;
extern struct fake_worker worker;
extern char refused[FILES_REFUSED_MAX]; /* what make_root() was refused for */
extern void *files, *http1;             /* the plugins */
extern struct nave_handle *root;        /* the handler */
extern struct mem_pair *pair;           /* the connection */
extern struct files_options options;
extern struct http1_options http1_options_in_use;
extern int is_without_files; /* the exchange cannot send files */

/* --- the tree: root with all the tests need, and other, empty, beside it -------------------- */

int tree_begin(void);
int tree_end(void);

/* The path of what lies `below` the folder; one of the last four. */
const char *at(const char *below);

/* Abort when a step of the test itself fails. */
void must(int is_done);

/* Write a file: a text, or `size` bytes of byte_at(0), byte_at(1), ... */
void make(const char *below, const char *text);
void make_sized(const char *below, size_t size);
char byte_at(size_t i);
int is_sized(const char *body, size_t size);

/* --- the plugins and a connection --------------------------------------------------------------- */

/* A use of the role with `more` members beside root. */
nave_err make_root(const char *folder, const char *more);
void drop_root(void);

/* Default options, both plugins, the handler over "root" with `more`, and a peer. */
void begin(const char *more);
/* The same with the options of files as they are. */
void begin_with(const char *more);
/* Without a peer, and with allocations that fail (fake_host). */
nave_err begin_all(const char *more, int64_t fail_after, uint32_t fail_once);
void finish(void);

/* Another peer in place of the one there is. */
void connect_peer(void);

void advance(nave_nsec ns);
uint64_t counter(const char *name);

/* --- asking -------------------------------------------------------------------------------------- */

/* Ask with `fields` (lines with CRLF); the whole answer, with its end marked. Valid until the next. */
const char *ask_with(const char *method, const char *target, const char *fields);
const char *get(const char *target);

const char *body_of(const char *answer);
int status_of(const char *answer);
/* The value of a field; "" when it is not there. */
const char *field(const char *answer, const char *name);

#endif
