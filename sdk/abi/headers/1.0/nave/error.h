/* SPDX-License-Identifier: MIT
 *
 * One list of errors: value, name, text. Values never change and are never reused; new ones are
 * added at the end. Peer did wrong, we ran out, the caller did wrong: each has its own values.
 */
#ifndef NAVE_ERROR_H
#define NAVE_ERROR_H

#include <nave/base.h>

NAVE_BEGIN_DECLS

/* X(value, name, text) */
#define NAVE_ERRORS(X)                                                      \
    X(0, OK, "success")                                                     \
    X(-1, EINVAL, "an argument is not allowed here")                        \
    X(-2, ENOMEM, "out of memory")                                          \
    X(-3, EAGAIN, "not ready now: wait for readiness")                      \
    X(-4, EOF, "the end of the stream")                                     \
    X(-5, ECLOSED, "the object or its peer is closed")                      \
    X(-6, EBUSY, "already in use in this direction")                        \
    X(-7, EAFFINITY, "called from a worker that does not own the object")   \
    X(-8, ELIMIT, "a configured limit is reached")                          \
    X(-9, ETIMEDOUT, "the deadline has passed")                             \
    X(-10, ECANCELED, "canceled")                                           \
    X(-11, ESTALE, "the handle refers to something that has ended")         \
    X(-12, ENOTFOUND, "there is nothing of that name")                      \
    X(-13, EEXIST, "there is already one of that name")                     \
    X(-14, EDENIED, "not permitted")                                        \
    X(-15, ENOSYS, "not supported here")                                    \
    X(-16, EPROTO, "the peer broke the protocol")                           \
    X(-17, ERESET, "the connection was reset by the peer")                  \
    X(-18, EREFUSED, "the connection was refused")                          \
    X(-19, EADDRINUSE, "the address is in use")                             \
    X(-20, EADDRNOTAVAIL, "the address is not available on this machine")   \
    X(-21, EUNREACH, "the network or host cannot be reached")               \
    X(-22, ENOFILES, "out of file descriptors")                             \
    X(-23, EIO, "an input or output error")                                 \
    X(-24, ETOOBIG, "larger than the limit allows")                         \
    X(-25, ESTATE, "not allowed in the present state")                      \
    X(-26, ENOTPLUGIN, "not a Nave plugin")                                 \
    X(-27, EABI, "built for another binary interface")                      \
    X(-28, EMAJOR, "another major version of the interface is offered")     \
    X(-29, ETOOOLD, "what is offered is older than what is needed")         \
    X(-30, ETOONEW, "uses a field or flag that this version does not know") \
    X(-31, EAMBIGUOUS, "more than one provider and no choice was made")     \
    X(-32, ECYCLE, "depends on itself")                                     \
    X(-33, ECONFIG, "the configuration has errors")                         \
    X(-34, ESTRAGGLERS, "work was still running at the deadline")           \
    X(-35, EOVERFLOW, "a number is out of range")                           \
    X(-36, ESYNTAX, "the text does not match its grammar")                  \
    X(-37, EDEADLOCK, "it would wait for itself")                           \
    X(-38, ELAGGED, "too slow: some were missed")

#define NAVE_ERROR_ENUM_(value, name, text) NAVE_##name = (value),
enum nave_error_values { NAVE_ERRORS(NAVE_ERROR_ENUM_) NAVE_ERROR_LAST = -38 };
#undef NAVE_ERROR_ENUM_

/* The symbolic name of `err`, such as "NAVE_EAGAIN"; "NAVE_E?" when it is not in the list.
 * Thread: [any]. Owns: the text is static. */
static inline const char *nave_err_name(nave_err err)
{
    switch (err) {
#define NAVE_ERROR_CASE_(value, name, text) \
case (value):                               \
    return "NAVE_" #name;
        NAVE_ERRORS(NAVE_ERROR_CASE_)
#undef NAVE_ERROR_CASE_
    default:
        return "NAVE_E?";
    }
}

/* The text of `err`, for people; "unknown error" when it is not in the list.
 * Thread: [any]. Owns: the text is static. */
static inline const char *nave_err_text(nave_err err)
{
    switch (err) {
#define NAVE_ERROR_CASE_(value, name, text) \
case (value):                               \
    return text;
        NAVE_ERRORS(NAVE_ERROR_CASE_)
#undef NAVE_ERROR_CASE_
    default:
        return "unknown error";
    }
}

NAVE_END_DECLS
#endif
