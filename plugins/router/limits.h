/* SPDX-License-Identifier: MIT
 *
 * The limits of the router that are not options, in one place.
 */
#ifndef ROUTER_LIMITS_H
#define ROUTER_LIMITS_H

#define ROUTER_SEGMENTS_MAX 64   /* of a route; a longer path can only match a wildcard */
#define ROUTER_PARAMS_MAX   16   /* of a route                                          */
#define ROUTER_CUSTOM_MAX   22   /* method tokens that nave/http.h does not know        */
#define ROUTER_TOKEN_MAX    32   /* bytes of such a token                               */
#define ROUTER_NAME_MAX     64   /* bytes of a parameter's name                         */
#define ROUTER_KEY_MAX      4096 /* bytes of "METHOD /path"                           */

#endif
