/* SPDX-License-Identifier: MIT
 *
 * Fuzz target: the reader of configurations, and over what it accepts every call of a cursor and the
 * validator of options.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_OPTIONS(OPTION)                                        \
    OPTION(flag, nodelay, "true", "", "", 0, "a flag")              \
    OPTION(count, backlog, "128", "1", "1024", 0, "a count")        \
    OPTION(size, buffer, "64KiB", "1KiB", "1MiB", 0, "a size")      \
    OPTION(duration, timeout, "10s", "10ms", "1h", 0, "a duration") \
    OPTION(text, label, "none", "2", "8", 0, "a text")              \
    OPTION(conf, routes, "", "", "", 0, "anything")

NAVE_OPTION_STRUCT(fuzz_options, FUZZ_OPTIONS);
NAVE_OPTION_TABLE(fuzz_table, fuzz_options, FUZZ_OPTIONS)

static struct nv_report report;
static int has_report;

static void tell(void *arg, const struct nave_report *r)
{
    (void)arg;
    assert(r->text.len > 0);
    assert(r->line == 0 || r->column > 0);
}

/* As deep as a document may be nested. */
static void visit(struct nave_conf *c)
{
    const struct nv_options_owner owner = {"the fuzzer", NULL, NULL};
    struct nave_str text = {NULL, 0}, key = {NULL, 0};
    struct fuzz_options options;
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
    if (nave_conf_kind(c) == NAVE_CONF_OBJECT) {
        uint64_t errors = nv_report_errors(&report);
        nave_err err = nv_options_fill(fuzz_table(), c, &options, &report, &owner);

        assert((err == NAVE_OK) == (nv_report_errors(&report) == errors));
    }
    for (i = 0; i < nave_conf_count(c); i++)
        visit(nave_conf_at(c, i, &key));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nv_conf_doc *doc = NULL;
    uint64_t errors;
    nave_err err;

    if (!has_report) {
        if (nv_report_init(&report, tell, NULL, NAVE_LOG_ERROR) != NAVE_OK)
            return 0;
        has_report = 1;
    }
    errors = nv_report_errors(&report);
    err = nv_conf_load_text((const char *)data, size, "fuzz", &report, &doc);
    /* What was refused was told, and nothing else was. */
    assert((err == NAVE_OK) == (doc != NULL));
    assert((err == NAVE_OK) == (nv_report_errors(&report) == errors));
    if (doc)
        visit(nv_conf_root(doc));
    nv_conf_destroy(doc);
    return 0;
}
