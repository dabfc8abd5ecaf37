/* SPDX-License-Identifier: MIT
 *
 * A plugin of handlers alone: its end reads as C11 and C++17 (headers_alone compiles it as both).
 */
#include <nave/http.h>

static void hello(struct nave_http *x, void *user)
{
    (void)user;
    (void)nave_http_respond_text(x, 200, "text/plain", 10, "Hello!", 6);
}

static void bye(struct nave_http *x, void *user)
{
    hello(x, user);
}

#define NAVE_HANDLERS_NAME     alone
#define NAVE_HANDLERS_ID       "alone"
#define NAVE_HANDLERS(HANDLER) HANDLER(hello, "greets") HANDLER(bye, "greets again")
#include <nave/handlers.h>
