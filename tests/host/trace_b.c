/* SPDX-License-Identifier: MIT
 *
 * Plugin "b": needs test.trace/1 of "a", so it starts after it wherever it stands in the file.
 */
#include <nave/host.h>

#include "trace.h"

static nave_err bind_trace(struct nave_host *host)
{
    struct nave_handle *handle;

    return host->api->bind(host, "test.trace/1", 0, sizeof(struct nave_iface) + sizeof(void *),
                           &handle);
}

#define TRACE_WHO           "b"
#define TRACE_CREATED(host) bind_trace(host)
#define TRACE_HOLDS         0u

#define NAVE_PLUGIN_NAME        trace_b
#define NAVE_PLUGIN_ID          "b"
#define NAVE_PLUGIN_NEEDS(NEED) NEED("test.trace/1", 0, 0) NEED("nave.worker/1", 0, 0)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#include "trace_body.h"
