/* SPDX-License-Identifier: MIT
 *
 * The head of an HTTP/1 request, from bytes to slices: one pass, no memory, no I/O. Whatever
 * http1_parse_head accepts is also sound in its meaning: one valid Host, one way to tell the end of
 * the body, a target in the form that its method asks for.
 */
#ifndef HTTP1_PARSER_H
#define HTTP1_PARSER_H

#include "limits.h"

#include <nave/http.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP1_CHUNKED         (1u << 0) /* the body is chunked                                   */
#define HTTP1_KEEP_ALIVE      (1u << 1) /* the peer allows another request on this connection    */
#define HTTP1_EXPECT_CONTINUE (1u << 2) /* Expect: 100-continue, from HTTP/1.1                   */
#define HTTP1_UPGRADE         (1u << 3) /* Connection names upgrade and Upgrade is there         */
#define HTTP1_HAS_LENGTH      (1u << 4) /* Content-Length is there                               */
#define HTTP1_CONNECT         (1u << 5) /* CONNECT: the target is an authority                   */
#define HTTP1_ASTERISK        (1u << 6) /* OPTIONS *                                             */

struct http1_head {
    const char *text;               /* what slices and fields refer to: as given              */
    struct nave_http_field *fields; /* the caller's array                                     */
    uint32_t len;                   /* bytes of the head with its final CRLF                  */
    uint32_t flags;                 /* HTTP1_CHUNKED, ...                                     */
    int64_t content_length;         /* -1: none given                                         */
    uint16_t method;                /* NAVE_HTTP_GET, ...                                     */
    uint16_t version;               /* 10, 11                                                 */
    uint32_t field_count;
    struct nave_http_slice method_text;
    struct nave_http_slice target; /* as sent                                              */
    struct nave_http_slice path;  /* "/" when an absolute target has none; "*"; empty for CONNECT */
    struct nave_http_slice query; /* behind '?'                                           */
    struct nave_http_slice authority; /* of the target, else the value of Host                */
};

/* Parse the head at `text`; `len` bytes have come. HTTP1_PADDING bytes behind them must be readable
 * (what they hold does not matter). An empty line before the request line is skipped.
 * > 0: the bytes of the head; `head` is filled. 0: more bytes are needed; call again with all from
 * the start. < 0: minus the status to answer (400, 414, 417, 431, 501, 505); then close. `head` is
 * not to be read after <= 0. */
int32_t http1_parse_head(const char *text, size_t len, const struct http1_limits *limits,
                         struct http1_head *head, struct nave_http_field *fields);

#endif
