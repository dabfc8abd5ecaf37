/* SPDX-License-Identifier: MIT
 *
 * Read by pread in pieces, up to the end that is found there, not the one that fstat promised: a file
 * that grows or shrinks meanwhile gives another digest, and that is all.
 */
#include "digest.h"

#include <errno.h>
#include <sha2.h>
#include <string.h>
#include <unistd.h>

#define PIECE_BYTES 32768u

static void to_text(const uint8_t *digest, char *out)
{
    static const char digits[] = "0123456789abcdef";
    size_t i;

    for (i = 0; i < SHA256_DIGEST_LENGTH; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[2 * i] = '\0';
}

static nave_err write_all(int fd, const uint8_t *piece, size_t len, struct nv_why *why)
{
    while (len > 0) {
        ssize_t n = write(fd, piece, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return nv_why_set(why, n < 0 ? nv_err_from_errno(errno) : NAVE_EIO,
                              "cannot be copied: %s", n < 0 ? strerror(errno) : "no room");
        piece += n;
        len -= (size_t)n;
    }
    return NAVE_OK;
}

/* `to` -1: no copy. */
static nave_err pass(int fd, int to, uint64_t bytes_max, char *out_text, struct nv_why *why)
{
    uint8_t piece[PIECE_BYTES], digest[SHA256_DIGEST_LENGTH];
    uint64_t done = 0;
    SHA2_CTX context;
    nave_err err;

    SHA256Init(&context);
    for (;;) {
        ssize_t n = pread(fd, piece, sizeof(piece), (off_t)done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return nv_why_set(why, NAVE_EIO, "cannot be read: %s", strerror(errno));
        if (n == 0)
            break;
        done += (uint64_t)n;
        if (done > bytes_max)
            return nv_why_set(why, NAVE_ETOOBIG, "is larger than %llu bytes",
                              (unsigned long long)bytes_max);
        SHA256Update(&context, piece, (size_t)n);
        if (to < 0)
            continue;
        err = write_all(to, piece, (size_t)n, why);
        if (err)
            return err;
    }
    SHA256Final(digest, &context);
    to_text(digest, out_text);
    return NAVE_OK;
}

nave_err nv_digest_file(int fd, uint64_t bytes_max, char out_text[NV_DIGEST_TEXT],
                        struct nv_why *why)
{
    return pass(fd, -1, bytes_max, out_text, why);
}

nave_err nv_digest_copy(int fd, int to, uint64_t bytes_max, char out_text[NV_DIGEST_TEXT],
                        struct nv_why *why)
{
    return pass(fd, to, bytes_max, out_text, why);
}

nave_err nv_digest_parse(struct nave_str text, char out_text[NV_DIGEST_TEXT])
{
    char lower[NV_DIGEST_TEXT];
    size_t i;

    if (text.len != NV_DIGEST_TEXT - 1)
        return NAVE_ESYNTAX;
    for (i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (c >= 'A' && c <= 'F')
            c = (char)(c - 'A' + 'a');
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
            return NAVE_ESYNTAX;
        lower[i] = c;
    }
    lower[i] = '\0';
    memcpy(out_text, lower, sizeof(lower));
    return NAVE_OK;
}
