/* SPDX-License-Identifier: MIT
 *
 * Fuzz target: the reader of configurations, and over what it accepts every call of a cursor, the
 * validator of options, and dumps. A zero byte in the input ends a file: what follows is file "1", then
 * "2", for includes and texts; a part that begins with '/' is a set, "POINTER JSON".
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/conf_file.h"
#include "conf/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PARTS_MAX 16u

#define FUZZ_OPTIONS(OPTION)                                                        \
    OPTION(flag, nodelay, "true", "", "", 0, "a flag")                              \
    OPTION(count, backlog, "128", "1", "1024", 0, "a count")                        \
    OPTION(size, buffer, "64KiB", "1KiB", "1MiB", 0, "a size")                      \
    OPTION(duration, timeout, "10s", "10ms", "1h", 0, "a duration")                 \
    OPTION(text, label, "none", "2", "8", NAVE_OPTION_SECRET, "a text")             \
    OPTION(choice, level, "info", "error|warn|info|1", "", 0, "a choice")           \
    OPTION(texts, index, "a|b", "1", "4", NAVE_OPTION_MAIN, "texts")                \
    OPTION(pairs, headers, "", "", "4", 0, "pairs")                                 \
    OPTION(address, bind, "", "tcp|unix|x", "", NAVE_OPTION_OPTIONAL, "an address") \
    OPTION(path, root, "", "", "", 0, "a path")                                     \
    OPTION(conf, routes, "", "", "", 0, "anything")

NAVE_OPTION_STRUCT(fuzz_options, FUZZ_OPTIONS);
NAVE_OPTION_TABLE(fuzz_table, fuzz_options, FUZZ_OPTIONS)

static struct nv_report report;
static int has_report;
static size_t seen; /* so that nothing that is read is left out by the compiler */

/* The parts of one input. */
struct input {
    char *files[PARTS_MAX];
    size_t lens[PARTS_MAX];
    size_t file_count;
    struct nv_conf_set sets[PARTS_MAX];
    size_t set_count;
};

static void tell(void *arg, const struct nave_report *r)
{
    (void)arg;
    assert(r->text.len > 0);
    assert(r->line == 0 || r->column > 0);
}

static nave_err read_part(void *arg, const char *name, size_t bytes_max, struct nv_conf_file *out,
                          struct nv_why *why)
{
    const struct input *in = arg;
    const char *slash = strrchr(name, '/');
    size_t i = (size_t)strtoul(slash ? slash + 1 : name, NULL, 10);

    if (i == 0 || i >= in->file_count)
        return nv_why_set(why, NAVE_ENOTFOUND, "is not there");
    if (in->lens[i] > bytes_max)
        return NAVE_ETOOBIG;
    *out = (struct nv_conf_file){.text = malloc(in->lens[i] + 1), .len = in->lens[i]};
    if (!out->text)
        return NAVE_ENOMEM;
    memcpy(out->text, in->files[i], in->lens[i]);
    out->text[in->lens[i]] = '\0';
    return NAVE_OK;
}

static void take(void *arg, const char *text, size_t len)
{
    *(size_t *)arg += len;
    assert(len == 0 || text);
}

/* Every text is read to its end, so that a sanitizer sees one that is not there. */
static size_t sum(struct nave_str s)
{
    size_t n = 0, i;

    for (i = 0; i < s.len; i++)
        n += (unsigned char)s.ptr[i];
    return n;
}

static void make(struct nave_conf *c)
{
    const struct nv_options_owner owner = {"the fuzzer", NULL, c};
    uint64_t errors = nv_report_errors(&report);
    struct fuzz_options *o;
    void *options = NULL;
    nave_err err = nv_options_make(fuzz_table(), c, &report, &owner, &options);
    uint64_t i;

    assert((err == NAVE_OK) == (nv_report_errors(&report) == errors));
    if (err)
        return;
    o = options;
    assert(o->level < 4 && o->index.count >= 1 && o->index.count <= 4 && o->headers.count <= 4);
    assert(o->root.len == 0 || (o->root.ptr[0] == '/' && o->root.ptr[o->root.len] == '\0'));
    seen += sum(o->label) + sum(o->bind) + sum(o->root);
    for (i = 0; i < o->index.count; i++)
        seen += sum(o->index.items[i]);
    for (i = 0; i < o->headers.count; i++)
        seen += sum(o->headers.items[i].key) + sum(o->headers.items[i].value);
    free(options);
}

/* As deep as a document may be nested. */
static void visit(struct nave_conf *c)
{
    struct nave_str text = {NULL, 0}, key = {NULL, 0};
    char pointer[64];
    uint64_t bytes;
    nave_nsec ns;
    size_t i;

    nv_conf_pointer(c, pointer, sizeof(pointer));
    assert(strlen(pointer) < sizeof(pointer));
    if (c->api->dump(c, &text) == NAVE_OK)
        assert(text.len > 0);
    (void)c->api->duration(c, &ns);
    (void)c->api->bytes(c, &bytes);
    make(c);
    for (i = 0; i < nave_conf_count(c); i++)
        visit(nave_conf_at(c, i, &key));
}

/* What a dump says is a document again, and the same one. */
static void again(struct nv_conf_doc *doc)
{
    struct nave_str before, after;
    struct nv_conf_input in = {.name = "again", .is_raw = 1};
    struct nv_conf_doc *other = NULL;

    if (nv_conf_root(doc)->api->dump(nv_conf_root(doc), &before) != NAVE_OK)
        return;
    in.text = before.ptr;
    in.len = before.len;
    if (nv_conf_load(&in, NULL, &other) != NAVE_OK) {
        if (before.len <= NV_CONF_BYTES_MAX)
            fprintf(stderr, "%s\n", before.ptr);
        assert(before.len > NV_CONF_BYTES_MAX); /* escapes are longer than what they stand for */
        return;
    }
    assert(nv_conf_root(other)->api->dump(nv_conf_root(other), &after) == NAVE_OK);
    assert(before.len == after.len && memcmp(before.ptr, after.ptr, before.len) == 0);
    nv_conf_destroy(other);
}

/* Cut the input at its zero bytes. */
static void cut(struct input *in, char *text, size_t size)
{
    char *end = text + size;

    while (in->file_count < PARTS_MAX && in->set_count < PARTS_MAX) {
        size_t len = strnlen(text, (size_t)(end - text));
        char *space = text[0] == '/' && in->file_count ? strchr(text, ' ') : NULL;

        if (space) {
            *space = '\0';
            in->sets[in->set_count] = (struct nv_conf_set){text, space + 1};
            in->set_count += nv_conf_check_set(&in->sets[in->set_count], NULL) == NAVE_OK;
        } else {
            in->files[in->file_count] = text;
            in->lens[in->file_count++] = len;
        }
        if (text + len >= end)
            break;
        text += len + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input parts = {.file_count = 0};
    struct nv_conf_input in = {.name = "fuzz", .read = read_part, .read_arg = &parts};
    struct nv_conf_doc *doc = NULL;
    char *copy = malloc(size + 1);
    uint64_t errors;
    size_t written = 0;
    nave_err err;

    if (!has_report && nv_report_init(&report, tell, NULL, NAVE_LOG_WARN) == NAVE_OK)
        has_report = 1;
    if (!copy || !has_report) {
        free(copy);
        return 0;
    }
    if (size > 0)
        memcpy(copy, data, size);
    copy[size] = '\0';
    cut(&parts, copy, size);
    in.text = parts.files[0];
    in.len = parts.lens[0];
    in.sets = parts.sets;
    in.set_count = parts.set_count;
    errors = nv_report_errors(&report);
    err = nv_conf_load(&in, &report, &doc);
    /* What was refused was told, and nothing else was. */
    assert((err == NAVE_OK) == (doc != NULL));
    assert((err == NAVE_OK) == (nv_report_errors(&report) == errors));
    if (doc) {
        visit(nv_conf_root(doc));
        again(doc);
        nv_conf_write(nv_conf_root(doc), 0, take, &written);
        assert(written > 0);
    }
    nv_conf_destroy(doc);
    free(copy);
    return 0;
}
