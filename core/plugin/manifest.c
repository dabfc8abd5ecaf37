/* SPDX-License-Identifier: MIT
 *
 * The manifest, read without trust: it is a text from a file that may hold anything. The text is
 * copied twice, once as it was and once to be cut into words; a manifest points into these copies.
 * What a newer minor may have added (keywords, fields) is skipped only when the text says that it is
 * of a newer minor; else it is a mistake.
 */
#include "manifest.h"

#include <nave/plugin.h>

#include <stdlib.h>
#include <string.h>

#include "nv_elf.h"
#include "conf/options.h"
#include "base/value.h"

#define FIELDS_MAX       16u
#define NESTING_MAX      16u
#define VERSION_BYTES    64u
#define SECTION_OF_FILES ".nave.manifest" /* we read ELF only, whatever we were built for */

struct parser {
    char *next; /* of the words */
    unsigned line;
    unsigned entries;
    uint32_t option_count; /* of the plugin and all roles */
    unsigned field_count;
    char *fields[FIELDS_MAX];
    struct nv_manifest *m;
    struct nv_manifest_role *role; /* between role and end */
    struct nv_why *why;
};

static struct nave_str str_of(const char *text)
{
    return (struct nave_str){text, strlen(text)};
}

static int is_newer(const struct nv_manifest *m)
{
    return m->built_minor > NAVE_ABI_MINOR;
}

static nave_err malformed(const struct parser *p, const char *what)
{
    return nv_why_set(p->why, NAVE_ESYNTAX, "the manifest is malformed in line %u: %s", p->line,
                      what);
}

/* The number columns are what the preprocessor made of a C expression: "1", "(1u << 0) | 2". */
static int parse_or(const char **at, unsigned depth, uint64_t *out);

static void skip_spaces(const char **at)
{
    while (**at == ' ')
        (*at)++;
}

static int digit_of(char c, unsigned base)
{
    int digit = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;

    return digit < (int)base ? digit : -1;
}

static int parse_primary(const char **at, unsigned depth, uint64_t *out)
{
    unsigned base = 10;
    uint64_t value = 0;

    skip_spaces(at);
    if (**at == '(') {
        (*at)++;
        if (depth == 0 || !parse_or(at, depth - 1, out))
            return 0;
        skip_spaces(at);
        return *(*at)++ == ')';
    }
    if (digit_of(**at, 10) < 0)
        return 0;
    if (**at == '0' && ((*at)[1] == 'x' || (*at)[1] == 'X')) {
        *at += 2;
        base = 16;
        if (digit_of(**at, base) < 0)
            return 0;
    } else if (**at == '0') {
        base = 8;
    }
    for (; digit_of(**at, base) >= 0; (*at)++) {
        value = value * base + (uint64_t)digit_of(**at, base);
        if (value > UINT32_MAX)
            return 0;
    }
    while (**at == 'u' || **at == 'U' || **at == 'l' || **at == 'L')
        (*at)++;
    *out = value;
    return 1;
}

static int parse_shift(const char **at, unsigned depth, uint64_t *out)
{
    uint64_t by;

    if (!parse_primary(at, depth, out))
        return 0;
    for (;;) {
        skip_spaces(at);
        if ((*at)[0] != '<' || (*at)[1] != '<')
            return 1;
        *at += 2;
        if (!parse_primary(at, depth, &by) || by > 31)
            return 0;
        *out <<= by;
        if (*out > UINT32_MAX)
            return 0;
    }
}

static int parse_or(const char **at, unsigned depth, uint64_t *out)
{
    uint64_t more;

    if (!parse_shift(at, depth, out))
        return 0;
    for (;;) {
        skip_spaces(at);
        if (**at != '|')
            return 1;
        (*at)++;
        if (!parse_shift(at, depth, &more))
            return 0;
        *out |= more;
    }
}

static nave_err parse_number(const struct parser *p, const char *text, uint32_t *out)
{
    const char *at = text;
    uint64_t value;

    if (!parse_or(&at, NESTING_MAX, &value) || *at != '\0')
        return nv_why_set(p->why, NAVE_ESYNTAX,
                          "the manifest is malformed in line %u: \"%.64s\" is no number", p->line,
                          text);
    *out = (uint32_t)value;
    return NAVE_OK;
}

/* Cut the next line into its fields. */
static nave_err next_line(struct parser *p)
{
    char *end = strchr(p->next, '\n');
    char *at = p->next;

    p->line++;
    if (!end)
        return malformed(p, "it ends before \"done\"");
    *end = '\0';
    p->next = end + 1;
    p->field_count = 0;
    for (;;) {
        if (p->field_count == FIELDS_MAX)
            return malformed(p, "too many fields");
        p->fields[p->field_count++] = at;
        at = strchr(at, '\x1f');
        if (!at)
            return NAVE_OK;
        *at++ = '\0';
    }
}

static nave_err want_fields(const struct parser *p, unsigned count)
{
    if (p->field_count == count || (p->field_count > count && is_newer(p->m)))
        return NAVE_OK;
    return nv_why_set(p->why, NAVE_ESYNTAX,
                      "the manifest is malformed in line %u: \"%.32s\" has %u fields, not %u",
                      p->line, p->fields[0], p->field_count - 1, count - 1);
}

/* "nave.worker/1" */
static int is_iface_id(const char *text)
{
    const char *slash = strchr(text, '/');
    uint64_t major;

    return slash && strlen(slash + 1) <= 5 &&
           nv_value_is_id((struct nave_str){text, (size_t)(slash - text)}) &&
           nv_value_count(str_of(slash + 1), &major) == NAVE_OK;
}

static nave_err bad_name(const struct parser *p, const char *what, const char *name)
{
    return nv_why_set(p->why, NAVE_EINVAL, "line %u of the manifest: \"%.64s\" is no %s", p->line,
                      name, what);
}

static nave_err parse_head(struct parser *p)
{
    static const char *const words[] = {"id", "version", "abi"};
    struct nv_manifest *m = p->m;
    uint32_t *const numbers[] = {&m->abi_major, &m->need_minor, &m->built_minor, &m->ptr_size,
                                 &m->endian};
    nave_err err;
    size_t i;

    m->built_minor = UINT32_MAX; /* not known yet: be tolerant of more fields */
    for (i = 0; i < NAVE_COUNT(words); i++) {
        err = next_line(p);
        if (err)
            return err;
        if (strcmp(p->fields[0], words[i]) != 0)
            return malformed(p, "id, version and abi come first");
        err = want_fields(p, i < 2 ? 2 : 6);
        if (err)
            return err;
        if (i == 0)
            m->id = p->fields[1];
        else if (i == 1)
            m->version = p->fields[1];
    }
    for (i = 0; i < NAVE_COUNT(numbers); i++) {
        err = parse_number(p, p->fields[i + 1], numbers[i]);
        if (err)
            return err;
    }
    err = want_fields(p, 6); /* built_minor is known now */
    if (err)
        return err;
    if (!nv_value_is_id(str_of(m->id)))
        return bad_name(p, "id of a plugin", m->id);
    if (!m->version[0] || strlen(m->version) > VERSION_BYTES)
        return bad_name(p, "version", m->version);
    if (m->need_minor > m->built_minor)
        return malformed(p, "it needs a newer minor than it was built with");
    return NAVE_OK;
}

static nave_err parse_dep(struct parser *p, struct nv_manifest_dep *deps, uint32_t *count)
{
    struct nv_manifest_dep *dep = &deps[*count];
    nave_err err = want_fields(p, 4);
    uint32_t i;

    if (err)
        return err;
    dep->id = p->fields[1];
    if (!is_iface_id(dep->id))
        return bad_name(p, "id of a service, such as \"nave.worker/1\"", dep->id);
    for (i = 0; i < *count; i++) {
        if (strcmp(deps[i].id, dep->id) == 0)
            return nv_why_set(p->why, NAVE_EINVAL,
                              "line %u of the manifest: \"%.64s\" is there twice", p->line,
                              dep->id);
    }
    err = parse_number(p, p->fields[2], &dep->min_minor);
    if (!err)
        err = parse_number(p, p->fields[3], &dep->flags);
    if (!err)
        ++*count;
    return err;
}

static nave_err parse_option(struct parser *p)
{
    /* In the order of NAVE_OPTION_KIND_*. */
    static const char *const kinds[] = {"flag",   "count", "size",  "duration", "text", "conf",
                                        "choice", "texts", "pairs", "address",  "path"};
    struct nv_manifest *m = p->m;
    struct nave_option *row;
    nave_err err = want_fields(p, 8);
    uint32_t k;

    if (err)
        return err;
    if (!p->role && m->role_count > 0)
        return malformed(p, "an option of the plugin after a role");
    row = &m->option_memory[p->option_count];
    for (k = 0; k < NAVE_COUNT(kinds) && strcmp(kinds[k], p->fields[1]) != 0; k++) {
    }
    if (k == NAVE_COUNT(kinds))
        return nv_why_set(p->why, is_newer(m) ? NAVE_ETOONEW : NAVE_ESYNTAX,
                          "line %u of the manifest: option \"%.64s\" has kind \"%.32s\", which is "
                          "not known here",
                          p->line, p->fields[2], p->fields[1]);
    row->kind = k + 1;
    row->name = p->fields[2];
    row->default_text = p->fields[3];
    row->min_text = p->fields[4];
    row->max_text = p->fields[5];
    row->doc = p->fields[7];
    err = parse_number(p, p->fields[6], &row->flags);
    if (err)
        return err;
    p->option_count++;
    if (p->role)
        p->role->option_count++;
    else
        m->option_count++;
    return NAVE_OK;
}

static nave_err parse_role(struct parser *p)
{
    struct nv_manifest *m = p->m;
    struct nv_manifest_role *role = &m->roles[m->role_count];
    nave_err err = want_fields(p, 5);

    if (err)
        return err;
    if (p->role)
        return malformed(p, "a role inside a role");
    role->kind = p->fields[1];
    role->name = p->fields[2];
    role->iface = p->fields[3];
    role->doc = p->fields[4];
    role->options = m->option_memory + p->option_count;
    if (!nv_value_is_id(str_of(role->kind)))
        return bad_name(p, "kind of a role", role->kind);
    if (!nv_value_is_id(str_of(role->name)))
        return bad_name(p, "name of a role", role->name);
    if (!is_iface_id(role->iface))
        return bad_name(p, "id of an interface", role->iface);
    if (nv_manifest_role(m, role->kind, role->name))
        return nv_why_set(p->why, NAVE_EINVAL,
                          "line %u of the manifest: %.64s \"%.64s\" is there twice", p->line,
                          role->kind, role->name);
    m->role_count++;
    p->role = role;
    return NAVE_OK;
}

/* "next": what a role, which stands above, hands on to. */
static nave_err parse_next(struct parser *p)
{
    struct nv_manifest *m = p->m;
    struct nv_manifest_role *role;
    nave_err err = want_fields(p, 4);

    if (err)
        return err;
    role = (struct nv_manifest_role *)nv_manifest_role(m, p->fields[1], p->fields[2]);
    if (!role)
        return nv_why_set(p->why, NAVE_EINVAL,
                          "line %u of the manifest: there is no %.64s \"%.64s\" to hand on",
                          p->line, p->fields[1], p->fields[2]);
    if (!is_iface_id(p->fields[3]))
        return bad_name(p, "id of an interface", p->fields[3]);
    if (role->next)
        return nv_why_set(p->why, NAVE_EINVAL,
                          "line %u of the manifest: %.64s \"%.64s\" hands on twice", p->line,
                          role->kind, role->name);
    role->next = p->fields[3];
    return NAVE_OK;
}

/* The lines between the head and "done". */
static nave_err parse_body(struct parser *p)
{
    struct nv_manifest *m = p->m;
    nave_err err;

    for (;;) {
        const char *word;

        err = next_line(p);
        if (err)
            return err;
        word = p->fields[0];
        if (strcmp(word, "done") == 0) {
            if (p->role)
                return malformed(p, "a role without its \"end\"");
            return want_fields(p, 1);
        }
        if (++p->entries > 2 * NV_MANIFEST_ENTRIES_MAX) /* a role has two lines */
            return nv_why_set(p->why, NAVE_ETOOBIG, "the manifest has too many lines");
        if (strcmp(word, "option") == 0) {
            err = parse_option(p);
        } else if (strcmp(word, "role") == 0) {
            err = parse_role(p);
        } else if (strcmp(word, "end") == 0) {
            err = want_fields(p, 1);
            if (!err && !p->role)
                err = malformed(p, "\"end\" without a role");
            p->role = NULL;
        } else if (p->role && (strcmp(word, "need") == 0 || strcmp(word, "provide") == 0 ||
                               strcmp(word, "next") == 0)) {
            err = malformed(p, "a role without its \"end\"");
        } else if (strcmp(word, "need") == 0) {
            err = parse_dep(p, m->needs, &m->need_count);
        } else if (strcmp(word, "provide") == 0) {
            err = parse_dep(p, m->provides, &m->provide_count);
        } else if (strcmp(word, "next") == 0) {
            err = parse_next(p);
        } else if (!is_newer(m)) {
            err = nv_why_set(p->why, NAVE_ESYNTAX,
                             "the manifest is malformed in line %u: unknown keyword \"%.32s\"",
                             p->line, word);
        }
        if (err)
            return err;
    }
}

static nave_err check_options(const struct nv_manifest *m, struct nv_why *why)
{
    nave_err err = nv_options_check_rows(m->options, m->option_count, why);
    uint32_t i;

    for (i = 0; !err && i < m->role_count; i++)
        err = nv_options_check_rows(m->roles[i].options, m->roles[i].option_count, why);
    return err;
}

/* Bytes that could play tricks with a terminal have no place here. */
static nave_err check_bytes(const char *text, size_t len, struct nv_why *why)
{
    size_t i, n;

    for (i = 0; i < len; i += n) {
        unsigned char c = (unsigned char)text[i];

        n = nv_value_utf8(text + i, len - i);
        if (n == 0)
            return nv_why_set(why, NAVE_ESYNTAX,
                              "the manifest is malformed: byte 0x%02x at offset %zu is not UTF-8",
                              c, i);
        if (c == 0)
            return nv_why_set(why, NAVE_ESYNTAX,
                              "the manifest goes on after its end, at offset %zu: were two plugins "
                              "linked into one file?",
                              i);
        if (n == 2 && c == 0xc2 && (unsigned char)text[i + 1] < 0xa0)
            return nv_why_set(why, NAVE_ESYNTAX,
                              "the manifest is malformed: control character U+%04X at offset %zu",
                              (unsigned char)text[i + 1], i);
        if ((c < 0x20 && c != '\n' && c != 0x1f) || c == 0x7f)
            return nv_why_set(why, NAVE_ESYNTAX,
                              "the manifest is malformed: control byte 0x%02x at offset %zu", c, i);
    }
    return NAVE_OK;
}

/* One block for the arrays and the texts; no more entries than lines. */
static nave_err make(const char *text, size_t len, struct nv_manifest **out, char **out_words,
                     struct nv_why *why)
{
    struct nv_manifest *m;
    size_t lines = 1;
    size_t i;
    char *at;

    for (i = 0; i < len; i++)
        lines += text[i] == '\n';
    if (lines > 2 * NV_MANIFEST_ENTRIES_MAX + 8)
        return nv_why_set(why, NAVE_ETOOBIG, "the manifest has too many lines");
    m = calloc(1, sizeof(*m));
    if (!m)
        return nv_why_set(why, NAVE_ENOMEM, "out of memory");
    m->option_memory = calloc(lines, sizeof(*m->options));
    m->memory = calloc(1, lines * (sizeof(*m->roles) + 2 * sizeof(*m->needs)) + 2 * (len + 1));
    if (!m->option_memory || !m->memory) {
        nv_manifest_destroy(m);
        return nv_why_set(why, NAVE_ENOMEM, "out of memory");
    }
    m->roles = m->memory;
    m->needs = (struct nv_manifest_dep *)(m->roles + lines);
    m->provides = m->needs + lines;
    m->options = m->option_memory;
    at = (char *)(m->provides + lines);
    memcpy(at, text, len);
    m->text = at;
    m->text_len = len;
    *out_words = memcpy(at + len + 1, text, len);
    *out = m;
    return NAVE_OK;
}

nave_err nv_manifest_parse(const char *text, size_t len, struct nv_manifest **out_manifest,
                           struct nv_why *why)
{
    const size_t magic_len = sizeof(NAVE_MANIFEST_MAGIC) - 1;
    struct parser p = {.line = 1, .why = why};
    nave_err err;

    if (len > NV_MANIFEST_BYTES_MAX)
        return nv_why_set(why, NAVE_ETOOBIG, "the manifest is larger than %u bytes",
                          NV_MANIFEST_BYTES_MAX);
    while (len > 0 && text[len - 1] == '\0') /* a section may be filled up */
        len--;
    if (len < magic_len || memcmp(text, NAVE_MANIFEST_MAGIC, magic_len) != 0)
        return nv_why_set(why, NAVE_ESYNTAX,
                          "the manifest does not begin with \"%.*s\": built with another SDK?",
                          (int)magic_len - 1, NAVE_MANIFEST_MAGIC);
    err = check_bytes(text, len, why);
    if (!err)
        err = make(text, len, &p.m, &p.next, why);
    if (err)
        return err;
    p.next += magic_len;
    err = parse_head(&p);
    /* What another major says further on is not ours to read; the loader refuses it by name. */
    if (!err && p.m->abi_major == NAVE_ABI_MAJOR) {
        err = parse_body(&p);
        if (!err && *p.next != '\0')
            err = malformed(&p, "text after \"done\"");
        if (!err)
            err = check_options(p.m, why);
    }
    if (err) {
        nv_manifest_destroy(p.m);
        return err;
    }
    *out_manifest = p.m;
    return NAVE_OK;
}

nave_err nv_manifest_read(int fd, struct nv_manifest **out_manifest, struct nv_why *why)
{
    char *text;
    size_t len;
    nave_err err = nv_elf_section(fd, SECTION_OF_FILES, NV_MANIFEST_BYTES_MAX, &text, &len, why);

    if (err)
        return err;
    if (len == 0 || text[len - 1] != '\0')
        err = nv_why_set(why, NAVE_ESYNTAX, "the manifest is cut off");
    else
        err = nv_manifest_parse(text, len, out_manifest, why);
    free(text);
    return err;
}

void nv_manifest_destroy(struct nv_manifest *m)
{
    if (!m)
        return;
    free(m->option_memory);
    free(m->memory);
    free(m);
}

const struct nv_manifest_role *nv_manifest_role(const struct nv_manifest *m, const char *kind,
                                                const char *name)
{
    uint32_t i;

    for (i = 0; i < m->role_count; i++) {
        if (strcmp(m->roles[i].kind, kind) == 0 && strcmp(m->roles[i].name, name) == 0)
            return &m->roles[i];
    }
    return NULL;
}
