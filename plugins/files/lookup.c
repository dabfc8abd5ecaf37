/* SPDX-License-Identifier: MIT
 *
 * What is known of a name, and for how long. An entry is used until its time is over; then the name is
 * looked at again, and contents that have not changed move into the new entry. So an answer is never
 * older than cache_valid, and a request that finds what it needs here makes no system call.
 */
#include "files.h"

#include <string.h>

static struct files_entry *entry_of(struct files_slot *s)
{
    return (struct files_entry *)(void *)s;
}

static void found_drop(struct files_found *f)
{
    uint32_t i;

    for (i = 0; i < FILES_CODING_COUNT; i++)
        files_content_drop(f->contents[i]);
}

static void entry_free(struct files_worker *fw, struct files_entry *e)
{
    found_drop(&e->found);
    nave_host_free(fw->plugin->host, e, sizeof(*e) + e->slot.key_len);
}

static void forget(struct files_worker *fw, struct files_slot *s)
{
    files_cache_remove(&fw->cache, s);
    entry_free(fw, entry_of(s));
}

static void keep_bounds(struct files_worker *fw)
{
    const struct files_options *o = &fw->plugin->options;
    struct files_slot *s;

    while ((s = files_cache_excess(&fw->cache, o->cache_entries, o->cache_memory)) != NULL) {
        files_count(fw, &fw->plugin->counters.evicted);
        forget(fw, s);
    }
}

/* 1: forgetting the entry closes a descriptor. */
static int holds_descriptor(const struct files_entry *e)
{
    uint32_t i;

    for (i = 0; i < FILES_CODING_COUNT; i++) {
        const struct files_content *c = e->found.contents[i];

        if (c && c->fd >= 0 && c->refs == 1)
            return 1;
    }
    return 0;
}

int files_lookup_free_descriptor(struct files_worker *fw)
{
    struct files_slot *s;

    for (s = fw->cache.oldest; s; s = s->newer) {
        if (holds_descriptor(entry_of(s))) {
            files_count(fw, &fw->plugin->counters.evicted);
            forget(fw, s);
            return 1;
        }
    }
    return 0;
}

/* An entry that is asked for is looked at again when its time is over: one whose time has long been over
 * was not asked for. The timer is armed while there are entries. */
static void on_sweep(struct nave_timer *timer, void *arg)
{
    struct files_worker *fw = arg;
    nave_nsec idle = fw->plugin->options.cache_idle;

    while (fw->cache.oldest &&
           nave_now(fw->w) - entry_of(fw->cache.oldest)->valid_until_ns >= idle) {
        files_count(fw, &fw->plugin->counters.idle);
        forget(fw, fw->cache.oldest);
    }
    if (fw->cache.oldest)
        nave_timer_start(fw->w, timer, idle, on_sweep, fw);
}

void files_lookup_forget_all(struct files_worker *fw)
{
    nave_timer_stop(fw->w, &fw->sweep);
    while (fw->cache.oldest)
        forget(fw, fw->cache.oldest);
}

static struct files_entry *entry_new(struct files_worker *fw, const struct files_root *root,
                                     const char *path, size_t len, uint64_t hash)
{
    struct files_entry *e = nave_host_alloc(fw->plugin->host, sizeof(*e) + len);

    if (!e)
        return NULL;
    memset(e, 0, sizeof(*e));
    if (len > 0)
        memcpy(e->key, path, len);
    e->slot.key = e->key;
    e->slot.key_len = (uint32_t)len;
    e->slot.hash = hash;
    e->slot.root = root->id;
    return e;
}

static uint32_t cost_of(const struct files_entry *e)
{
    size_t cost = sizeof(*e) + e->slot.key_len;
    uint32_t i;

    for (i = 0; i < FILES_CODING_COUNT; i++)
        cost += e->found.contents[i] ? e->found.contents[i]->block : 0;
    return (uint32_t)cost;
}

static const struct files_entry *busy(struct files_worker *fw, uint16_t *out_status)
{
    files_count(fw, &fw->plugin->counters.busy);
    *out_status = 503;
    return NULL;
}

/* What is in `e` is too old, or nothing yet: look. It stands in no list meanwhile, out of reach of
 * those who need room. What is too old stays when there is no answer, to be compared with. */
static const struct files_entry *look(struct files_worker *fw, const struct files_root *root,
                                      struct files_entry *e, int is_new, uint16_t *out_status)
{
    struct files_found now;
    int done = files_load(fw, root, e->key, e->slot.key_len, is_new ? NULL : &e->found, &now);

    if (!done && is_new) {
        entry_free(fw, e);
        return busy(fw, out_status);
    }
    if (done) {
        found_drop(&e->found);
        e->found = now;
        e->slot.cost = cost_of(e);
        e->valid_until_ns = nave_now(fw->w) + fw->plugin->options.cache_valid;
    }
    files_cache_add(&fw->cache, &e->slot);
    keep_bounds(fw);
    if (!nave_timer_is_armed(&fw->sweep))
        nave_timer_start(fw->w, &fw->sweep, fw->plugin->options.cache_idle, on_sweep, fw);
    return done ? e : busy(fw, out_status);
}

static const struct files_entry *look_at_new(struct files_worker *fw, const struct files_root *root,
                                             const char *path, size_t len, uint64_t hash,
                                             uint16_t *out_status)
{
    struct files_entry *e;

    if (files_path_check(path, len, (int)root->options->dotfiles) != FILES_PATH_OK) {
        files_count(fw, &fw->plugin->counters.refused);
        *out_status = 404;
        return NULL;
    }
    e = entry_new(fw, root, path, len, hash);
    return e ? look(fw, root, e, 1, out_status) : busy(fw, out_status);
}

const struct files_entry *files_lookup(struct files_worker *fw, const struct files_root *root,
                                       const char *path, size_t len, uint16_t *out_status)
{
    uint64_t hash = files_cache_hash(&fw->cache, root->id, path, len);
    struct files_slot *s = files_cache_find(&fw->cache, hash, root->id, path, len);

    if (NAVE_LIKELY(s != NULL) && NAVE_LIKELY(nave_now(fw->w) < entry_of(s)->valid_until_ns)) {
        files_count(fw, &fw->plugin->counters.hits);
        return entry_of(s);
    }
    if (!s)
        return look_at_new(fw, root, path, len, hash, out_status);
    files_cache_remove(&fw->cache, s);
    return look(fw, root, entry_of(s), 0, out_status);
}
