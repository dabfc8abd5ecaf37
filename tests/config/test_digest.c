/* SPDX-License-Identifier: MIT
 *
 * Digests against known answers ("FIPS 180-4", the examples of NIST), copies, and what is no digest.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin/digest.h"
#include "plugin/sealed.h"
#include "test_main.h"

static struct nv_why why;

/* An unnamed file with these bytes, `times` over. */
static FILE *file_with(const char *text, size_t times)
{
    FILE *f = tmpfile();

    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    while (times-- > 0)
        CU_ASSERT_EQUAL(fwrite(text, 1, strlen(text), f), strlen(text));
    CU_ASSERT_EQUAL(fflush(f), 0);
    return f;
}

static void known_answers_are_given(void)
{
    static const struct {
        const char *text;
        size_t times;
        const char *digest;
    } rows[] = {
        {"", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"aaaaaaaaaa", 100000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
    };
    char digest[NV_DIGEST_TEXT];
    size_t i;

    for (i = 0; i < NAVE_COUNT(rows); i++) {
        FILE *f = file_with(rows[i].text, rows[i].times);

        CU_ASSERT_EQUAL(nv_digest_file(fileno(f), UINT64_MAX, digest, &why), NAVE_OK);
        CU_ASSERT_STRING_EQUAL(digest, rows[i].digest);
        fclose(f);
    }
}

static void a_copy_has_the_bytes_and_the_digest_is_of_them(void)
{
    FILE *from = file_with("0123456789", 10000), *to = tmpfile();
    char a[NV_DIGEST_TEXT], b[NV_DIGEST_TEXT];

    CU_ASSERT_PTR_NOT_NULL_FATAL(to);
    CU_ASSERT_EQUAL(nv_digest_copy(fileno(from), fileno(to), UINT64_MAX, a, &why), NAVE_OK);
    CU_ASSERT_EQUAL(nv_digest_file(fileno(to), UINT64_MAX, b, &why), NAVE_OK);
    CU_ASSERT_STRING_EQUAL(a, b);
    fclose(from);
    fclose(to);
}

static void what_is_over_the_limit_is_refused(void)
{
    FILE *f = file_with("0123456789", 10);
    char digest[NV_DIGEST_TEXT];

    CU_ASSERT_EQUAL(nv_digest_file(fileno(f), 100, digest, &why), NAVE_OK);
    CU_ASSERT_EQUAL(nv_digest_file(fileno(f), 99, digest, &why), NAVE_ETOOBIG);
    CU_ASSERT_STRING_EQUAL(why.text, "is larger than 99 bytes");
    fclose(f);
}

static void what_cannot_be_read_or_written_is_said(void)
{
    FILE *f = file_with("0123456789", 10);
    char digest[NV_DIGEST_TEXT];
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

    CU_ASSERT_EQUAL(nv_digest_file(-1, 100, digest, &why), NAVE_EIO);
    CU_ASSERT_STRING_EQUAL(why.text, "cannot be read: Bad file descriptor");
    if (full >= 0) {
        CU_ASSERT_NOT_EQUAL(nv_digest_copy(fileno(f), full, 100, digest, &why), NAVE_OK);
        CU_ASSERT_STRING_EQUAL(why.text, "cannot be copied: No space left on device");
        close(full);
    }
    fclose(f);
}

static void texts_of_64_digits_are_read_and_no_others(void)
{
    static const char good[] = "0123456789abcdefABCDEF00000000000000000000000000000000000000ffff";
    char digest[NV_DIGEST_TEXT] = "untouched", bad[sizeof(good)];
    size_t i;

    for (i = 0; i < 64; i++) {
        CU_ASSERT_EQUAL(nv_digest_parse((struct nave_str){good, i}, digest), NAVE_ESYNTAX);
        memcpy(bad, good, sizeof(bad));
        bad[i] = "g/:@G`\0 "[i % 8];
        CU_ASSERT_EQUAL(nv_digest_parse((struct nave_str){bad, 64}, digest), NAVE_ESYNTAX);
    }
    CU_ASSERT_STRING_EQUAL(digest, "untouched");
    CU_ASSERT_EQUAL(nv_digest_parse((struct nave_str){good, 64}, digest), NAVE_OK);
    CU_ASSERT_STRING_EQUAL(digest,
                           "0123456789abcdefabcdef00000000000000000000000000000000000000ffff");
}

static void what_is_sealed_cannot_be_changed(void)
{
    int fd = -1;
    nave_err err = nv_sealed_open("test", &fd);

    if (err == NAVE_ENOSYS) {
        printf("(skipped: no sealed memory here) ");
        return;
    }
    CU_ASSERT_EQUAL_FATAL(err, NAVE_OK);
    CU_ASSERT_EQUAL(write(fd, "abc", 3), 3);
    CU_ASSERT_EQUAL(nv_sealed_close(fd), NAVE_OK);
    CU_ASSERT_EQUAL(pwrite(fd, "x", 1, 0), -1);
    CU_ASSERT_EQUAL(ftruncate(fd, 0), -1);
    CU_ASSERT_EQUAL(ftruncate(fd, 10), -1);
    close(fd);
}

static CU_TestInfo tests[] = {
    {"known_answers_are_given", known_answers_are_given},
    {"a_copy_has_the_bytes_and_the_digest_is_of_them",
     a_copy_has_the_bytes_and_the_digest_is_of_them},
    {"what_is_over_the_limit_is_refused", what_is_over_the_limit_is_refused},
    {"what_cannot_be_read_or_written_is_said", what_cannot_be_read_or_written_is_said},
    {"texts_of_64_digits_are_read_and_no_others", texts_of_64_digits_are_read_and_no_others},
    {"what_is_sealed_cannot_be_changed", what_is_sealed_cannot_be_changed},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"digest", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)
