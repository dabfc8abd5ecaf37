/* SPDX-License-Identifier: MIT
 *
 * Addresses from and to texts. The grammar is host ":" port; an IPv6 host stands in brackets
 * (RFC 3986 3.2.2) and may carry a zone (RFC 4007 11). Only a name that is not numeric is looked up,
 * and only while the configuration is taken.
 */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#include "addr.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* A port: one to five digits, at most 65535. */
static nave_err parse_port(const char *text, size_t len, uint16_t *out_port, char *message,
                           size_t room)
{
    uint32_t port = 0;
    size_t i;

    for (i = 0; i < len && i < 6 && text[i] >= '0' && text[i] <= '9'; i++)
        port = port * 10 + (uint32_t)(text[i] - '0');
    if (len == 0) {
        snprintf(message, room, "the port is missing: write a number from 0 to 65535 after ':'");
        return NAVE_ESYNTAX;
    }
    if (i != len || len > 5 || port > 65535) {
        snprintf(message, room, "port \"%.*s\" is not a number from 0 to 65535",
                 (int)(len > 16 ? 16 : len), text);
        return NAVE_ESYNTAX;
    }
    *out_port = (uint16_t)port;
    return NAVE_OK;
}

/* What stands between the brackets: an IPv6 address, with a zone at will. */
static nave_err parse_ip6(const char *host, struct nave_addr *out, char *message, size_t room)
{
    char bare[TCP_ADDRESS_TEXT_MAX];
    const char *zone = strchr(host, '%');
    struct in6_addr ip;
    uint32_t scope = 0;

    snprintf(bare, sizeof(bare), "%.*s", zone ? (int)(zone - host) : (int)strlen(host), host);
    if (inet_pton(AF_INET6, bare, &ip) != 1) {
        snprintf(message, room, "\"[%s]\" is not an IPv6 address; one looks like [::1]", host);
        return NAVE_ESYNTAX;
    }
    if (zone) {
        scope = if_nametoindex(zone + 1);
        if (scope == 0) {
            snprintf(message, room, "there is no network interface \"%s\"", zone + 1);
            return NAVE_ENOTFOUND;
        }
    }
    out->family = NAVE_ADDR_IP6;
    out->scope = scope;
    memcpy(out->bytes, &ip, sizeof(ip));
    return NAVE_OK;
}

/* A name, by the system's resolver; its first address. */
static nave_err look_up(const char *host, struct nave_addr *out, char *message, size_t room)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    int code = getaddrinfo(host, NULL, &hints, &found);

    if (code != 0) {
        snprintf(message, room, "host \"%s\" cannot be found: %s", host, gai_strerror(code));
        return NAVE_ENOTFOUND;
    }
    if (found->ai_family == AF_INET6) {
        struct sockaddr_in6 sa;

        memcpy(&sa, found->ai_addr, sizeof(sa));
        out->family = NAVE_ADDR_IP6;
        out->scope = sa.sin6_scope_id;
        memcpy(out->bytes, &sa.sin6_addr, 16);
    } else {
        struct sockaddr_in sa;

        memcpy(&sa, found->ai_addr, sizeof(sa));
        out->family = NAVE_ADDR_IP4;
        memcpy(out->bytes, &sa.sin_addr, 4);
    }
    freeaddrinfo(found);
    return NAVE_OK;
}

/* Digits and dots only: meant as an IPv4 address, so never to be looked up as a name. */
static int looks_like_ip4(const char *host)
{
    return host[strspn(host, "0123456789.")] == '\0';
}

static nave_err parse_host(const char *host, struct nave_addr *out, char *message, size_t room)
{
    struct in_addr ip;

    if (strcmp(host, "*") == 0) {
        out->family = NAVE_ADDR_IP6; /* "::"; the socket serves IPv4 too unless v6only is set */
        return NAVE_OK;
    }
    if (strcmp(host, "localhost") == 0) /* RFC 6761 6.3: always the loopback */
        host = "127.0.0.1";
    if (inet_pton(AF_INET, host, &ip) == 1) {
        out->family = NAVE_ADDR_IP4;
        memcpy(out->bytes, &ip, sizeof(ip));
        return NAVE_OK;
    }
    if (looks_like_ip4(host)) {
        snprintf(message, room, "\"%s\" is not an IPv4 address; one looks like 127.0.0.1", host);
        return NAVE_ESYNTAX;
    }
    return look_up(host, out, message, room);
}

nave_err tcp_addr_parse(const char *text, size_t len, struct nave_addr *out, char *message,
                        size_t room)
{
    struct nave_addr addr = {.family = NAVE_ADDR_NONE};
    char host[TCP_ADDRESS_TEXT_MAX];
    const char *colon;
    size_t host_len;
    nave_err err;

    if (len >= sizeof(host) || memchr(text, '\0', len)) {
        snprintf(message, room, "the address is too long or holds a zero byte");
        return NAVE_ESYNTAX;
    }
    colon = memrchr(text, ':', len);
    if (!colon || (len > 0 && text[len - 1] == ']')) {
        snprintf(message, room,
                 "the port is missing in \"%.*s\": write host:port, such as 127.0.0.1:8080",
                 (int)len, text);
        return NAVE_ESYNTAX;
    }
    host_len = (size_t)(colon - text);
    if (host_len == 0) {
        snprintf(message, room, "the host is missing: write *%.*s to listen on every address",
                 (int)len, text);
        return NAVE_ESYNTAX;
    }
    err = parse_port(colon + 1, len - host_len - 1, &addr.port, message, room);
    if (err)
        return err;

    if (text[0] == '[') {
        if (text[host_len - 1] != ']') {
            snprintf(message, room, "the ']' is missing or misplaced in \"%.*s\"", (int)len, text);
            return NAVE_ESYNTAX;
        }
        memcpy(host, text + 1, host_len - 2);
        host[host_len - 2] = '\0';
        err = parse_ip6(host, &addr, message, room);
    } else if (memchr(text, ':', host_len)) {
        snprintf(message, room, "an IPv6 address stands in brackets: write [%.*s]:%u",
                 (int)host_len, text, addr.port);
        err = NAVE_ESYNTAX;
    } else {
        memcpy(host, text, host_len);
        host[host_len] = '\0';
        err = parse_host(host, &addr, message, room);
    }
    if (err)
        return err;
    *out = addr;
    return NAVE_OK;
}

void tcp_addr_format(const struct nave_addr *addr, char *out)
{
    char ip[INET6_ADDRSTRLEN] = "?";

    if (addr->family == NAVE_ADDR_IP4) {
        inet_ntop(AF_INET, addr->bytes, ip, sizeof(ip));
        snprintf(out, TCP_ADDR_TEXT, "%s:%u", ip, addr->port);
    } else if (addr->family == NAVE_ADDR_IP6) {
        inet_ntop(AF_INET6, addr->bytes, ip, sizeof(ip));
        if (addr->scope != 0)
            snprintf(out, TCP_ADDR_TEXT, "[%s%%%u]:%u", ip, addr->scope, addr->port);
        else
            snprintf(out, TCP_ADDR_TEXT, "[%s]:%u", ip, addr->port);
    } else {
        snprintf(out, TCP_ADDR_TEXT, "?");
    }
}
