/* SPDX-License-Identifier: MIT
 *
 * The n-th allocation fails, once. The linker sends the calls of core through the functions below
 * (FAILING_LINK, see local.mk); those of libraries are not ours.
 */
#ifndef FAILING_H
#define FAILING_H

#include <stdlib.h>

static long countdown = -1; /* below 0: nothing fails */
static int has_failed;
static size_t realloc_largest; /* bytes */

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_aligned_alloc(size_t align, size_t n);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_aligned_alloc(size_t align, size_t n);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);

static int fails(void)
{
    if (countdown < 0 || countdown-- > 0)
        return 0;
    has_failed = 1;
    return 1; /* once: countdown is below 0 now */
}

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    if (n > realloc_largest)
        realloc_largest = n;
    return fails() ? NULL : __real_realloc(p, n);
}

void *__wrap_aligned_alloc(size_t align, size_t n)
{
    return fails() ? NULL : __real_aligned_alloc(align, n);
}

char *__wrap_strdup(const char *s)
{
    return fails() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
    return fails() ? NULL : __real_strndup(s, n);
}

/* Let the allocation after `n` others fail. */
static void fail_after(long n)
{
    has_failed = 0;
    countdown = n;
}

#endif
