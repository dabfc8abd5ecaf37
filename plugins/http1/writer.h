/* SPDX-License-Identifier: MIT
 *
 * The head of a response, written into the caller's room in one go, and the small pieces around a
 * body. Headers are checked apart (http1_check_header), so that nothing is written for a bad one.
 */
#ifndef HTTP1_WRITER_H
#define HTTP1_WRITER_H

#include <nave/http.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP1_DATE_LEN       29u  /* "Sun, 06 Nov 1994 08:49:37 GMT", without an end mark       */
#define HTTP1_CHUNK_HEAD_MAX 18u  /* 16 digits and CRLF                                         */
#define HTTP1_ERROR_MAX      512u /* room for any http1_write_error                            */

#define HTTP1_LAST_CHUNK     "0\r\n\r\n"
#define HTTP1_LAST_CHUNK_LEN 5u

#define HTTP1_ANSWER_CHUNKED    (1u << 0) /* Transfer-Encoding: chunked; content_length must be -1 */
#define HTTP1_ANSWER_CLOSE      (1u << 1) /* Connection: close                                    */
#define HTTP1_ANSWER_KEEP_ALIVE (1u << 2) /* Connection: keep-alive, for HTTP/1.0 peers           */
#define HTTP1_ANSWER_UPGRADE    (1u << 3) /* Connection: upgrade, with 101                        */

/* A status below 200 gets no Server and no Date. */
struct http1_answer {
    uint16_t status; /* 100 ... 999                            */
    uint16_t flags;  /* HTTP1_ANSWER_*; at most one Connection */
    uint32_t header_count;
    const struct nave_http_header *headers;
    int64_t content_length; /* -1: no Content-Length                  */
    const char *date;       /* HTTP1_DATE_LEN bytes                   */
};

/* An upper bound of http1_write_head for `a`. */
size_t http1_head_size_max(const struct http1_answer *a);

/* Write the head of `a` with its empty line. The bytes written, or 0: `room` is below
 * http1_head_size_max. Up to that bound, bytes behind the result may be overwritten. */
size_t http1_write_head(char *out, size_t room, const struct http1_answer *a);

/* Room that http1_write_start needs; what is behind its result may be overwritten up to there. */
#define HTTP1_START_MAX 128u

/* The status line, Server and Date, with CRLF; `status` is 200 or more. The bytes written. */
size_t http1_write_start(char *out, uint16_t status, const char *date);

/* NAVE_EINVAL: the name is no token or one that the protocol writes (Content-Length,
 * Transfer-Encoding, Connection, Date, Server), or the value holds a control character. */
nave_err http1_check_header(const struct nave_http_header *h);
/* The same for a trailer field, which also must not change framing, routing or the meaning of the
 * body ("RFC 9110 6.5.1"). */
nave_err http1_check_trailer(const struct nave_http_header *h);

/* The size line of a chunk; `out` has HTTP1_CHUNK_HEAD_MAX bytes. CRLF follows the data. */
size_t http1_write_chunk_head(char *out, uint64_t size);

/* The last chunk with trailer fields that were checked: the bytes, or 0: `room` does not suffice. */
size_t http1_write_last_chunk(char *out, size_t room, const struct nave_http_header *trailers,
                              uint32_t n);
size_t http1_last_chunk_size_max(const struct nave_http_header *trailers, uint32_t n);

/* A whole response "400 Bad Request\n" of type text/plain. `flags` as in an answer; `with_body` 0: for
 * HEAD. 0: `room` below HTTP1_ERROR_MAX. */
size_t http1_write_error(char *out, size_t room, uint16_t status, uint16_t flags, int32_t with_body,
                         const char *date);

/* "Bad Request"; "" when the status is not known. */
const char *http1_reason(uint16_t status);

/* The IMF-fixdate of `wall_s` seconds since 1970, clipped to the years 1970 to 9999. */
void http1_render_date(char out[HTTP1_DATE_LEN], int64_t wall_s);

#endif
