/* SPDX-License-Identifier: MIT
 *
 * Every limit of http1 in one place: the options with their defaults, and the constants that are no
 * option.
 */
#ifndef HTTP1_LIMITS_H
#define HTTP1_LIMITS_H

#include <nave/option.h>

#define HTTP1_HIGH_WATER (64u * 1024u) /* unsent bytes of a connection: stop taking more        */
#define HTTP1_DRAIN_MAX \
    (256u * 1024u) /* of an unread body that are dropped to keep the connection */
#define HTTP1_FILE_BURST    (1024u * 1024u) /* of a file, before others get a turn                */
#define HTTP1_FILE_COPY_MAX (16u * 1024u)   /* a range up to this goes with its head in one write */
#define HTTP1_FILE_ROUNDS   16u /* ranges of one body, before others get a turn            */

#define HTTP1_ROUNDS       4u   /* full reads of one connection before others get a turn */
#define HTTP1_REPLY_INLINE 512u /* deferred answers without allocation                   */
#define HTTP1_SPARES_MAX   64u  /* free exchanges and replies a worker keeps             */
#define HTTP1_TOLD         64u  /* lines a second about peers, one for each              */

#define HTTP1_DRAIN_FIRST_NS NAVE_SEC /* in a drain: the wait for a first request */

#define HTTP1_PADDING             64u /* readable bytes behind every input of the engine          */
#define HTTP1_METHOD_MAX          32u /* of a method token                                       */
#define HTTP1_FIELDS_MAX          200u /* the room of an exchange: fields and Cookie fields       */
#define HTTP1_CHUNK_EXT_MAX       1024u /* of one chunk                                            */
#define HTTP1_CHUNK_EXT_TOTAL_MAX 4096u /* of one message                                         */
#define HTTP1_TRAILER_BYTES_MAX   8192u
#define HTTP1_TRAILER_FIELDS_MAX  32u

/* What the parser is told. */
struct http1_limits {
    uint32_t line_max;   /* bytes of the request line; 414 beyond           */
    uint32_t head_max;   /* bytes of the whole head; 431 beyond             */
    uint32_t fields_max; /* fields but Cookie fields; 431 beyond            */
    uint32_t crumbs_max; /* Cookie fields; with fields_max <= HTTP1_FIELDS_MAX */
};

#define HTTP1_OPTIONS(OPTION)                                                          \
    OPTION(size, max_request_line, "8KiB", "256", "16KiB", NAVE_OPTION_LIVE,           \
           "longest request line; 414 beyond")                                         \
    OPTION(size, max_header_size, "32KiB", "256", "40KiB", NAVE_OPTION_LIVE,           \
           "all header fields of a request together; 431 beyond")                      \
    OPTION(count, max_headers, "100", "8", "100", NAVE_OPTION_LIVE,                    \
           "header fields of a request, cookies not counted; 431 beyond")              \
    OPTION(count, max_cookies, "100", "0", "100", NAVE_OPTION_LIVE,                    \
           "Cookie fields of a request; 431 beyond")                                   \
    OPTION(size, max_body, "1MiB", "0", "1TiB", NAVE_OPTION_LIVE,                      \
           "largest request body, unless the handler allows another size; 413 beyond") \
    OPTION(duration, header_timeout, "10s", "10ms", "1h", NAVE_OPTION_LIVE,            \
           "from the first byte of a request to the end of its header; 408 after")     \
    OPTION(duration, body_timeout, "30s", "10ms", "1h", NAVE_OPTION_LIVE,              \
           "longest silence within a request body; 408 after")                         \
    OPTION(size, min_body_rate, "500", "0", "1GiB", NAVE_OPTION_LIVE,                  \
           "bytes a second that a request body must bring after body_grace; 0: any")   \
    OPTION(duration, body_grace, "10s", "10ms", "1h", NAVE_OPTION_LIVE,                \
           "time after which min_body_rate is demanded")                               \
    OPTION(duration, idle_timeout, "60s", "10ms", "1d", NAVE_OPTION_LIVE,              \
           "how long a connection may wait for its next request")                      \
    OPTION(duration, write_timeout, "30s", "10ms", "1h", NAVE_OPTION_LIVE,             \
           "longest time without progress of an answer that the peer does not take")   \
    OPTION(count, max_requests, "10000", "1", "1000000000", NAVE_OPTION_LIVE,          \
           "requests on one connection; the last is answered with Connection: close")  \
    OPTION(duration, max_age, "1h", "10ms", "365d", NAVE_OPTION_LIVE,                  \
           "age of a connection after which a request is its last, as with max_requests")

NAVE_OPTION_STRUCT(http1_options, HTTP1_OPTIONS);

#endif
