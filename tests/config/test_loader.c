/* SPDX-License-Identifier: MIT
 *
 * Manifests and the loader: a real plugin is read and loaded, then damaged in 10,000 ways. MINI_SO is
 * its file; a copy lies in a folder of our own, whose mode the tests change.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/descriptor.h"
#include "plugin/loader.h"
#include "test_main.h"

const struct nave_plugin *mini_plugin_entry_v1(void);

static char folder[] = "/tmp/nave-loader-XXXXXX";
static char path[128];
static char *bytes;
static size_t len;
static char last[2048]; /* text of the last report */

static void keep(void *arg, const struct nave_report *r)
{
    (void)arg;
    snprintf(last, sizeof(last), "%.*s", (int)r->text.len, r->text.ptr);
}

static int put(const char *data, size_t n)
{
    /* A new file each time: a sanitized build keeps the old one mapped. */
    FILE *f = unlink(path) == 0 || errno == ENOENT ? fopen(path, "wb") : NULL;
    int ok = f && fwrite(data, 1, n, f) == n;

    return f && fclose(f) == 0 && ok && chmod(path, 0644) == 0;
}

static nave_err find(const char *id, struct nv_plugin_file **out)
{
    static struct nv_report r;
    nave_err err = nv_report_init(&r, keep, NULL, NAVE_LOG_ERROR);

    last[0] = '\0';
    return err ? err : nv_loader_find(id, path, NULL, NULL, &r, out);
}

static int set_up(void)
{
    const char *so = getenv("MINI_SO");
    FILE *f = fopen(so ? so : MINI_SO, "rb");

    bytes = malloc(1u << 20);
    if (!f || !bytes || !mkdtemp(folder))
        return 1;
    len = fread(bytes, 1, 1u << 20, f);
    fclose(f);
    snprintf(path, sizeof(path), "%s/mini.so", folder);
    return len == 0 || !put(bytes, len);
}

static int clean_up(void)
{
    free(bytes);
    return unlink(path) | rmdir(folder);
}

static void a_good_plugin_is_found_and_loaded(void)
{
    struct nv_plugin_file *f = NULL;

    CU_ASSERT_EQUAL_FATAL(find("test.mini", &f), NAVE_OK);
    CU_ASSERT_EQUAL(f->manifest->option_count, 1);
    CU_ASSERT_EQUAL(f->manifest->options[0].flags, 3);
    CU_ASSERT_EQUAL(f->manifest->needs[0].flags, NAVE_DEP_OPTIONAL);
    CU_ASSERT_PTR_NULL(f->desc);
    CU_ASSERT_EQUAL(nv_loader_load(f, NULL), NAVE_OK);
    CU_ASSERT_PTR_NOT_NULL(f->desc);
    nv_loader_close(f);
}

static void a_file_that_others_may_write_is_refused_with_the_command(void)
{
    struct nv_plugin_file *f = NULL;

    CU_ASSERT_EQUAL(chmod(path, 0666), 0);
    CU_ASSERT_EQUAL(find("test.mini", &f), NAVE_EDENIED);
    CU_ASSERT_PTR_NOT_NULL(strstr(last, "run: chmod go-w '/tmp/nave-loader-"));
    CU_ASSERT_EQUAL(chmod(path, 0644), 0);
    CU_ASSERT_EQUAL(chmod(folder, 0777), 0);
    CU_ASSERT_EQUAL(find("test.mini", &f), NAVE_EDENIED);
    CU_ASSERT_EQUAL(chmod(folder, 0700), 0);
    CU_ASSERT_EQUAL(find("other", &f), NAVE_EINVAL);
}

static void a_damaged_file_never_harms_the_reader(void)
{
    char *copy = malloc(len);
    unsigned seed, refused = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
    for (seed = 1; seed <= 10000; seed++) {
        struct nv_plugin_file *f = NULL;
        unsigned x = seed * 2654435761u, i;

        memcpy(copy, bytes, len);
        for (i = 0; i < 8; i++) {
            x = x * 1664525u + 1013904223u;
            copy[(i & 1) ? (x >> 8) % 64 : (x >> 8) % len] = (char)(x >> 24);
        }
        CU_ASSERT_FATAL(put(copy, seed % 4 ? len : (x >> 4) % len));
        refused += find("test.mini", &f) != NAVE_OK;
        nv_loader_close(f);
    }
    CU_ASSERT(refused > 100);
    CU_ASSERT(put(bytes, len));
    free(copy);
}

static void a_descriptor_is_refused_for_its_own_reason(void)
{
    struct nave_plugin d = *mini_plugin_entry_v1();
    struct nave_plugin_ops ops = *d.ops;
    struct nv_why why;

    CU_ASSERT_EQUAL(nv_descriptor_check(&d, NULL, "x", &why), NAVE_OK);
    d.tag.magic++;
    CU_ASSERT_EQUAL(nv_descriptor_check(&d, NULL, "x", &why), NAVE_ENOTPLUGIN);
    d.tag.magic--;
    d.tag.abi_major++;
    CU_ASSERT_EQUAL(nv_descriptor_check(&d, NULL, "x", &why), NAVE_EMAJOR);
    d.tag.abi_major--;
    d.tag.need_minor = 9;
    CU_ASSERT_EQUAL(nv_descriptor_check(&d, NULL, "x", &why), NAVE_ETOOOLD);
    d.tag.need_minor = 0;
    d.tag.ptr_size = 2;
    CU_ASSERT_EQUAL(nv_descriptor_check(&d, NULL, "x", &why), NAVE_EABI);
    d.tag.ptr_size = sizeof(void *);
    ops.worker_stop = NULL;
    d.ops = &ops;
    CU_ASSERT_EQUAL(nv_descriptor_check(&d, NULL, "x", &why), NAVE_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(why.text, "slot \"worker_stop\""));
}

static void an_unknown_keyword_is_skipped_only_from_a_newer_minor(void)
{
#define HEAD(built)           \
    "nave-manifest 1\nid\x1f" \
    "a\nversion\x1f"          \
    "1\nabi\x1f"              \
    "1\x1f"                   \
    "0\x1f" built "\x1f"      \
    "8\x1f"                   \
    "1\n"
    static const char now[] = HEAD("0") "news\x1f"
                                        "1\ndone\n",
                      newer[] = HEAD("7") "news\x1f"
                                          "1\ndone\n";
    struct nv_manifest *m = NULL;
    struct nv_why why;

    CU_ASSERT_EQUAL(nv_manifest_parse(now, sizeof(now), &m, &why), NAVE_ESYNTAX);
    CU_ASSERT_STRING_EQUAL(why.text,
                           "the manifest is malformed in line 5: unknown keyword \"news\"");
    CU_ASSERT_EQUAL(nv_manifest_parse(newer, sizeof(newer), &m, &why), NAVE_OK);
    nv_manifest_destroy(m);
}

static CU_TestInfo tests[] = {
    {"a_good_plugin_is_found_and_loaded", a_good_plugin_is_found_and_loaded},
    {"a_file_that_others_may_write_is_refused_with_the_command",
     a_file_that_others_may_write_is_refused_with_the_command},
    {"a_damaged_file_never_harms_the_reader", a_damaged_file_never_harms_the_reader},
    {"a_descriptor_is_refused_for_its_own_reason", a_descriptor_is_refused_for_its_own_reason},
    {"an_unknown_keyword_is_skipped_only_from_a_newer_minor",
     an_unknown_keyword_is_skipped_only_from_a_newer_minor},
    CU_TEST_INFO_NULL,
};
static CU_SuiteInfo suites[] = {
    {"loader", set_up, clean_up, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};
NAVE_TEST_MAIN(suites)
