/* SPDX-License-Identifier: MIT
 *
 * The typed texts of the configuration: durations, sizes, counts, addresses. Pure functions over a
 * text; nothing is written on failure. Errors: NAVE_ESYNTAX, NAVE_EOVERFLOW.
 */
#ifndef NV_VALUE_H
#define NV_VALUE_H

#include <nave/error.h>

/* What is allowed, to end a message with. */
#define NV_VALUE_DURATION_IS \
    "a duration is a whole number and ns, us, ms, s, m, h or d, such as \"250ms\" or \"10s\""
#define NV_VALUE_SIZE_IS \
    "a size is a whole number of bytes, or a text such as \"64KiB\" (B, KiB, MiB, GiB, TiB)"
#define NV_VALUE_COUNT_IS "a count is a whole number, 0 or more"
#define NV_VALUE_ADDRESS_IS \
    "an address is SCHEME://REST, such as \"tcp://127.0.0.1:8080\" or \"unix:///run/app.sock\""

/* "250ms" to nanoseconds. "0" needs no unit. Thread: [any]. */
NAVE_NODISCARD nave_err nv_value_duration(struct nave_str text, nave_nsec *out_ns);

/* "64KiB" or "65536" to bytes. Thread: [any]. */
NAVE_NODISCARD nave_err nv_value_bytes(struct nave_str text, uint64_t *out_bytes);

/* "42", decimal. At most INT64_MAX: what JSON numbers reach. Thread: [any]. */
NAVE_NODISCARD nave_err nv_value_count(struct nave_str text, uint64_t *out_count);

/* An address: `scheme` names a transport role, `rest` is the transport's to parse. */
struct nv_address {
    struct nave_str scheme; /* "tcp"            */
    struct nave_str rest;   /* "127.0.0.1:8080" */
};

/* Split "tcp://127.0.0.1:8080". Thread: [any]. Owns: *out points into text. */
NAVE_NODISCARD nave_err nv_value_address(struct nave_str text, struct nv_address *out);

/* What is wrong with the rest of an address: of tcp and udp it is host:port, of unix an absolute path;
 * of others all is right. NULL: nothing is wrong. A static text, the end of a sentence. Names are not
 * looked up. Thread: [any]. */
const char *nv_value_address_fault(const struct nv_address *address);

/* How many words the list "error|warn|info" has; 0 when it is none: an empty word, or one that stands
 * there twice. Thread: [any]. */
uint32_t nv_value_words(const char *list);

/* Word `i` of a list, or none (empty) beyond its end. Thread: [any]. Owns: points into list. */
struct nave_str nv_value_word(const char *list, uint32_t i);

/* The index of `word` in a list. Thread: [any]. Errors: NAVE_ENOTFOUND. */
NAVE_NODISCARD nave_err nv_value_find_word(const char *list, struct nave_str word,
                                           uint32_t *out_index);

/* 1 when both are the same text. Thread: [any]. */
int nv_value_is_same(struct nave_str a, struct nave_str b);

/* The length, 1 to 4, of the UTF-8 character at `at`, of which `len` bytes are there; 0 when it is
 * none: cut off, overlong, a surrogate, beyond U+10FFFF (RFC 3629). Thread: [any]. */
size_t nv_value_utf8(const char *at, size_t len);

/* True when `text` is an id of a plugin: words of a-z, 0-9, '-' and '_' that begin with a letter,
 * with '.' between, at most 64 bytes. */
int nv_value_is_id(struct nave_str text);

#endif
