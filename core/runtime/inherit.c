/* SPDX-License-Identifier: MIT
 *
 * See inherit.h. What a descriptor is gets asked once, when it is taken: kind, address, path. From
 * then on matching is comparing, for transports too. Nothing here is libsystemd's: the protocol is
 * three variables, and any parent can speak it.
 */
#include "inherit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* --- the variables ------------------------------------------------------------------------------ */

/* Read all of `text` as a number from 1 to `max`; 0: it is none. */
static int64_t number_of(const char *text, int64_t max)
{
    int64_t n = 0;

    if (!*text)
        return 0;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return 0;
        n = n * 10 + (*text - '0');
        if (n > max)
            return 0;
    }
    return n;
}

static nave_err refuse(struct nv_report *report, const char *variable, const char *value,
                       const char *what)
{
    struct nave_str text = {value, strlen(value)};

    nv_report_error(report, NAVE_EINVAL, NULL,
                    "cannot take the sockets that were passed: %s is \"%.*s\", %s", variable,
                    (int)nv_text_cut(text, 64), value, what);
    return NAVE_EINVAL;
}

/* Cut the names at their colons. Without names each is "unknown", as sd_listen_fds_with_names says. */
static nave_err take_names(struct nv_inherit *set, const char *names, struct nv_report *report)
{
    uint32_t i;
    char *at;

    if (!names) {
        for (i = 0; i < set->count; i++)
            set->each[i].pub.name = NAVE_STR_LIT("unknown");
        return NAVE_OK;
    }
    set->names = strdup(names);
    if (!set->names)
        return NAVE_ENOMEM;
    at = set->names;
    for (i = 0; i < set->count; i++) {
        size_t len = strcspn(at, ":");

        if (len > NV_INHERIT_NAME_MAX)
            return refuse(report, "LISTEN_FDNAMES", names, "where a name has more than 255 bytes");
        set->each[i].pub.name = (struct nave_str){at, len};
        if (!at[len] != (i + 1 == set->count))
            return refuse(report, "LISTEN_FDNAMES", names,
                          "which is not as many names as LISTEN_FDS has descriptors");
        at += len + 1;
    }
    return NAVE_OK;
}

/* --- one descriptor ----------------------------------------------------------------------------- */

union any_address {
    struct sockaddr sa;
    struct sockaddr_in ip4;
    struct sockaddr_in6 ip6;
    struct sockaddr_un un;
    struct sockaddr_storage room;
};

static void take_path(struct nv_inherited *it, const struct sockaddr_un *un, size_t len)
{
    size_t before = offsetof(struct sockaddr_un, sun_path);
    size_t n = len > before ? len - before : 0;

    if (n > sizeof(un->sun_path))
        n = sizeof(un->sun_path);
    if (n > 0 && un->sun_path[0] != '\0')
        n = strnlen(un->sun_path, n);
    memcpy(it->path, un->sun_path, n);
    if (n > 0 && it->path[0] == '\0')
        it->path[0] = '@';
    it->pub.path = (struct nave_str){it->path, n};
}

static void take_address(struct nv_inherited *it)
{
    struct nave_addr *to = &it->pub.address;
    union any_address from;
    socklen_t len = sizeof(from);

    memset(&from, 0, sizeof(from));
    if (getsockname(it->pub.fd, &from.sa, &len) != 0)
        return;
    if (from.sa.sa_family == AF_INET) {
        to->family = NAVE_ADDR_IP4;
        to->port = ntohs(from.ip4.sin_port);
        memcpy(to->bytes, &from.ip4.sin_addr, 4);
    } else if (from.sa.sa_family == AF_INET6) {
        to->family = NAVE_ADDR_IP6;
        to->port = ntohs(from.ip6.sin6_port);
        to->scope = from.ip6.sin6_scope_id;
        memcpy(to->bytes, &from.ip6.sin6_addr, 16);
    } else if (from.sa.sa_family == AF_UNIX) {
        to->family = NAVE_ADDR_UNIX;
        take_path(it, &from.un, len);
    }
}

static int32_t socket_int(int fd, int name)
{
    int value = 0;
    socklen_t len = sizeof(value);

    return getsockopt(fd, SOL_SOCKET, name, &value, &len) == 0 ? value : -1;
}

static nave_err take_one(struct nv_inherited *it, int fd, struct nv_report *report)
{
    int flags = fcntl(fd, F_GETFD), type;

    it->pub.size = sizeof(it->pub);
    it->pub.fd = fd;
    if (flags < 0 || fcntl(fd, F_SETFD, flags | FD_CLOEXEC) != 0) {
        nv_report_error(report, NAVE_EINVAL, NULL,
                        "cannot take the sockets that were passed: descriptor %d, which LISTEN_FDS "
                        "counts, is not open",
                        fd);
        return NAVE_EINVAL;
    }
    type = socket_int(fd, SO_TYPE);
    if (type == SOCK_DGRAM)
        it->pub.kind = NAVE_INHERITED_DATAGRAM;
    else if (type == SOCK_STREAM)
        it->pub.kind =
            socket_int(fd, SO_ACCEPTCONN) == 1 ? NAVE_INHERITED_LISTENING : NAVE_INHERITED_STREAM;
    if (it->pub.kind != NAVE_INHERITED_OTHER)
        take_address(it);
    if (it->pub.kind != NAVE_INHERITED_LISTENING)
        return NAVE_OK;
    flags = fcntl(fd, F_GETFL);
    if (flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0)
        return NAVE_OK;
    nv_report_error(report, NAVE_EINVAL, NULL, "descriptor %d cannot be made non-blocking: %s", fd,
                    strerror(errno));
    return NAVE_EINVAL;
}

static void forget(struct nv_inherit *set)
{
    free(set->names);
    free(set->offer);
    free(set->each);
    memset(set, 0, sizeof(*set));
}

/* --- taking ------------------------------------------------------------------------------------- */

nave_err nv_inherit_read(struct nv_inherit *set, const struct nv_inherit_env *env,
                         struct nv_report *report)
{
    int64_t pid, count;
    uint32_t i;
    nave_err err;

    memset(set, 0, sizeof(*set));
    if (!env->pid || !env->fds)
        return NAVE_OK;
    pid = number_of(env->pid, INT32_MAX);
    if (!pid)
        return refuse(report, "LISTEN_PID", env->pid, "which is no process id");
    if (pid != env->own_pid)
        return NAVE_OK; /* meant for another process, whose child we are */
    count = number_of(env->fds, NV_INHERIT_MAX);
    if (!count)
        return refuse(report, "LISTEN_FDS", env->fds, "which is no number from 1 to 1024");
    set->count = (uint32_t)count;
    set->each = calloc(set->count, sizeof(*set->each));
    set->offer = calloc(set->count, sizeof(struct nave_inherited *));
    err = set->each && set->offer ? take_names(set, env->names, report) : NAVE_ENOMEM;
    for (i = 0; i < (uint32_t)count && !err; i++)
        err = take_one(&set->each[i], env->first_fd + (int32_t)i, report);
    if (err == NAVE_ENOMEM)
        nv_report_error(report, err, NULL, "out of memory while taking the sockets passed");
    if (err)
        forget(set);
    return err;
}

nave_err nv_inherit_take(struct nv_inherit *set, struct nv_report *report)
{
    struct nv_inherit_env env = {.pid = getenv("LISTEN_PID"),
                                 .fds = getenv("LISTEN_FDS"),
                                 .names = getenv("LISTEN_FDNAMES"),
                                 .own_pid = getpid(),
                                 .first_fd = NV_INHERIT_FIRST};
    nave_err err = nv_inherit_read(set, &env, report);

    if (set->count) { /* who is started by us, or in our place, must not take them again */
        (void)unsetenv("LISTEN_PID");
        (void)unsetenv("LISTEN_FDS");
        (void)unsetenv("LISTEN_FDNAMES");
    }
    return err;
}

/* --- giving ------------------------------------------------------------------------------------- */

static int32_t is_same(struct nave_str a, struct nave_str b)
{
    return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

uint32_t nv_inherit_offer(struct nv_inherit *set, struct nave_str name,
                          nv_inherit_known_fn *is_known, const void *arg)
{
    uint32_t i, n = 0;

    for (i = 0; i < set->count; i++) {
        struct nv_inherited *it = &set->each[i];

        if (it->pub.fd < 0)
            continue;
        it->pub.flags = 0;
        if (name.len && is_same(it->pub.name, name))
            it->pub.flags = NAVE_INHERITED_NAMED;
        else if (it->owner || is_known(arg, it->pub.name))
            continue;
        set->offer[n++] = &it->pub;
    }
    return n;
}

uint32_t nv_inherit_settle(struct nv_inherit *set, uint32_t offered,
                           const struct nave_listener *owner)
{
    uint32_t i, n = 0;

    for (i = 0; i < offered; i++) {
        struct nv_inherited *it = NAVE_CONTAINER_OF(set->offer[i], struct nv_inherited, pub);

        if (!(it->pub.flags & NAVE_INHERITED_TAKEN))
            continue;
        it->before = it->owner;
        it->owner = owner;
        n++;
    }
    return n;
}

void nv_inherit_release(struct nv_inherit *set, const struct nave_listener *owner)
{
    uint32_t i;

    for (i = 0; i < set->count; i++) {
        struct nv_inherited *it = &set->each[i];

        if (it->owner == owner) {
            it->owner = it->before;
            it->before = NULL;
        } else if (it->before == owner) {
            it->before = NULL;
        }
    }
}

/* --- closing ------------------------------------------------------------------------------------ */

static const char *kind_text(uint32_t kind)
{
    switch (kind) {
    case NAVE_INHERITED_LISTENING:
        return "a listening socket";
    case NAVE_INHERITED_STREAM:
        return "a stream socket that does not listen (in a .socket file: Accept=no)";
    case NAVE_INHERITED_DATAGRAM:
        return "a datagram socket";
    default:
        return "neither a stream nor a datagram socket";
    }
}

void nv_inherit_describe(const struct nave_inherited *s, char *out, size_t room)
{
    char host[INET6_ADDRSTRLEN] = "";
    char where[NV_INHERIT_UNIX_PATH + 64] = "";
    int32_t is_ip6 = s->address.family == NAVE_ADDR_IP6;

    if (s->address.family == NAVE_ADDR_UNIX)
        snprintf(where, sizeof(where), " at unix:%.*s", (int)s->path.len, s->path.ptr);
    else if ((is_ip6 || s->address.family == NAVE_ADDR_IP4) &&
             inet_ntop(is_ip6 ? AF_INET6 : AF_INET, s->address.bytes, host, sizeof(host)))
        snprintf(where, sizeof(where), " at %s%s%s:%u", is_ip6 ? "[" : "", host, is_ip6 ? "]" : "",
                 s->address.port);
    snprintf(out, room, "descriptor %d (\"%.*s\"), %s%s", s->fd, (int)nv_text_cut(s->name, 64),
             s->name.ptr, kind_text(s->kind), where);
}

void nv_inherit_close_unused(struct nv_inherit *set, struct nv_report *report)
{
    char text[512];
    uint32_t i;

    for (i = 0; i < set->count; i++) {
        struct nv_inherited *it = &set->each[i];

        if (it->pub.fd < 0 || it->owner)
            continue;
        nv_inherit_describe(&it->pub, text, sizeof(text));
        nv_report_log(report, NAVE_LOG_WARN, NULL,
                      "no listener has the name or the address of %s; it was passed for nothing "
                      "and is closed",
                      text);
        close(it->pub.fd);
        it->pub.fd = -1;
    }
}

void nv_inherit_close(struct nv_inherit *set)
{
    uint32_t i;

    for (i = 0; i < set->count; i++)
        if (set->each[i].pub.fd >= 0)
            close(set->each[i].pub.fd);
    forget(set);
}
