/* SPDX-License-Identifier: MIT
 *
 * nave.conf/1: a cursor over one value of the configuration. It knows where its value stands, so
 * that whoever refuses it can say so: nave_conf_fail(). No JSON library crosses the boundary.
 */
#ifndef NAVE_CONF_H
#define NAVE_CONF_H

#include <nave/base.h>
#include <nave/error.h>
#include <nave/iface.h>

NAVE_BEGIN_DECLS

#define NAVE_CONF_ID "nave.conf/1"

#define NAVE_CONF_NULL   0u
#define NAVE_CONF_FLAG   1u /* true or false */
#define NAVE_CONF_INT    2u
#define NAVE_CONF_REAL   3u
#define NAVE_CONF_TEXT   4u
#define NAVE_CONF_LIST   5u
#define NAVE_CONF_OBJECT 6u

struct nave_conf;

/* "nave.conf/1" */
struct nave_conf_iface {
    struct nave_iface hdr;
    /* NAVE_CONF_*. Thread: [control]. */
    uint32_t (*kind)(const struct nave_conf *c);
    /* How many members or items; 0 for a scalar. Thread: [control]. */
    size_t (*count)(const struct nave_conf *c);
    /* Member or item `i`, in the order of the file. For an object, *out_key is its name, else it is
     * left alone; out_key may be NULL. NULL when there is none. Thread: [control]. Null: [out_key].
     * Owns: cursors and texts live as long as the one they came from. */
    struct nave_conf *(*at)(struct nave_conf *c, size_t i, struct nave_str *out_key);
    /* Member `key` of an object, or NULL. Thread: [control]. */
    struct nave_conf *(*get)(struct nave_conf *c, const char *key);
    /* The value. Errors: NAVE_EINVAL it is of another kind; nothing is written. Thread: [control]. */
    nave_err (*text)(const struct nave_conf *c, struct nave_str *out);
    nave_err (*integer)(const struct nave_conf *c, int64_t *out);
    nave_err (*real)(const struct nave_conf *c, double *out);
    nave_err (*flag)(const struct nave_conf *c, uint32_t *out);
    /* A duration text ("250ms", "10s", "5m", "1h", "2d") in nanoseconds. Thread: [control]. */
    nave_err (*duration)(const struct nave_conf *c, nave_nsec *out);
    /* A size: a whole number of bytes, or a text ("64KiB", "1MiB", "2GiB"). Thread: [control]. */
    nave_err (*bytes)(const struct nave_conf *c, uint64_t *out);
    /* The value as JSON text, compact. Thread: [control]. Owns: valid as long as the cursor. */
    nave_err (*dump)(struct nave_conf *c, struct nave_str *out);
    /* Report that this value is refused: file, position and JSON pointer are added. May be called
     * many times; all are shown. Thread: [control]. Borrows the text. */
    void (*fail)(const struct nave_conf *c, const char *text, size_t len);
};

/* A cursor. The head is frozen. */
struct nave_conf {
    const struct nave_conf_iface *api;
};

/* See nave_conf_iface.kind; a NULL cursor is NAVE_CONF_NULL. Thread: [control]. */
static inline uint32_t nave_conf_kind(const struct nave_conf *c)
{
    return c ? c->api->kind(c) : NAVE_CONF_NULL;
}

/* See nave_conf_iface.count; 0 for a NULL cursor. Thread: [control]. */
static inline size_t nave_conf_count(const struct nave_conf *c)
{
    return c ? c->api->count(c) : 0;
}

/* See nave_conf_iface.at. Thread: [control]. */
static inline struct nave_conf *nave_conf_at(struct nave_conf *c, size_t i,
                                             struct nave_str *out_key)
{
    return c ? c->api->at(c, i, out_key) : NULL;
}

/* See nave_conf_iface.get. Thread: [control]. */
static inline struct nave_conf *nave_conf_get(struct nave_conf *c, const char *key)
{
    return c ? c->api->get(c, key) : NULL;
}

NAVE_END_DECLS
#endif
