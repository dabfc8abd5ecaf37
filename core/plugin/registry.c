/* SPDX-License-Identifier: MIT
 *
 * One entry per plugin instance. An entry owns its file, its handles and its counters; what the
 * plugin itself got from the host is counted here and reported when it was not given back.
 */
#include "registry.h"

#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "base/counter.h"
#include "runtime/runtime.h"

#define LINE_BYTES 64u

int32_t nv_same_service_name(const char *a, const char *b)
{
    const char *a_end = strrchr(a, '/'), *b_end = strrchr(b, '/');
    size_t a_len = a_end ? (size_t)(a_end - a) : strlen(a);
    size_t b_len = b_end ? (size_t)(b_end - b) : strlen(b);

    return a_len == b_len && memcmp(a, b, a_len) == 0;
}

nave_err nv_plugin_create(struct nave_runtime *rt, struct nv_plugin_file *file_take,
                          struct nave_conf *conf, struct nv_plugin **out_plugin)
{
    const struct nv_manifest *m = file_take->manifest;
    struct nv_plugin *p = calloc(1, sizeof(*p));

    if (!p)
        return NAVE_ENOMEM;
    p->needs = calloc(m->need_count + 1u, sizeof(*p->needs));
    p->services = calloc(m->provide_count + 1u, sizeof(*p->services));
    if (!p->needs || !p->services) {
        free(p->needs);
        free(p->services);
        free(p);
        return NAVE_ENOMEM;
    }
    p->rt = rt;
    p->id = m->id;
    p->file = file_take;
    p->conf = conf;
    *out_plugin = p;
    return NAVE_OK;
}

void nv_plugin_free_handles(struct nv_plugin *p)
{
    uint32_t i;

    for (i = 0; p->handles && i < p->rt->worker_count; i++)
        free(p->handles[i]);
    free(p->handles);
    p->handles = NULL;
}

void nv_plugin_destroy(struct nv_plugin *p)
{
    if (!p)
        return;
    nv_counters_destroy(p->counters);
    nv_plugin_free_handles(p);
    nv_check_forget(p->checks);
    free(p->needs);
    free(p->services);
    free(p->options);
    nv_loader_close(p->file);
    free(p);
}

nave_err nv_plugin_make_handles(struct nv_plugin *p)
{
    /* Each handle is written by one worker all the time: no two share a cache line. */
    size_t bytes = (sizeof(struct nv_worker_handle) + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
    uint32_t i;

    p->handles = calloc(p->rt->worker_count, sizeof(*p->handles));
    if (!p->handles)
        return NAVE_ENOMEM;
    for (i = 0; i < p->rt->worker_count; i++) {
        p->handles[i] = aligned_alloc(LINE_BYTES, bytes);
        if (!p->handles[i])
            return NAVE_ENOMEM; /* what there is goes with the plugin */
        memset(p->handles[i], 0, bytes);
        nv_worker_handle_init(p->handles[i], p->rt->threads.each[i].worker, p->id);
        p->handles[i]->siblings = p->handles;
    }
    nv_exec_init(&p->exec, p->handles);
    return NAVE_OK;
}

static void report_leak(struct nv_plugin *p, uint64_t count, const char *kind)
{
    if (count)
        nv_report_log(&p->rt->report, NAVE_LOG_WARN, p->id,
                      "plugin \"%s\" did not give back %llu %s", p->id, (unsigned long long)count,
                      kind);
}

void nv_plugin_report_leaks(struct nv_plugin *p)
{
    struct nv_usage sum = {0};
    uint64_t bytes = __atomic_load_n(&p->mem_bytes, __ATOMIC_RELAXED);
    uint64_t blocks = __atomic_load_n(&p->mem_blocks, __ATOMIC_RELAXED);
    uint32_t i;

    for (i = 0; p->handles && i < p->rt->worker_count; i++) {
        const struct nv_usage *u = &p->handles[i]->usage;

        sum.bytes += u->bytes;
        sum.allocs += u->allocs;
        sum.fds += u->fds;
        sum.timers += u->timers;
        sum.tasks += u->tasks;
        sum.holds += u->holds;
    }
    if (blocks || bytes)
        nv_report_log(&p->rt->report, NAVE_LOG_WARN, p->id,
                      "plugin \"%s\" did not give back %llu bytes of host memory in %llu blocks",
                      p->id, (unsigned long long)bytes, (unsigned long long)blocks);
    report_leak(p, sum.bytes, "bytes of worker memory");
    report_leak(p, sum.fds, "watched descriptors");
    report_leak(p, sum.timers, "timers");
    report_leak(p, sum.tasks, "tasks");
    report_leak(p, sum.holds, "holds");
}

struct nv_plugin *nv_registry_find(const struct nave_runtime *rt, struct nave_str id)
{
    uint32_t i;

    for (i = 0; i < rt->plugin_count; i++) {
        const char *one = rt->plugins[i]->id;

        if (strlen(one) == id.len && memcmp(one, id.ptr, id.len) == 0)
            return rt->plugins[i];
    }
    return NULL;
}
