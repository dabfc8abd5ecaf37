/* SPDX-License-Identifier: MIT
 *
 * The functions that the SDK's headers bring along: they are compiled into every plugin, so a mistake
 * in one stays there until the plugin is built again.
 */
#include <stdint.h>
#include <string.h>

#include <nave/nave.h>

#include "test_main.h"

/* ---- views ---- */

static int destroyed;

static void count_destroy(struct nave_buf *b)
{
    (void)b;
    destroyed++;
}

static void a_chunk_goes_with_its_last_view_and_not_before(void)
{
    uint8_t bytes[4] = {1, 2, 3, 4};
    struct nave_buf buf = {1, sizeof(bytes), bytes, count_destroy};
    struct nave_view first = {bytes, 4, &buf};
    struct nave_view second;

    destroyed = 0;
    second = nave_view_share(&first);
    CU_ASSERT_PTR_EQUAL(second.data, bytes);
    CU_ASSERT_EQUAL(second.len, 4);
    CU_ASSERT_EQUAL(buf.refs, 2);

    nave_view_drop(&first);
    CU_ASSERT_EQUAL(destroyed, 0);
    CU_ASSERT_PTR_NULL(first.buf);
    CU_ASSERT_EQUAL(first.len, 0);

    nave_view_drop(&second);
    CU_ASSERT_EQUAL(destroyed, 1);
}

static void a_view_dropped_twice_gives_its_reference_back_once(void)
{
    uint8_t bytes[1] = {0};
    struct nave_buf buf = {2, sizeof(bytes), bytes, count_destroy};
    struct nave_view view = {bytes, 1, &buf};

    destroyed = 0;
    nave_view_drop(&view);
    nave_view_drop(&view);

    CU_ASSERT_EQUAL(buf.refs, 1);
    CU_ASSERT_EQUAL(destroyed, 0);
}

static void a_view_of_borrowed_bytes_is_shared_and_dropped_without_a_chunk(void)
{
    struct nave_view view = {(const uint8_t *)"abc", 3, NULL};
    struct nave_view other = nave_view_share(&view);

    nave_view_drop(&view);

    CU_ASSERT_PTR_NULL(view.data);
    CU_ASSERT_EQUAL(other.len, 3);
    nave_view_drop(&other);
}

/* ---- counters ---- */

static void a_counter_is_the_sum_of_the_cells_of_its_workers(void)
{
    uint64_t cells[3 * 8];
    struct nave_counter counter;

    memset(cells, 0, sizeof(cells));
    memset(&counter, 0, sizeof(counter));
    counter.cells = cells;
    counter.stride = 8;
    counter.workers = 3;

    nave_counter_add(&counter, 0, 5);
    nave_counter_add(&counter, 2, 7);
    nave_counter_add(&counter, 2, UINT64_C(1) << 40);

    CU_ASSERT_EQUAL(cells[0], 5);
    CU_ASSERT_EQUAL(cells[8], 0);
    CU_ASSERT_EQUAL(cells[16], 7 + (UINT64_C(1) << 40));
    CU_ASSERT_EQUAL(nave_counter_sum(&counter), 12 + (UINT64_C(1) << 40));
}

/* ---- errors ---- */

static void every_error_has_a_name_and_a_text_of_its_own(void)
{
#define VALUE(value, name, text) (value),
    static const nave_err errors[] = {NAVE_ERRORS(VALUE)};
#undef VALUE
    size_t i;
    size_t k;

    CU_ASSERT(NAVE_COUNT(errors) > 10);
    for (i = 0; i < NAVE_COUNT(errors); i++) {
        CU_ASSERT(strncmp(nave_err_name(errors[i]), "NAVE_", 5) == 0);
        CU_ASSERT(strlen(nave_err_text(errors[i])) > 0);
        for (k = 0; k < i; k++)
            CU_ASSERT(strcmp(nave_err_name(errors[i]), nave_err_name(errors[k])) != 0);
    }
    CU_ASSERT_STRING_EQUAL(nave_err_name(NAVE_OK), "NAVE_OK");
}

static void a_number_that_is_no_error_still_has_a_name_and_a_text(void)
{
    CU_ASSERT_PTR_NOT_NULL(nave_err_name(INT32_MIN));
    CU_ASSERT_PTR_NOT_NULL(nave_err_text(INT32_MAX));
}

/* ---- tables ---- */

static void a_slot_is_there_only_when_the_table_reaches_its_end(void)
{
    struct nave_http_handler_iface table;

    memset(&table, 0, sizeof(table));
    table.hdr.size = sizeof(table);
    CU_ASSERT(NAVE_HAS(&table, handle));

    table.hdr.size = sizeof(table) - 1;
    CU_ASSERT(!NAVE_HAS(&table, handle));
    CU_ASSERT(NAVE_HAS(&table, hdr));
}

/* ---- exchanges ---- */

static const char head[] = "GET /a Host example Host second";

static void exchange(struct nave_http *x, const struct nave_http_field *fields,
                     uint32_t field_count, const struct nave_http_param *params,
                     uint32_t param_count)
{
    memset(x, 0, sizeof(*x));
    x->text = head;
    x->fields = fields;
    x->field_count = field_count;
    x->params = params;
    x->param_count = param_count;
}

static void the_first_field_with_an_id_is_found_and_a_missing_one_is_null(void)
{
    static const struct nave_http_field fields[] = {
        {.name_at = 7, .name_len = 4, .value_at = 12, .value_len = 7, .id = NAVE_HTTP_FIELD_RANGE},
        {.name_at = 20, .name_len = 4, .value_at = 25, .value_len = 6, .id = NAVE_HTTP_FIELD_RANGE},
    };
    struct nave_http x;
    struct nave_str value;

    exchange(&x, fields, 2, NULL, 0);

    value = nave_http_find_field(&x, NAVE_HTTP_FIELD_RANGE);
    CU_ASSERT_EQUAL(value.len, 7);
    CU_ASSERT(memcmp(value.ptr, "example", 7) == 0);
    CU_ASSERT_PTR_NULL(nave_http_find_field(&x, NAVE_HTTP_FIELD_COOKIE).ptr);
}

static void a_parameter_is_found_by_its_whole_name_only(void)
{
    static const struct nave_http_param params[] = {
        {{"idea", 4}, {"no", 2}},
        {{"id", 2}, {"42", 2}},
    };
    struct nave_http x;
    struct nave_str value;

    exchange(&x, NULL, 0, params, 2);

    value = nave_http_find_param(&x, "id");
    CU_ASSERT_EQUAL(value.len, 2);
    CU_ASSERT(value.ptr && memcmp(value.ptr, "42", 2) == 0);
    CU_ASSERT_PTR_NULL(nave_http_find_param(&x, "i").ptr);
    CU_ASSERT_PTR_NULL(nave_http_find_param(&x, "ids").ptr);
    CU_ASSERT_PTR_NULL(nave_http_find_param(&x, "").ptr);
}

static void a_slice_is_text_of_the_head(void)
{
    struct nave_http x;
    struct nave_http_slice slice = {4, 2};

    exchange(&x, NULL, 0, NULL, 0);

    CU_ASSERT_PTR_EQUAL(nave_http_text(&x, slice).ptr, head + 4);
    CU_ASSERT_EQUAL(nave_http_text(&x, slice).len, 2);
}

static CU_TestInfo inline_tests[] = {
    {"a_chunk_goes_with_its_last_view_and_not_before",
     a_chunk_goes_with_its_last_view_and_not_before},
    {"a_view_dropped_twice_gives_its_reference_back_once",
     a_view_dropped_twice_gives_its_reference_back_once},
    {"a_view_of_borrowed_bytes_is_shared_and_dropped_without_a_chunk",
     a_view_of_borrowed_bytes_is_shared_and_dropped_without_a_chunk},
    {"a_counter_is_the_sum_of_the_cells_of_its_workers",
     a_counter_is_the_sum_of_the_cells_of_its_workers},
    {"every_error_has_a_name_and_a_text_of_its_own", every_error_has_a_name_and_a_text_of_its_own},
    {"a_number_that_is_no_error_still_has_a_name_and_a_text",
     a_number_that_is_no_error_still_has_a_name_and_a_text},
    {"a_slot_is_there_only_when_the_table_reaches_its_end",
     a_slot_is_there_only_when_the_table_reaches_its_end},
    {"the_first_field_with_an_id_is_found_and_a_missing_one_is_null",
     the_first_field_with_an_id_is_found_and_a_missing_one_is_null},
    {"a_parameter_is_found_by_its_whole_name_only", a_parameter_is_found_by_its_whole_name_only},
    {"a_slice_is_text_of_the_head", a_slice_is_text_of_the_head},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"inlines", NULL, NULL, NULL, NULL, inline_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)
