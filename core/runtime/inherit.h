/* SPDX-License-Identifier: MIT
 *
 * Sockets that the program was started with: the protocol of sd_listen_fds(3), for who asked for it.
 * A service manager binds, keeps the socket over restarts, and passes it as descriptor 3 and up.
 *
 *     take (create)  ->  offer, settle (each listen)  ->  close_unused (all listen)  ->  close (drain)
 *
 * The set keeps the descriptors; a transport accepts on duplicates. So a listener can be made again,
 * and nobody but the set closes what was passed.
 */
#ifndef NV_INHERIT_H
#define NV_INHERIT_H

#include <nave/role.h>

#include "log/report.h"

#define NV_INHERIT_FIRST     3     /* SD_LISTEN_FDS_START                        */
#define NV_INHERIT_MAX       1024u /* descriptors                                */
#define NV_INHERIT_NAME_MAX  255u  /* bytes of a name; the limit of systemd, too */
#define NV_INHERIT_UNIX_PATH 110u  /* sun_path, '@', and a NUL                   */

/* The variables, apart from where they come from. NULL: not set. */
struct nv_inherit_env {
    const char *pid;   /* LISTEN_PID     */
    const char *fds;   /* LISTEN_FDS     */
    const char *names; /* LISTEN_FDNAMES */
    int64_t own_pid;
    int32_t first_fd;
};

/* One descriptor. */
struct nv_inherited {
    struct nave_inherited pub;          /* fd -1: closed                             */
    const struct nave_listener *owner;  /* accepts on it; NULL: nobody               */
    const struct nave_listener *before; /* did so until `owner` of the same name came, or NULL */
    char path[NV_INHERIT_UNIX_PATH];
};

struct nv_inherit {
    struct nv_inherited *each; /* NULL: nothing was passed        */
    struct nave_inherited **offer;
    char *names; /* the text that the names point into */
    uint32_t count;
};

/* Take what the environment of this process passes, and remove its variables when they are for this
 * process. Nothing passed is fine. Thread: [control]; nobody else uses the environment.
 * Errors: of nv_inherit_read. */
NAVE_NODISCARD nave_err nv_inherit_take(struct nv_inherit *set, struct nv_report *report);

/* Take what `env` says. The descriptors are closed on exec from now on, those that listen are
 * non-blocking. Thread: [control]. Errors: NAVE_EINVAL a variable or a descriptor is wrong, reported,
 * or NAVE_ENOMEM; `set` is empty then, and no descriptor was closed. */
NAVE_NODISCARD nave_err nv_inherit_read(struct nv_inherit *set, const struct nv_inherit_env *env,
                                        struct nv_report *report);

/* Tells whether there is a listener named `name`. */
typedef int32_t nv_inherit_known_fn(const void *arg, struct nave_str name);

/* Gather into set->offer what a listener named `name` may take, and return how many they are: what
 * bears its name, also when the listener that it is to replace accepts on it; and what bears no
 * listener's name and is nobody's. Thread: [control]. */
uint32_t nv_inherit_offer(struct nv_inherit *set, struct nave_str name,
                          nv_inherit_known_fn *is_known, const void *arg);

/* What was offered and marked TAKEN is `owner`'s from now on. Returns how many. Thread: [control]. */
uint32_t nv_inherit_settle(struct nv_inherit *set, uint32_t offered,
                           const struct nave_listener *owner);

/* `owner` is gone; who it was to replace has its sockets again. Thread: [control]. */
void nv_inherit_release(struct nv_inherit *set, const struct nave_listener *owner);

/* Close what nobody accepts on, each with a warning that says what it is. Thread: [control]. */
void nv_inherit_close_unused(struct nv_inherit *set, struct nv_report *report);

/* Close all and free the set. Twice, or an empty one, is fine. Thread: [control]. */
void nv_inherit_close(struct nv_inherit *set);

/* Say in `out` what `s` is: "descriptor 3 (\"web\"), a listening socket at 127.0.0.1:80". */
void nv_inherit_describe(const struct nave_inherited *s, char *out, size_t room);

#endif
