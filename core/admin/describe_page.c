/* SPDX-License-Identifier: MIT
 *
 * The keys of a configuration file as a page of Markdown, from the same option lists that fill the
 * structs: docs/configuration.md is this page. Only what no list can say is written here.
 */
#include <string.h>

#include "describe.h"
#include "runtime/runtime.h"
#include "plugin/schema.h"
#include "plugin/wiring.h"

static const char head[] =
    "# Configuration\n"
    "\n"
    "<!-- Written by: nave schema --markdown. Change the option lists, not this page. -->\n"
    "\n"
    "One JSON file says which plugins are loaded, what each is told, and where to listen.\n"
    "`nave check FILE` shows every error of it with line and column.\n"
    "`nave schema >nave.schema.json` writes a JSON Schema by which an editor completes and\n"
    "checks the file while it is written:\n"
    "\n"
    "```json\n"
    "{\n"
    "  \"$schema\": \"nave.schema.json\",\n"
    "  \"runtime\": { \"workers\": \"auto\" },\n"
    "  \"plugins\": {\n"
    "    \"tcp\": {},\n"
    "    \"http1\": {},\n"
    "    \"router\": { \"routes\": [ { \"GET /\": { \"text\": \"Hello, World!\" } } ] }\n"
    "  },\n"
    "  \"listeners\": [\n"
    "    { \"name\": \"web\", \"bind\": \"tcp://127.0.0.1:8080\",\n"
    "      \"protocols\": [\"http1\"], \"handler\": \"router\" }\n"
    "  ]\n"
    "}\n"
    "```\n"
    "\n"
    "Keys that begin with `$` are the host's; all others belong to whoever is named above them.\n"
    "An unknown key is an error. What is not given has its default.\n"
    "\n"
    "| key | where | what |\n"
    "|---|---|---|\n"
    "| `$include` | any object | the members of that file, or of a list of files, stand here |\n"
    "| `$include` | alone, as an item of a list | the items of that file stand here |\n"
    "| `$file` | alone, for a text | the text of that file, without the line break at its end |\n"
    "| `$env` | alone, for a text | a variable of the environment |\n"
    "\n"
    "Paths are relative to the file they stand in. Objects are merged, lists are joined; a value\n"
    "that stands twice is an error that names both places.\n"
    "\n"
    "## Kinds of values\n"
    "\n"
    "| kind | in the file |\n"
    "|---|---|\n"
    "| flag | `true` or `false` |\n"
    "| count | a whole number, 0 or more |\n"
    "| size | whole bytes, or a text such as `\"64KiB\"` (B, KiB, MiB, GiB, TiB) |\n"
    "| duration | a text such as `\"250ms\"` or `\"10s\"` (ns, us, ms, s, m, h, d) |\n"
    "| choice | one of the words in the column range |\n"
    "| text | a text |\n"
    "| texts | a list of texts; one text stands for a list of one |\n"
    "| pairs | an object from text to text |\n"
    "| address | a text: `\"tcp://127.0.0.1:8080\"`, `\"unix:///run/app.sock\"` |\n"
    "| path | a file or folder, relative to the folder of this file |\n"
    "| conf | a structure of its own, described beside it |\n";

static const char host_keys[] =
    "\n"
    "Each member of `plugins` is the id of a plugin and the object of its options. The plugin is\n"
    "searched by its id; `nave plugins` shows where, and what is found. These keys of the host "
    "may\n"
    "stand in every such object:\n"
    "\n"
    "| key | kind | what |\n"
    "|---|---|---|\n"
    "| `$optional` | flag | `true`: the file may be missing; the plugin is left out then |\n"
    "| `$path` | text | the file of the plugin, relative to the folder of this file |\n"
    "| `$sha256` | text | the SHA-256 digest that the file must have: 64 hex digits |\n"
    "| `$use` | object | from the id of a service to the plugin that shall provide it |\n";

/* A cell: what ends one in Markdown is escaped. */
static void put_cell(struct nv_out *o, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            nv_out_text(o, "\\");
        else if (*text == '<')
            nv_out_text(o, "&lt;");
        if (*text != '<')
            nv_out_bytes(o, text, 1);
    }
}

static void put_code(struct nv_out *o, const char *text)
{
    if (!text[0])
        return;
    nv_out_text(o, "`");
    put_cell(o, text);
    nv_out_text(o, "`");
}

static void put_rows(struct nv_out *o, const struct nave_option *rows, uint32_t count)
{
    char range[NV_RANGE_MAX];
    uint32_t i;

    nv_out_text(o, "\n| key | kind | default | range | live | what |\n|---|---|---|---|---|---|\n");
    for (i = 0; i < count; i++) {
        nv_out_format(o, "| `%s` | %s | ", rows[i].name, nv_describe_kind(rows[i].kind));
        if (nv_schema_is_required(&rows[i]))
            nv_out_text(o, "*required*");
        else
            put_code(o, rows[i].default_text);
        nv_out_text(o, " | ");
        put_cell(o, nv_describe_range(&rows[i], range));
        nv_out_format(o, " | %s | ", rows[i].flags & NAVE_OPTION_LIVE ? "yes" : "");
        put_cell(o, rows[i].doc);
        if (rows[i].flags & NAVE_OPTION_MAIN)
            nv_out_text(o, rows[i].kind == NAVE_OPTION_KIND_conf
                               ? "; it stands alone, in place of the object"
                               : "; it may stand alone, in place of the object");
        if (rows[i].flags & NAVE_OPTION_SECRET)
            nv_out_text(o, "; secret: in no message and no dump");
        nv_out_text(o, " |\n");
    }
}

static void put_role(struct nv_out *o, const struct nv_manifest_role *role)
{
    nv_out_format(o, "\n**%s `%s`**: ", role->kind, role->name);
    put_cell(o, role->doc);
    nv_out_text(o, "\n");
    if (role->option_count)
        put_rows(o, role->options, role->option_count);
}

static void put_plugin(struct nv_out *o, const struct nv_manifest *m)
{
    uint32_t i;

    nv_out_format(o, "\n## Plugin `%s`\n", m->id);
    if (m->option_count)
        put_rows(o, m->options, m->option_count);
    else
        nv_out_text(o, "\nIt has no options.\n");
    for (i = 0; i < m->role_count; i++)
        put_role(o, &m->roles[i]);
}

void nv_describe_page(struct nv_describe *d)
{
    const struct nave_option_table *table = nv_runtime_table();
    struct nv_out *o = &d->out;
    uint32_t i;

    nv_out_text(o, head);
    nv_out_text(o, "\n## Section `runtime`\n");
    put_rows(o, table->rows, table->count);
    nv_out_text(o, "\n### `runtime.log`\n");
    table = nv_log_conf_table();
    put_rows(o, table->rows, table->count);
    table = nv_listener_table();
    nv_out_text(o, "\n## Section `listeners`\n\nA list of objects:\n");
    put_rows(o, table->rows, table->count);
    nv_out_text(o, "\n## Section `plugins`\n");
    nv_out_text(o, host_keys);
    for (i = 0; i < d->plugin_count; i++)
        put_plugin(o, d->plugins[i]);
}
