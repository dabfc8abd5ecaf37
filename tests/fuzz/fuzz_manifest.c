/* SPDX-License-Identifier: MIT
 *
 * Fuzz target: the reader of manifests. An input that begins like an ELF file is read as a file, any
 * other as the text of a manifest.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin/manifest.h"
#include "plugin/nv_elf.h"
#include "base/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static FILE *scratch; /* without a name; for the whole process */

static nave_err read_file(const uint8_t *data, size_t size, struct nv_manifest **out,
                          struct nv_why *why)
{
    struct nv_elf_head head;
    int fd;

    if (!scratch)
        scratch = tmpfile();
    if (!scratch)
        return nv_why_set(why, NAVE_EIO, "no scratch file");
    fd = fileno(scratch);
    if (ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
        return nv_why_set(why, NAVE_EIO, "the scratch file cannot be written");
    if (nv_elf_head(fd, &head, why) == NAVE_OK)
        assert(head.bits == 32 || head.bits == 64);
    return nv_manifest_read(fd, out, why);
}

/* What was accepted keeps what the header promises. */
static void check(const struct nv_manifest *m)
{
    uint32_t i, k;

    assert(nv_value_is_id((struct nave_str){m->id, strlen(m->id)}));
    assert(m->version[0] && m->need_minor <= m->built_minor);
    for (i = 0; i < m->need_count; i++)
        assert(strchr(m->needs[i].id, '/'));
    for (i = 0; i < m->provide_count; i++)
        assert(strchr(m->provides[i].id, '/'));
    for (i = 0; i < m->option_count; i++)
        assert(m->options[i].name[0] && m->options[i].kind);
    for (i = 0; i < m->role_count; i++) {
        const struct nv_manifest_role *role = &m->roles[i];

        assert(nv_manifest_role(m, role->kind, role->name) == role);
        for (k = 0; k < role->option_count; k++)
            assert(role->options[k].name[0] && role->options[k].kind);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nv_manifest *m = NULL;
    struct nv_why why = {""};
    nave_err err;

    if (size >= 4 && memcmp(data, "\177ELF", 4) == 0)
        err = read_file(data, size, &m, &why);
    else
        err = nv_manifest_parse((const char *)data, size, &m, &why);
    assert((err == NAVE_OK) == (m != NULL));
    assert(err == NAVE_OK || why.text[0]);
    if (m)
        check(m);
    nv_manifest_destroy(m);
    return 0;
}
