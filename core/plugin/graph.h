/* SPDX-License-Identifier: MIT
 *
 * Who uses whom, among a fixed number of nodes known by their index. Pure: it knows no plugin and
 * reports nothing. Hard edges (services) must not close a circle; soft ones (wiring) are refused
 * when they would, so that an order always exists once the hard edges have one.
 */
#ifndef NV_GRAPH_H
#define NV_GRAPH_H

#include <nave/base.h>

struct nv_graph {
    uint32_t count;
    uint8_t *uses; /* uses[user * count + provider] */
};

/* Ready a graph of `count` nodes without edges. Errors: NAVE_ENOMEM. */
nave_err nv_graph_init(struct nv_graph *g, uint32_t count);

/* Give its memory back. A graph of zeroes is fine. */
void nv_graph_fini(struct nv_graph *g);

/* `user` needs `provider`. An edge to itself is not kept. */
void nv_graph_need(struct nv_graph *g, uint32_t user, uint32_t provider);

/* `user` should start after `provider`; not kept when it would close a circle. 1: it was kept or is
 * already there. */
int32_t nv_graph_prefer(struct nv_graph *g, uint32_t user, uint32_t provider);

/* 1 when `from` uses `to`, directly or through others. */
int32_t nv_graph_reaches(const struct nv_graph *g, uint32_t from, uint32_t to);

/* All nodes, providers before users and otherwise by index, into out_order[count]. Returns how many
 * were ordered: fewer than count when there is a circle. */
uint32_t nv_graph_order(const struct nv_graph *g, uint32_t *out_order);

/* The nodes of one circle, each using the next and the last the first, into out_path[count]. Returns
 * their number, 0 when there is no circle. */
uint32_t nv_graph_cycle(const struct nv_graph *g, uint32_t *out_path);

#endif
