/* SPDX-License-Identifier: MIT
 *
 * From a loaded document to a resolved runtime: the sections, the keys of the host, the plugins with
 * their manifests, the order. No plugin's code runs but the entries of static plugins. What can be
 * checked is checked even when something before it failed, so that all errors come in one go.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "base/cpus.h"
#include "base/near.h"
#include "conf/options.h"
#include "plugin_host.h"
#include "runtime.h"
#include "plugin/uses.h"
#include "base/value.h"
#include "world/world.h"

NAVE_OPTION_TABLE(runtime_table, nv_runtime_conf, NV_RUNTIME_CONF)

const struct nave_option_table *nv_runtime_table(void)
{
    return runtime_table();
}

static const char *const sections[] = {"runtime", "plugins", "listeners"};
static const char *const host_keys[] = {"$path", "$use", "$sha256", "$optional"};

/* The static plugins, until each is taken by the plugin of its id. */
struct statics {
    struct nv_plugin_file *files[NV_PLUGINS_MAX];
    uint32_t count;
};

static int32_t is_text(struct nave_str s, const char *text)
{
    return strlen(text) == s.len && memcmp(s.ptr, text, s.len) == 0;
}

/* The index of `word` among `names`, or `count`; `hint` gets the nearest name then. */
static size_t find_name(struct nave_str word, const char *const *names, size_t count,
                        char hint[NV_NEAR_HINT_MAX])
{
    struct nv_near near;
    size_t i;

    nv_near_init(&near, word);
    for (i = 0; i < count; i++) {
        if (is_text(word, names[i]))
            return i;
        nv_near_try(&near, names[i], strlen(names[i]));
    }
    nv_near_hint(&near, hint);
    return count;
}

/* --- the document ---------------------------------------------------------------------------- */

static void check_sections(struct nave_conf *root)
{
    char hint[NV_NEAR_HINT_MAX];
    size_t i;

    for (i = 0; i < nave_conf_count(root); i++) {
        struct nave_str key = {NULL, 0};
        struct nave_conf *value = nave_conf_at(root, i, &key);

        if (is_text(key, "$schema")) /* for editors */
            continue;
        if (find_name(key, sections, NAVE_COUNT(sections), hint) == NAVE_COUNT(sections))
            nv_conf_fail(value, NAVE_ECONFIG, NULL,
                         "there is no section \"%.*s\"; the sections are runtime, plugins and "
                         "listeners%s",
                         (int)nv_text_cut(key, 64), key.ptr, hint);
    }
}

/* Section `name`, or NULL when it is not there or was refused for its kind. */
static struct nave_conf *section(struct nave_conf *root, const char *name, uint32_t kind)
{
    struct nave_conf *c = nave_conf_get(root, name);

    if (!c || nave_conf_kind(c) == kind)
        return c;
    nv_conf_fail(c, NAVE_ECONFIG, NULL, "section \"%s\" must be %s, and this is %s", name,
                 nv_conf_kind_text(kind), nv_conf_kind_text(nave_conf_kind(c)));
    return NULL;
}

/* --- section runtime ------------------------------------------------------------------------- */

static void read_workers(struct nave_runtime *rt)
{
    struct nave_conf *c = rt->conf.workers;
    struct nave_str text = {NULL, 0};
    int64_t number = 0;

    rt->worker_count = rt->world ? NV_WORLD_WORKERS : nv_cpus();
    if (c && c->api->integer(c, &number) == NAVE_OK) {
        if (number < 1 || number > (int64_t)NV_WORKERS_MAX)
            nv_conf_fail(c, NAVE_ECONFIG, NULL,
                         "%lld workers are not possible; use 1 to %u, or \"auto\"",
                         (long long)number, NV_WORKERS_MAX);
        else
            rt->worker_count = (uint32_t)number;
    } else if (c && (c->api->text(c, &text) != NAVE_OK || !is_text(text, "auto"))) {
        nv_conf_fail(c, NAVE_ECONFIG, NULL,
                     "workers is a whole number, 1 to %u, or \"auto\" for one a processor",
                     NV_WORKERS_MAX);
    }
    if (rt->workers_asked)
        rt->worker_count = rt->workers_asked;
    if (rt->worker_count > NV_WORKERS_MAX)
        rt->worker_count = NV_WORKERS_MAX;
}

/* The validator of options leaves keys with '$' to the host; this section has none. */
static void refuse_host_keys(struct nave_conf *c)
{
    size_t i;

    for (i = 0; i < nave_conf_count(c); i++) {
        struct nave_str key = {NULL, 0};
        struct nave_conf *value = nave_conf_at(c, i, &key);

        if (key.len > 0 && key.ptr[0] == '$')
            nv_conf_fail(value, NAVE_ECONFIG, NULL,
                         "\"%.*s\": keys that begin with '$' stand in the object of a plugin only",
                         (int)nv_text_cut(key, 64), key.ptr);
    }
}

static void check_backend(struct nave_conf *c)
{
    const char *const *backends = nv_worker_backends();
    struct nave_str word = {"auto", 4};
    char hint[NV_NEAR_HINT_MAX];
    size_t count = 0;

    while (backends[count])
        count++;
    if (!c || c->api->text(c, &word) != NAVE_OK || is_text(word, "auto")) /* no text: reported */
        return;
    if (find_name(word, backends, count, hint) == count)
        nv_conf_fail(c, NAVE_ECONFIG, NULL,
                     "there is no backend \"%.*s\" on this machine%s; \"auto\" takes the best",
                     (int)nv_text_cut(word, 64), word.ptr, hint);
}

/* Errors: NAVE_ENOMEM. */
static nave_err read_runtime(struct nave_runtime *rt, struct nave_conf *c)
{
    const struct nv_options_owner owner = {"the runtime", NULL, NULL};
    nave_err err;

    refuse_host_keys(c);
    err = nv_options_fill(runtime_table(), c, &rt->conf, &rt->report, &owner);
    if (err) /* reported; what the table does not know is checked all the same */
        rt->conf.workers = nave_conf_get(c, "workers");
    read_workers(rt);
    check_backend(nave_conf_get(c, "backend"));
    refuse_host_keys(nave_conf_get(c, "log"));
    err = nv_admin_read(nave_conf_get(c, "admin"), rt->admin_path);
    if (err)
        return err;
    return nv_runtime_log_read(rt, nave_conf_get(c, "log"));
}

/* --- section plugins ------------------------------------------------------------------------- */

/* 1 when the newest static plugin has the id of one before it. */
static int32_t is_there_twice(const struct statics *s)
{
    const char *id = s->files[s->count]->manifest->id;
    uint32_t i;

    for (i = 0; i < s->count; i++)
        if (strcmp(s->files[i]->manifest->id, id) == 0)
            return 1;
    return 0;
}

/* Errors: NAVE_ENOMEM. One that is refused is reported, and not there. */
static nave_err take_statics(struct nave_runtime *rt, struct statics *s)
{
    nave_err err;
    uint32_t i;

    for (i = 0; rt->static_plugins && rt->static_plugins[i] && s->count < NV_PLUGINS_MAX; i++) {
        struct nv_plugin_file **file = &s->files[s->count];

        err = nv_loader_static(rt->static_plugins[i], &rt->report, file);
        if (err == NAVE_ENOMEM)
            return err;
        if (!err && is_there_twice(s)) {
            const struct nv_place at = {.plugin = (*file)->manifest->id};

            nv_report_error(&rt->report, NAVE_EEXIST, &at,
                            "two static plugins have the id \"%s\", so that it does not say which; "
                            "take one out of static_plugins",
                            at.plugin);
            nv_loader_close(*file);
        } else if (!err) {
            s->count++;
        }
    }
    return NAVE_OK;
}

static struct nv_plugin_file *static_of(struct statics *s, const char *id)
{
    struct nv_plugin_file *f;
    uint32_t i;

    for (i = 0; i < s->count; i++) {
        if (!s->files[i] || strcmp(s->files[i]->manifest->id, id) != 0)
            continue;
        f = s->files[i];
        s->files[i] = NULL;
        return f;
    }
    return NULL;
}

static void close_statics(struct statics *s)
{
    uint32_t i;

    for (i = 0; i < s->count; i++)
        nv_loader_close(s->files[i]);
}

static void check_use_texts(struct nave_conf *use)
{
    size_t i;

    if (nave_conf_kind(use) != NAVE_CONF_OBJECT) {
        nv_conf_fail(use, NAVE_ECONFIG, NULL,
                     "\"$use\" is an object from the id of a service to the plugin that shall "
                     "provide it, and this is %s",
                     nv_conf_kind_text(nave_conf_kind(use)));
        return;
    }
    for (i = 0; i < nave_conf_count(use); i++) {
        struct nave_conf *value = nave_conf_at(use, i, NULL);

        if (nave_conf_kind(value) != NAVE_CONF_TEXT)
            nv_conf_fail(value, NAVE_ECONFIG, NULL, "the id of a plugin is a text, not %s",
                         nv_conf_kind_text(nave_conf_kind(value)));
    }
}

/* What the keys of the host say of the file of a plugin. */
struct file_keys {
    char *path;                  /* for free(); NULL: not said */
    char sha256[NV_DIGEST_TEXT]; /* "": not said               */
    struct nave_conf *sha256_at;
    uint32_t is_optional; /* the file may be missing */
};

/* Errors: NAVE_ECONFIG reported. */
static nave_err read_sha256(struct nave_conf *value, struct file_keys *keys)
{
    struct nave_str text = {NULL, 0};

    if (value->api->text(value, &text) != NAVE_OK || nv_digest_parse(text, keys->sha256)) {
        nv_conf_fail(value, NAVE_ECONFIG, NULL,
                     "\"$sha256\" is the digest of the plugin's file, a text of 64 hex digits; "
                     "sha256sum FILE prints it");
        return NAVE_ECONFIG;
    }
    keys->sha256_at = value;
    return NAVE_OK;
}

/* The keys of the host in the object of a plugin. Errors: NAVE_ECONFIG one about the file is not
 * usable; NAVE_ENOMEM. */
static nave_err read_host_keys(struct nave_conf *c, struct file_keys *keys)
{
    char hint[NV_NEAR_HINT_MAX];
    nave_err err = NAVE_OK;
    size_t i, k;

    for (i = 0; i < nave_conf_count(c); i++) {
        struct nave_str key = {NULL, 0}, path = {NULL, 0};
        struct nave_conf *value = nave_conf_at(c, i, &key);

        if (!key.len || key.ptr[0] != '$')
            continue;
        k = find_name(key, host_keys, NAVE_COUNT(host_keys), hint);
        if (k == NAVE_COUNT(host_keys)) {
            nv_conf_fail(value, NAVE_ECONFIG, NULL,
                         "\"%.*s\" is no key of the host; they are \"$optional\", \"$path\", "
                         "\"$sha256\" and "
                         "\"$use\"%s",
                         (int)nv_text_cut(key, 64), key.ptr, hint);
        } else if (k == 1) {
            check_use_texts(value);
        } else if (k == 2) {
            if (read_sha256(value, keys) != NAVE_OK && !err)
                err = NAVE_ECONFIG;
        } else if (k == 3) {
            if (value->api->flag(value, &keys->is_optional) != NAVE_OK)
                nv_conf_fail(value, NAVE_ECONFIG, NULL,
                             "\"$optional\" is true or false: whether the plugin's file may be "
                             "missing");
        } else if (value->api->text(value, &path) != NAVE_OK || !path.len) {
            nv_conf_fail(value, NAVE_ECONFIG, NULL,
                         "\"$path\" is the path of the plugin's file, a text");
            err = NAVE_ECONFIG;
        } else {
            nave_err failed = nv_conf_resolve(value, path, &keys->path);

            err = failed ? failed : err;
            if (failed && failed != NAVE_ENOMEM)
                nv_conf_fail(value, err, NULL, "the path cannot be made absolute: %s",
                             nave_err_text(failed));
        }
    }
    return err;
}

/* Optional plugin `id` is not there. Errors: NAVE_ENOMEM. */
static nave_err leave_out(struct nave_runtime *rt, const char *id)
{
    size_t len = rt->left_out ? strlen(rt->left_out) : 1;
    char *grown = realloc(rt->left_out, len + strlen(id) + 2);

    if (!grown)
        return NAVE_ENOMEM;
    rt->left_out = grown;
    grown[0] = '\n';
    memcpy(grown + len, id, strlen(id));
    memcpy(grown + len + strlen(id), "\n", 2);
    nv_report_log(&rt->report, NAVE_LOG_INFO, NULL,
                  "plugin \"%s\" is optional and not there: it is left out", id);
    return NAVE_OK;
}

/* *out_file stays NULL when the plugin is left out. */
static nave_err find_file(struct nave_runtime *rt, const char *id, struct nave_conf *c,
                          struct statics *statics, struct nv_plugin_file **out_file)
{
    const char *search = rt->plugin_path ? rt->plugin_path : NV_PLUGIN_DIR;
    struct file_keys keys = {.path = NULL};
    nave_err err = read_host_keys(c, &keys);

    if (!err) {
        *out_file = keys.path ? NULL : static_of(statics, id);
        if (!*out_file && keys.is_optional && !nv_loader_is_there(id, keys.path, search)) {
            err = leave_out(rt, id);
        } else if (!*out_file) {
            err = nv_loader_find_pinned(id, keys.path, search, keys.sha256_at ? keys.sha256 : NULL,
                                        keys.sha256_at, c, &rt->report, out_file);
        } else if (keys.sha256_at) {
            err = NAVE_ECONFIG;
            nv_conf_fail(keys.sha256_at, err, id,
                         "plugin \"%s\" is a part of this program and has no file of its own; take "
                         "\"$sha256\" out, or give \"$path\"",
                         id);
            nv_loader_close(*out_file);
        }
    }
    free(keys.path);
    return err;
}

static nave_err add_plugin(struct nave_runtime *rt, struct nv_plugin_file *file,
                           struct nave_conf *c)
{
    char what[96];
    const struct nv_options_owner owner = {what, file->manifest->id, c};
    struct nv_plugin *p;
    nave_err err = nv_plugin_create(rt, file, c, &p);

    if (err) {
        nv_loader_close(file);
        return err;
    }
    p->host.api = rt->is_checked ? &nv_host_checked_table : &nv_host_table;
    nv_channels_init(&p->channels, rt, &p->host);
    nv_blocking_handle_init(&p->blocking, &rt->blocking, p->id, rt->is_checked);
    p->host.log_level = NAVE_LOG_ERROR; /* until nv_runtime_log_apply */
    p->index = rt->plugin_count;
    rt->plugins[rt->plugin_count++] = p;
    snprintf(what, sizeof(what), "plugin \"%s\"", p->id);
    err = nv_options_check(file->manifest->options, file->manifest->option_count, c, &rt->report,
                           &owner);
    return err == NAVE_ENOMEM ? err : NAVE_OK; /* what was refused was reported */
}

/* Read one member of section plugins. `unread` gets the id when its file could not be read.
 * Errors: NAVE_ENOMEM. */
static nave_err read_plugin(struct nave_runtime *rt, struct nave_str key, struct nave_conf *c,
                            struct statics *statics, char *unread)
{
    struct nv_plugin_file *file = NULL;
    char id[80];
    nave_err err;

    if (!nv_value_is_id(key) || key.len >= sizeof(id)) {
        nv_conf_fail(c, NAVE_ECONFIG, NULL,
                     "\"%.*s\" is no id of a plugin: words of a-z, 0-9, '-' and '_' that begin "
                     "with a letter, with '.' between, at most 64 bytes",
                     (int)nv_text_cut(key, 80), key.ptr);
        return NAVE_OK;
    }
    memcpy(id, key.ptr, key.len);
    id[key.len] = '\0';
    if (nave_conf_kind(c) != NAVE_CONF_OBJECT) {
        nv_conf_fail(c, NAVE_ECONFIG, id,
                     "the options of plugin \"%s\" are an object, and this is %s; use {} for the "
                     "defaults",
                     id, nv_conf_kind_text(nave_conf_kind(c)));
        err = NAVE_ECONFIG;
    } else {
        err = find_file(rt, id, c, statics, &file);
    }
    if (!err)
        return file ? add_plugin(rt, file, c) : NAVE_OK;
    strcat(strcat(unread, id), "\n");
    return err == NAVE_ENOMEM ? err : NAVE_OK;
}

static nave_err read_plugins(struct nave_runtime *rt, struct nave_conf *c, char **out_unread)
{
    struct statics *statics;
    size_t i, count = nave_conf_count(c), bytes = 2;
    nave_err err = NAVE_OK;

    if (count > NV_PLUGINS_MAX) {
        nv_conf_fail(c, NAVE_ECONFIG, NULL, "there are %zu plugins, and %u are the most", count,
                     NV_PLUGINS_MAX);
        count = NV_PLUGINS_MAX;
    }
    for (i = 0; i < count; i++) {
        struct nave_str key = {NULL, 0};

        (void)nave_conf_at(c, i, &key);
        bytes += key.len + 1;
    }
    rt->plugins = calloc(count + 1, sizeof(struct nv_plugin *));
    *out_unread = calloc(bytes, 1);
    statics = calloc(1, sizeof(*statics));
    if (!rt->plugins || !*out_unread || !statics) {
        free(statics);
        return NAVE_ENOMEM;
    }
    (*out_unread)[0] = '\n';
    err = take_statics(rt, statics);
    for (i = 0; i < count && !err; i++) {
        struct nave_str key = {NULL, 0};
        struct nave_conf *one = nave_conf_at(c, i, &key);

        err = read_plugin(rt, key, one, statics, *out_unread);
    }
    close_statics(statics);
    free(statics);
    return err;
}

/* --- all of it ------------------------------------------------------------------------------- */

nave_err nv_runtime_resolve(struct nave_runtime *rt)
{
    struct nave_conf *root = nv_conf_root(rt->doc);
    uint64_t errors = nv_report_errors(&rt->report);
    char *unread = NULL;
    nave_err err;

    rt->worker_count = 1;
    check_sections(root);
    err = read_runtime(rt, section(root, "runtime", NAVE_CONF_OBJECT));
    if (err)
        goto done;
    err = read_plugins(rt, section(root, "plugins", NAVE_CONF_OBJECT), &unread);
    if (err)
        goto done;
    nv_runtime_log_check(rt);
    nv_runtime_log_apply(rt);
    err = nv_graph_init(&rt->graph, rt->plugin_count);
    if (err)
        goto done;
    err = nv_registry_resolve(rt, unread[1] == '\0');
    if (err == NAVE_ENOMEM)
        goto done;
    err = nv_uses_check(rt, unread);
    if (err)
        goto done;
    err = nv_wiring_resolve(rt, section(root, "listeners", NAVE_CONF_LIST), unread);
    if (err == NAVE_ENOMEM)
        goto done;
    rt->order = calloc(rt->plugin_count + 1u, sizeof(*rt->order));
    err = NAVE_ENOMEM;
    if (!rt->order)
        goto done;
    err = NAVE_OK;
    /* A circle of services was reported; wiring never closes one. */
    if (nv_graph_order(&rt->graph, rt->order) != rt->plugin_count ||
        nv_report_errors(&rt->report) != errors)
        err = NAVE_ECONFIG;

done:
    free(unread);
    if (err == NAVE_ENOMEM)
        nv_report_error(&rt->report, err, NULL, "out of memory while reading the configuration");
    return err;
}

void nv_runtime_unresolve(struct nave_runtime *rt)
{
    nv_wiring_unresolve(rt);
    nv_graph_fini(&rt->graph);
    free(rt->order);
    rt->order = NULL;
    while (rt->plugin_count > 0)
        nv_plugin_destroy(rt->plugins[--rt->plugin_count]);
    free(rt->plugins);
    rt->plugins = NULL;
    free(rt->left_out);
    rt->left_out = NULL;
    memset(&rt->conf, 0, sizeof(rt->conf));
    free(rt->log_conf);
    rt->log_conf = NULL;
}
