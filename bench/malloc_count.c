/* SPDX-License-Identifier: MIT
 *
 * Counts the calls to malloc and its kin of a whole process, for LD_PRELOAD. The counts live in the
 * file named by NAVE_BENCH_MALLOC_FILE, mapped and shared: the benchmark reads them at any time,
 * while the process runs, without asking it.
 *
 * The file holds five 64-bit words: malloc, calloc, realloc, aligned, free.
 */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* What glibc offers to those who put themselves in front of its allocator. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *ptr, size_t size);
void *__libc_memalign(size_t align, size_t size);
void __libc_free(void *ptr);

enum what { COUNT_MALLOC, COUNT_CALLOC, COUNT_REALLOC, COUNT_ALIGNED, COUNT_FREE, COUNT_COUNT };

static uint64_t unmapped[COUNT_COUNT]; /* before the file is there, or without one */
static uint64_t *counts = unmapped;

static void count(enum what what)
{
    __atomic_fetch_add(&counts[what], 1, __ATOMIC_RELAXED);
}

__attribute__((constructor)) static void open_file(void)
{
    const char *path = getenv("NAVE_BENCH_MALLOC_FILE");
    void *map;
    int fd;

    if (!path)
        return;
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    if (!ftruncate(fd, sizeof(unmapped))) {
        map = mmap(NULL, sizeof(unmapped), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (map != MAP_FAILED)
            counts = map;
    }
    close(fd);
}

EXPORT void *malloc(size_t size)
{
    count(COUNT_MALLOC);
    return __libc_malloc(size);
}

EXPORT void *calloc(size_t n, size_t size)
{
    count(COUNT_CALLOC);
    return __libc_calloc(n, size);
}

EXPORT void *realloc(void *ptr, size_t size)
{
    count(COUNT_REALLOC);
    return __libc_realloc(ptr, size);
}

EXPORT void *aligned_alloc(size_t align, size_t size)
{
    count(COUNT_ALIGNED);
    return __libc_memalign(align, size);
}

EXPORT int posix_memalign(void **out, size_t align, size_t size)
{
    void *ptr;

    count(COUNT_ALIGNED);
    ptr = __libc_memalign(align, size);
    if (!ptr)
        return ENOMEM;
    *out = ptr;
    return 0;
}

EXPORT void free(void *ptr)
{
    if (ptr)
        count(COUNT_FREE);
    __libc_free(ptr);
}
