/* SPDX-License-Identifier: MIT
 *
 * What describes: text on its way to a callback, JSON that is laid out, and the schemas of plugins with
 * what the host allows added. tests/cli/schema asks a standard validator about the whole.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/schema.h"

#include "test_main.h"

static char got[1 << 16];
static size_t got_len;
static unsigned pieces;

static void on_text(void *arg, const char *text, size_t len)
{
    (void)arg;
    CU_ASSERT(len > 0);
    CU_ASSERT_FATAL(len < sizeof(got) - got_len);
    memcpy(got + got_len, text, len);
    got_len += len;
    got[got_len] = '\0';
    pieces++;
}

static struct nv_out *begin(void)
{
    static struct nv_out out;

    got_len = 0;
    pieces = 0;
    got[0] = '\0';
    nv_out_init(&out, on_text, NULL);
    return &out;
}

static void expect(struct nv_out *o, const char *want)
{
    nv_out_flush(o);
    CU_ASSERT_STRING_EQUAL(got, want);
    if (strcmp(got, want) != 0)
        printf("\n  got  %s\n  want %s\n", got, want);
}

/* `got` without white space outside of texts. */
static const char *packed(void)
{
    static char text[sizeof(got)];
    size_t i, n = 0;
    int is_inside = 0;

    for (i = 0; i < got_len; i++) {
        if (got[i] == '"' && (i == 0 || got[i - 1] != '\\'))
            is_inside = !is_inside;
        if (is_inside || (got[i] != ' ' && got[i] != '\n'))
            text[n++] = got[i];
    }
    text[n] = '\0';
    return text;
}

/* --- out ------------------------------------------------------------------------------------- */

static void text_arrives_whole_whatever_its_pieces(void)
{
    static char text[20000];
    size_t step, i;

    for (i = 0; i < sizeof(text) - 1; i++)
        text[i] = (char)('a' + i % 26);
    for (step = 1; step < sizeof(text); step = step * 3 + 1) {
        struct nv_out *o = begin();

        for (i = 0; i < sizeof(text) - 1; i += step)
            nv_out_bytes(o, text + i, sizeof(text) - 1 - i < step ? sizeof(text) - 1 - i : step);
        nv_out_flush(o);
        CU_ASSERT_EQUAL(got_len, sizeof(text) - 1);
        CU_ASSERT_EQUAL(memcmp(got, text, sizeof(text) - 1), 0);
        CU_ASSERT_EQUAL(pieces, 5); /* 4 KiB each */
    }
}

static void nothing_is_written_of_nothing(void)
{
    struct nv_out *o = begin();

    nv_out_text(o, "");
    nv_out_flush(o);
    nv_out_flush(o);
    CU_ASSERT_EQUAL(pieces, 0);
}

static void a_column_counts_characters_and_keeps_a_gap(void)
{
    struct nv_out *o = begin();

    nv_out_column(o, "\xc3\xa9t\xc3\xa9", 5, 1); /* three characters, five bytes */
    nv_out_text(o, "|");
    nv_out_column(o, "longer", 3, 2);
    nv_out_text(o, "|");
    nv_out_column(o, "a\nb\x1b", 0, 0);
    nv_out_text(o, "|");
    expect(o, "\xc3\xa9t\xc3\xa9  |longer  |a?b?|");
    CU_ASSERT_EQUAL(nv_out_width("\xc3\xa9t\xc3\xa9"), 3);
}

static void a_formatted_text_is_cut_not_overrun(void)
{
    static char text[3000];
    struct nv_out *o = begin();

    memset(text, 'x', sizeof(text) - 1);
    nv_out_format(o, "%s", text);
    nv_out_flush(o);
    CU_ASSERT_EQUAL(got_len, 1023);
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void json_is_laid_out_by_its_levels(void)
{
    static const char *const texts[] = {"x", "y", NULL};
    struct nv_out *o = begin();
    struct nv_json j;

    nv_json_init(&j, o);
    nv_json_object(&j, NULL);
    nv_json_object(&j, "none");
    nv_json_end(&j);
    nv_json_list(&j, "few");
    nv_json_number(&j, NULL, UINT64_MAX);
    nv_json_flag(&j, NULL, 1);
    nv_json_text(&j, NULL, NULL);
    nv_json_end(&j);
    nv_json_texts(&j, "t", texts);
    nv_json_raw(&j, "raw", " {\"a\" : [ 1,{} ,[ ] ],\"b\\\"]\":\"c}\"} ");
    nv_json_end(&j);
    expect(o, "{\n"
              "  \"none\": {},\n"
              "  \"few\": [\n    18446744073709551615,\n    true,\n    null\n  ],\n"
              "  \"t\": [\n    \"x\",\n    \"y\"\n  ],\n"
              "  \"raw\": {\n    \"a\": [\n      1,\n      {},\n      []\n    ],\n"
              "    \"b\\\"]\": \"c}\"\n  }\n"
              "}");
}

static void every_byte_becomes_json(void)
{
    static const char text[] = "\"\\\n\t\x01\x7f\xc3\xa9\xff\xed\xa0\x80/";
    struct nv_out *o = begin();
    struct nv_json j;

    nv_json_init(&j, o);
    nv_json_text(&j, NULL, text);
    expect(o, "\"\\\"\\\\\\n\\u0009\\u0001\\u007f\xc3\xa9\\ufffd\\ufffd\\ufffd\\ufffd/\"");
}

/* --- fragments ------------------------------------------------------------------------------- */

#define INCLUDE "\"$include\":{\"$ref\":\"#/$defs/include\"}"

static void a_schema_of_a_plugin_gets_what_the_host_allows(void)
{
    static const struct {
        const char *schema, *want;
    } rows[] = {
        {"true", "true"},
        {"{}", "{}"},
        {"{\"type\": \"integer\", \"minimum\": 1}", "{\"type\":\"integer\",\"minimum\":1}"},
        {"{\"type\": \"string\"}",
         "{\"anyOf\":[{\"$ref\":\"#/$defs/source\"},{\"type\":\"string\"}]}"},
        {"{\"enum\": [1, \"a\"]}",
         "{\"anyOf\":[{\"$ref\":\"#/$defs/source\"},{\"enum\":[1,\"a\"]}]}"},
        {"{\"const\": 5}", "{\"const\":5}"},
        {"{\"items\": {\"type\": \"boolean\"}}",
         "{\"items\":{\"anyOf\":[{\"$ref\":\"#/$defs/included\"},{\"type\":\"boolean\"}]}}"},
        {"{\"type\": \"object\"}", "{\"type\":\"object\",\"properties\":{" INCLUDE "}}"},
        {"{\"properties\": {\"items\": {\"const\": 1}}, \"required\": [\"items\"]}",
         "{\"properties\":{" INCLUDE ",\"items\":{\"const\":1}},"
         "\"if\":{\"required\":[\"$include\"]},\"else\":{\"required\":[\"items\"]}}"},
        {"{\"propertyNames\": {\"pattern\": \"^a\"}}",
         "{\"propertyNames\":{\"anyOf\":[{\"const\":\"$include\"},{\"pattern\":\"^a\"}]},"
         "\"properties\":{" INCLUDE "}}"},
        {"{\"oneOf\": [{\"type\": \"string\"}, false]}",
         "{\"anyOf\":[{\"anyOf\":[{\"$ref\":\"#/$defs/source\"},{\"type\":\"string\"}]},false]}"},
        {"{\"not\": {\"type\": \"string\"}, \"default\": {\"type\": \"string\"}}",
         "{\"not\":{\"type\":\"string\"},\"default\":{\"type\":\"string\"}}"},
        {"{\"additionalProperties\": {\"$ref\": \"#/$defs/handler\"}}",
         "{\"additionalProperties\":{\"$ref\":\"#/$defs/handler\"},\"properties\":{" INCLUDE "}}"},
    };
    size_t i;

    for (i = 0; i < NAVE_COUNT(rows); i++) {
        struct nv_out *o = begin();
        struct nv_json j;

        nv_json_init(&j, o);
        nv_schema_fragment(&j, NULL, rows[i].schema);
        nv_out_flush(o);
        CU_ASSERT_STRING_EQUAL(packed(), rows[i].want);
        if (strcmp(packed(), rows[i].want) != 0)
            printf("\n  of   %s\n  got  %s\n  want %s\n", rows[i].schema, packed(), rows[i].want);
    }
}

/* The host never takes such a manifest; reading one must still end, and within the text. */
static void a_cut_or_damaged_schema_ends(void)
{
    static const char schema[] =
        "{\"type\": \"array\", \"items\": {\"oneOf\": [{\"type\": \"string\", \"enum\": "
        "[\"a\\\"\"]}, "
        "{\"properties\": {\"a\": {\"items\": true}}, \"required\": [\"a\"], \"propertyNames\": "
        "{\"maxLength\": 5}}]}}";
    size_t cut, i;

    for (cut = 0; cut < sizeof(schema); cut++) {
        for (i = 0; i < 6; i++) {
            static const char damage[] = "}]{[\",";
            char *copy = strndup(schema, cut);
            struct nv_out *o = begin();
            struct nv_json j;

            CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
            if (cut > 0 && i > 0)
                copy[cut / 2] = damage[i];
            nv_json_init(&j, o);
            nv_schema_fragment(&j, NULL, copy);
            nv_out_flush(o);
            CU_ASSERT_EQUAL(j.depth, 0);
            free(copy);
        }
    }
}

static void a_schema_nested_without_end_is_copied(void)
{
    static char schema[4000];
    static const char step[] = "{\"items\":";
    struct nv_out *o = begin();
    struct nv_json j;
    size_t i;

    for (i = 0; i < 100; i++)
        memcpy(schema + i * (sizeof(step) - 1), step, sizeof(step) - 1);
    memcpy(schema + i * (sizeof(step) - 1), "1", 1);
    for (i = strlen(schema); i < 100 * (sizeof(step) - 1) + 101; i++)
        schema[i] = '}';
    nv_json_init(&j, o);
    nv_schema_fragment(&j, NULL, schema);
    nv_out_flush(o);
    CU_ASSERT_EQUAL(j.depth, 0);
    CU_ASSERT(got_len > strlen(schema));
}

static CU_TestInfo out_tests[] = {
    {"text_arrives_whole_whatever_its_pieces", text_arrives_whole_whatever_its_pieces},
    {"nothing_is_written_of_nothing", nothing_is_written_of_nothing},
    {"a_column_counts_characters_and_keeps_a_gap", a_column_counts_characters_and_keeps_a_gap},
    {"a_formatted_text_is_cut_not_overrun", a_formatted_text_is_cut_not_overrun},
    CU_TEST_INFO_NULL,
};

static CU_TestInfo json_tests[] = {
    {"json_is_laid_out_by_its_levels", json_is_laid_out_by_its_levels},
    {"every_byte_becomes_json", every_byte_becomes_json},
    CU_TEST_INFO_NULL,
};

static CU_TestInfo fragment_tests[] = {
    {"a_schema_of_a_plugin_gets_what_the_host_allows",
     a_schema_of_a_plugin_gets_what_the_host_allows},
    {"a_cut_or_damaged_schema_ends", a_cut_or_damaged_schema_ends},
    {"a_schema_nested_without_end_is_copied", a_schema_nested_without_end_is_copied},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"out", NULL, NULL, NULL, NULL, out_tests},
    {"json", NULL, NULL, NULL, NULL, json_tests},
    {"fragments", NULL, NULL, NULL, NULL, fragment_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)
