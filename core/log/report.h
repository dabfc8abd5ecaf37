/* SPDX-License-Identifier: MIT
 *
 * The one way out for what an operator must be told. A sink takes reports from any thread, hands
 * them to the host's callback one at a time, and counts the errors among them. Once a log is set
 * (runtime_log.h), lines go there instead, and only what the program must show besides still goes to
 * the callback at once: what is about the configuration, and why a start fails.
 *
 * Functions that check something without knowing where it stands give their reason in a struct
 * nv_why; whoever knows the place reports it.
 */
#ifndef NV_REPORT_H
#define NV_REPORT_H

#include <pthread.h>
#include <stdarg.h>

#include <nave/error.h>
#include <nave/runtime.h>

#include "base/nv_err.h"

#define NV_POINTER_MAX \
    1024u                 /* bytes of a JSON pointer in a report, with its NUL; cut when longer */
#define NV_TEXT_MAX 2048u /* bytes of a report's text, with its NUL; cut when longer            */

struct nv_log; /* log.h */

/* Where reports go. Embedded by the runtime. */
struct nv_report {
    pthread_mutex_t lock; /* one call of fn at a time */
    nave_report_fn *fn;   /* atomic; may be NULL: nothing is told */
    void *arg;
    uint32_t level_max; /* atomic: the most that is told: NAVE_LOG_* */
    /* set by the control role while nobody else reports */
    struct nv_log *log;    /* NULL: everything goes to fn at once          */
    int32_t is_to_program; /* the log hands everything to fn               */
    int32_t is_starting;   /* atomic: errors go to both                    */
    uint64_t errors;       /* atomic: reports at NAVE_LOG_ERROR            */
};

/* What a report is about. Any member may be zero. Texts are borrowed. */
struct nv_place {
    const char *file;
    const char *pointer; /* JSON pointer */
    const char *plugin;  /* id           */
    uint32_t line;
    uint32_t column;
};

/* Why something was refused. Empty until set. */
struct nv_why {
    char text[768];
};

/* Make a sink. Thread: [any]. Owns: borrows arg until finish. Errors: NAVE_ENOMEM. */
NAVE_NODISCARD nave_err nv_report_init(struct nv_report *r, nave_report_fn *fn, void *arg,
                                       uint32_t level_max);

/* The reverse of init. Thread: [control]. State: nobody reports any more. */
void nv_report_finish(struct nv_report *r);

/* Hand `report` on as it is, whatever its level; size is filled in. NULL `r` is fine everywhere below.
 * Thread: [any]. */
void nv_report_send(struct nv_report *r, const struct nave_report *report);

/* Call the host's callback with `report`, now. Thread: [any]. */
void nv_report_call(struct nv_report *r, const struct nave_report *report);

/* From now on the host's callback is not called. Thread: [any]. */
void nv_report_mute(struct nv_report *r);

/* Set the most that is told. Thread: [control]. */
void nv_report_set_level(struct nv_report *r, uint32_t level_max);

/* 1: a line at `level` is told. Thread: [any]. */
int32_t nv_report_tells(const struct nv_report *r, uint32_t level);

/* Report error `code` at `at` (NULL: nowhere). Thread: [any]. */
void nv_report_error(struct nv_report *r, nave_err code, const struct nv_place *at,
                     const char *format, ...) NAVE_FORMAT(4, 5);
void nv_report_verror(struct nv_report *r, nave_err code, const struct nv_place *at,
                      const char *format, va_list args) NAVE_FORMAT(4, 0);

/* Log a line at `level` (NAVE_LOG_*), of plugin `plugin` (NULL: the core). nv_report_text does not look
 * at the level: its caller has done so. Thread: [any]. */
void nv_report_log(struct nv_report *r, uint32_t level, const char *plugin, const char *format, ...)
    NAVE_FORMAT(4, 5);
void nv_report_text(struct nv_report *r, uint32_t level, const char *plugin, const char *text,
                    size_t len);

/* How many errors were reported so far; compare before and after. Thread: [any]. */
uint64_t nv_report_errors(struct nv_report *r);

/* Set the reason and return `code`, so that a check ends in one statement. NULL `why` is fine. */
nave_err nv_why_set(struct nv_why *why, nave_err code, const char *format, ...) NAVE_FORMAT(3, 4);

/* How many bytes of `s`, at most `max`, can be shown without cutting a UTF-8 character in two. */
size_t nv_text_cut(struct nave_str s, size_t max);

/* Append "/key" with ~0 and ~1 escapes (RFC 6901 3) to the pointer of `len` bytes in `out`, which
 * has room for `cap` with the NUL. The result is always terminated. Returns the new length, or `cap`
 * when something did not fit: nothing more is appended then, so that a cut pointer is a prefix. */
size_t nv_pointer_add(char *out, size_t cap, size_t len, const char *key, size_t key_len);
size_t nv_pointer_add_index(char *out, size_t cap, size_t len, size_t index);

#endif
