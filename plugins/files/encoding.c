/* SPDX-License-Identifier: MIT
 *
 * A list of coding [ ";" "q=" weight ]. A coding that is named twice has the later weight.
 */
#include "encoding.h"

#include <string.h>

static const struct {
    const char *key;
    const char *suffix;
    const char *name;
} codings[FILES_CODING_COUNT] = {{"", "", "identity"},
#define X(number, key, suffix, name) [number] = {#key, suffix, name},
                                 FILES_CODINGS(X)
#undef X
};

const char *files_coding_suffix(uint32_t coding)
{
    return codings[coding].suffix;
}

const char *files_coding_name(uint32_t coding)
{
    return codings[coding].name;
}

uint32_t files_coding_find(const char *text, size_t len)
{
    uint32_t i;

    for (i = 1; i < FILES_CODING_COUNT; i++)
        if (strlen(codings[i].key) == len && memcmp(codings[i].key, text, len) == 0)
            return i;
    return 0;
}

void files_accept_init(struct files_accept *a)
{
    uint32_t i;

    for (i = 0; i < FILES_CODING_COUNT; i++)
        a->q[i] = -1;
    a->any = -1;
}

static int same(const char *text, size_t len, const char *lower)
{
    size_t i;

    for (i = 0; i < len && lower[i] != '\0'; i++) {
        char c = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] | 0x20) : text[i];

        if (c != lower[i])
            return 0;
    }
    return i == len && lower[i] == '\0';
}

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    return p;
}

/* A weight in thousandths; -1: it is none ("RFC 9110 12.4.2"). */
static int weight(const char *text, size_t len)
{
    int q, factor = 100;
    size_t i;

    if (len == 0 || len > 5 || (text[0] != '0' && text[0] != '1') || (len > 1 && text[1] != '.'))
        return -1;
    q = (text[0] - '0') * 1000;
    for (i = 2; i < len; i++, factor /= 10) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        q += (text[i] - '0') * factor;
    }
    return q <= FILES_Q_MAX ? q : -1;
}

/* One element, without commas. */
static void element(struct files_accept *a, const char *p, const char *end)
{
    const char *name = p = skip_blanks(p, end);
    size_t name_len;
    int q = FILES_Q_MAX;
    uint32_t i;

    while (p < end && *p != ';' && *p != ' ' && *p != '\t')
        p++;
    name_len = (size_t)(p - name);
    p = skip_blanks(p, end);
    if (p < end) {
        const char *value;

        if (*p++ != ';')
            return;
        p = skip_blanks(p, end);
        if (end - p < 2 || (*p | 0x20) != 'q' || p[1] != '=')
            return;
        value = p += 2;
        while (p < end && *p != ' ' && *p != '\t')
            p++;
        q = weight(value, (size_t)(p - value));
        if (q < 0 || skip_blanks(p, end) != end)
            return;
    }
    if (name_len == 1 && *name == '*') {
        a->any = (int16_t)q;
        return;
    }
    if (same(name, name_len, "x-gzip")) { /* "RFC 9110 8.4.1.3" */
        name += 2;
        name_len -= 2;
    }
    for (i = 0; i < FILES_CODING_COUNT; i++)
        if (same(name, name_len, codings[i].name))
            a->q[i] = (int16_t)q;
}

void files_accept_read(struct files_accept *a, const char *text, size_t len)
{
    const char *end = text + len;
    const char *p = text;

    while (p < end) {
        const char *comma = memchr(p, ',', (size_t)(end - p));
        const char *stop = comma ? comma : end;

        element(a, p, stop);
        p = comma ? comma + 1 : end;
    }
}

uint32_t files_accept_choose(const struct files_accept *a, const uint8_t *order, uint32_t count)
{
    uint32_t best = 0, i;
    int best_q = 0;

    for (i = 0; i < count; i++) {
        int q = a->q[order[i]] >= 0 ? a->q[order[i]] : a->any;

        if (q > best_q) {
            best_q = q;
            best = order[i];
        }
    }
    /* The file as it is goes first only when the peer says that it likes it better. */
    return a->q[0] > best_q ? 0 : best;
}
