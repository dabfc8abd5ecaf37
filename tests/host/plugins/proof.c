/* SPDX-License-Identifier: MIT
 *
 * A plugin that tells when its code runs: the dynamic linker calls leave_trace() as soon as the file
 * is mapped. The tests damage copies of it. With NAVE_STATIC_PLUGIN it exports no entry.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <nave/http.h>
#include <nave/plugin.h>
#include <nave/role.h>

__attribute__((constructor)) static void leave_trace(void)
{
    const char *path = getenv("NAVE_PROOF_FILE");
    int fd = path ? open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600) : -1;

    if (fd >= 0)
        close(fd);
}

static nave_err proof_make(void *self, const struct nave_role_args *args, struct nave_handle **out)
{
    (void)self;
    (void)args;
    (void)out;
    return NAVE_ENOSYS;
}

static void proof_unmake(void *self, struct nave_handle *handle)
{
    (void)self;
    (void)handle;
}

#ifdef PROOF_TAIL /* a table of a later SDK */
static const struct proof_long {
    struct nave_plugin_ops known;
    uint64_t later;
} proof_long = {
    .later = PROOF_TAIL,
    .known.size = sizeof(struct proof_long),
    .known.create = nave_default_create,
    .known.prepare = nave_default_prepare,
    .known.commit = nave_default_ok,
    .known.abort = nave_default_nothing,
    .known.start = nave_default_ok,
    .known.worker_start = nave_default_worker_start,
    .known.worker_drain = nave_default_worker_drain,
    .known.worker_stop = nave_default_worker_stop,
    .known.stop = nave_default_nothing,
    .known.destroy = nave_default_nothing,
};
#    define proof_ops proof_long.known
#else
static const struct nave_plugin_ops proof_ops = {
    .size = sizeof(proof_ops),
    .create = nave_default_create,
    .prepare = nave_default_prepare,
    .commit = nave_default_ok,
    .abort = nave_default_nothing,
    .start = nave_default_ok,
    .worker_start = nave_default_worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = nave_default_worker_stop,
    .stop = nave_default_nothing,
    .destroy = nave_default_nothing,
};
#endif

#ifndef PROOF_ID
#    define PROOF_ID "test.proof"
#endif

#define NAVE_PLUGIN_NAME    proof
#define NAVE_PLUGIN_ID      PROOF_ID
#define NAVE_PLUGIN_VERSION "1.0.0"
#define NAVE_PLUGIN_FLAGS   0
#define NAVE_PLUGIN_NEEDS(NEED)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)                                                             \
    ROLE(handler, "proof", NAVE_HTTP_HANDLER_ID, proof_make, proof_unmake, nave_no_options, \
         NAVE_NO_OPTIONS, "is never made")
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          proof_ops
#include <nave/define.h>
