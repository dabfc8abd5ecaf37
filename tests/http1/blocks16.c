/* SPDX-License-Identifier: MIT
 *
 * The parser a third time, without the fast way: what runs on machines that have blocks of 16 bytes.
 */
#define HTTP1_WITHOUT_USUAL 1
#define http1_parse_head    blocks16_parse_head
#define http1_split_target  blocks16_split_target
#define http1_is_authority  blocks16_is_authority
#define http1_frame_field   blocks16_frame_field
#define http1_frame_end     blocks16_frame_end

#include "plugins/http1/parser.c"

#include "plugins/http1/framing.c"

#include "plugins/http1/target.c"
