/* SPDX-License-Identifier: MIT
 *
 * The door: configuration, listening, accepting. Whoever is not the user of this process or root is
 * let go without a word, although the mode of the file has kept such a one out already.
 */
#define _GNU_SOURCE /* accept4 */
#include "admin_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/near.h"
#include "runtime/runtime.h"

#define ACCEPTS_A_TIME 16
#define AGAIN_AFTER    (100 * NAVE_MSEC)

/* --- configuration --------------------------------------------------------------------------- */

static void take_path(struct nave_conf *c, const char *text, size_t len, char *path)
{
    if (len > NV_ADMIN_PATH_MAX)
        nv_conf_fail(c, NAVE_ECONFIG, NULL,
                     "the path of a socket has at most %u bytes, and this has %zu",
                     NV_ADMIN_PATH_MAX, len);
    else if (len == 0 || text[len - 1] == '/')
        nv_conf_fail(c, NAVE_ECONFIG, NULL, "this names no socket but a folder");
    else if (memchr(text, '\0', len))
        nv_conf_fail(c, NAVE_ECONFIG, NULL, "a path has no NUL");
    else {
        memcpy(path, text, len);
        path[len] = '\0';
    }
}

/* {"socket": "admin.sock"} */
static nave_err read_object(struct nave_conf *c, char *path)
{
    struct nave_conf *at = nave_conf_get(c, "socket");
    struct nave_str text = {NULL, 0};
    char *whole = NULL;
    nave_err err;
    size_t i;

    for (i = 0; i < nave_conf_count(c); i++) {
        struct nave_str key = {NULL, 0};
        struct nave_conf *value = nave_conf_at(c, i, &key);
        char hint[NV_NEAR_HINT_MAX];
        struct nv_near near;

        if (value == at)
            continue;
        nv_near_init(&near, key);
        nv_near_try(&near, "socket", 6);
        nv_conf_fail(value, NAVE_ECONFIG, NULL,
                     "there is no option \"%.*s\" of the admin service; it has \"socket\"%s",
                     (int)nv_text_cut(key, 64), key.ptr, nv_near_hint(&near, hint));
    }
    if (!at || at->api->text(at, &text) != NAVE_OK || !text.len) {
        nv_conf_fail(at ? at : c, NAVE_ECONFIG, NULL,
                     "\"socket\" of the admin service is the path of its socket, a text");
        return NAVE_OK;
    }
    err = nv_conf_resolve(at, text, &whole);
    if (err == NAVE_ENOMEM)
        return err;
    if (err)
        nv_conf_fail(at, NAVE_ECONFIG, NULL, "the path cannot be made absolute: %s",
                     nave_err_text(err));
    else
        take_path(at, whole, strlen(whole), path);
    free(whole);
    return NAVE_OK;
}

nave_err nv_admin_read(struct nave_conf *c, char *path)
{
    static const char scheme[] = "unix://";
    struct nave_str text = {NULL, 0};

    path[0] = '\0';
    if (!c)
        return NAVE_OK;
    if (nave_conf_kind(c) == NAVE_CONF_OBJECT)
        return read_object(c, path);
    if (c->api->text(c, &text) != NAVE_OK || text.len < sizeof(scheme) ||
        memcmp(text.ptr, scheme, sizeof(scheme) - 1) != 0 || text.ptr[sizeof(scheme) - 1] != '/')
        nv_conf_fail(c, NAVE_ECONFIG, NULL,
                     "the admin service is at {\"socket\": \"PATH\"} or at \"unix:///PATH\"");
    else
        take_path(c, text.ptr + sizeof(scheme) - 1, text.len - (sizeof(scheme) - 1), path);
    return NAVE_OK;
}

/* --- the door -------------------------------------------------------------------------------- */

static void refuse(int fd, const char *why)
{
    (void)send(fd, why, strlen(why), MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)close(fd);
}

static void welcome(struct nv_admin_server *s, int fd)
{
    uid_t peer = 0;

    if (nv_admin_peer(fd, &peer) != NAVE_OK || !nv_admin_may(peer, geteuid())) {
        if (s->refused++ == 0) /* once: it is no way to fill the log */
            nv_report_log(&s->rt->report, NAVE_LOG_WARN, NULL,
                          "user %lu was refused at the admin socket", (unsigned long)peer);
        (void)close(fd);
    } else if (s->client_count >= NV_ADMIN_CLIENTS_MAX) {
        refuse(fd, "error: too many ask at once; try again\n");
    } else if (nv_admin_client_open(s, fd) != NAVE_OK) {
        refuse(fd, "error: out of memory or descriptors\n");
    }
}

static void on_again(struct nave_timer *t, void *arg);

static void on_ready(void *arg, uint32_t ready)
{
    struct nv_admin_server *s = arg;
    int i;

    (void)ready;
    for (i = 0; i < ACCEPTS_A_TIME; i++) {
        int fd = accept4(s->path.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd >= 0) {
            welcome(s, fd);
            continue;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            break;
        if (errno == EINTR || errno == ECONNABORTED)
            continue;
        /* No descriptors, no memory: look again, since readiness is told once. */
        nave_timer_start(&s->handle.pub, &s->again, AGAIN_AFTER, on_again, s);
        return;
    }
    if (i == ACCEPTS_A_TIME)
        nave_timer_start(&s->handle.pub, &s->again, 0, on_again, s);
    else
        nave_io_rearm(s->io, NAVE_IO_READ);
}

static void on_again(struct nave_timer *t, void *arg)
{
    (void)t;
    on_ready(arg, NAVE_IO_READ);
}

nave_err nv_admin_open(struct nave_runtime *rt)
{
    struct nv_admin_server *s = &rt->admin_server;
    struct nave_conf *at = nave_conf_get(nave_conf_get(nv_conf_root(rt->doc), "runtime"), "admin");
    struct nv_why why = {""};
    nave_err err;

    if (!rt->admin_path[0] || rt->world)
        return NAVE_OK;
    s->path.fd = -1;
    err = nv_admin_path_open(rt->admin_path, &s->path, &why);
    if (err) {
        nv_conf_fail(at, err, NULL, "cannot open the admin socket %s: %s", rt->admin_path,
                     why.text);
        return err;
    }
    s->rt = rt;
    nv_worker_handle_init(&s->handle, rt->threads.each[0].worker, "admin");
    err = s->handle.pub.api->io_open(&s->handle.pub, s->path.fd, on_ready, s, &s->io);
    if (err) {
        nv_conf_fail(at, err, NULL, "cannot watch the admin socket %s: %s", rt->admin_path,
                     nave_err_text(err));
        nv_admin_close(rt);
    }
    return err;
}

void nv_admin_close(struct nave_runtime *rt)
{
    struct nv_admin_server *s = &rt->admin_server;

    if (!s->rt)
        return;
    while (s->clients)
        nv_admin_client_close(s->clients);
    nave_timer_stop(&s->handle.pub, &s->again);
    if (s->io)
        s->handle.pub.api->io_close(s->io);
    s->io = NULL;
    nv_admin_path_close(&s->path, rt->admin_path);
    s->rt = NULL;
}

void nv_admin_remove(struct nave_runtime *rt)
{
    struct nv_admin_server *s = &rt->admin_server;

    if (s->rt)
        nv_admin_path_remove(&s->path, rt->admin_path);
}
