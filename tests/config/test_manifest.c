/* SPDX-License-Identifier: MIT
 *
 * Manifests, read from files that may hold anything. Real plugins are damaged where the reader looks:
 * section table, names, manifest; small files are made by hand for every class and byte order.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "failing.h"
#include "plugin/manifest.h"
#include "plugin/nv_elf.h"
#include "test_main.h"

#define ALLOCATIONS_MAX 100
#define FILE_MAX        (4u << 20)
#define SEEDS           4000u

static FILE *scratch; /* what the reader reads; without a name */

static int set_up(void)
{
    scratch = tmpfile();
    return !scratch;
}

static int clean_up(void)
{
    return fclose(scratch);
}

static nave_err read_scratch(struct nv_manifest **out, struct nv_why *why)
{
    why->text[0] = '\0';
    *out = NULL;
    return nv_manifest_read(fileno(scratch), out, why);
}

static int put(const void *data, size_t len)
{
    int fd = fileno(scratch);

    return ftruncate(fd, 0) == 0 && pwrite(fd, data, len, 0) == (ssize_t)len;
}

/* ---- the text ---------------------------------------------------------------------------------- */

/* ';' stands for the separator of fields. */
static const char *const lines[] = {
    "nave-manifest 1",
    "id;com.acme.x",
    "version;1.2.3",
    "abi;1;0;0;8;1",
    "need;nave.worker/1;0;0",
    "need;acme.clock/2;3;(1u << 0)",
    "provide;acme.y/1;1;0",
    "option;size;room;1KiB;1;1MiB;(1u << 0) | 2;some room",
    "role;handler;hello;nave.http.handler/1;answers",
    "option;text;greeting;hi;;;0;what to say",
    "option;conf;more;;;;0;more to say",
    "end",
    "role;transport;t;nave.listener/1;listens",
    "end",
    "next;transport;t;acme.words/1",
    "done",
};

static void separate(char *text)
{
    for (; *text; text++) {
        if (*text == ';')
            *text = '\x1f';
    }
}

/* The lines with line `at` (from 1) replaced by `with` ("": left out). Returns the length. */
static size_t write_lines(char *out, size_t cap, size_t at, const char *with)
{
    size_t len = 0;
    size_t i;

    out[0] = '\0';
    for (i = 0; i < NAVE_COUNT(lines); i++) {
        const char *line = i + 1 == at ? with : lines[i];

        if (i + 1 != at || with[0])
            len += (size_t)snprintf(out + len, cap - len, "%s\n", line);
    }
    separate(out);
    return len;
}

static nave_err parse(const char *text, size_t len, struct nv_manifest **out, struct nv_why *why)
{
    char *copy = malloc(len ? len : 1); /* of exactly this size, for a sanitizer */
    nave_err err;

    CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
    memcpy(copy, text, len);
    why->text[0] = '\0';
    *out = NULL;
    err = nv_manifest_parse(copy, len, out, why);
    free(copy);
    return err;
}

static void check_good(const struct nv_manifest *m)
{
    const struct nv_manifest_role *role = nv_manifest_role(m, "handler", "hello");

    CU_ASSERT_STRING_EQUAL(m->id, "com.acme.x");
    CU_ASSERT_STRING_EQUAL(m->version, "1.2.3");
    CU_ASSERT_EQUAL(m->abi_major, 1);
    CU_ASSERT_EQUAL(m->ptr_size, 8);
    CU_ASSERT_EQUAL(m->endian, 1);
    CU_ASSERT_EQUAL_FATAL(m->need_count, 2);
    CU_ASSERT_STRING_EQUAL(m->needs[1].id, "acme.clock/2");
    CU_ASSERT_EQUAL(m->needs[1].min_minor, 3);
    CU_ASSERT_EQUAL(m->needs[1].flags, 1);
    CU_ASSERT_EQUAL_FATAL(m->provide_count, 1);
    CU_ASSERT_STRING_EQUAL(m->provides[0].id, "acme.y/1");
    CU_ASSERT_EQUAL_FATAL(m->option_count, 1);
    CU_ASSERT_STRING_EQUAL(m->options[0].name, "room");
    CU_ASSERT_EQUAL(m->options[0].kind, NAVE_OPTION_KIND_size);
    CU_ASSERT_EQUAL(m->options[0].flags, 3);
    CU_ASSERT_EQUAL(m->role_count, 2);
    CU_ASSERT_PTR_NOT_NULL_FATAL(role);
    CU_ASSERT_STRING_EQUAL(role->doc, "answers");
    CU_ASSERT_EQUAL_FATAL(role->option_count, 2);
    CU_ASSERT_STRING_EQUAL(role->options[0].name, "greeting");
    CU_ASSERT_EQUAL(role->options[1].kind, NAVE_OPTION_KIND_conf);
    CU_ASSERT_EQUAL(nv_manifest_role(m, "transport", "t")->option_count, 0);
    CU_ASSERT_PTR_NULL(nv_manifest_role(m, "handler", "t"));
    CU_ASSERT_PTR_NULL(role->next);
    CU_ASSERT_STRING_EQUAL(nv_manifest_role(m, "transport", "t")->next, "acme.words/1");
}

static void a_manifest_is_read_line_by_line(void)
{
    char text[2048];
    size_t len = write_lines(text, sizeof(text), 0, "");
    struct nv_manifest *m;
    struct nv_why why;

    CU_ASSERT_EQUAL_FATAL(parse(text, len, &m, &why), NAVE_OK);
    check_good(m);
    CU_ASSERT_EQUAL(m->text_len, len);
    CU_ASSERT_STRING_EQUAL(m->text, text);
    nv_manifest_destroy(m);
    nv_manifest_destroy(NULL);

    /* NUL bytes may follow it. */
    memset(text + len, 0, 100);
    CU_ASSERT_EQUAL_FATAL(parse(text, len + 100, &m, &why), NAVE_OK);
    CU_ASSERT_EQUAL(m->text_len, len);
    nv_manifest_destroy(m);
}

static void each_line_is_refused_for_its_own_reason(void)
{
#define BAD(n, what) NAVE_ESYNTAX, "the manifest is malformed in line " #n ": " what
    static const struct {
        size_t line;
        const char *with;
        nave_err err;
        const char *want;
    } cases[] = {
        {1, "", NAVE_ESYNTAX,
         "the manifest does not begin with \"nave-manifest 1\": built with another SDK?"},
        {1, "nave-manifest 2", NAVE_ESYNTAX,
         "the manifest does not begin with \"nave-manifest 1\": built with another SDK?"},
        {2, "", BAD(2, "id, version and abi come first")},
        {2, "id", BAD(2, "\"id\" has 0 fields, not 1")},
        {2, "id;", NAVE_EINVAL, "line 4 of the manifest: \"\" is no id of a plugin"},
        {2, "id;A B", NAVE_EINVAL, "line 4 of the manifest: \"A B\" is no id of a plugin"},
        {2, "id;../x", NAVE_EINVAL, "line 4 of the manifest: \"../x\" is no id of a plugin"},
        {3, "", BAD(3, "id, version and abi come first")},
        {3, "version;", NAVE_EINVAL, "line 4 of the manifest: \"\" is no version"},
        {4, "", BAD(4, "id, version and abi come first")},
        {4, "abi;1;0;0;8", BAD(4, "\"abi\" has 4 fields, not 5")},
        {4, "abi;1;0;0;8;1;1", BAD(4, "\"abi\" has 6 fields, not 5")},
        {4, "abi;x;0;0;8;1", BAD(4, "\"x\" is no number")},
        {4, "abi;1;;0;8;1", BAD(4, "\"\" is no number")},
        {4, "abi;1;-1;0;8;1", BAD(4, "\"-1\" is no number")},
        {4, "abi;1;4294967296;0;8;1", BAD(4, "\"4294967296\" is no number")},
        {4, "abi;1;18446744073709551617;0;8;1", BAD(4, "\"18446744073709551617\" is no number")},
        {4, "abi;1;1;0;8;1", BAD(4, "it needs a newer minor than it was built with")},
        {5, "need;nave.worker/1;0", BAD(5, "\"need\" has 2 fields, not 3")},
        {5, "need;nave.worker;0;0", NAVE_EINVAL,
         "line 5 of the manifest: \"nave.worker\" is no id of a service, such as "
         "\"nave.worker/1\""},
        {5, "need;nave.worker/;0;0", NAVE_EINVAL,
         "line 5 of the manifest: \"nave.worker/\" is no id of a service, such as "
         "\"nave.worker/1\""},
        {5, "need;nave.worker/123456;0;0", NAVE_EINVAL,
         "line 5 of the manifest: \"nave.worker/123456\" is no id of a service, such as "
         "\"nave.worker/1\""},
        {5, "need;acme.clock/2;0;0", NAVE_EINVAL,
         "line 6 of the manifest: \"acme.clock/2\" is there twice"},
        {5, "need;nave.worker/1;0;1 <", BAD(5, "\"1 <\" is no number")},
        {5, "need;nave.worker/1;0;1 << 32", BAD(5, "\"1 << 32\" is no number")},
        {5, "need;nave.worker/1;0;2 << 31", BAD(5, "\"2 << 31\" is no number")},
        {5, "need;nave.worker/1;0;(1", BAD(5, "\"(1\" is no number")},
        {5, "need;nave.worker/1;0;1)", BAD(5, "\"1)\" is no number")},
        {5, "need;nave.worker/1;0;()", BAD(5, "\"()\" is no number")},
        {5, "need;nave.worker/1;0;0x", BAD(5, "\"0x\" is no number")},
        {5, "need;nave.worker/1;0;089", BAD(5, "\"089\" is no number")},
        {5, "need;nave.worker/1;0;1 |", BAD(5, "\"1 |\" is no number")},
        {5, "need;nave.worker/1;0;SOME_FLAG", BAD(5, "\"SOME_FLAG\" is no number")},
        {5, "need;nave.worker/1;0;((((((((((((((((((1))))))))))))))))))",
         BAD(5, "\"((((((((((((((((((1))))))))))))))))))\" is no number")},
        {5, "news;1", BAD(5, "unknown keyword \"news\"")},
        {5, "id;x", BAD(5, "unknown keyword \"id\"")},
        {5, "end", BAD(5, "\"end\" without a role")},
        {5, "done", BAD(5, "text after \"done\"")},
        {5, "done;1", BAD(5, "\"done\" has 1 fields, not 0")},
        {5, "x;;;;;;;;;;;;;;;;", BAD(5, "too many fields")},
        {5, "a\tb", NAVE_ESYNTAX, "the manifest is malformed: control byte 0x09 at offset 59"},
        {5, "a\x1b[2J", NAVE_ESYNTAX, "the manifest is malformed: control byte 0x1b at offset 59"},
        {5, "a\x7f", NAVE_ESYNTAX, "the manifest is malformed: control byte 0x7f at offset 59"},
        {5, "a\xff", NAVE_ESYNTAX,
         "the manifest is malformed: byte 0xff at offset 59 is not UTF-8"},
        {5, "a\x9b", NAVE_ESYNTAX,
         "the manifest is malformed: byte 0x9b at offset 59 is not UTF-8"},
        {5, "a\xc2\x9b", NAVE_ESYNTAX,
         "the manifest is malformed: control character U+009B at offset 59"},
        {8, "option;size;room;1KiB;1;1MiB;0", BAD(8, "\"option\" has 6 fields, not 7")},
        {8, "option;bytes;room;1KiB;1;1MiB;0;doc", NAVE_ESYNTAX,
         "line 8 of the manifest: option \"room\" has kind \"bytes\", which is not known here"},
        {8, "option;size;room;1KiB;x;1MiB;0;doc", NAVE_EINVAL,
         "option \"room\" has malformed bounds \"x\" and \"1MiB\""},
        {8, "option;size;room;2MiB;1;1MiB;0;doc", NAVE_EINVAL,
         "the default \"2MiB\" of option \"room\" is out of bounds"},
        {8, "option;size;room;x;1;1MiB;0;doc", NAVE_EINVAL,
         "option \"room\" has a malformed default \"x\""},
        {8, "option;size;;1;1;1MiB;0;doc", NAVE_EINVAL, "\"\" is no name for an option"},
        {9, "role;handler;hello;nave.http.handler/1", BAD(9, "\"role\" has 3 fields, not 4")},
        {9, "role;Handler;hello;nave.http.handler/1;x", NAVE_EINVAL,
         "line 9 of the manifest: \"Handler\" is no kind of a role"},
        {9, "role;handler;;nave.http.handler/1;x", NAVE_EINVAL,
         "line 9 of the manifest: \"\" is no name of a role"},
        {9, "role;handler;hello;handler;x", NAVE_EINVAL,
         "line 9 of the manifest: \"handler\" is no id of an interface"},
        {9, "role;transport;t;nave.listener/1;x", NAVE_EINVAL,
         "line 13 of the manifest: transport \"t\" is there twice"},
        {11, "option;text;greeting;;;;0;twice", NAVE_EINVAL, "option \"greeting\" is there twice"},
        {12, "", BAD(12, "a role inside a role")},
        {12, "need;a.b/1;0;0", BAD(12, "a role without its \"end\"")},
        {14, "", BAD(14, "a role without its \"end\"")},
        {14, "end;1", BAD(14, "\"end\" has 1 fields, not 0")},
        {13, "option;text;late;;;;0;late", BAD(13, "an option of the plugin after a role")},
        {14, "next;handler;hello;a.b/1", BAD(14, "a role without its \"end\"")},
        {15, "next;transport;t", BAD(15, "\"next\" has 2 fields, not 3")},
        {15, "next;transport;hello;a.b/1", NAVE_EINVAL,
         "line 15 of the manifest: there is no transport \"hello\" to hand on"},
        {15, "next;transport;t;a.b", NAVE_EINVAL,
         "line 15 of the manifest: \"a.b\" is no id of an interface"},
        {16, "next;transport;t;acme.words/1\ndone", NAVE_EINVAL,
         "line 16 of the manifest: transport \"t\" hands on twice"},
        {16, "", BAD(16, "it ends before \"done\"")},
        {16, "done\nid", BAD(16, "text after \"done\"")},
    };
    size_t i;

    for (i = 0; i < NAVE_COUNT(cases); i++) {
        char text[2048];
        size_t len = write_lines(text, sizeof(text), cases[i].line, cases[i].with);
        struct nv_manifest *m;
        struct nv_why why;
        nave_err err = parse(text, len, &m, &why);

        CU_ASSERT_EQUAL(err, cases[i].err);
        CU_ASSERT_PTR_NULL(m);
        if (strcmp(why.text, cases[i].want) != 0)
            printf("\n  %zu \"%s\": %s", cases[i].line, cases[i].with, why.text);
        CU_ASSERT_STRING_EQUAL(why.text, cases[i].want);
        nv_manifest_destroy(m);
    }
}

static void what_a_newer_minor_added_is_skipped(void)
{
    static const struct {
        size_t line;
        const char *with;
        nave_err err;
    } cases[] = {
        {4, "abi;1;0;7;8;1;more", NAVE_OK},
        {4, "abi;1;0;7;8;1\nnews;1;2;3", NAVE_OK},
        {4, "abi;1;0;7;8;1\nneed;a.b/1;0;0;more", NAVE_OK},
        {4, "abi;1;0;7;8;1\nneed;a.b/1;0", NAVE_ESYNTAX},
        {4, "abi;1;0;7;8;1\noption;colour;c;red;;;0;doc", NAVE_ETOONEW},
        {4, "abi;2;0;0;8;1\nwhatever", NAVE_OK}, /* the loader refuses it by its number */
        {4, "abi;2;0;0;8;1\ndone\nwhatever", NAVE_OK},
    };
    size_t i;

    for (i = 0; i < NAVE_COUNT(cases); i++) {
        char text[2048];
        size_t len = write_lines(text, sizeof(text), cases[i].line, cases[i].with);
        struct nv_manifest *m;
        struct nv_why why;

        CU_ASSERT_EQUAL(parse(text, len, &m, &why), cases[i].err);
        nv_manifest_destroy(m);
    }
}

static void a_text_cut_at_any_byte_is_refused(void)
{
    char text[2048];
    size_t len = write_lines(text, sizeof(text), 0, "");
    struct nv_manifest *m;
    struct nv_why why;
    size_t n;

    for (n = 0; n < len; n++) {
        CU_ASSERT_EQUAL(parse(text, n, &m, &why), NAVE_ESYNTAX);
        CU_ASSERT_PTR_NULL(m);
        CU_ASSERT(why.text[0] != '\0');
    }
}

static void any_byte_may_be_any_other(void)
{
    static const char bytes[] = "\0\n\x1f;a0/(|<u.\xc3\xff";
    char text[2048], good[2048];
    size_t len = write_lines(good, sizeof(good), 0, ""), i, k;
    unsigned refused = 0;

    for (i = 0; i < len; i++) {
        for (k = 0; k < sizeof(bytes) - 1; k++) {
            struct nv_manifest *m;
            struct nv_why why;
            nave_err err;

            memcpy(text, good, len);
            text[i] = bytes[k];
            err = parse(text, len, &m, &why);
            CU_ASSERT_EQUAL(err != NAVE_OK, m == NULL);
            CU_ASSERT(!err || why.text[0] != '\0');
            refused += err != NAVE_OK;
            nv_manifest_destroy(m);
        }
    }
    CU_ASSERT(refused > len * 4 && refused < len * (sizeof(bytes) - 1));
}

static void a_manifest_is_bounded(void)
{
    char *text = calloc(1, 1u << 20);
    size_t len;
    struct nv_manifest *m;
    struct nv_why why;
    unsigned i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    len = write_lines(text, 2048, 0, "");
    memset(text + len, 'x', (1u << 20) - len);
    CU_ASSERT_EQUAL(parse(text, NV_MANIFEST_BYTES_MAX + 1, &m, &why), NAVE_ETOOBIG);
    CU_ASSERT_STRING_EQUAL(why.text, "the manifest is larger than 262144 bytes");

    len = (size_t)snprintf(text, 2048, "nave-manifest 1\nid;x\nversion;1\nabi;1;0;0;8;1\n");
    for (i = 0; i < 5000; i++)
        len += (size_t)sprintf(text + len, "need;a%u/1;0;0\n", i);
    len += (size_t)sprintf(text + len, "done\n");
    separate(text);
    CU_ASSERT_EQUAL(parse(text, len, &m, &why), NAVE_ETOOBIG);
    CU_ASSERT_STRING_EQUAL(why.text, "the manifest has too many lines");
    free(text);
}

static void two_manifests_in_one_file_are_told(void)
{
    char text[4096];
    size_t len = write_lines(text, 2048, 0, "");
    struct nv_manifest *m;
    struct nv_why why;

    memcpy(text + len + 1, text, len);
    CU_ASSERT_EQUAL(parse(text, 2 * len + 1, &m, &why), NAVE_ESYNTAX);
    CU_ASSERT_PTR_NOT_NULL(strstr(why.text, "were two plugins linked into one file?"));
}

/* ---- files made by hand ------------------------------------------------------------------------ */

struct made {
    unsigned char b[4096];
    size_t len;
    unsigned bits, endian;
    size_t table, text, names; /* offsets */
    size_t text_len, names_len;
};

static void set(struct made *f, size_t at, unsigned n, uint64_t value)
{
    unsigned i;

    for (i = 0; i < n; i++)
        f->b[at + i] = (unsigned char)(value >> 8 * (f->endian == 1 ? i : n - 1 - i));
}

static unsigned word(const struct made *f)
{
    return f->bits / 8;
}

/* Where a field of section `i` stands. */
enum field { NAME, TYPE, FLAGS, OFFSET, BYTES };

static size_t field_at(const struct made *f, unsigned i, enum field field)
{
    size_t header = f->table + i * (f->bits == 64 ? 64u : 40u);
    size_t w = word(f);

    switch (field) {
    case NAME:
        return header;
    case TYPE:
        return header + 4;
    case FLAGS:
        return header + 8;
    case OFFSET:
        return header + 8 + 2 * w;
    case BYTES:
        break;
    }
    return header + 8 + 3 * w;
}

static size_t field_len(const struct made *f, enum field field)
{
    return field == NAME || field == TYPE ? 4 : word(f);
}

static void set_field(struct made *f, unsigned i, enum field field, uint64_t value)
{
    set(f, field_at(f, i, field), (unsigned)field_len(f, field), value);
}

/* Three sections: none, the manifest, the names. The table stands at the end. */
static void make(struct made *f, unsigned bits, unsigned endian)
{
    static const char names[] = "\0.nave.manifest\0.shstrtab";
    size_t at = bits == 64 ? 64 : 52;

    memset(f, 0, sizeof(*f));
    f->bits = bits;
    f->endian = endian;
    f->text = at;
    f->text_len = write_lines((char *)f->b + at, 2048, 0, "") + 1;
    f->names = f->text + f->text_len;
    f->names_len = sizeof(names);
    memcpy(f->b + f->names, names, sizeof(names));
    f->table = (f->names + sizeof(names) + 7) / 8 * 8;
    f->len = f->table + 3u * (bits == 64 ? 64u : 40u);
    memcpy(f->b, "\177ELF", 4);
    f->b[4] = bits == 64 ? 2 : 1;
    f->b[5] = (unsigned char)endian;
    f->b[6] = 1;
    set(f, 16, 2, 3);
    set(f, 18, 2, 20); /* ppc */
    set(f, bits == 64 ? 40 : 32, word(f), f->table);
    set(f, bits == 64 ? 58 : 46, 2, bits == 64 ? 64 : 40);
    set(f, bits == 64 ? 60 : 48, 2, 3);
    set(f, bits == 64 ? 62 : 50, 2, 2);
    set_field(f, 1, NAME, 1);
    set_field(f, 1, TYPE, 1);
    set_field(f, 1, OFFSET, f->text);
    set_field(f, 1, BYTES, f->text_len);
    set_field(f, 2, NAME, 16);
    set_field(f, 2, TYPE, 3);
    set_field(f, 2, OFFSET, f->names);
    set_field(f, 2, BYTES, f->names_len);
}

static void a_file_of_any_class_and_byte_order_is_read(void)
{
    unsigned bits, endian;

    for (bits = 32; bits <= 64; bits += 32) {
        for (endian = 1; endian <= 2; endian++) {
            struct nv_elf_head head;
            struct nv_manifest *m;
            struct nv_why why;
            struct made f;
            char room[24];

            make(&f, bits, endian);
            CU_ASSERT_TRUE_FATAL(put(f.b, f.len));
            CU_ASSERT_EQUAL_FATAL(read_scratch(&m, &why), NAVE_OK);
            check_good(m);
            nv_manifest_destroy(m);
            CU_ASSERT_EQUAL(nv_elf_head(fileno(scratch), &head, &why), NAVE_OK);
            CU_ASSERT_EQUAL(head.bits, bits);
            CU_ASSERT_EQUAL(head.endian, endian);
            CU_ASSERT_EQUAL(head.type, 3);
            CU_ASSERT_STRING_EQUAL(nv_elf_machine_name(head.machine, room), "ppc");
            CU_ASSERT_STRING_EQUAL(nv_elf_machine_name(4660, room), "machine 4660");
        }
    }
}

static void refuse_made(const struct made *f, nave_err err, const char *want)
{
    struct nv_manifest *m;
    struct nv_why why;

    CU_ASSERT_TRUE_FATAL(put(f->b, f->len));
    CU_ASSERT_EQUAL(read_scratch(&m, &why), err);
    CU_ASSERT_PTR_NULL(m);
    if (strcmp(why.text, want) != 0)
        printf("\n  %u bits, %u: %s  not: %s", f->bits, f->endian, why.text, want);
    CU_ASSERT_STRING_EQUAL(why.text, want);
}

static void a_file_that_lies_is_refused_for_its_lie(void)
{
    static const char none[] = "has no section .nave.manifest: it is not a Nave plugin";
    static const char cut[] = "the file is cut off or malformed";
    static const char table[] = "has a malformed section table";
    static const char head[] = "has a malformed or cut off ELF head";
    static const char no_table[] = "has no section table that can be used";
    unsigned bits, endian;

    for (bits = 32; bits <= 64; bits += 32) {
        for (endian = 1; endian <= 2; endian++) {
            uint64_t most = bits == 64 ? UINT64_MAX : UINT32_MAX;
            size_t h = bits == 64 ? 58 : 46; /* stride, count, names of the head */
            size_t t = bits == 64 ? 40 : 32; /* the offset of the table          */
            struct made f;

#define LIE(change, err, want) \
    make(&f, bits, endian);    \
    change;                    \
    refuse_made(&f, err, want)
            LIE(f.b[0] = 0, NAVE_ENOTPLUGIN, "is not an ELF file");
            LIE(f.len = 0, NAVE_ENOTPLUGIN, "is not an ELF file");
            LIE(f.len = f.text - 1, NAVE_ENOTPLUGIN, head);
            LIE(f.b[4] = 0, NAVE_ENOTPLUGIN, head);
            LIE(f.b[4] = 3, NAVE_ENOTPLUGIN, head);
            LIE(f.b[5] = 0, NAVE_ENOTPLUGIN, head);
            LIE(f.b[5] = 3, NAVE_ENOTPLUGIN, head);
            LIE(set(&f, t, word(&f), 0), NAVE_ENOTPLUGIN, no_table);
            LIE(set(&f, t, word(&f), f.len), NAVE_ENOTPLUGIN, cut);
            LIE(set(&f, t, word(&f), f.len + 1), NAVE_ENOTPLUGIN, table);
            LIE(set(&f, t, word(&f), most), NAVE_ENOTPLUGIN, table);
            LIE(set(&f, t, word(&f), most - 63), NAVE_ENOTPLUGIN, table);
            LIE(set(&f, h, 2, 0), NAVE_ENOTPLUGIN, table);
            LIE(set(&f, h, 2, 63), NAVE_ENOTPLUGIN, table);
            LIE(set(&f, h + 2, 2, 0), NAVE_ENOTPLUGIN, no_table);
            LIE(set(&f, h + 2, 2, 1), NAVE_ENOTPLUGIN, table);
            LIE(set(&f, h + 2, 2, NV_ELF_SECTIONS_MAX + 1), NAVE_ENOTPLUGIN, no_table);
            LIE(set(&f, h + 2, 2, 65535), NAVE_ENOTPLUGIN, no_table);
            LIE(set(&f, h + 4, 2, 3), NAVE_ENOTPLUGIN, table);
            LIE(set(&f, h + 4, 2, 65535), NAVE_ENOTPLUGIN, table);
            LIE(set(&f, h + 4, 2, 0), NAVE_ENOTPLUGIN, none);
            LIE(set_field(&f, 1, NAME, 2), NAVE_ENOTPLUGIN, none);
            LIE(set_field(&f, 1, NAME, UINT32_MAX), NAVE_ENOTPLUGIN, none);
            LIE(set_field(&f, 1, NAME, f.names_len - 1), NAVE_ENOTPLUGIN, none);
            LIE(set_field(&f, 1, TYPE, 8), NAVE_ENOTPLUGIN,
                "section .nave.manifest is empty or compressed");
            LIE(set_field(&f, 1, FLAGS, 0x800), NAVE_ENOTPLUGIN,
                "section .nave.manifest is empty or compressed");
            LIE(set_field(&f, 1, OFFSET, f.len), NAVE_ENOTPLUGIN, cut);
            LIE(set_field(&f, 1, OFFSET, most), NAVE_ENOTPLUGIN, cut);
            LIE(set_field(&f, 1, OFFSET, most - f.text_len + 1), NAVE_ENOTPLUGIN, cut);
            LIE(set_field(&f, 1, OFFSET, f.names), NAVE_ENOTPLUGIN, cut);
            LIE(set_field(&f, 1, BYTES, most), NAVE_ETOOBIG,
                "section .nave.manifest is larger than 262144 bytes");
            LIE(set_field(&f, 1, BYTES, NV_MANIFEST_BYTES_MAX + 1), NAVE_ETOOBIG,
                "section .nave.manifest is larger than 262144 bytes");
            LIE(set_field(&f, 1, BYTES, NV_MANIFEST_BYTES_MAX), NAVE_ENOTPLUGIN, cut);
            LIE(set_field(&f, 1, BYTES, 0), NAVE_ESYNTAX, "the manifest is cut off");
            LIE(set_field(&f, 1, BYTES, f.text_len - 1), NAVE_ESYNTAX, "the manifest is cut off");
            LIE(set_field(&f, 2, OFFSET, most), NAVE_ENOTPLUGIN, cut);
            LIE(set_field(&f, 2, OFFSET, f.len), NAVE_ENOTPLUGIN, cut);
            LIE(set_field(&f, 2, BYTES, 0), NAVE_ENOTPLUGIN, none);
            LIE(set_field(&f, 2, BYTES, 15), NAVE_ENOTPLUGIN, none); /* its NUL is beyond */
            /* One upon another: the names are the manifest. */
            LIE(set_field(&f, 2, OFFSET, f.text), NAVE_ENOTPLUGIN, none);
            LIE((set_field(&f, 1, OFFSET, f.names), set_field(&f, 1, BYTES, f.names_len)),
                NAVE_ESYNTAX,
                "the manifest does not begin with \"nave-manifest 1\": built with another SDK?");
#undef LIE
        }
    }
}

/* ---- real plugins, damaged --------------------------------------------------------------------- */

struct region {
    size_t at, len;
};

/* The plugins of this machine are little-endian here or not; the head tells. */
static uint64_t number(const unsigned char *b, size_t at, unsigned n)
{
    struct made f = {.endian = b[5]};
    uint64_t value = 0;
    unsigned i;

    for (i = 0; i < n; i++)
        value = value << 8 | b[at + (f.endian == 1 ? n - 1 - i : i)];
    return value;
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static uint32_t random_byte(uint32_t *x)
{
    static const unsigned char often[] = {0, 1, 0x7f, 0x80, 0xff, '\n', 0x1f};
    uint32_t r = next_random(x);

    return r % 3 == 0 ? often[(r >> 4) % sizeof(often)] : (r >> 4) & 0xff;
}

/* Returns how many of the damaged files were refused. */
static unsigned damage(const unsigned char *bytes, size_t len)
{
    unsigned bits = bytes[4] == 2 ? 64 : 32;
    unsigned w = bits / 8, stride = bits == 64 ? 64 : 40;
    size_t table = (size_t)number(bytes, bits == 64 ? 40 : 32, w);
    size_t count = (size_t)number(bytes, bits == 64 ? 60 : 48, 2);
    size_t index = (size_t)number(bytes, bits == 64 ? 62 : 50, 2);
    size_t names = table + index * stride;
    const unsigned char *found = NULL;
    struct region regions[4];
    int fd = fileno(scratch);
    unsigned refused = 0;
    uint32_t seed;
    size_t i;

    for (i = 0; i + 16 < len && !found; i++) {
        if (memcmp(bytes + i, "nave-manifest 1\n", 16) == 0)
            found = bytes + i;
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(found);
    regions[0] = (struct region){0, 64};
    regions[1] = (struct region){table, count * stride};
    regions[2] = (struct region){(size_t)number(bytes, names + 8 + 2 * w, w),
                                 (size_t)number(bytes, names + 8 + 3 * w, w)};
    regions[3] = (struct region){(size_t)(found - bytes), strlen((const char *)found) + 1};
    for (i = 0; i < NAVE_COUNT(regions); i++)
        CU_ASSERT_FATAL(regions[i].len > 0 && regions[i].at + regions[i].len <= len);

    for (seed = 1; seed <= SEEDS; seed++) {
        uint32_t x = seed * 2654435761u;
        uint32_t edits = next_random(&x) % 4 + 1;
        const struct region *r = &regions[seed % NAVE_COUNT(regions)];
        size_t places[4], k;
        struct nv_manifest *m;
        struct nv_why why;
        nave_err err;

        for (k = 0; k < edits; k++) {
            unsigned char c = (unsigned char)random_byte(&x);

            places[k] = r->at + next_random(&x) % r->len;
            CU_ASSERT_EQUAL_FATAL(pwrite(fd, &c, 1, (off_t)places[k]), 1);
        }
        err = read_scratch(&m, &why);
        if ((err != NAVE_OK) != (m == NULL) || (err && !why.text[0]))
            printf("\n  seed %u: %s", seed, nave_err_name(err));
        CU_ASSERT_EQUAL(err != NAVE_OK, m == NULL);
        CU_ASSERT(!err || why.text[0]);
        refused += err != NAVE_OK;
        nv_manifest_destroy(m);
        for (k = 0; k < edits; k++)
            CU_ASSERT_EQUAL_FATAL(pwrite(fd, bytes + places[k], 1, (off_t)places[k]), 1);
    }
    /* The file ends here and there: always where something begins or ends, and between. */
    for (i = 0; i < 600; i++) {
        uint32_t x = (uint32_t)i * 2654435761u;
        const struct region *r = &regions[i % NAVE_COUNT(regions)];
        size_t end = i < 8 ? r->at + (i / 4) * (r->len - 1) : next_random(&x) % (uint32_t)len;
        struct nv_manifest *m;
        struct nv_why why;

        CU_ASSERT_TRUE_FATAL(put(bytes, end));
        /* Only what comes after the table may be missing. */
        CU_ASSERT((read_scratch(&m, &why) == NAVE_OK) == (end >= table + count * stride));
        CU_ASSERT(m || why.text[0]);
        nv_manifest_destroy(m);
    }
    return refused;
}

static void a_damaged_plugin_never_harms_the_reader(void)
{
    static const char *const files[] = {
        MINI_SO,
        PLUGINS "/tcp/.libs/tcp.so",
        PLUGINS "/http1/.libs/http1.so",
        PLUGINS "/router/.libs/router.so",
    };
    unsigned char *bytes = malloc(FILE_MAX);
    unsigned read_count = 0;
    size_t i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    for (i = 0; i < NAVE_COUNT(files); i++) {
        FILE *file = fopen(files[i], "rb");
        struct nv_manifest *m;
        struct nv_why why;
        size_t len;

        if (!file)
            continue; /* static plugins have no file */
        len = fread(bytes, 1, FILE_MAX, file);
        fclose(file);
        CU_ASSERT_FATAL(len > 64 && len < FILE_MAX);
        CU_ASSERT_TRUE_FATAL(put(bytes, len));
        CU_ASSERT_EQUAL_FATAL(read_scratch(&m, &why), NAVE_OK);
        nv_manifest_destroy(m);
        CU_ASSERT(damage(bytes, len) > SEEDS / 10);
        read_count++;
    }
    CU_ASSERT(read_count > 0);
    free(bytes);
}

static void every_failing_allocation_is_told_as_such(void)
{
    struct nv_manifest *m;
    struct nv_why why;
    struct made f;
    nave_err err;
    long n;

    make(&f, 64, 1);
    CU_ASSERT_TRUE_FATAL(put(f.b, f.len));
    for (n = 0; n < ALLOCATIONS_MAX; n++) {
        fail_after(n);
        err = read_scratch(&m, &why);
        countdown = -1;
        if (!has_failed)
            break;
        CU_ASSERT_EQUAL(err, NAVE_ENOMEM);
        CU_ASSERT_PTR_NULL(m);
        CU_ASSERT_STRING_EQUAL(why.text, "out of memory");
    }
    CU_ASSERT(n >= 4 && n < ALLOCATIONS_MAX);
    CU_ASSERT_EQUAL_FATAL(err, NAVE_OK);
    nv_manifest_destroy(m);
}

static CU_TestInfo tests[] = {
    {"a_manifest_is_read_line_by_line", a_manifest_is_read_line_by_line},
    {"each_line_is_refused_for_its_own_reason", each_line_is_refused_for_its_own_reason},
    {"what_a_newer_minor_added_is_skipped", what_a_newer_minor_added_is_skipped},
    {"a_text_cut_at_any_byte_is_refused", a_text_cut_at_any_byte_is_refused},
    {"any_byte_may_be_any_other", any_byte_may_be_any_other},
    {"a_manifest_is_bounded", a_manifest_is_bounded},
    {"two_manifests_in_one_file_are_told", two_manifests_in_one_file_are_told},
    {"a_file_of_any_class_and_byte_order_is_read", a_file_of_any_class_and_byte_order_is_read},
    {"a_file_that_lies_is_refused_for_its_lie", a_file_that_lies_is_refused_for_its_lie},
    {"a_damaged_plugin_never_harms_the_reader", a_damaged_plugin_never_harms_the_reader},
    {"every_failing_allocation_is_told_as_such", every_failing_allocation_is_told_as_such},
    CU_TEST_INFO_NULL,
};
static CU_SuiteInfo suites[] = {
    {"manifest", set_up, clean_up, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};
NAVE_TEST_MAIN(suites)
