/* SPDX-License-Identifier: MIT
 *
 * A plugin with an option of every kind and flag. Nothing of it is ever made: the host and a standard
 * validator are asked what its manifest allows, and must say the same.
 */
#include <nave/http.h>
#include <nave/plugin.h>

#define KINDS_SHAPE                                                                              \
    "{\"oneOf\": [{\"type\": \"string\", \"minLength\": 2}, {\"type\": \"object\", "             \
    "\"properties\": {\"a\": {\"type\": \"integer\"}, \"b\": {\"enum\": [\"x\", \"y\"]}}, "      \
    "\"required\": [\"a\"], \"additionalProperties\": false}, {\"type\": \"array\", \"items\": " \
    "{\"type\": \"boolean\"}}]}"

#define KINDS_OPTIONS(OPTION)                                                                    \
    OPTION(flag, flag, "true", "", "", 0, "a flag")                                              \
    OPTION(count, count, "5", "2", "9", NAVE_OPTION_LIVE, "a count | with a bar")                \
    OPTION(size, size, "1KiB", "512", "2KiB", 0, "a size")                                       \
    OPTION(duration, duration, "1s", "10ms", "1m", 0, "a duration")                              \
    OPTION(choice, choice, "two", "one|two|3", "", 0, "a choice")                                \
    OPTION(text, text, "abc", "2", "4", 0, "a text")                                             \
    OPTION(text, secret, "", "", "", NAVE_OPTION_SECRET | NAVE_OPTION_OPTIONAL, "a secret text") \
    OPTION(texts, texts, "a|b", "1", "3", 0, "texts")                                            \
    OPTION(pairs, pairs, "", "", "2", 0, "pairs")                                                \
    OPTION(address, address, "", "tcp|unix", "", NAVE_OPTION_OPTIONAL, "an address")             \
    OPTION(path, path, "", "", "", 0, "a path")                                                  \
    OPTION(conf, any, "", "", "", 0, "anything")                                                 \
    OPTION(conf, shape, "", "", KINDS_SHAPE, 0, "a shape")

NAVE_OPTION_STRUCT(kinds_options, KINDS_OPTIONS);
NAVE_OPTION_TABLE(kinds_table, kinds_options, KINDS_OPTIONS)

static const struct nave_plugin_ops kinds_ops = {
    .size = sizeof(kinds_ops),
    .create = nave_default_create,
    .prepare = nave_default_prepare,
    .commit = nave_default_ok,
    .abort = nave_default_nothing,
    .start = nave_default_ok,
    .worker_start = nave_default_worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = nave_default_worker_stop,
    .stop = nave_default_nothing,
    .destroy = nave_default_nothing,
};

#define NAVE_PLUGIN_NAME    kinds
#define NAVE_PLUGIN_ID      "test.kinds"
#define NAVE_PLUGIN_VERSION "1.0.0"
#define NAVE_PLUGIN_FLAGS   0
#define NAVE_PLUGIN_NEEDS(NEED)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)
#define NAVE_PLUGIN_OPTIONS      KINDS_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE kinds_table
#define NAVE_PLUGIN_OPS          kinds_ops
#include <nave/define.h>
