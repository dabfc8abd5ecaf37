/* SPDX-License-Identifier: MIT
 *
 * From a line in parts to bytes. What is in a line may come from a peer, so nothing that a terminal obeys
 * or that ends a line leaves here as it came (CWE-117):
 *
 *   text, syslog   \n \t \r \\ , other control characters and bytes that are no UTF-8 as \x1b, characters beyond
 *                  ASCII that steer (C1, line and paragraph separators, bidirectional marks) as \u202e
 *   JSON           as RFC 8259 7 wants it, the same characters as \u001b; bytes that are no UTF-8 as U+FFFD
 *   journal        as text, but a line break in MESSAGE stays: fields are binary safe, and the journal's
 *                  readers show what follows it indented
 *
 * Pure functions over a buffer of NV_LOG_LINE_MAX bytes, which always is enough. Thread: [any].
 */
#ifndef NV_LOG_FORMAT_H
#define NV_LOG_FORMAT_H

#include <nave/runtime.h>

#define NV_LOG_TEXT_MAX  8192u /* bytes of a text; longer is cut and says so */
#define NV_LOG_PLACE_MAX 1024u /* of a file name, of a pointer               */
#define NV_LOG_ID_MAX    64u   /* of a plugin's id, of the program's name    */
/* The worst case: each byte becomes six, places twice (in the journal); keys, numbers and time are below 1 KiB. */
#define NV_LOG_LINE_MAX (6u * (NV_LOG_TEXT_MAX + 4 * NV_LOG_PLACE_MAX + 4 * NV_LOG_ID_MAX) + 1024u)

struct nv_log_line {
    struct nave_report r;
    int64_t wall_ns; /* since 1970 */
    int32_t is_cut;  /* the text was longer */
};

/* "2026-11-26T23:01:29.123Z warn  tcp: text\n", or with FILE:LINE:COLUMN: POINTER: before the text. Without a
 * plugin `name` stands for it. Returns the length. */
size_t nv_log_format_text(const struct nv_log_line *line, const char *name, char *out);

/* One object on one line: ts, level, plugin, code, file, line, column, pointer, msg; what is empty is left out. */
size_t nv_log_format_json(const struct nv_log_line *line, const char *name, char *out);

/* The text without time, level and line break, as syslog and the journal want it. */
size_t nv_log_format_plain(const struct nv_log_line *line, char *out);

/* What stands before a message of syslog: "<28>Nov 26 23:01:29 nave[42]: " (RFC 3164 4.1, local time). */
size_t nv_log_format_syslog_head(const struct nv_log_line *line, const char *name, uint32_t pid,
                                 char *out);

/* A datagram of the journal's native protocol: MESSAGE, PRIORITY, SYSLOG_IDENTIFIER, NAVE_PLUGIN, NAVE_CODE,
 * NAVE_FILE, NAVE_LINE, NAVE_COLUMN, NAVE_POINTER; what is empty is left out. */
size_t nv_log_format_journal(const struct nv_log_line *line, const char *name, char *out);

#endif
