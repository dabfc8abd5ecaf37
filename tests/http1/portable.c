/* SPDX-License-Identifier: MIT
 *
 * The parser a second time, without SSE2 and under other names: both must say the same of everything.
 */
#define HTTP1_PORTABLE     1
#define http1_parse_head   portable_parse_head
#define http1_split_target portable_split_target
#define http1_is_authority portable_is_authority
#define http1_frame_field  portable_frame_field
#define http1_frame_end    portable_frame_end

#include "plugins/http1/parser.c"

#include "plugins/http1/framing.c"

#include "plugins/http1/target.c"
