/* SPDX-License-Identifier: MIT
 *
 * One row for each question. The first format of a row is what is given when none is asked for.
 */
#include "admin_answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nave/version.h>

#include "describe.h"
#include "dump.h"
#include "base/json_out.h"
#include "base/near.h"
#include "runtime/runtime.h"
#include "top_out.h"

#define WORD_MAX 32u

typedef nave_err piece_fn(struct nv_admin_answer *a, struct nv_out *o,
                          enum nv_answer_more *out_more);

struct nv_admin_question {
    const char *name;
    const char *formats[4];
    const char *text;
    int32_t is_kept; /* the connection stays for another one */
    piece_fn *piece;
};

/* --- pieces ---------------------------------------------------------------------------------- */

static int32_t is_json(const struct nv_admin_answer *a)
{
    return strcmp(a->format, "json") == 0;
}

static piece_fn put_help;

static nave_err put_version(struct nv_admin_answer *a, struct nv_out *o,
                            enum nv_answer_more *out_more)
{
    (void)out_more;
    if (is_json(a))
        nv_out_format(o, "{\"version\": \"%s\", \"pid\": %ld}\n", NAVE_VERSION, (long)getpid());
    else
        nv_out_format(o, "nave %s, process %ld\n", NAVE_VERSION, (long)getpid());
    return NAVE_OK;
}

static nave_err put_metrics(struct nv_admin_answer *a, struct nv_out *o,
                            enum nv_answer_more *out_more)
{
    if (!a->has_begun) {
        nave_err err = nv_metrics_begin(&a->metrics, a->rt);

        if (err)
            return err;
    }
    if (is_json(a))
        nv_metrics_json(&a->metrics, o);
    else if (nv_metrics_text(&a->metrics, o))
        *out_more = NV_ANSWER_MORE;
    return NAVE_OK;
}

static nave_err put_dump(struct nv_admin_answer *a, struct nv_out *o, enum nv_answer_more *out_more)
{
    if (!a->dump) {
        nave_err err;

        a->dump = malloc(sizeof(*a->dump));
        if (!a->dump)
            return NAVE_ENOMEM;
        err = nv_dump_begin(a->dump, a->rt, is_json(a));
        if (err)
            return err;
    }
    if (nv_dump_go_on(a->dump, o))
        *out_more = NV_ANSWER_MORE;
    return NAVE_OK;
}

static nave_err put_top(struct nv_admin_answer *a, struct nv_out *o, enum nv_answer_more *out_more)
{
    (void)out_more;
    nv_top_write(a->rt, o);
    return NAVE_OK;
}

static nave_err put_plugins(struct nv_admin_answer *a, struct nv_out *o,
                            enum nv_answer_more *out_more)
{
    struct nv_json j;
    uint32_t i;

    (void)out_more;
    nv_json_init(&j, o);
    if (is_json(a))
        nv_json_list(&j, NULL);
    for (i = 0; i < a->rt->plugin_count; i++) {
        const struct nv_plugin *p = a->rt->plugins[i];
        const char *path = p->file->path;

        if (is_json(a)) {
            nv_json_object(&j, NULL);
            nv_json_text(&j, "id", p->id);
            nv_json_text(&j, "version", p->file->manifest->version);
            nv_json_text(&j, "file", path);
            nv_json_end(&j);
            continue;
        }
        nv_out_column(o, p->id, 24, 1);
        nv_out_column(o, p->file->manifest->version, 12, 1);
        nv_out_clean(o, path);
        nv_out_text(o, "\n");
    }
    if (is_json(a)) {
        nv_json_end(&j);
        nv_out_text(o, "\n");
    }
    return NAVE_OK;
}

static void write_on(void *arg, const char *text, size_t len)
{
    nv_out_bytes(arg, text, len);
}

static nave_err put_described(struct nv_admin_answer *a, struct nv_out *o,
                              enum nv_answer_more *out_more)
{
    (void)out_more;
    return nv_describe(a->rt, a->question->name, NULL, a->format, write_on, o);
}

/* --- questions ------------------------------------------------------------------------------- */

static const struct nv_admin_question questions[] = {
    {"help", {"text"}, "this list", 1, put_help},
    {"version", {"text", "json"}, "which version runs, as which process", 1, put_version},
    {"metrics", {"prometheus", "json"}, "what is counted, for programs", 0, put_metrics},
    {"dump", {"text", "json"}, "every task, and what it waits for", 0, put_dump},
    {"top", {"lines"}, "what is counted, for nave top; ends with a line of one dot", 1, put_top},
    {"plugins", {"text", "json"}, "the plugins that run, and their files", 0, put_plugins},
    {"usage", {"text", "json"}, "what each plugin uses", 0, put_described},
    {"graph", {"text", "json", "dot"}, "plugins, services, listeners", 0, put_described},
    {"config", {"json"}, "the configuration in force, secrets masked", 0, put_described},
    {"files", {"text", "json"}, "the files that it was read from", 0, put_described},
};

static nave_err put_help(struct nv_admin_answer *a, struct nv_out *o, enum nv_answer_more *out_more)
{
    size_t i, k;

    (void)a;
    (void)out_more;
    for (i = 0; i < NAVE_COUNT(questions); i++) {
        char formats[64] = "";

        for (k = 0; k < NAVE_COUNT(questions[i].formats) && questions[i].formats[k]; k++) {
            size_t len = strlen(formats);

            snprintf(formats + len, sizeof(formats) - len, "%s%s", k ? "|" : "",
                     questions[i].formats[k]);
        }
        nv_out_column(o, questions[i].name, 10, 1);
        nv_out_column(o, formats, 18, 1);
        nv_out_format(o, "%s\n", questions[i].text);
    }
    return NAVE_OK;
}

/* The next word of the line, to `out`, cut; 0: there is none. */
static int32_t take_word(const char **at, const char *end, char out[WORD_MAX])
{
    size_t len = 0;

    while (*at < end && **at == ' ')
        ++*at;
    if (*at == end)
        return 0;
    for (; *at < end && **at != ' '; ++*at)
        if (len < WORD_MAX - 1)
            out[len++] = (char)((unsigned char)**at < 0x20 || **at == 0x7f ? '?' : **at);
    out[len] = '\0';
    return 1;
}

static const struct nv_admin_question *find(const char *word, struct nv_near *near)
{
    size_t i;

    nv_near_init(near, (struct nave_str){word, strlen(word)});
    for (i = 0; i < NAVE_COUNT(questions); i++) {
        if (strcmp(questions[i].name, word) == 0)
            return &questions[i];
        nv_near_try(near, questions[i].name, strlen(questions[i].name));
    }
    return NULL;
}

nave_err nv_admin_ask(struct nave_runtime *rt, const char *line, size_t len,
                      struct nv_admin_answer *out, struct nv_why *why)
{
    const char *end = line + len;
    char word[WORD_MAX], format[WORD_MAX], more[WORD_MAX], hint[NV_NEAR_HINT_MAX];
    const struct nv_admin_question *q;
    struct nv_near near;
    size_t i;

    if (!take_word(&line, end, word))
        return nv_why_set(why, NAVE_EINVAL, "the question is empty; \"help\" lists what there is");
    q = find(word, &near);
    if (!q)
        return nv_why_set(why, NAVE_EINVAL,
                          "there is no question \"%s\"; \"help\" lists what there is%s", word,
                          nv_near_hint(&near, hint));
    memset(out, 0, sizeof(*out));
    out->rt = rt;
    out->question = q;
    out->format = q->formats[0];
    out->is_kept = (uint32_t)q->is_kept;
    if (!take_word(&line, end, format))
        return NAVE_OK;
    if (take_word(&line, end, more))
        return nv_why_set(why, NAVE_EINVAL, "\"%s\" takes a format and nothing more", word);
    for (i = 0; i < NAVE_COUNT(q->formats) && q->formats[i]; i++)
        if (strcmp(q->formats[i], format) == 0) {
            out->format = q->formats[i];
            return NAVE_OK;
        }
    return nv_why_set(why, NAVE_EINVAL,
                      "\"%s\" is not answered as \"%s\"; \"help\" lists what there is", word,
                      format);
}

nave_err nv_admin_answer_go_on(struct nv_admin_answer *a, struct nv_out *o,
                               enum nv_answer_more *out_more)
{
    nave_err err;

    *out_more = NV_ANSWER_DONE;
    err = a->question->piece(a, o, out_more);
    a->has_begun = 1;
    return err;
}

const char *nv_admin_answer_type(const struct nv_admin_answer *a)
{
    if (is_json(a))
        return "application/json";
    if (strcmp(a->format, "prometheus") == 0)
        return "text/plain; version=0.0.4; charset=utf-8";
    return "text/plain; charset=utf-8";
}

void nv_admin_answer_end(struct nv_admin_answer *a)
{
    nv_metrics_end(&a->metrics);
    free(a->dump);
    a->dump = NULL;
}
