/* SPDX-License-Identifier: MIT
 *
 * Addresses as texts: "127.0.0.1:8080", "[::1]:0", "*:80", "localhost:80", "www.example.org:80".
 */
#ifndef TCP_ADDR_H
#define TCP_ADDR_H

#include <nave/stream.h>

#include "limits.h"

/* Room for any address that tcp_addr_format writes: "[", 45 characters, "%", 10 digits, "]:65535". */
#define TCP_ADDR_TEXT 72u

/* Read `text` (`len` bytes) into *out. "*" is every address of the machine, IPv6 and IPv4;
 * "localhost" is 127.0.0.1 without a look-up; another name is looked up and may block.
 * Thread: [control]. On failure `message` (of `room` bytes) says what is wrong and what is allowed,
 * and *out is untouched. Errors: NAVE_ESYNTAX; NAVE_ENOTFOUND no such name or interface. */
nave_err tcp_addr_parse(const char *text, size_t len, struct nave_addr *out, char *message,
                        size_t room);

/* Write `addr` as text into `out`, of at least TCP_ADDR_TEXT bytes. Thread: [any]. */
void tcp_addr_format(const struct nave_addr *addr, char *out);

#endif
