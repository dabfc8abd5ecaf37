/* SPDX-License-Identifier: MIT
 *
 * What numbers of the system become: programs decide by these (try again, give up, tell the operator), so a number
 * that changes its meaning is a change for them.
 */
#include <errno.h>

#include <nave/error.h>

#include "test_main.h"

#include "base/nv_err.h"

static const struct {
    int number;
    nave_err want;
} rows[] = {
    {0, NAVE_OK},
    {EAGAIN, NAVE_EAGAIN},
    {EWOULDBLOCK, NAVE_EAGAIN},
    /* the caller */
    {EINVAL, NAVE_EINVAL},
    {EBADF, NAVE_EINVAL},
    {EFAULT, NAVE_EINVAL},
    {ENOTSOCK, NAVE_EINVAL},
    {EDOM, NAVE_EINVAL},
    {EILSEQ, NAVE_ESYNTAX},
    {EFBIG, NAVE_ETOOBIG},
    {EMSGSIZE, NAVE_ETOOBIG},
    {E2BIG, NAVE_ETOOBIG},
    {ENAMETOOLONG, NAVE_ETOOBIG},
    {EOVERFLOW, NAVE_EOVERFLOW},
    {ERANGE, NAVE_EOVERFLOW},
    /* what has run out */
    {ENOMEM, NAVE_ENOMEM},
    {ENOBUFS, NAVE_ENOMEM},
    {EMFILE, NAVE_ENOFILES},
    {ENFILE, NAVE_ENOFILES},
    {EDQUOT, NAVE_ELIMIT},
    {ENOSPC, NAVE_ELIMIT},
    /* how things stand */
    {EBUSY, NAVE_EBUSY},
    {EALREADY, NAVE_EBUSY},
    {EINPROGRESS, NAVE_EBUSY},
    {ETIMEDOUT, NAVE_ETIMEDOUT},
    {ECANCELED, NAVE_ECANCELED},
    {ESTALE, NAVE_ESTALE},
    {ENOENT, NAVE_ENOTFOUND},
    {ENOTDIR, NAVE_ENOTFOUND},
    {ENXIO, NAVE_ENOTFOUND},
    {ENODEV, NAVE_ENOTFOUND},
    {EEXIST, NAVE_EEXIST},
    {EPERM, NAVE_EDENIED},
    {EACCES, NAVE_EDENIED},
    {EROFS, NAVE_EDENIED},
    {ELOOP, NAVE_EDENIED},
    {ENOSYS, NAVE_ENOSYS},
    {EOPNOTSUPP, NAVE_ENOSYS},
    {ENOTSUP, NAVE_ENOSYS},
    {EAFNOSUPPORT, NAVE_ENOSYS},
    {EPROTONOSUPPORT, NAVE_ENOSYS},
    /* the network and who is at the other end */
    {EPIPE, NAVE_ECLOSED},
    {ENOTCONN, NAVE_ECLOSED},
    {ESHUTDOWN, NAVE_ECLOSED},
    {EPROTO, NAVE_EPROTO},
    {ECONNRESET, NAVE_ERESET},
    {ECONNABORTED, NAVE_ERESET},
    {ECONNREFUSED, NAVE_EREFUSED},
    {EADDRINUSE, NAVE_EADDRINUSE},
    {EADDRNOTAVAIL, NAVE_EADDRNOTAVAIL},
    {EHOSTUNREACH, NAVE_EUNREACH},
    {ENETUNREACH, NAVE_EUNREACH},
    {ENETDOWN, NAVE_EUNREACH},
    {EHOSTDOWN, NAVE_EUNREACH},
    /* no value of its own */
    {EIO, NAVE_EIO},
    {ENOEXEC, NAVE_EIO},
    {-1, NAVE_EIO},
    {100000, NAVE_EIO},
};

static void each_number_has_its_value(void)
{
    size_t i;

    for (i = 0; i < NAVE_COUNT(rows); i++) {
        nave_err got = nv_err_from_errno(rows[i].number);

        CU_ASSERT_EQUAL(got, rows[i].want);
        if (got != rows[i].want)
            printf("\n  errno %d: got %s, want %s\n", rows[i].number, nave_err_name(got),
                   nave_err_name(rows[i].want));
    }
}

/* What fails is never told as success, and what is not there yet never as the end. */
static void no_number_but_0_is_ok_and_none_is_an_end(void)
{
    int number;

    for (number = -2; number < 4096; number++) {
        nave_err got = nv_err_from_errno(number);

        CU_ASSERT_EQUAL(got == NAVE_OK, number == 0);
        CU_ASSERT_NOT_EQUAL(got, NAVE_EOF);
        CU_ASSERT(nave_err_name(got) != NULL);
    }
}

static CU_TestInfo tests[] = {
    {"each_number_has_its_value", each_number_has_its_value},
    {"no_number_but_0_is_ok_and_none_is_an_end", no_number_but_0_is_ok_and_none_is_an_end},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"errno", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)
