/* SPDX-License-Identifier: MIT
 *
 * ELF by hand, field by field: the file may be of any class and byte order, and may lie in every
 * number. Every read is checked against the size of the file.
 */
#include "nv_elf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct elf {
    struct nv_elf_head head;
    int fd;
    uint64_t bytes; /* of the file */
    uint64_t table; /* offset of the section headers */
    uint64_t count;
    uint64_t stride; /* bytes of one header */
    uint64_t names;  /* index of the section of names */
};

struct section {
    uint64_t name, type, flags, offset, bytes, link;
};

static uint64_t number(const struct nv_elf_head *h, const unsigned char *at, unsigned n)
{
    uint64_t value = 0;
    unsigned i;

    for (i = 0; i < n; i++)
        value = value << 8 | at[h->endian == 1 ? n - 1 - i : i];
    return value;
}

static nave_err read_at(const struct elf *e, uint64_t offset, void *out, size_t len,
                        struct nv_why *why)
{
    size_t done = 0;

    if (offset > e->bytes || len > e->bytes - offset)
        return nv_why_set(why, NAVE_ENOTPLUGIN, "the file is cut off or malformed");
    while (done < len) {
        ssize_t n = pread(e->fd, (char *)out + done, len - done, (off_t)(offset + done));

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return nv_why_set(why, NAVE_EIO, "cannot be read: %s",
                              n < 0 ? strerror(errno) : "it shrank meanwhile");
        done += (size_t)n;
    }
    return NAVE_OK;
}

static nave_err elf_open(struct elf *e, int fd, struct nv_why *why)
{
    unsigned char b[64] = {0};
    struct stat st;
    size_t len;
    nave_err err;

    memset(e, 0, sizeof(*e));
    if (fstat(fd, &st) < 0)
        return nv_why_set(why, NAVE_EIO, "cannot be examined: %s", strerror(errno));
    e->fd = fd;
    e->bytes = st.st_size > 0 ? (uint64_t)st.st_size : 0;
    len = e->bytes < sizeof(b) ? (size_t)e->bytes : sizeof(b);
    err = read_at(e, 0, b, len, why);
    if (err)
        return err;
    if (memcmp(b, "\177ELF", 4) != 0)
        return nv_why_set(why, NAVE_ENOTPLUGIN, "is not an ELF file");
    if (b[4] < 1 || b[4] > 2 || b[5] < 1 || b[5] > 2 || len < (b[4] == 1 ? 52u : 64u))
        return nv_why_set(why, NAVE_ENOTPLUGIN, "has a malformed or cut off ELF head");
    e->head.bits = b[4] == 1 ? 32 : 64;
    e->head.endian = b[5];
    e->head.type = (uint16_t)number(&e->head, b + 16, 2);
    e->head.machine = (uint16_t)number(&e->head, b + 18, 2);
    if (e->head.bits == 64) {
        e->table = number(&e->head, b + 40, 8);
        e->stride = number(&e->head, b + 58, 2);
        e->count = number(&e->head, b + 60, 2);
        e->names = number(&e->head, b + 62, 2);
    } else {
        e->table = number(&e->head, b + 32, 4);
        e->stride = number(&e->head, b + 46, 2);
        e->count = number(&e->head, b + 48, 2);
        e->names = number(&e->head, b + 50, 2);
    }
    return NAVE_OK;
}

static nave_err read_section(const struct elf *e, uint64_t index, struct section *s,
                             struct nv_why *why)
{
    unsigned char b[64];
    unsigned w = e->head.bits / 8u;
    size_t len = e->head.bits == 64 ? 64 : 40;
    nave_err err;

    if (index >= e->count || e->table > e->bytes || e->stride != len)
        return nv_why_set(why, NAVE_ENOTPLUGIN, "has a malformed section table");
    err = read_at(e, e->table + index * len, b, len, why);
    if (err)
        return err;
    s->name = number(&e->head, b, 4);
    s->type = number(&e->head, b + 4, 4);
    s->flags = number(&e->head, b + 8, w);
    s->offset = number(&e->head, b + 8 + 2 * w, w);
    s->bytes = number(&e->head, b + 8 + 3 * w, w);
    s->link = number(&e->head, b + 8 + 4 * w, 4);
    return NAVE_OK;
}

nave_err nv_elf_head(int fd, struct nv_elf_head *out, struct nv_why *why)
{
    struct elf e;
    nave_err err = elf_open(&e, fd, why);

    if (!err)
        *out = e.head;
    return err;
}

/* Copy the section. SHT_NOBITS (8) has no bytes in the file; SHF_COMPRESSED (0x800) other ones. */
static nave_err copy_section(const struct elf *e, const struct section *s, const char *name,
                             size_t len_max, char **out_data, size_t *out_len, struct nv_why *why)
{
    nave_err err;
    char *data;

    if (s->type == 8 || (s->flags & 0x800) != 0)
        return nv_why_set(why, NAVE_ENOTPLUGIN, "section %s is empty or compressed", name);
    if (s->bytes > len_max)
        return nv_why_set(why, NAVE_ETOOBIG, "section %s is larger than %zu bytes", name, len_max);
    data = malloc((size_t)s->bytes + 1);
    if (!data)
        return nv_why_set(why, NAVE_ENOMEM, "out of memory");
    err = read_at(e, s->offset, data, (size_t)s->bytes, why);
    if (err) {
        free(data);
        return err;
    }
    data[s->bytes] = '\0';
    *out_data = data;
    *out_len = (size_t)s->bytes;
    return NAVE_OK;
}

nave_err nv_elf_section(int fd, const char *name, size_t len_max, char **out_data, size_t *out_len,
                        struct nv_why *why)
{
    size_t name_len = strlen(name) + 1; /* with its NUL */
    struct section names, s;
    char found[64];
    struct elf e;
    uint64_t i;
    nave_err err = elf_open(&e, fd, why);

    if (err)
        return err;
    if (e.table == 0 || e.count == 0 || e.count > NV_ELF_SECTIONS_MAX || name_len > sizeof(found))
        return nv_why_set(why, NAVE_ENOTPLUGIN, "has no section table that can be used");
    err = read_section(&e, e.names, &names, why);
    for (i = 0; !err && i < e.count; i++) {
        err = read_section(&e, i, &s, why);
        if (err || s.name >= names.bytes || name_len > names.bytes - s.name)
            continue;
        if (names.offset > e.bytes)
            return nv_why_set(why, NAVE_ENOTPLUGIN, "the file is cut off or malformed");
        err = read_at(&e, names.offset + s.name, found, name_len, why);
        if (!err && memcmp(found, name, name_len) == 0)
            return copy_section(&e, &s, name, len_max, out_data, out_len, why);
    }
    if (err)
        return err;
    return nv_why_set(why, NAVE_ENOTPLUGIN, "has no section %s: it is not a Nave plugin", name);
}

const char *nv_elf_machine_name(uint16_t machine, char room[24])
{
    static const struct {
        uint16_t machine;
        const char *name;
    } names[] = {{3, "i386"}, {8, "mips"},    {20, "ppc"},      {21, "ppc64"},  {22, "s390x"},
                 {40, "arm"}, {62, "x86-64"}, {183, "aarch64"}, {243, "riscv"}, {258, "loongarch"}};
    size_t i;

    for (i = 0; i < NAVE_COUNT(names); i++) {
        if (names[i].machine == machine)
            return names[i].name;
    }
    snprintf(room, 24, "machine %u", machine);
    return room;
}

uint16_t nv_elf_machine_here(void)
{
#if defined(__x86_64__)
    return 62;
#elif defined(__aarch64__)
    return 183;
#elif defined(__i386__)
    return 3;
#elif defined(__arm__)
    return 40;
#elif defined(__riscv)
    return 243;
#else
    return 0;
#endif
}
