/* SPDX-License-Identifier: MIT
 *
 * The chunked body ("RFC 9112 7.1") without copies: each call names the next piece of data inside the
 * bytes that it was given. The state survives any split. Only the trailer section is copied, since
 * the input may go: into room that the caller brings once one comes.
 */
#ifndef HTTP1_CHUNKED_H
#define HTTP1_CHUNKED_H

#include "limits.h"

#include <nave/http.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP1_FEED_MORE \
    0 /* all bytes are used; more are needed                                    */
#define HTTP1_FEED_DATA \
    1 /* *out_data is a piece of the body                                       */
#define HTTP1_FEED_END \
    2 /* the body and its trailer section ended; the rest belongs to what follows */
#define HTTP1_FEED_ROOM \
    3 /* a trailer section comes: set c->trailers and call again with the rest  */

/* The trailer fields; refer to text. About 9 KiB. Need not be cleared. */
struct http1_trailers {
    uint32_t count;
    uint32_t len; /* bytes in text */
    struct nave_http_field fields[HTTP1_TRAILER_FIELDS_MAX];
    char text[HTTP1_TRAILER_BYTES_MAX + HTTP1_PADDING];
};

struct http1_chunked {
    struct http1_trailers
        *trailers; /* the caller's; NULL until HTTP1_FEED_ROOM asked for it       */
    uint64_t left; /* of the chunk; while its size is read: the size so far       */
    uint32_t state;
    uint32_t digits;
    uint32_t ext;       /* bytes of this chunk's extensions    */
    uint32_t ext_total; /* of all                              */
    int32_t failed;     /* the status that was answered: stays */
};

void http1_chunked_init(struct http1_chunked *c);

/* Take the next of `n` bytes at `p`. *out_used (always set) are taken, the caller goes on behind them.
 * HTTP1_FEED_DATA: *out_data lies in p, behind *out_skip bytes of framing; *out_used ends with it.
 * HTTP1_FEED_ROOM again when c->trailers is still NULL. After HTTP1_FEED_END, END again with nothing
 * used. < 0: minus the status (400, 413, 431): answer and close. */
int32_t http1_chunked_feed(struct http1_chunked *c, const char *p, size_t n, size_t *out_skip,
                           struct nave_bytes *out_data, size_t *out_used);

/* Trailer field `i`: 1 and *out (valid as long as c->trailers), or 0: there are not so many. */
int32_t http1_chunked_trailer(const struct http1_chunked *c, uint32_t i,
                              struct nave_http_header *out);

/* 1 when a trailer must not carry the field `name`, a token ("RFC 9110 6.5.1"). */
int32_t http1_trailer_is_forbidden(const char *name, size_t len);

#endif
