/* SPDX-License-Identifier: MIT
 *
 * The limits of the router that are not options, and the options of its handlers.
 */
#ifndef ROUTER_LIMITS_H
#define ROUTER_LIMITS_H

#include <nave/option.h>

#define ROUTER_SEGMENTS_MAX 64   /* of a route; a longer path can only match a wildcard */
#define ROUTER_PARAMS_MAX   16   /* of a route                                          */
#define ROUTER_CUSTOM_MAX   22   /* method tokens that nave/http.h does not know        */
#define ROUTER_TOKEN_MAX    32   /* bytes of such a token                               */
#define ROUTER_NAME_MAX     64   /* bytes of a parameter's name                         */
#define ROUTER_KEY_MAX      4096 /* bytes of "METHOD /path"                           */

#define ROUTER_TEXT_OPTIONS(OPTION)                                                              \
    OPTION(text, body, "", "", "", NAVE_OPTION_MAIN, "the text to answer with")                  \
    OPTION(text, type, "text/plain; charset=utf-8", "1", "", 0, "its media type (Content-Type)") \
    OPTION(count, status, "200", "200", "599", 0, "the status of the answer")

NAVE_OPTION_STRUCT(router_text_options, ROUTER_TEXT_OPTIONS);

#define ROUTER_JSON_OPTIONS(OPTION)                                          \
    OPTION(conf, value, "", "", "", NAVE_OPTION_MAIN | NAVE_OPTION_REQUIRED, \
           "the value to answer with; write it right behind \"json\"")

NAVE_OPTION_STRUCT(router_json_options, ROUTER_JSON_OPTIONS);

#define ROUTER_REDIRECT_OPTIONS(OPTION)                                             \
    OPTION(text, to, "", "1", "", NAVE_OPTION_MAIN, "the target, a URI (Location)") \
    OPTION(choice, status, "308", "301|302|303|307|308", "", 0, "the status of the answer")

NAVE_OPTION_STRUCT(router_redirect_options, ROUTER_REDIRECT_OPTIONS);

#endif
