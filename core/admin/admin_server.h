/* SPDX-License-Identifier: MIT
 *
 * The admin socket of a runtime: who may connect, how many at once, and for how long. It is served by
 * worker 0 beside everything else, a piece of an answer at a time; without clients it costs nothing.
 */
#ifndef NV_ADMIN_SERVER_H
#define NV_ADMIN_SERVER_H

#include <nave/conf.h>

#include "admin_path.h"
#include "worker/worker.h"

struct nave_runtime;
struct nv_admin_client;

#define NV_ADMIN_CLIENTS_MAX 8u
#define NV_ADMIN_SCHEMA                                                              \
    "{\"anyOf\": [{\"type\": \"string\", \"pattern\": \"^unix:///.{0,101}[^/]$\"}, " \
    "{\"type\": \"object\", \"properties\": {\"socket\": {\"type\": \"string\", "    \
    "\"minLength\": 1, \"description\": \"the path of the socket, relative to the "  \
    "folder of the file\"}}, \"required\": [\"socket\"], \"additionalProperties\": " \
    "false}]}"

struct nv_admin_server {
    struct nave_runtime *rt; /* NULL: there is none */
    struct nv_admin_path path;
    struct nave_io *io;
    struct nv_worker_handle handle;  /* of worker 0: what it uses is nobody's else */
    struct nv_admin_client *clients; /* linked by next, prev */
    uint32_t client_count;
    uint32_t refused;        /* of another user */
    struct nave_timer again; /* accept, after descriptors ran out */
};

/* Read `c`, the value of runtime.admin or NULL, into `path` of NV_ADMIN_PATH_MAX + 1 bytes ("": no
 * socket). Errors are reported. Thread: [control]. Errors: NAVE_ENOMEM, not reported. */
NAVE_NODISCARD nave_err nv_admin_read(struct nave_conf *c, char *path);

/* Listen, if there is a path. Thread: [control], worker 0. Errors: any, reported. */
NAVE_NODISCARD nave_err nv_admin_open(struct nave_runtime *rt);

/* End all clients, close and remove the socket. None is fine. State: worker 0 can still be used. */
void nv_admin_close(struct nave_runtime *rt);

/* Remove the socket, as much as can be done while worker 0 does not come back. Thread: no worker's. */
void nv_admin_remove(struct nave_runtime *rt);

/* admin_client.c: take connection `fd`. Errors: NAVE_ENOMEM, ...; fd is still the caller's. */
NAVE_NODISCARD nave_err nv_admin_client_open(struct nv_admin_server *s, int fd);

/* End it at once. */
void nv_admin_client_close(struct nv_admin_client *c);

#endif
