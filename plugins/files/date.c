/* SPDX-License-Identifier: MIT
 *
 * The three forms differ in order and in what stands between; the pieces are the same. Names of days
 * are checked to be names, not to be true: a wrong one says nothing about the time.
 */
#include "date.h"

#include <string.h>

#define DAY         INT64_C(86400)
#define FIFTY_YEARS (INT64_C(18263) * DAY)

struct reading {
    const char *at;
    const char *end;
    int is_bad;
};

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char days[] = "SunMonTueWedThuFriSat";

/* Days from 1970-01-01 to the first of March of `year`, shifted so that leap days come last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void take(struct reading *r, const char *text)
{
    size_t len = strlen(text);

    if ((size_t)(r->end - r->at) < len || memcmp(r->at, text, len) != 0)
        r->is_bad = 1;
    else
        r->at += len;
}

/* `digits` digits; with `may_pad` the first may be a space. */
static int64_t number(struct reading *r, int digits, int may_pad)
{
    int64_t n = 0;
    int i;

    if (r->end - r->at < digits) {
        r->is_bad = 1;
        return 0;
    }
    for (i = 0; i < digits; i++) {
        char c = *r->at++;

        if (may_pad && i == 0 && c == ' ')
            continue;
        if (c < '0' || c > '9')
            r->is_bad = 1;
        else
            n = n * 10 + (c - '0');
    }
    return n;
}

/* One of the names of three letters in `names`: its number, from 0. */
static int64_t name(struct reading *r, const char *names)
{
    size_t i;

    if (r->end - r->at >= 3) {
        for (i = 0; names[i] != '\0'; i += 3) {
            if (memcmp(r->at, names + i, 3) == 0) {
                r->at += 3;
                return (int64_t)(i / 3);
            }
        }
    }
    r->is_bad = 1;
    return 0;
}

static int64_t clock_time(struct reading *r)
{
    int64_t hour, minute, second;

    hour = number(r, 2, 0);
    take(r, ":");
    minute = number(r, 2, 0);
    take(r, ":");
    second = number(r, 2, 0);
    if (hour > 23 || minute > 59 || second > 60)
        r->is_bad = 1;
    return (hour * 60 + minute) * 60 +
           (second < 60 ? second : 59); /* a leap second is the one before */
}

/* 1: put together what was read. */
static int finish(const struct reading *r, int64_t year, int64_t month, int64_t day, int64_t time_s,
                  int64_t *out_s)
{
    static const int8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    if (r->is_bad || r->at != r->end || day < 1 || day > lengths[month] + (month == 1 && is_leap))
        return 0;
    *out_s = days_of(year, month + 1, day) * DAY + time_s;
    return 1;
}

/* "Sunday, 06-Nov-94 08:49:37 GMT": `r` stands behind the comma. */
static int parse_rfc850(struct reading *r, int64_t now_s, int64_t *out_s)
{
    int64_t day, month, year, time_s;

    day = number(r, 2, 0);
    take(r, "-");
    month = name(r, months);
    take(r, "-");
    year = number(r, 2, 0);
    take(r, " ");
    time_s = clock_time(r);
    take(r, " GMT");
    if (r->is_bad)
        return 0;
    /* The latest year that ends so and is not more than 50 years ahead. */
    year += 1900;
    while (days_of(year + 100, month + 1, day) * DAY + time_s <= now_s + FIFTY_YEARS)
        year += 100;
    return finish(r, year, month, day, time_s, out_s);
}

/* "Nov  6 08:49:37 1994": `r` stands behind the day's name. */
static int parse_asctime(struct reading *r, int64_t *out_s)
{
    int64_t month, day, time_s, year;

    take(r, " ");
    month = name(r, months);
    take(r, " ");
    day = number(r, 2, 1);
    take(r, " ");
    time_s = clock_time(r);
    take(r, " ");
    year = number(r, 4, 0);
    return finish(r, year, month, day, time_s, out_s);
}

int files_date_parse(const char *text, size_t len, int64_t now_s, int64_t *out_s)
{
    static const char *const rests[] = {"day", "day", "sday", "nesday", "rsday", "day", "urday"};
    struct reading r = {text, text + len, 0};
    int64_t weekday, day, month, year, time_s;

    weekday = name(&r, days);
    if (r.is_bad || r.at == r.end)
        return 0;
    if (*r.at == ' ')
        return parse_asctime(&r, out_s);
    if (*r.at != ',') {
        take(&r, rests[weekday]);
        take(&r, ", ");
        return parse_rfc850(&r, now_s, out_s);
    }
    take(&r, ", ");
    day = number(&r, 2, 0);
    take(&r, " ");
    month = name(&r, months);
    take(&r, " ");
    year = number(&r, 4, 0);
    take(&r, " ");
    time_s = clock_time(&r);
    take(&r, " GMT");
    return finish(&r, year, month, day, time_s, out_s);
}

static void put_digits(char *out, int64_t n, int digits)
{
    while (digits-- > 0) {
        out[digits] = (char)('0' + n % 10);
        n /= 10;
    }
}

void files_date_write(char out[FILES_DATE_LEN], int64_t at_s)
{
    static const char shape[] = "Sun, 00 Jan 0000 00:00:00 GMT";
    int64_t day_number, time_s, era, of_era, year_of_era, of_year, month, year;

    if (at_s < 0)
        at_s = 0;
    if (at_s > INT64_C(253402300799)) /* 9999-12-31 23:59:59 */
        at_s = INT64_C(253402300799);
    day_number = at_s / DAY;
    time_s = at_s % DAY;
    /* The reverse of days_of. */
    era = (day_number + 719468) / 146097;
    of_era = day_number + 719468 - era * 146097;
    year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    month = (5 * of_year + 2) / 153;
    year = year_of_era + era * 400 + (month >= 10);
    memcpy(out, shape, FILES_DATE_LEN);
    memcpy(out, days + (day_number + 4) % 7 * 3, 3);
    put_digits(out + 5, of_year - (153 * month + 2) / 5 + 1, 2);
    memcpy(out + 8, months + (month + 2) % 12 * 3, 3);
    put_digits(out + 12, year, 4);
    put_digits(out + 17, time_s / 3600, 2);
    put_digits(out + 20, time_s / 60 % 60, 2);
    put_digits(out + 23, time_s % 60, 2);
}
