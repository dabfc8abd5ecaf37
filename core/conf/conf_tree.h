/* SPDX-License-Identifier: MIT
 *
 * The tree of a document, as the files conf*.c share it. A document is read in this order:
 *
 *     conf_parse.c   a text becomes a tree of nodes, as it stands there
 *     conf_expand.c  "$include", "$file" and "$env" are replaced by what they name
 *     conf_set.c     what was set from outside is put in
 *     conf.c         children become arrays, and nothing changes any more
 *
 * All nodes, and texts that do not stand in a file as they are, lie in the document's own blocks.
 */
#ifndef NV_CONF_TREE_H
#define NV_CONF_TREE_H

#include <nave/conf.h>
#include <nave/error.h>

#include "conf.h"
#include "conf_scan.h"
#include "log/report.h"

/* A text that values stand in. */
struct nv_conf_source {
    struct nv_conf_source *next;           /* in doc->sources                        */
    const struct nv_conf_source *includer; /* NULL: the file itself, or what was set */
    char *name;                            /* as it is shown                         */
    char *text;                            /* NUL behind it                          */
    size_t len;
    struct nv_conf_position seen; /* the last place that was reported */
    uint64_t device;              /* both 0: no file                  */
    uint64_t inode;
    uint32_t depth; /* how many includers it has */
    uint32_t reserved;
};

#define NV_NODE_ALTERED   1u  /* it is not what stands at its place: see nv_conf_dump */
#define NV_NODE_REFERENCE 2u  /* its text came by "$file" or "$env", which is `first` */
#define NV_NODE_EXPOSED   4u  /* ... from a file that every user may read             */
#define NV_NODE_SECRET    8u  /* masked in dumps                                      */
#define NV_NODE_REFUSED   16u /* its value was refused; nothing more is told of it */

/* A value; the handle of a cursor. */
struct nv_conf_node {
    struct nave_conf pub; /* first: the handle itself */

    struct nv_conf_doc *doc;
    struct nv_conf_source *source;
    struct nv_conf_node *parent;
    struct nv_conf_node *next; /* of its parent's children */
    struct nv_conf_node *first;
    struct nv_conf_node *last;
    struct nv_conf_node **items; /* the children, once the tree is whole                       */
    struct nv_conf_node *
        *slots; /* the children by the hash of their key; NULL while there are few */

    struct nave_str key; /* ptr NULL: no member of an object */
    uint32_t count;      /* of children                      */
    uint32_t index;      /* among its parent's               */
    uint32_t slot_count;
    uint32_t offset; /* in its source's text */
    uint32_t kind;   /* NAVE_CONF_*          */
    uint32_t flags;  /* NV_NODE_*            */
    union {
        struct nave_str text;
        int64_t integer; /* flags as well */
        double real;
    } value;
    struct nv_conf_dumped *dump; /* made on demand */
};

/* A value as JSON text, for a plugin. */
struct nv_conf_dumped {
    struct nv_conf_dumped *next; /* in doc->dumps */
    size_t len;
    char text[];
};

struct nv_conf_block; /* conf_tree.c */

struct nv_conf_doc {
    struct nv_report *report;
    const struct nave_runtime *checker; /* checked mode: whose it is */
    uint64_t errors;
    uint64_t refused; /* of them, those that concern one value and leave the rest as it is */
    struct nv_conf_source *sources; /* newest first */
    struct nv_conf_node *root;
    struct nv_conf_block *blocks;
    struct nv_conf_dumped *dumps;

    /* while it is read */
    nv_conf_read_fn *read;
    void *read_arg;
    size_t bytes;  /* of all texts                     */
    size_t values; /* in all texts                     */
    uint32_t files;
    uint32_t seed; /* of the hash of keys              */
    int32_t is_out_of_memory;
    int32_t is_raw; /* keys with '$' mean nothing       */
};

/* Memory that lives as long as the document, zeroed. NULL: none; the document remembers that. */
void *nv_conf_alloc(struct nv_conf_doc *doc, size_t bytes);

/* Free all of it. The document itself and the texts of its sources are none of it. */
void nv_conf_free_blocks(struct nv_conf_doc *doc);

/* A source with copies of `name`, and `text_take`, which is freed also on failure. NULL: no memory. */
struct nv_conf_source *nv_conf_source_add(struct nv_conf_doc *doc,
                                          const struct nv_conf_source *includer, const char *name,
                                          char *text_take, size_t len);

/* A node without value or place. NULL: no memory. */
struct nv_conf_node *nv_conf_node_new(struct nv_conf_doc *doc, struct nv_conf_source *source,
                                      size_t offset);

/* The child named `key`, or NULL. */
struct nv_conf_node *nv_conf_child(const struct nv_conf_node *n, struct nave_str key);

/* Put `child` behind the others. A member's key is not there yet. */
void nv_conf_append(struct nv_conf_node *n, struct nv_conf_node *child);

/* Put `child` in the place of `old`. */
void nv_conf_replace(struct nv_conf_node *old, struct nv_conf_node *child);

/* Take all children away; the first is returned, their `next` is left. */
struct nv_conf_node *nv_conf_detach(struct nv_conf_node *n);

/* Report that `child` has the key of `other`, which is there already. */
void nv_conf_fail_twice(const struct nv_conf_node *child, const struct nv_conf_node *other);

/* Report `code` at byte `offset` of `source`. `at`: whose pointer is shown (may be NULL). */
void nv_conf_fail_at(struct nv_conf_doc *doc, nave_err code, struct nv_conf_source *source,
                     size_t offset, const struct nv_conf_node *at, const char *text);

/* Read the text of `source` into a tree whose root has the place that `like` has (may be NULL).
 * NULL: no JSON, reported; or no memory. */
struct nv_conf_node *nv_conf_parse(struct nv_conf_doc *doc, struct nv_conf_source *source,
                                   const struct nv_conf_node *like);

/* Replace what "$include", "$file" and "$env" stand for below `n`, which is `depth` levels deep.
 * Errors are reported. */
void nv_conf_expand(struct nv_conf_node *n, unsigned depth);

/* See nave_conf_iface.dump. */
nave_err nv_conf_dump(struct nv_conf_node *n, struct nave_str *out);

/* Put `sets` into the tree, in order. Errors are reported. */
void nv_conf_apply_sets(struct nv_conf_doc *doc, const struct nv_conf_set *sets, size_t count);

#endif
