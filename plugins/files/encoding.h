/* SPDX-License-Identifier: MIT
 *
 * The field Accept-Encoding: how welcome each coding is ("RFC 9110 12.5.3"). No I/O, no allocation.
 */
#ifndef FILES_ENCODING_H
#define FILES_ENCODING_H

#include <stddef.h>
#include <stdint.h>

/* The codings that a file may lie beside itself in. X(number, name, suffix, value of
 * Content-Encoding); 0 is the file as it is. */
#define FILES_CODINGS(X)    \
    X(1, br, ".br", "br")   \
    X(2, gz, ".gz", "gzip") \
    X(3, zst, ".zst", "zstd")
#define FILES_CODING_COUNT 4u /* with identity */

#define FILES_Q_MAX 1000 /* "q=1"; thousandths */

/* What one or more fields said. */
struct files_accept {
    int16_t q[FILES_CODING_COUNT]; /* -1: not named */
    int16_t any;                   /* of "*"        */
};

/* Nothing was said yet. */
void files_accept_init(struct files_accept *a);

/* Add what one field says. Elements that are not right say nothing. */
void files_accept_read(struct files_accept *a, const char *text, size_t len);

/* The best of the codings `order` (`count` numbers, the server's liking first); 0: the file as it is.
 * That also where it is refused and nothing else is there: the peer gets to choose. */
uint32_t files_accept_choose(const struct files_accept *a, const uint8_t *order, uint32_t count);

/* The suffix (".gz") and the name ("gzip") of coding 1 ... FILES_CODING_COUNT - 1. */
const char *files_coding_suffix(uint32_t coding);
const char *files_coding_name(uint32_t coding);

/* The coding whose suffix is `text` without its dot, such as "gz"; 0: there is none. */
uint32_t files_coding_find(const char *text, size_t len);

#endif
