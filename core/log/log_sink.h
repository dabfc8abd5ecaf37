/* SPDX-License-Identifier: MIT
 *
 * Where lines go: a table of calls for each kind of place. A sink formats lines into a buffer of its
 * user and writes bytes of such a buffer; it never waits, so that whoever writes can look after other
 * things. The log's own thread is the only caller (in tests: the test), with SIGPIPE blocked.
 *
 *     opened --write--> bytes taken
 *                  '--> NAVE_EAGAIN: wait until `fd` can be written
 *                  '--> another error: the same bytes again later, after nv_log_sink_renew()
 */
#ifndef NV_LOG_SINK_H
#define NV_LOG_SINK_H

#include <stddef.h>

#include "log_format.h"
#include "report.h"

enum nv_log_to {
    NV_LOG_TO_PROGRAM = 0, /* the host's callback: no sink of ours */
    NV_LOG_TO_STDERR,
    NV_LOG_TO_STDOUT,
    NV_LOG_TO_FILE,
    NV_LOG_TO_SYSLOG,
    NV_LOG_TO_JOURNALD,
};

enum nv_log_form {
    NV_LOG_FORM_TEXT = 0,
    NV_LOG_FORM_JSON,
};

struct nv_log_sink_ops;

struct nv_log_sink {
    const struct nv_log_sink_ops *ops;
    /* configuration; texts are borrowed */
    enum nv_log_form form;
    const char *name; /* of the program, for those who ask */
    const char *path; /* of the file or socket             */
    /* state */
    int fd;            /* -1: not open                            */
    int32_t is_stream; /* fd of a socket: messages need an end     */
    int32_t is_slow;   /* fd of a file: a write may wait, so ask first */
    uint32_t pid;
};

struct nv_log_sink_ops {
    /* Several lines may be written at once. */
    int32_t is_joined;
    /* A path is opened anew when asked to: it may be another file by then. */
    int32_t has_path;
    /* Open `fd`. Errors: as of the system, with the reason. Nothing changed then. */
    nave_err (*open)(struct nv_log_sink *s, struct nv_why *why);
    /* `line` as bytes, at most NV_LOG_LINE_MAX. */
    size_t (*format)(const struct nv_log_sink *s, const struct nv_log_line *line, char *out);
    /* Write some of `n` bytes: whole lines when joined, else one message and all of it. Never waits for
     * long. Errors: NAVE_EAGAIN; NAVE_ETOOBIG the message is refused for its size; NAVE_EIO, with the
     * system's number in *out_errno. */
    nave_err (*write)(struct nv_log_sink *s, const char *bytes, size_t n, size_t *out_n,
                      int *out_errno);
};

extern const struct nv_log_sink_ops nv_log_stderr_ops;
extern const struct nv_log_sink_ops nv_log_stdout_ops;
extern const struct nv_log_sink_ops nv_log_file_ops;
extern const struct nv_log_sink_ops nv_log_syslog_ops;
extern const struct nv_log_sink_ops nv_log_journal_ops;

/* Open a sink for `to`, which is not the program. `path`: of the file; for tests also of the socket, NULL:
 * where it is by custom. Owns: borrows name and path until close. Errors: as of the system; `why` says. */
NAVE_NODISCARD nave_err nv_log_sink_open(struct nv_log_sink *s, enum nv_log_to to,
                                         enum nv_log_form form, const char *name, const char *path,
                                         struct nv_why *why);

/* Open it once more and take the new descriptor for the old one. Errors: the old one stays then. */
NAVE_NODISCARD nave_err nv_log_sink_renew(struct nv_log_sink *s, struct nv_why *why);

/* Give the descriptor back. One that is not open is fine. */
void nv_log_sink_close(struct nv_log_sink *s);

#endif
