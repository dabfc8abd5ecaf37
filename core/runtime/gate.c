/* SPDX-License-Identifier: MIT
 *
 * A row of pointers, one a worker, so that changing one is an ordinary store of its owner.
 */
#include "gate.h"

#include <stdlib.h>

static void gate_accept(struct nave_protocol *p, struct nave_stream *s_take,
                        const struct nave_accept_info *info)
{
    struct nv_gate *g = (struct nv_gate *)(void *)p;
    struct nave_protocol *next = g->next[info->worker];

    if (NAVE_LIKELY(g->accepted.cells != NULL))
        nave_counter_add(&g->accepted, info->worker, 1);
    next->api->accept(next, s_take, info);
}

static const struct nave_protocol_iface gate_table = {
    .hdr = NAVE_IFACE(struct nave_protocol_iface, NAVE_PROTOCOL_ID, 0, NAVE_IFACE_DRAFT),
    .accept = gate_accept,
    .set_next = nave_default_set_next,
    .retire = nave_default_retire,
};

nave_err nv_gate_init(struct nv_gate *g, uint32_t workers, struct nave_protocol *next,
                      const struct nave_counter *accepted)
{
    uint32_t i;

    g->next = calloc(workers, sizeof(struct nave_protocol *));
    if (!g->next)
        return NAVE_ENOMEM;
    g->pub.api = &gate_table;
    g->accepted = *accepted;
    for (i = 0; i < workers; i++)
        g->next[i] = next;
    return NAVE_OK;
}

void nv_gate_set(struct nv_gate *g, uint32_t worker, struct nave_protocol *next)
{
    g->next[worker] = next;
}

void nv_gate_fini(struct nv_gate *g)
{
    free(g->next);
    g->next = NULL;
}
