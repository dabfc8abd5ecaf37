/* SPDX-License-Identifier: MIT
 *
 * Bytes of a connection's own: input that was not used up, output that was not sent. Only a
 * connection that waits for something has any.
 */
#include "http1.h"

#include <string.h>

struct http1_store *http1_store_new(struct nave_worker *w, size_t room)
{
    struct http1_store *s = nave_worker_alloc(w, sizeof(*s) + room);

    if (s) {
        s->at = s->end = 0;
        s->room = (uint32_t)room;
    }
    return s;
}

void http1_store_free(struct nave_worker *w, struct http1_store *s)
{
    if (s)
        nave_worker_free(w, s, sizeof(*s) + s->room);
}

/* Put bytes at the end of `*store`, making or enlarging it. Errors: NAVE_ENOMEM; nothing changed. */
nave_err http1_store_append(struct nave_worker *w, struct http1_store **store, const void *data,
                            size_t len)
{
    struct http1_store *s = *store, *bigger;
    size_t have = s ? s->end - s->at : 0;
    size_t need = have + len, room = 240;

    if (len == 0)
        return NAVE_OK;
    if (need > UINT32_MAX / 2)
        return NAVE_ENOMEM;
    if (!s || s->room - s->end < len) {
        while (room < need)
            room = room * 2 + 16;
        bigger = http1_store_new(w, room);
        if (!bigger)
            return NAVE_ENOMEM;
        if (s)
            memcpy(bigger->data, s->data + s->at, have);
        bigger->end = (uint32_t)have;
        http1_store_free(w, s);
        *store = s = bigger;
    }
    memcpy(s->data + s->end, data, len);
    s->end += (uint32_t)len;
    return NAVE_OK;
}
