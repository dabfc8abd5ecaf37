/* SPDX-License-Identifier: MIT
 *
 * A sink for reports that keeps them as text, a line each, the way `nave check` shows them:
 * FILE:LINE:COLUMN: POINTER: TEXT. Parts that are empty are left out.
 */
#ifndef TOLD_H
#define TOLD_H

#include <stdio.h>
#include <string.h>

#include <nave/runtime.h>

struct told {
    char text[1u << 16];
    size_t len;
    unsigned count;
    unsigned memory_count; /* those with NAVE_ENOMEM */
    unsigned placed_count; /* those with a line and a column */
};

static struct told told;

static void tell(void *arg, const struct nave_report *r)
{
    size_t room = sizeof(told.text) - told.len;
    int n;

    (void)arg;
    if (r->level != NAVE_LOG_ERROR)
        return;
    told.count++;
    told.memory_count += r->code == NAVE_ENOMEM;
    told.placed_count += r->line > 0 && r->column > 0;
    n = snprintf(told.text + told.len, room, "%.*s%s", (int)r->file.len, r->file.ptr,
                 r->file.len ? ":" : "");
    if (n > 0 && (size_t)n < room && r->line)
        n += snprintf(told.text + told.len + n, room - (size_t)n, "%u:%u:", r->line, r->column);
    if (n > 0 && (size_t)n < room)
        n += snprintf(told.text + told.len + n, room - (size_t)n, " ");
    if (n >= 0 && (size_t)n < room)
        n += snprintf(told.text + told.len + n, room - (size_t)n, "%.*s%s%.*s\n",
                      (int)r->pointer.len, r->pointer.ptr, r->pointer.len ? ": " : "",
                      (int)r->text.len, r->text.ptr);
    told.len += n >= 0 && (size_t)n < room ? (size_t)n : 0; /* what does not fit is dropped */
    told.text[told.len] = '\0';
}

static void forget(void)
{
    told.len = told.count = told.memory_count = told.placed_count = 0;
    told.text[0] = '\0';
}

/* Whether everything that was told is `want`; shows it when not. */
static int is_told(const char *want)
{
    if (strcmp(told.text, want) == 0)
        return 1;
    printf("\n  told: %s  not:  %s", told.text, want);
    return 0;
}

#endif
