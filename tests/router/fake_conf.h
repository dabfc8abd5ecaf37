/* SPDX-License-Identifier: MIT
 *
 * Cursors over a jansson value for the tests of the router: what fails is gathered in one text, a line
 * each, "pointer: text". Included once by a test.
 */
#ifndef FAKE_CONF_H
#define FAKE_CONF_H

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nave/conf.h>

struct fake_conf {
    struct nave_conf pub;
    json_t *value;
    char *dumped;
    struct fake_conf *next; /* in fake_confs */
    char pointer[200];
};

static struct fake_conf *fake_confs;
static char fake_conf_errors[16384];

static const struct nave_conf_iface fake_conf_api;

static struct nave_conf *fake_conf_new(json_t *value, const char *base, const char *key)
{
    struct fake_conf *c = calloc(1, sizeof(*c));

    c->pub.api = &fake_conf_api;
    c->value = value;
    if (snprintf(c->pointer, sizeof(c->pointer), "%s%s%s", base, key ? "/" : "", key ? key : "") >=
        (int)sizeof(c->pointer))
        abort(); /* a test with a longer path needs a longer pointer */
    c->next = fake_confs;
    fake_confs = c;
    return &c->pub;
}

static void fake_conf_free_all(void)
{
    while (fake_confs) {
        struct fake_conf *c = fake_confs;

        fake_confs = c->next;
        free(c->dumped);
        free(c);
    }
    fake_conf_errors[0] = '\0';
}

static json_t *conf_value(const struct nave_conf *c)
{
    return ((const struct fake_conf *)c)->value;
}

static uint32_t conf_kind(const struct nave_conf *c)
{
    switch (json_typeof(conf_value(c))) {
    case JSON_OBJECT:
        return NAVE_CONF_OBJECT;
    case JSON_ARRAY:
        return NAVE_CONF_LIST;
    case JSON_STRING:
        return NAVE_CONF_TEXT;
    case JSON_INTEGER:
        return NAVE_CONF_INT;
    case JSON_REAL:
        return NAVE_CONF_REAL;
    case JSON_NULL:
        return NAVE_CONF_NULL;
    default:
        return NAVE_CONF_FLAG;
    }
}

static size_t conf_count(const struct nave_conf *c)
{
    return json_is_object(conf_value(c)) ? json_object_size(conf_value(c))
                                         : json_array_size(conf_value(c));
}

static struct nave_conf *conf_at(struct nave_conf *c, size_t i, struct nave_str *out_key)
{
    const char *base = ((struct fake_conf *)c)->pointer;
    char number[24];
    void *it;

    if (i >= conf_count(c))
        return NULL;
    if (!json_is_object(conf_value(c))) {
        snprintf(number, sizeof(number), "%zu", i);
        return fake_conf_new(json_array_get(conf_value(c), i), base, number);
    }
    for (it = json_object_iter(conf_value(c)); i > 0; i--)
        it = json_object_iter_next(conf_value(c), it);
    if (out_key) {
        out_key->ptr = json_object_iter_key(it);
        out_key->len = strlen(out_key->ptr);
    }
    return fake_conf_new(json_object_iter_value(it), base, json_object_iter_key(it));
}

static struct nave_conf *conf_get(struct nave_conf *c, const char *key)
{
    json_t *v = json_object_get(conf_value(c), key);

    return v ? fake_conf_new(v, ((struct fake_conf *)c)->pointer, key) : NULL;
}

static nave_err conf_text(const struct nave_conf *c, struct nave_str *out)
{
    if (!json_is_string(conf_value(c)))
        return NAVE_EINVAL;
    out->ptr = json_string_value(conf_value(c));
    out->len = json_string_length(conf_value(c));
    return NAVE_OK;
}

static nave_err conf_integer(const struct nave_conf *c, int64_t *out)
{
    if (!json_is_integer(conf_value(c)))
        return NAVE_EINVAL;
    *out = json_integer_value(conf_value(c));
    return NAVE_OK;
}

static nave_err conf_dump(struct nave_conf *c, struct nave_str *out)
{
    struct fake_conf *f = (struct fake_conf *)c;

    free(f->dumped);
    f->dumped = json_dumps(f->value, JSON_COMPACT | JSON_ENCODE_ANY);
    if (!f->dumped)
        return NAVE_ENOMEM;
    out->ptr = f->dumped;
    out->len = strlen(f->dumped);
    return NAVE_OK;
}

static void conf_fail(const struct nave_conf *c, const char *text, size_t len)
{
    size_t used = strlen(fake_conf_errors);

    snprintf(fake_conf_errors + used, sizeof(fake_conf_errors) - used, "%s: %.*s\n",
             ((const struct fake_conf *)c)->pointer, (int)len, text);
}

static const struct nave_conf_iface fake_conf_api = {
    .hdr = NAVE_IFACE(struct nave_conf_iface, NAVE_CONF_ID, 0, 0),
    .kind = conf_kind,
    .count = conf_count,
    .at = conf_at,
    .get = conf_get,
    .text = conf_text,
    .integer = conf_integer,
    .dump = conf_dump,
    .fail = conf_fail,
};

#endif
