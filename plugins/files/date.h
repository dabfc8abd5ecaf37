/* SPDX-License-Identifier: MIT
 *
 * Dates of HTTP: seconds since 1970 from and to text ("RFC 9110 5.6.7"). No I/O, no allocation.
 */
#ifndef FILES_DATE_H
#define FILES_DATE_H

#include <stddef.h>
#include <stdint.h>

#define FILES_DATE_LEN 29u /* "Sun, 06 Nov 1994 08:49:37 GMT" */

/* Read a date in any of the three forms. `now_s` tells the century of a year with two digits: one more
 * than 50 years ahead is in the past. 1: *out_s is set. 0: it is no date. */
int files_date_parse(const char *text, size_t len, int64_t now_s, int64_t *out_s);

/* Write the IMF-fixdate of `at_s`, clipped to the years 1970 to 9999. */
void files_date_write(char out[FILES_DATE_LEN], int64_t at_s);

#endif
