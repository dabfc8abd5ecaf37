/* SPDX-License-Identifier: MIT
 *
 * A table holds nothing but pointers behind its head (plugin.h, law 2), so that an empty slot can be
 * found without knowing the table's type. What plugins publish is handed back as it is once it was found
 * whole, or in checked mode with asserting slots in front (check.h).
 */
#include "publish.h"

#include <string.h>

#include "check/check.h"
#include "runtime/runtime.h"

#define TABLE_BYTES_MAX 65536u

nave_err nv_iface_check(const struct nave_iface *table, uint32_t min_size, struct nv_why *why)
{
    uint32_t size, at;

    if (!table)
        return nv_why_set(why, NAVE_EINVAL, "there is no table");
    if (!table->id || !table->id[0])
        return nv_why_set(why, NAVE_EINVAL, "the table has no id");
    size = table->size;
    if (size < sizeof(*table) || size > TABLE_BYTES_MAX || size % sizeof(void *) != 0)
        return nv_why_set(why, NAVE_EINVAL,
                          "the size of table \"%s\" is %u bytes, which no table has; set it with "
                          "NAVE_IFACE()",
                          table->id, size);
    if (min_size > size)
        return nv_why_set(why, NAVE_EINVAL, "table \"%s\" is %u bytes large, and %u are needed",
                          table->id, size, min_size);
    if (min_size)
        size = min_size;
    for (at = sizeof(*table); at + sizeof(void *) <= size; at += (uint32_t)sizeof(void *)) {
        void *slot;

        memcpy(&slot, (const char *)table + at, sizeof(slot));
        if (!slot)
            return nv_why_set(why, NAVE_EINVAL,
                              "slot %u of table \"%s\" is empty; fill it, at least with a function "
                              "that refuses",
                              (unsigned)((at - sizeof(*table)) / sizeof(void *)), table->id);
    }
    return NAVE_OK;
}

const struct nave_iface *nv_publish(struct nv_plugin *p, const struct nave_iface *table)
{
    struct nv_place at = {.plugin = p->id};
    struct nv_why why = {""};
    nave_err err = nv_iface_check(table, 0, &why);

    if (err) {
        nv_report_error(&p->rt->report, err, &at, "plugin \"%s\": %s", p->id, why.text);
        return NULL;
    }
    if (p->rt->is_checked) {
        table = nv_check_publish(p, table);
        if (!table)
            nv_report_error(&p->rt->report, NAVE_ENOMEM, &at,
                            "plugin \"%s\": out of memory while publishing a table", p->id);
    }
    return table;
}
