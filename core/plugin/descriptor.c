/* SPDX-License-Identifier: MIT
 *
 * Is a descriptor sound, and the one that its manifest promised? The tag first, by bytes that never
 * move, then sizes, then what stands behind them.
 */
#include "descriptor.h"

#include <stddef.h>
#include <string.h>

#include "conf/options.h"

#define TAG_BYTES 24u
#define SIZED_MAX 4096u /* no struct of a descriptor is larger */

/* A sized struct may be larger than ours while what we do not know is zero (law 2). */
static nave_err check_size(const void *sized, uint32_t size, size_t known, const char *what,
                           struct nv_why *why)
{
    const unsigned char *bytes = sized;
    size_t i;

    if (size < known || size > SIZED_MAX)
        return nv_why_set(why, NAVE_EINVAL,
                          "%s has size %u, this host takes %zu to %u; rebuild it with its SDK",
                          what, size, known, SIZED_MAX);
    for (i = known; i < size; i++) {
        if (bytes[i])
            return nv_why_set(why, NAVE_ETOONEW,
                              "%s uses a field at byte %zu that this host does not know; use a "
                              "newer host",
                              what, i);
    }
    return NAVE_OK;
}

static nave_err check_tag(const struct nave_abi_tag *tag, struct nv_why *why)
{
    if (tag->magic != NAVE_ABI_MAGIC || tag->tag_size != TAG_BYTES)
        return nv_why_set(why, NAVE_ENOTPLUGIN,
                          "the descriptor does not begin with the tag of a Nave plugin");
    if (tag->abi_major != NAVE_ABI_MAJOR)
        return nv_why_set(why, NAVE_EMAJOR,
                          "it was built for plugin ABI %u, this host has %u; rebuild it with the "
                          "SDK of this host",
                          tag->abi_major, NAVE_ABI_MAJOR);
    if (tag->ptr_size != sizeof(void *) || tag->size_t_size != sizeof(size_t) ||
        tag->max_align != _Alignof(max_align_t))
        return nv_why_set(why, NAVE_EABI,
                          "its pointers, size_t and largest alignment have %u, %u and %u bytes, "
                          "those of this host %zu, %zu and %zu; rebuild it for this machine",
                          tag->ptr_size, tag->size_t_size, tag->max_align, sizeof(void *),
                          sizeof(size_t), _Alignof(max_align_t));
    if (tag->endian != (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 1 : 2))
        return nv_why_set(why, NAVE_EABI,
                          "it has another byte order than this host; rebuild it for this machine");
    if (tag->need_minor > NAVE_ABI_MINOR)
        return nv_why_set(why, NAVE_ETOOOLD,
                          "it needs plugin ABI %u.%u, this host has %u.%u; use a newer host, or "
                          "rebuild it with a lower NAVE_TARGET_MINOR",
                          tag->abi_major, tag->need_minor, NAVE_ABI_MAJOR, NAVE_ABI_MINOR);
    return NAVE_OK;
}

static nave_err check_ops(const struct nave_plugin_ops *ops, struct nv_why *why)
{
    nave_err err = check_size(ops, ops->size, sizeof(*ops), "the table of operations", why);
    const char *empty = !ops->create         ? "create"
                        : !ops->prepare      ? "prepare"
                        : !ops->commit       ? "commit"
                        : !ops->abort        ? "abort"
                        : !ops->start        ? "start"
                        : !ops->worker_start ? "worker_start"
                        : !ops->worker_drain ? "worker_drain"
                        : !ops->worker_stop  ? "worker_stop"
                        : !ops->stop         ? "stop"
                        : !ops->destroy      ? "destroy"
                                             : NULL;

    if (err)
        return err;
    if (empty)
        return nv_why_set(why, NAVE_EINVAL,
                          "slot \"%s\" of its operations is empty; fill it, nave_default_* do "
                          "nothing",
                          empty);
    return NAVE_OK;
}

static nave_err differs(struct nv_why *why, const char *what)
{
    return nv_why_set(why, NAVE_EINVAL,
                      "%s of its descriptor are not those of its manifest; both are made by "
                      "<nave/define.h>",
                      what);
}

static int is_same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static nave_err check_deps(const struct nave_dep *const *deps, const struct nv_manifest_dep *known,
                           uint32_t count, const char *what, struct nv_why *why)
{
    uint32_t i;
    nave_err err;

    for (i = 0; i < count; i++) {
        if (!deps[i])
            return differs(why, what);
        err = check_size(deps[i], deps[i]->size, sizeof(*deps[i]), what, why);
        if (err)
            return err;
        if (!is_same(deps[i]->id, known[i].id) || deps[i]->min_minor != known[i].min_minor ||
            deps[i]->flags != known[i].flags)
            return differs(why, what);
    }
    return deps[count] ? differs(why, what) : NAVE_OK;
}

static nave_err check_option_table(const struct nave_option_table *table,
                                   const struct nave_option *known, uint32_t count,
                                   struct nv_why *why)
{
    uint32_t i;
    nave_err err = nv_options_check_table(table, why);

    if (err)
        return err;
    if (table->count != count)
        return differs(why, "the options");
    for (i = 0; i < count; i++) {
        const struct nave_option *row = &table->rows[i];

        if (row->kind != known[i].kind || row->flags != known[i].flags ||
            !is_same(row->name, known[i].name) ||
            !is_same(row->default_text, known[i].default_text) ||
            !is_same(row->min_text, known[i].min_text) ||
            !is_same(row->max_text, known[i].max_text))
            return differs(why, "the options");
    }
    return NAVE_OK;
}

static nave_err check_roles(const struct nave_role *const *roles, const struct nv_manifest *m,
                            struct nv_why *why)
{
    uint32_t i;
    nave_err err;

    for (i = 0; i < m->role_count; i++) {
        const struct nv_manifest_role *known = &m->roles[i];

        if (!roles[i])
            return differs(why, "the roles");
        err = check_size(roles[i], roles[i]->size, sizeof(*roles[i]), "a role", why);
        if (err)
            return err;
        if (!is_same(roles[i]->kind, known->kind) || !is_same(roles[i]->name, known->name) ||
            !is_same(roles[i]->iface, known->iface))
            return differs(why, "the roles");
        if (!roles[i]->options || !roles[i]->make || !roles[i]->unmake)
            return nv_why_set(why, NAVE_EINVAL, "%s \"%s\" has an empty slot: fill %s", known->kind,
                              known->name,
                              !roles[i]->options ? "options"
                              : !roles[i]->make  ? "make"
                                                 : "unmake");
        err = check_option_table(roles[i]->options(), known->options, known->option_count, why);
        if (err)
            return err;
    }
    return roles[m->role_count] ? differs(why, "the roles") : NAVE_OK;
}

/* What stands behind a good tag. */
static nave_err check_body(const struct nave_plugin *desc, const struct nv_manifest *m,
                           struct nv_why *why)
{
    nave_err err;

    if (desc->manifest_len != m->text_len || memcmp(desc->manifest, m->text, m->text_len) != 0)
        return nv_why_set(why, NAVE_EINVAL,
                          "the manifest in memory is not the one in the file; rebuild it");
    if (!is_same(desc->id, m->id) || !is_same(desc->version, m->version) ||
        desc->tag.need_minor != m->need_minor || desc->tag.built_minor != m->built_minor)
        return differs(why, "id, version and ABI");
    err = check_ops(desc->ops, why);
    if (!err)
        err = check_deps(desc->needs, m->needs, m->need_count, "the needs", why);
    if (!err)
        err = check_deps(desc->provides, m->provides, m->provide_count, "the provides", why);
    if (!err)
        err = check_option_table(desc->options(), m->options, m->option_count, why);
    if (!err)
        err = check_roles(desc->roles, m, why);
    return err;
}

static nave_err check_descriptor(const struct nave_plugin *desc, const struct nv_manifest *m,
                                 struct nv_why *why)
{
    struct nv_manifest *own = NULL;
    nave_err err;

    if (!desc)
        return nv_why_set(why, NAVE_ENOTPLUGIN, "its entry returned no descriptor");
    err = check_tag(&desc->tag, why);
    if (!err)
        err = check_size(desc, desc->tag.desc_size, sizeof(*desc), "the descriptor", why);
    if (err)
        return err;
    if (!desc->id || !desc->version || !desc->manifest || !desc->needs || !desc->provides ||
        !desc->roles || !desc->options || !desc->ops)
        return nv_why_set(why, NAVE_EINVAL,
                          "its descriptor has an empty field; make it with <nave/define.h>");
    if (desc->manifest_len > NV_MANIFEST_BYTES_MAX)
        return nv_why_set(why, NAVE_ETOOBIG, "its manifest is larger than %u bytes",
                          NV_MANIFEST_BYTES_MAX);
    if (!m) {
        err = nv_manifest_parse(desc->manifest, (size_t)desc->manifest_len, &own, why);
        m = own;
    }
    if (!err)
        err = check_body(desc, m, why);
    nv_manifest_destroy(own);
    return err;
}

nave_err nv_descriptor_check(const struct nave_plugin *desc, const struct nv_manifest *m,
                             const char *file_name, struct nv_why *why)
{
    struct nv_why inner = {{0}};
    nave_err err = check_descriptor(desc, m, &inner);

    return err ? nv_why_set(why, err, "%s is refused: %s", file_name, inner.text) : NAVE_OK;
}
