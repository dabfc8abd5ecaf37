/* SPDX-License-Identifier: MIT
 *
 * Plugin "a": provides test.trace/1, and holds its workers when the test asks for it.
 */
#include <nave/host.h>

#include "trace.h"

struct trace_table {
    struct nave_iface hdr;
    nave_err (*answer)(struct nave_handle *h);
};

static nave_err answer(struct nave_handle *h)
{
    (void)h;
    return NAVE_EOF;
}

static const struct trace_table table = {
    .hdr = NAVE_IFACE(struct trace_table, "test.trace/1", 0, 0),
    .answer = answer,
};

static nave_err provide(struct nave_host *host)
{
    static struct nave_handle handle;

    handle.api = &table.hdr;
    return host->api->provide(host, &handle, 0);
}

#define TRACE_WHO           "a"
#define TRACE_CREATED(host) provide(host)
#define TRACE_HOLDS         trace.holds

#define NAVE_PLUGIN_NAME            trace_a
#define NAVE_PLUGIN_ID              "a"
#define NAVE_PLUGIN_NEEDS(NEED)     NEED("nave.worker/1", 0, 0)
#define NAVE_PLUGIN_PROVIDES(OFFER) OFFER("test.trace/1", 0, 0)
#include "trace_body.h"
