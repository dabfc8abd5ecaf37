/* SPDX-License-Identifier: MIT
 *
 * A matrix of bytes: a program has tens of plugins, so that clear and bounded beats clever. All
 * walks keep a visited mark per node, hence end after at most count * count steps.
 */
#include "graph.h"

#include <stdlib.h>
#include <string.h>

#include <nave/error.h>

static int32_t has_edge(const struct nv_graph *g, uint32_t user, uint32_t provider)
{
    return g->uses[(size_t)user * g->count + provider];
}

nave_err nv_graph_init(struct nv_graph *g, uint32_t count)
{
    g->count = count;
    g->uses = calloc(count ? (size_t)count * count : 1, 1);
    return g->uses ? NAVE_OK : NAVE_ENOMEM;
}

void nv_graph_fini(struct nv_graph *g)
{
    free(g->uses);
    g->uses = NULL;
    g->count = 0;
}

void nv_graph_need(struct nv_graph *g, uint32_t user, uint32_t provider)
{
    if (user != provider)
        g->uses[(size_t)user * g->count + provider] = 1;
}

int32_t nv_graph_prefer(struct nv_graph *g, uint32_t user, uint32_t provider)
{
    if (user == provider)
        return 1;
    if (nv_graph_reaches(g, provider, user))
        return 0;
    nv_graph_need(g, user, provider);
    return 1;
}

int32_t nv_graph_reaches(const struct nv_graph *g, uint32_t from, uint32_t to)
{
    /* Rounds of marking until nothing changes: no stack, no memory, at most count rounds. The marks
     * live in bit 1 of the diagonal, which no edge uses. */
    uint8_t *m = g->uses;
    size_t step = (size_t)g->count + 1;
    int32_t has_changed = 1, is_reached;
    uint32_t i, j;

    m[from * step] |= 2;
    while (has_changed) {
        has_changed = 0;
        for (i = 0; i < g->count; i++) {
            if (!(m[i * step] & 2))
                continue;
            for (j = 0; j < g->count; j++)
                if (i != j && has_edge(g, i, j) && !(m[j * step] & 2)) {
                    m[j * step] |= 2;
                    has_changed = 1;
                }
        }
    }
    is_reached = from != to && (m[to * step] & 2);
    for (i = 0; i < g->count; i++)
        m[i * step] = 0;
    return is_reached;
}

uint32_t nv_graph_order(const struct nv_graph *g, uint32_t *out_order)
{
    uint8_t *m = g->uses;
    size_t step = (size_t)g->count + 1;
    uint32_t done = 0, i, j;

    while (done < g->count) {
        for (i = 0; i < g->count; i++) {
            if (m[i * step])
                continue;
            for (j = 0; j < g->count; j++)
                if (i != j && has_edge(g, i, j) && !m[j * step])
                    break;
            if (j == g->count)
                break;
        }
        if (i == g->count)
            break;
        m[i * step] = 2;
        out_order[done++] = i;
    }
    for (i = 0; i < g->count; i++)
        m[i * step] = 0;
    return done;
}

uint32_t nv_graph_cycle(const struct nv_graph *g, uint32_t *out_path)
{
    uint32_t ordered = nv_graph_order(g, out_path);
    uint32_t at, i, j, n = 0;

    if (ordered == g->count)
        return 0;
    /* Every node that was not ordered uses one that was not ordered. Going from such a node to such
     * a node, one must be met again within count steps: there the circle begins. */
    for (at = 0; at < g->count; at++) {
        for (i = 0; i < ordered; i++)
            if (out_path[i] == at)
                break;
        if (i == ordered)
            break;
    }
    {
        uint8_t *m = g->uses;
        size_t step = (size_t)g->count + 1;

        for (i = 0; i < ordered; i++)
            m[out_path[i] * step] = 2;
        for (;;) {
            for (i = 0; i < n; i++)
                if (out_path[i] == at)
                    break;
            if (i < n)
                break;
            out_path[n++] = at;
            for (j = 0; j < g->count; j++)
                if (j != at && has_edge(g, at, j) && !m[j * step])
                    break;
            at = j;
        }
        for (j = 0; j < g->count; j++)
            m[j * step] = 0;
    }
    memmove(out_path, out_path + i, (n - i) * sizeof(*out_path));
    return n - i;
}
