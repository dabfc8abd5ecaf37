/* SPDX-License-Identifier: MIT
 *
 * What is refused is counted, each time, and told with the address of the peer, at most once a second
 * for each peer: a flood of bad requests must not become a flood of lines.
 *
 * All workers share one small table of times, by a hash of the address. Peers of one place share its
 * line, so that there are never more than HTTP1_TOLD lines a second, however many peers there are.
 */
#include "http1.h"
#include "writer.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* The place of a peer: FNV-1a over what tells hosts apart, which its port does not. */
static uint32_t place_of(const struct nave_addr *peer)
{
    uint32_t hash = 2166136261u ^ peer->family;
    size_t i;

    for (i = 0; i < sizeof(peer->bytes); i++)
        hash = (hash ^ peer->bytes[i]) * 16777619u;
    return (hash ^ hash >> 16) % HTTP1_TOLD;
}

/* 1: the last line about this place is a second old; the place is taken for this one. */
static int32_t may_tell(struct http1_worker *hw, const struct nave_addr *peer)
{
    int64_t *told = &hw->plugin->told_ns[place_of(peer)];
    int64_t last = __atomic_load_n(told, __ATOMIC_RELAXED);
    int64_t now = nave_now(hw->w);

    if (last && now - last < NAVE_SEC)
        return 0;
    return __atomic_compare_exchange_n(told, &last, now ? now : 1, 0, __ATOMIC_RELAXED,
                                       __ATOMIC_RELAXED);
}

void http1_tell(struct http1_conn *c, uint32_t level, const char *text)
{
    struct nave_host *host = c->hw->plugin->host;
    struct nave_stream_info info;
    char address[INET6_ADDRSTRLEN] = "a peer";
    char line[160];

    if (!nave_host_logs(host, level))
        return;
    memset(&info, 0, sizeof(info));
    if (nave_stream_get_info(c->stream, &info) != NAVE_OK)
        info.peer.family = NAVE_ADDR_NONE;
    if (!may_tell(c->hw, &info.peer))
        return;
    if (info.peer.family == NAVE_ADDR_IP4)
        inet_ntop(AF_INET, info.peer.bytes, address, sizeof(address));
    else if (info.peer.family == NAVE_ADDR_IP6)
        inet_ntop(AF_INET6, info.peer.bytes, address, sizeof(address));
    else if (info.peer.family == NAVE_ADDR_UNIX)
        memcpy(address, "a local peer", sizeof("a local peer"));
    snprintf(line, sizeof(line), "%s: %s", address, text);
    host->api->log(host, level, line, strlen(line));
}

void http1_count_refusal(struct http1_conn *c, uint16_t status)
{
    struct http1_counters *n = &c->hw->plugin->counters;
    char text[96];

    http1_count(c->hw,
                status == 413 || status == 414 || status == 431 ? &n->too_large : &n->bad_requests);
    snprintf(text, sizeof(text), "a request is refused with %u %s", status, http1_reason(status));
    http1_tell(c, NAVE_LOG_INFO, text);
}

void http1_refuse(struct http1_conn *c, int32_t status)
{
    http1_count_refusal(c, (uint16_t)status);
    http1_exchange_error(c, NULL, (uint16_t)status);
}
