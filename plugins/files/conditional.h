/* SPDX-License-Identifier: MIT
 *
 * Preconditions: If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, If-Range, in the
 * order of "RFC 9110 13.2.2". No I/O, no allocation.
 */
#ifndef FILES_CONDITIONAL_H
#define FILES_CONDITIONAL_H

#include <nave/base.h>

/* What there is: its entity tag as sent, strong or weak (len 0: none), and when it was changed. */
struct files_validators {
    struct nave_str etag;
    int64_t modified_s;
    uint32_t has_modified;
    uint32_t reserved;
};

/* What was asked. A field that was not there has ptr NULL; one that may come once and came twice is an
 * empty text, which is no date and no tag. If-Match and If-None-Match may come several
 * times, and are then one list: each line is read with files_condition_*_add. */
struct files_conditions {
    struct nave_str if_modified_since;
    struct nave_str if_unmodified_since;
    struct nave_str if_range;
    uint8_t has_if_match;
    uint8_t if_match_is_true;
    uint8_t has_if_none_match;
    uint8_t if_none_match_hits; /* one of the tags is ours */
};

/* Read one line of If-Match, compared strongly, or of If-None-Match, compared weakly. */
void files_condition_match_add(struct files_conditions *c, const struct files_validators *v,
                               const char *text, size_t len);
void files_condition_none_match_add(struct files_conditions *c, const struct files_validators *v,
                                    const char *text, size_t len);

#define FILES_CONDITION_GO     0   /* answer                             */
#define FILES_CONDITION_SAME   304 /* what the peer has is right         */
#define FILES_CONDITION_FAILED 412 /* what the peer wants is not here    */

/* What GET or HEAD is to be answered with. */
int files_condition_check(const struct files_conditions *c, const struct files_validators *v,
                          int64_t now_s);

/* 1: a Range may be honoured ("RFC 9110 13.1.5"): If-Range is not there, or names exactly what we have
 * by a strong validator. */
int files_condition_range_holds(const struct files_conditions *c, const struct files_validators *v,
                                int64_t now_s);

#endif
