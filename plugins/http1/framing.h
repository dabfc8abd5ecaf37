/* SPDX-License-Identifier: MIT
 *
 * What the fields that steer the message say: Host, Content-Length, Transfer-Encoding, Connection,
 * Expect, Upgrade. The parser calls http1_frame_field for each of them and http1_frame_end once.
 */
#ifndef HTTP1_FRAMING_H
#define HTTP1_FRAMING_H

#include "parser.h"

/* Seen so far. Above the public flags of a head, in the same word until http1_frame_end. */
#define HTTP1_SAW_HOST       (1u << 16)
#define HTTP1_SAW_TE         (1u << 17)
#define HTTP1_SAW_CLOSE      (1u << 18)
#define HTTP1_SAW_KEEP_ALIVE (1u << 19)
#define HTTP1_SAW_UPGRADE    (1u << 20) /* as a member of Connection */
#define HTTP1_SAW_PROTOCOL   (1u << 21) /* the Upgrade field         */

/* Take a field with an id up to NAVE_HTTP_FIELD_UPGRADE. 0, or minus the status. */
int32_t http1_frame_field(struct http1_head *head, const struct nave_http_field *field);

/* All fields were seen: check them together and settle the flags. 0, or minus the status. */
int32_t http1_frame_end(struct http1_head *head);

#endif
