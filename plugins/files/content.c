/* SPDX-License-Identifier: MIT
 *
 * A file as it is sent, in one block: the fields that tell of it, written once, and its bytes when it
 * is small. A response is then one copy, and a descriptor is kept for large files only.
 *
 * The entity tag is strong: inode, size and nanoseconds of the last change. The inode tells apart files
 * that were put in the place of each other with the same times, which is what deployments from
 * archives and reproducible builds do; where several servers serve copies of one tree, option "etag"
 * leaves it out. A file that is written over in place, twice within one tick of the file system's clock
 * and to the same size, keeps its tag (Linux 6.13 and later give the second change a time of its own).
 */
#include "files.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <nave/http_prepare.h>

#include "date.h"
#include "type.h"

/* A further change within this time may leave times and size as they are: the clocks of file systems
 * have ticks, of up to two seconds. Such bytes are read again when they are looked at again. */
#define YOUNG_NS (2 * NAVE_SEC)

#define ETAG_MAX 48u /* quotes, two numbers of 16 hex digits, '-', "-zst" */
#define TYPE_MAX 200u

/* The texts of a content behind its struct. */
struct texts {
    char type[TYPE_MAX];
    char etag[ETAG_MAX];
    char modified[FILES_DATE_LEN + 3];
    char cache_control[];
};

static void close_counted(struct files_content *c)
{
    if (c->fd < 0)
        return;
    close(c->fd);
    c->fd = -1;
    c->fw->descriptors--;
}

void files_content_drop(struct files_content *c)
{
    if (!c || --c->refs > 0)
        return;
    close_counted(c);
    nave_host_free(c->fw->plugin->host, c, c->block);
}

static char *put_hex(char *out, uint64_t n)
{
    char digits[16];
    int i = 16;

    do
        digits[--i] = "0123456789abcdef"[n & 15];
    while (n >>= 4);
    memcpy(out, digits + i, (size_t)(16 - i));
    return out + (16 - i);
}

/* One number becomes another, and no two the same. Nothing is learned of inodes by looking. */
static uint64_t mix(uint64_t n)
{
    n = (n ^ n >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    n = (n ^ n >> 27) * UINT64_C(0x94D049BB133111EB);
    return n ^ n >> 31;
}

static size_t write_etag(char out[ETAG_MAX], const struct files_root *root,
                         const struct files_identity *id, uint32_t coding)
{
    uint64_t inode = root->options->etag == 0 ? id->inode : 0;
    char *p = out;

    *p++ = '"';
    p = put_hex(p, id->size);
    *p++ = '-';
    p = put_hex(p, mix(mix(inode) + (uint64_t)id->modified_ns));
    if (coding) {
        const char *suffix = files_coding_suffix(coding) + 1;

        *p++ = '-';
        memcpy(p, suffix, strlen(suffix));
        p += strlen(suffix);
    }
    *p++ = '"';
    return (size_t)(p - out);
}

static size_t write_type(char out[TYPE_MAX], const struct files_root *root, const char *name)
{
    const struct files_role_options *o = root->options;
    struct nave_str type = files_type_of(&o->types, o->default_type, name, strlen(name));
    size_t len = type.len < 128 ? type.len : 128; /* checked when the root was made */

    memcpy(out, type.ptr, len);
    if (o->charset.len > 0 && files_type_is_text(type)) {
        memcpy(out + len, "; charset=", 10);
        memcpy(out + len + 10, o->charset.ptr, o->charset.len);
        len += 10 + o->charset.len;
    }
    return len;
}

static void add(struct files_content *c, const char *name, const char *value, size_t len)
{
    struct nave_http_header *h = &c->headers[c->header_count++];

    h->name = name;
    h->name_len = (uint32_t)strlen(name);
    h->value = value;
    h->value_len = (uint32_t)len;
}

static void write_headers(struct files_content *c, const struct files_root *root, struct texts *t,
                          const char *name, uint32_t vary)
{
    const struct files_role_options *o = root->options;
    int64_t modified_s = c->identity.modified_ns / NAVE_SEC;

    add(c, "Content-Type", t->type, write_type(t->type, root, name));
    if (c->coding)
        add(c, "Content-Encoding", files_coding_name(c->coding),
            strlen(files_coding_name(c->coding)));
    if (o->max_ranges > 0)
        add(c, "Accept-Ranges", "bytes", 5);
    if (o->nosniff)
        add(c, "X-Content-Type-Options", "nosniff", 7);
    c->shared = c->header_count;
    if (o->etag != 2) { /* off */
        c->validators.etag.ptr = t->etag;
        c->validators.etag.len = write_etag(t->etag, root, &c->identity, c->coding);
        add(c, "ETag", t->etag, c->validators.etag.len);
    }
    if (modified_s >=
        0) { /* no date before 1970 is told, as "RFC 9110 8.8.2.1" has none of tomorrow */
        files_date_write(t->modified, modified_s);
        c->validators.modified_s = modified_s;
        c->validators.has_modified = 1;
        add(c, "Last-Modified", t->modified, FILES_DATE_LEN);
    }
    if (o->cache_control.len > 0) {
        memcpy(t->cache_control, o->cache_control.ptr, o->cache_control.len);
        add(c, "Cache-Control", t->cache_control, o->cache_control.len);
    }
    if (vary)
        add(c, "Vary", "Accept-Encoding", 15);
}

/* Read the whole of a small file into the scratch. One that has become shorter meanwhile is what is
 * left of it: *size follows. 0: it cannot be read. */
static int read_whole(struct files_worker *fw, int fd, uint64_t *size)
{
    size_t have = 0;

    while (have < *size) {
        ssize_t got = pread(fd, fw->scratch + have, (size_t)*size - have, (off_t)have);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return 0;
        if (got == 0)
            break;
        have += (size_t)got;
    }
    *size = have;
    return 1;
}

static int is_young(const struct files_worker *fw, const struct files_identity *id)
{
    nave_nsec now = fw->w->clock->wall_ns;

    return now - id->modified_ns < YOUNG_NS || now - id->changed_ns < YOUNG_NS;
}

/* Everything but the bytes: whether they are here or behind a descriptor is the same. */
static struct files_content *make_block(struct files_worker *fw, const struct files_root *root,
                                        const struct files_identity *id, uint32_t is_small)
{
    size_t texts = sizeof(struct texts) + root->options->cache_control.len;
    size_t block = sizeof(struct files_content) + texts + 8;
    struct files_content *c;

    if (is_small) { /* the prepared response: the fields once more, and the bytes at one place */
        block += sizeof(struct nave_http_prepared) + 64 + texts + FILES_HEADERS_MAX * 40;
        block += (size_t)id->size;
    }
    c = nave_host_alloc(fw->plugin->host, block);
    if (!c)
        return NULL;
    memset(c, 0, sizeof(*c));
    c->refs = 1;
    c->fw = fw;
    c->block = block;
    c->fd = -1;
    c->identity = *id;
    return c;
}

/* Put the bytes of the scratch into the block, behind the texts. */
static nave_err keep_bytes(struct files_worker *fw, struct files_content *c, char *room)
{
    struct nave_http_response *r = &c->whole;
    size_t left = c->block - (size_t)(room - (char *)c);
    nave_err err;

    r->body = fw->scratch;
    r->body_len = (size_t)c->identity.size;
    err = nave_http_prepare(r, room, left);
    if (err != NAVE_OK)
        return err;
    if (r->prepared->has_body) {
        c->bytes = (const uint8_t *)r->prepared->text + r->prepared->fields_len + 2;
    } else {
        uint8_t *at = (uint8_t *)c + c->block - r->body_len;

        memcpy(at, fw->scratch, r->body_len);
        c->bytes = at;
    }
    r->body = c->bytes;
    return NAVE_OK;
}

int files_content_is_still(struct files_content *c, int fd)
{
    uint64_t size = c->identity.size;

    if (!c->is_young || c->fd >= 0)
        return 1;
    if (!read_whole(c->fw, fd, &size) || size != c->identity.size ||
        (size > 0 && memcmp(c->fw->scratch, c->bytes, (size_t)size) != 0))
        return 0;
    c->is_young = (uint32_t)is_young(c->fw, &c->identity);
    return 1;
}

nave_err files_content_make(struct files_worker *fw, const struct files_root *root,
                            const struct files_identity *identity, int fd, const char *name,
                            uint32_t coding, uint32_t vary, struct files_content **out)
{
    const struct files_options *o = &fw->plugin->options;
    uint32_t is_small = identity->size <= o->small_file && identity->size <= FILES_SMALL_MAX;
    struct files_identity id = *identity;
    nave_err err = NAVE_OK;
    struct files_content *c;
    struct texts *t;
    char *room;

    if (is_small && !read_whole(fw, fd, &id.size)) {
        close(fd);
        return NAVE_EIO;
    }
    if (!is_small && fw->descriptors >= o->max_descriptors && !files_lookup_free_descriptor(fw)) {
        close(fd);
        return NAVE_ELIMIT;
    }
    c = make_block(fw, root, &id, is_small);
    if (!c) {
        close(fd);
        return NAVE_ENOMEM;
    }
    c->coding = coding;
    c->is_young = is_young(fw, &id) || id.size != identity->size;
    t = (struct texts *)(void *)(c + 1);
    write_headers(c, root, t, name, vary);
    c->whole.size = sizeof(c->whole);
    c->whole.status = 200;
    c->whole.headers = c->headers;
    c->whole.header_count = c->header_count;
    if (is_small) {
        room = (char *)(t + 1) + root->options->cache_control.len;
        room += -(uintptr_t)room & 7;
        err = keep_bytes(fw, c, room);
        close(fd);
        if (err != NAVE_OK) {
            files_content_drop(c);
            return err;
        }
    } else {
        c->fd = fd;
        fw->descriptors++;
    }
    *out = c;
    return NAVE_OK;
}
