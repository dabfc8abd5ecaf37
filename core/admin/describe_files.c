/* SPDX-License-Identifier: MIT
 *
 * The files of the configuration in use: what --watch looks at, and what a package or a backup needs.
 */
#include "describe.h"
#include "runtime/runtime.h"

void nv_describe_files_text(struct nv_describe *d)
{
    const char *name;
    uint32_t i;

    for (i = 0; (name = nv_conf_file_name(d->rt->doc, i)) != NULL; i++) {
        nv_out_clean(&d->out, name);
        nv_out_text(&d->out, "\n");
    }
}

void nv_describe_files_json(struct nv_describe *d)
{
    struct nv_json j;
    const char *name;
    uint32_t i;

    nv_json_init(&j, &d->out);
    nv_json_list(&j, NULL);
    for (i = 0; (name = nv_conf_file_name(d->rt->doc, i)) != NULL; i++)
        nv_json_text(&j, NULL, name);
    nv_json_end(&j);
    nv_out_text(&d->out, "\n");
}
