/* SPDX-License-Identifier: MIT
 *
 * What the files of this plugin share. Who calls whom: handle.c takes a request; lookup.c finds what a
 * name is, by the cache or by load.c, which looks; content.c is one file with the fields that tell of
 * it; answer.c sends it, listing.c lists a folder. The engine files (conditional, range, encoding,
 * type, safe_path, date, cache) know none of this.
 *
 * Everything in struct files_worker belongs to one worker. What entries and contents are made of comes
 * from the host, not from the worker: a response may end after our worker_stop.
 */
#ifndef FILES_H
#define FILES_H

#include <nave/http.h>
#include <nave/plugin.h>

#include "cache.h"
#include "conditional.h"
#include "encoding.h"
#include "limits.h"
#include "range.h"
#include "safe_path.h"

/* One list of counters: member, name, what it counts. */
#define FILES_COUNTERS(X)                                                          \
    X(hits, "files_hits", "requests answered by what was known")                   \
    X(looks, "files_looks", "times that a name was looked up in the file system")  \
    X(kept, "files_kept", "files that were looked at again and had not changed")   \
    X(evicted, "files_evicted", "names forgotten because of a bound of the cache") \
    X(idle, "files_idle", "names forgotten because nobody asked for them")         \
    X(refused, "files_refused", "paths refused before anything was looked up")     \
    X(not_modified, "files_not_modified", "requests answered with 304")            \
    X(ranges, "files_ranges", "requests answered with 206")                        \
    X(busy, "files_busy", "requests answered with 503: no descriptor, no memory")

#define FILES_COUNTER_MEMBER_(member, name, doc) struct nave_counter member;
struct files_counters {
    FILES_COUNTERS(FILES_COUNTER_MEMBER_)
};
#undef FILES_COUNTER_MEMBER_

struct files_worker;

struct files_plugin {
    struct nave_host *host;
    const struct nave_http_handler_iface *handler_api; /* as published */
    struct files_options options;
    struct files_options prepared;
    struct files_counters counters;
    struct files_worker **workers; /* [index] */
    uint32_t worker_count;
    uint32_t has_kernel; /* files_open_kernel works here */
    uint64_t root_count; /* made so far: the next one's id */
};

/* A handler: one use of the role. */
struct files_root {
    struct nave_http_handler pub; /* first */
    struct files_plugin *plugin;
    const struct files_role_options *options; /* the host's, as long as the handle */
    uint64_t id;                              /* never used again */
    uint32_t coding_count;
    uint8_t codings[FILES_CODING_COUNT]; /* in the order of liking */
};

/* Which file it was: the same in all of this is the same content. */
struct files_identity {
    uint64_t device;
    uint64_t inode;
    uint64_t size;
    int64_t modified_ns;
    int64_t changed_ns;
};

/* One file as it is sent: its fields, and its bytes or a descriptor. Never changes. Counted: the entry
 * has one ref, each response that is under way another. */
struct files_content {
    uint32_t refs;
    uint32_t
        is_young; /* changed so shortly before it was read that a further change may look alike */
    struct files_worker *fw;
    size_t block; /* bytes of it all */
    int fd;       /* -1: the bytes are here */
    uint32_t coding;
    struct files_identity identity;
    const uint8_t *bytes; /* NULL with a descriptor */
    struct files_validators validators;
    /* [0, shared): of 200 and 206 only; [shared, count): of 304 too. The type is the first. */
    struct nave_http_header headers[FILES_HEADERS_MAX];
    uint32_t header_count;
    uint32_t shared;
    struct nave_http_response whole; /* 200; prepared when the bytes are here */
};

#define FILES_ENTRY_NOTHING 0u /* `status` tells why                                   */
#define FILES_ENTRY_FILE    1u /* `contents`                                           */
#define FILES_ENTRY_FOLDER  2u /* a folder named without its slash                     */
#define FILES_ENTRY_LISTING 3u /* a folder without an index, to be listed              */

/* What a name is. */
struct files_found {
    uint16_t kind;
    uint16_t status;
    uint32_t has_codings; /* a file lies beside in another coding */
    struct files_content *contents[FILES_CODING_COUNT];
};

/* What is known of a name. */
struct files_entry {
    struct files_slot slot; /* first */
    nave_nsec valid_until_ns;
    struct files_found found;
    char key[];
};

struct files_worker {
    struct files_plugin *plugin;
    struct nave_worker *w;
    struct files_cache cache;
    struct nave_timer sweep;
    uint64_t descriptors; /* of contents, open now */
    uint64_t random;
    struct files_slot **buckets;
    uint64_t bucket_count;
    uint8_t scratch[FILES_SMALL_MAX];
};

/* Count one. */
static inline void files_count(struct files_worker *fw, const struct nave_counter *counter)
{
    nave_counter_add(counter, fw->w->index, 1);
}

/* --- content.c --- */
/* Make the content of the regular file open as `fd`, named `name` (for its type) below `root`, in
 * `coding`; with `vary`, other codings lie beside. Takes fd, also on failure. Thread: [worker].
 * Errors: NAVE_ENOMEM; NAVE_EIO; NAVE_ELIMIT too many are open. */
NAVE_NODISCARD nave_err files_content_make(struct files_worker *fw, const struct files_root *root,
                                           const struct files_identity *identity, int fd,
                                           const char *name, uint32_t coding, uint32_t vary,
                                           struct files_content **out);
/* 1: the bytes of `c` are those of `fd`, the same file by its identity. */
int files_content_is_still(struct files_content *c, int fd);
/* One ref fewer. NULL is fine. */
void files_content_drop(struct files_content *c);

/* --- load.c --- */
/* Look what the safe path `key` is, and set `out`; `before`, or NULL, is what was known of it: contents
 * that have not changed are shared. 0: it is not known now, for want of descriptors, memory or luck;
 * nothing is set. */
int files_load(struct files_worker *fw, const struct files_root *root, const char *key, size_t len,
               const struct files_found *before, struct files_found *out);
/* Open the folder of the listing `key`. The descriptor or a negative errno. */
int files_load_folder(struct files_worker *fw, const struct files_root *root, const char *key,
                      size_t len);

/* What `name` in the folder of the listing `key` is, links followed as they may be. 0: not known. */
struct stat;
int files_load_probe(struct files_worker *fw, const struct files_root *root, const char *key,
                     size_t len, const char *name, struct stat *out);

/* --- lookup.c --- */
/* What the decoded path is. It stays until the next call. NULL: *out_status is the answer. */
const struct files_entry *files_lookup(struct files_worker *fw, const struct files_root *root,
                                       const char *path, size_t len, uint16_t *out_status);
/* Let go of descriptors that no response uses, at least of one. 0: there was none. */
int files_lookup_free_descriptor(struct files_worker *fw);
/* Forget everything; the worker ends. */
void files_lookup_forget_all(struct files_worker *fw);

/* --- answer.c --- */
void files_answer(struct files_worker *fw, const struct files_root *root,
                  const struct files_entry *entry, struct nave_http *x);
/* A short answer in text, with up to one more field. */
void files_answer_status(struct nave_http *x, uint16_t status, const struct nave_http_header *more);
/* Send `r`; the exchange is cut off when nothing can be sent. */
void files_respond(struct nave_http *x, const struct nave_http_response *r);

/* --- body.c --- */
/* Send `r`, whose headers are final, with the ranges of the content's descriptor as its body; more than
 * one are parts of "multipart/byteranges" with `boundary`. */
void files_body_send(struct nave_http *x, const struct nave_http_response *r,
                     struct files_content *c, const struct files_range *ranges, uint32_t count,
                     const char *boundary);
/* The same for bytes that are here, at once. */
void files_body_respond(struct nave_http *x, struct nave_http_response *r,
                        const struct files_content *c, const struct files_range *ranges,
                        uint32_t count, const char *boundary);
#define FILES_BOUNDARY_LEN   32u
#define FILES_RANGE_TEXT_MAX 70u /* "bytes 0-1/2", three numbers of 20 digits */
/* "bytes 0-1/2": its length. */
size_t files_range_text(char out[FILES_RANGE_TEXT_MAX], const struct files_range *r, uint64_t size);

/* --- folder.c --- */
void files_folder_answer(struct files_worker *fw, const struct files_root *root,
                         const struct files_entry *entry, struct nave_http *x);

/* --- handle.c --- */
extern const struct nave_http_handler_iface files_handler_table;

/* --- root.c --- */
nave_err files_root_make(void *self, const struct nave_role_args *args, struct nave_handle **out);
void files_root_unmake(void *self, struct nave_handle *handle);

#endif
