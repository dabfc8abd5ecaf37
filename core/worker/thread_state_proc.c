/* SPDX-License-Identifier: MIT
 *
 * The state in /proc/self/task/N/stat: 'R' for a thread that runs or waits for a processor. It stands
 * behind the name, which may hold any byte and ends with the last ')'.
 */
#define _GNU_SOURCE /* syscall */
#include "thread_state.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

uint64_t nv_thread_number(void)
{
    return (uint64_t)syscall(SYS_gettid);
}

int32_t nv_thread_is_runnable(uint64_t number)
{
    char path[64], text[256];
    const char *end;
    ssize_t n;
    int fd;

    snprintf(path, sizeof(path), "/proc/self/task/%llu/stat", (unsigned long long)number);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    n = read(fd, text, sizeof(text) - 1);
    (void)close(fd);
    if (n <= 0)
        return 0;
    text[n] = '\0';
    end = strrchr(text, ')');
    return end && strncmp(end, ") R", 3) == 0;
}
