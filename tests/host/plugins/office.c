/* SPDX-License-Identifier: MIT
 *
 * Two files that a part of the program works with: OFFICE_STORE provides what it binds, the other,
 * the clerk, uses what it provides.
 */
#include "office.h"

#include <stdio.h>
#include <string.h>

#include <nave/plugin.h>

struct office {
    struct nave_handle pub; /* first: the store's service */
    struct nave_host *host;
    struct nave_handle *desk;
    struct nave_handle *stamp;
};

static struct office *office_new(struct nave_host *host)
{
    struct office *o = nave_host_alloc(host, sizeof(*o));

    if (o) {
        memset(o, 0, sizeof(*o));
        o->host = host;
    }
    return o;
}

#ifdef OFFICE_STORE

static int32_t store_ask(struct nave_handle *h, int32_t number)
{
    (void)h;
    return number * 10;
}

static const struct office_iface store_table = {
    .hdr = NAVE_IFACE(struct office_iface, STORE_ID, 0, 0),
    .ask = store_ask,
};

static nave_err office_create(struct nave_host *host, void **out_self)
{
    struct office *o = office_new(host);

    if (!o)
        return NAVE_ENOMEM;
    o->pub.api = host->api->publish(host, &store_table.hdr);
    *out_self = o;
    return host->api->provide(host, &o->pub, 0);
}

static nave_err office_prepare(void *self, const struct nave_prepare_args *args)
{
    (void)self;
    (void)args;
    return NAVE_OK;
}

#    define NAVE_PLUGIN_ID "store"
#    define NAVE_PLUGIN_NEEDS(NEED)
#    define NAVE_PLUGIN_PROVIDES(OFFER) OFFER(STORE_ID, 0, 0)

#else

static nave_err office_create(struct nave_host *host, void **out_self)
{
    struct office *o = office_new(host);
    nave_err err;

    if (!o)
        return NAVE_ENOMEM;
    err = host->api->bind(host, DESK_ID, 0, sizeof(struct office_iface), &o->desk);
    if (err) {
        nave_host_free(host, o, sizeof(*o));
        return err;
    }
    *out_self = o;
    return NAVE_OK;
}

static nave_err office_prepare(void *self, const struct nave_prepare_args *args)
{
    struct office *o = self;
    char text[96];
    int len;
    nave_err err = o->host->api->role_make(o->host, "handler", "stamp", args->conf, &o->stamp);

    if (err)
        return err;
    len = snprintf(text, sizeof(text), "desk %d, stamp %d, user %s", office_ask(o->desk, 4),
                   office_ask(o->stamp, 5), nave_host_user(o->host) ? "some" : "none");
    o->host->api->log(o->host, NAVE_LOG_INFO, text, (size_t)len);
    return NAVE_OK;
}

#    define NAVE_PLUGIN_ID          "clerk"
#    define NAVE_PLUGIN_NEEDS(NEED) NEED(DESK_ID, 0, 0)
#    define NAVE_PLUGIN_PROVIDES(OFFER)

#endif

static void office_destroy(void *self)
{
    struct office *o = self;

    if (!o)
        return;
    o->host->api->role_unmake(o->host, o->stamp);
    nave_host_free(o->host, o, sizeof(*o));
}

static const struct nave_plugin_ops office_ops = {
    .size = sizeof(office_ops),
    .create = office_create,
    .prepare = office_prepare,
    .commit = nave_default_ok,
    .abort = nave_default_nothing,
    .start = nave_default_ok,
    .worker_start = nave_default_worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = nave_default_worker_stop,
    .stop = nave_default_nothing,
    .destroy = office_destroy,
};

#define NAVE_PLUGIN_NAME    office
#define NAVE_PLUGIN_VERSION "1.0.0"
#define NAVE_PLUGIN_FLAGS   0
#define NAVE_PLUGIN_ROLES(ROLE)
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          office_ops
#include <nave/define.h>
