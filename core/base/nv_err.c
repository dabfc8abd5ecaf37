/* SPDX-License-Identifier: MIT
 *
 * The one table from errno to nave_err. What has no value of its own is NAVE_EIO: the caller's
 * report then carries strerror's text, so nothing is lost.
 */
#include "nv_err.h"

#include <errno.h>

nave_err nv_err_from_errno(int number)
{
    if (number == EAGAIN || number == EWOULDBLOCK) /* often the same number: no case labels */
        return NAVE_EAGAIN;
    switch (number) {
    case 0:
        return NAVE_OK;
    case EINVAL:
    case EBADF:
    case EFAULT:
    case ENOTSOCK:
    case EDOM:
        return NAVE_EINVAL;
    case ENOMEM:
    case ENOBUFS:
        return NAVE_ENOMEM;
    case EPIPE:
    case ENOTCONN:
    case ESHUTDOWN:
        return NAVE_ECLOSED;
    case EBUSY:
    case EALREADY:
    case EINPROGRESS:
        return NAVE_EBUSY;
    case EDQUOT:
    case ENOSPC:
        return NAVE_ELIMIT;
    case ETIMEDOUT:
        return NAVE_ETIMEDOUT;
    case ECANCELED:
        return NAVE_ECANCELED;
    case ESTALE:
        return NAVE_ESTALE;
    case ENOENT:
    case ENOTDIR:
    case ENXIO:
    case ENODEV:
        return NAVE_ENOTFOUND;
    case EEXIST:
        return NAVE_EEXIST;
    case EPERM:
    case EACCES:
    case EROFS:
    case ELOOP:
        return NAVE_EDENIED;
    case ENOSYS:
    case EOPNOTSUPP:
#if ENOTSUP != EOPNOTSUPP
    case ENOTSUP:
#endif
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
        return NAVE_ENOSYS;
    case EPROTO:
        return NAVE_EPROTO;
    case ECONNRESET:
    case ECONNABORTED:
        return NAVE_ERESET;
    case ECONNREFUSED:
        return NAVE_EREFUSED;
    case EADDRINUSE:
        return NAVE_EADDRINUSE;
    case EADDRNOTAVAIL:
        return NAVE_EADDRNOTAVAIL;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
        return NAVE_EUNREACH;
    case EMFILE:
    case ENFILE:
        return NAVE_ENOFILES;
    case EFBIG:
    case EMSGSIZE:
    case E2BIG:
    case ENAMETOOLONG:
        return NAVE_ETOOBIG;
    case EOVERFLOW:
    case ERANGE:
        return NAVE_EOVERFLOW;
    case EILSEQ:
        return NAVE_ESYNTAX;
    default:
        return NAVE_EIO;
    }
}
