/* SPDX-License-Identifier: MIT
 *
 * What can be asked of a running runtime, one line a question, and how each is answered: in pieces, so
 * that an answer of any length goes to a reader of any speed without lying in memory.
 */
#ifndef NV_ADMIN_ANSWER_H
#define NV_ADMIN_ANSWER_H

#include "metrics.h"
#include "base/out.h"
#include "log/report.h"

struct nave_runtime;
struct nv_dump;

/* What a piece is followed by. */
enum nv_answer_more {
    NV_ANSWER_DONE = 0, /* that was the last piece */
    NV_ANSWER_MORE,     /* another one            */
};

/* One answer. */
struct nv_admin_answer {
    struct nave_runtime *rt;
    const struct nv_admin_question *question;
    const char *format;
    uint32_t is_kept; /* another question may follow on this connection */
    uint32_t has_begun;
    struct nv_metrics metrics;
    struct nv_dump *dump; /* NULL: none yet */
};

/* Read question `line`, of `len` bytes without the end of the line. Errors: NAVE_EINVAL, `why` says
 * what there is. State: worker 0, which has the control role. */
NAVE_NODISCARD nave_err nv_admin_ask(struct nave_runtime *rt, const char *line, size_t len,
                                     struct nv_admin_answer *out_answer, struct nv_why *why);

/* Write the next piece. Errors: NAVE_ENOMEM, NAVE_ESTATE: nothing was written. */
NAVE_NODISCARD nave_err nv_admin_answer_go_on(struct nv_admin_answer *a, struct nv_out *o,
                                              enum nv_answer_more *out_more);

/* The type of the answer for HTTP: "application/json". */
const char *nv_admin_answer_type(const struct nv_admin_answer *a);

/* Whether it was given or not. */
void nv_admin_answer_end(struct nv_admin_answer *a);

#endif
