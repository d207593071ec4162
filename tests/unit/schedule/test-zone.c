/* TZif files, and conversions between UTC and wall-clock time. */
#include "schedule/zone.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/text.h"

/* A TZif file made by hand: two types (+1 h, +2 h) and any transitions and footer. */
struct made {
        unsigned char bytes[1024];
        size_t size;
};

static void put(struct made *made, int64_t value, size_t n)
{
        while (n--)
                made->bytes[made->size++] = (unsigned char)((uint64_t)value >> (8 * n));
}

static void put_text(struct made *made, const char *text)
{
        memcpy(made->bytes + made->size, text, strlen(text));
        made->size += strlen(text);
}

static void put_header(struct made *made, char version, int leaps, int times, int types)
{
        put_text(made, "TZif");
        put(made, version, 1);
        put(made, 0, 8);
        put(made, 0, 7);
        put(made, 0, 4);
        put(made, 0, 4);
        put(made, leaps, 4);
        put(made, times, 4);
        put(made, types, 4);
        put(made, 4, 4);
}

static void put_types(struct made *made)
{
        put(made, 3600, 4);
        put(made, 0, 2);
        put(made, 7200, 4);
        put(made, 0x100, 2);
        put(made, 0, 4); /* the names */
}

/* Times alternate between the second and the first type. */
static struct made make(const int64_t *times, int n, const char *footer)
{
        struct made made = {};

        put_header(&made, '2', 0, 0, 1);
        put(&made, 3600, 4);
        put(&made, 0, 2 + 4);
        put_header(&made, '2', 0, n, 2);
        for (int i = 0; i < n; i++)
                put(&made, times[i], 8);
        for (int i = 0; i < n; i++)
                put(&made, i % 2 == 0, 1);
        put_types(&made);
        put_text(&made, footer);
        return made;
}

static int parse(const struct made *made, struct zone **ret)
{
        /* A copy of the exact size, so that the address sanitizer finds a read beyond the end. */
        _cleanup_free_ unsigned char *copy = xmemdup(made->bytes, made->size);

        return zone_parse("Made/Up", copy, made->size, ret);
}

static const int64_t two_times[] = { 1000000, 2000000 };

static void offsets_change_at_transitions(void **state)
{
        struct made made = make(two_times, 2, "\n\n");
        _cleanup_(zone_unrefp) struct zone *zone = NULL;
        sec_t utc;

        (void)state;
        assert_int_equal(parse(&made, &zone), 0);
        assert_string_equal(zone_name(zone), "Made/Up");
        assert_int_equal(zone_offset(zone, INT64_MIN), 3600);
        assert_int_equal(zone_offset(zone, 999999), 3600);
        assert_int_equal(zone_offset(zone, 1000000), 7200);
        assert_int_equal(zone_offset(zone, 1999999), 7200);
        assert_int_equal(zone_offset(zone, 2000000), 3600);
        assert_int_equal(zone_offset(zone, SEC_NEVER), 3600);
        assert_int_equal(zone_next_transition(zone, SEC_NONE), 1000000);
        assert_int_equal(zone_next_transition(zone, 999999), 1000000);
        assert_int_equal(zone_next_transition(zone, 1000000), 2000000);
        assert_true(zone_next_transition(zone, 2000000) == SEC_NEVER);
        /* the gap [1003600, 1007200) of the wall clock */
        assert_true(zone_from_local(zone, 1003599, &utc));
        assert_int_equal(utc, 999999);
        assert_false(zone_from_local(zone, 1003600, &utc));
        assert_int_equal(utc, 1000000);
        assert_false(zone_from_local(zone, 1007199, &utc));
        assert_int_equal(utc, 1000000);
        assert_true(zone_from_local(zone, 1007200, &utc));
        assert_int_equal(utc, 1000000);
        /* the repeated [2003600, 2007200): the first occurrence */
        assert_true(zone_from_local(zone, 2003600, &utc));
        assert_int_equal(utc, 1996400);
        assert_true(zone_from_local(zone, 2007199, &utc));
        assert_int_equal(utc, 1999999);
        assert_true(zone_from_local(zone, 2007200, &utc));
        assert_int_equal(utc, 2003600);
}

/* The instants of 2027, by hand, at which each rule changes the offset from +1 h to +2 h. */
static const struct footer_row {
        int line;
        const char *footer, *begin, *end; /* NULL: never */
} footer_rows[] = {
        { __LINE__, "\nAAA-1\n", NULL, NULL },
        { __LINE__, "\nAAA-1BBB,M3.5.0,M10.5.0/3\n", "2027-03-28T01:00:00Z",
          "2027-10-31T01:00:00Z" },
        { __LINE__, "\n<+01>-1<+02>-2,M3.5.0/-1,M10.1.6/26\n", "2027-03-27T22:00:00Z",
          "2027-10-03T00:00:00Z" },
        { __LINE__, "\nAAA-01:00:00BBB-2:00,J60/0,J365/24\n", "2027-02-28T23:00:00Z",
          "2027-12-31T22:00:00Z" },
        { __LINE__, "\nAAA-1BBB,59/+167:30:15,M12.5.5/0\n", "2027-03-07T22:30:15Z",
          "2027-12-30T22:00:00Z" },
        { __LINE__, "\nAAA-1BBB,M10.1.0,M4.1.0/3\n", "2027-10-03T01:00:00Z",
          "2027-04-04T01:00:00Z" },
};

static void the_footer_decides_after_the_last_transition(void **state)
{
        const sec_t cycle = 146097 * SEC_PER_DAY; /* 400 years */

        (void)state;
        for (size_t i = 0; i < ELEMENTS(footer_rows); i++) {
                const struct footer_row *row = &footer_rows[i];
                struct made made = make(two_times, 2, row->footer);
                _cleanup_(zone_unrefp) struct zone *zone = NULL;
                sec_t begin = 0, end = 0;

                if (parse(&made, &zone) < 0)
                        fail_msg("line %d: refused", row->line);
                if (!row->begin) {
                        assert_true(zone_next_transition(zone, 2000000) == SEC_NEVER);
                        continue;
                }
                assert_true(parse_rfc3339(row->begin, &begin) && parse_rfc3339(row->end, &end));
                for (int far = 0; far < 5; far++, begin += cycle, end += cycle) {
                        if (zone_next_transition(zone, begin - 1) != begin ||
                            zone_next_transition(zone, end - 1) != end ||
                            zone_offset(zone, begin - 1) != 3600 ||
                            zone_offset(zone, begin) != 7200 ||
                            zone_offset(zone, end - 1) != 7200 || zone_offset(zone, end) != 3600)
                                fail_msg("line %d: wrong, %d cycles on", row->line, far);
                }
        }
}

/* RFC 8536 section 3.3.1 writes daylight time all year like this. */
static void daylight_time_may_last_all_year(void **state)
{
        struct made made = make(two_times, 1, "\nXXX-1YYY-2,0/0,J365/25\n");
        _cleanup_(zone_unrefp) struct zone *zone = NULL;

        (void)state;
        assert_int_equal(parse(&made, &zone), 0);
        assert_true(zone_next_transition(zone, 1000000) == SEC_NEVER);
        assert_int_equal(zone_offset(zone, 1800000000), 7200);
}

static const char *const bad_footers[] = {
        "",
        "\n",
        "\nAAA-1",
        "AAA-1\n",
        "\nAA-1\n",
        "\nAAA\n",
        "\nAAA-25\n",
        "\nAAA-1:60\n",
        "\nAAA-1BBB\n",
        "\nAAA-1BBB,M3.5.0\n",
        "\nAAA-1BBB,M3.5.0,\n",
        "\nAAA-1BBB,M13.5.0,M10.5.0\n",
        "\nAAA-1BBB,M3.6.0,M10.5.0\n",
        "\nAAA-1BBB,M3.0.0,M10.5.0\n",
        "\nAAA-1BBB,M3.5.7,M10.5.0\n",
        "\nAAA-1BBB,J0,J365\n",
        "\nAAA-1BBB,J1,J366\n",
        "\nAAA-1BBB,0,366\n",
        "\nAAA-1BBB,0/168,300\n",
        "\nAAA-1BBB,0,300x\n",
        "\n<AA>-1\n",
        "\n<+01-1\n",
        "\nAAA-0001\n",
};

static void a_bad_footer_is_refused(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTS(bad_footers); i++) {
                struct made made = make(two_times, 2, bad_footers[i]);
                struct zone *zone;

                if (parse(&made, &zone) != -EBADMSG)
                        fail_msg("'%s' was taken", bad_footers[i]);
        }
}

static void a_damaged_file_is_refused(void **state)
{
        static const int64_t not_rising[] = { 1000, 1000 }, too_far[] = { INT64_MAX };
        struct made made = make(two_times, 2, "\nAAA-1\n"), bad;
        struct zone *zone;

        (void)state;
        for (size_t size = 0; size < made.size; size++) {
                bad = made;
                bad.size = size;
                assert_int_equal(parse(&bad, &zone), -EBADMSG);
        }
        bad = make(not_rising, 2, "\n\n");
        assert_int_equal(parse(&bad, &zone), -EBADMSG);
        bad = make(too_far, 1, "\n\n");
        assert_int_equal(parse(&bad, &zone), -EBADMSG);
        bad = made; /* a type that is not there */
        bad.bytes[44 + 10 + 44 + 16] = 2;
        assert_int_equal(parse(&bad, &zone), -EBADMSG);
        bad = made; /* an offset of more than a day */
        bad.bytes[44 + 10 + 44 + 18] = 1;
        assert_int_equal(parse(&bad, &zone), -EBADMSG);
        for (size_t field = 0; field < 6; field++) { /* counts beyond all bounds */
                bad = made;
                memset(bad.bytes + 44 + 10 + 20 + 4 * field, 0xff, 4);
                assert_int_equal(parse(&bad, &zone), -EBADMSG);
        }
        bad = (struct made){};
        put_header(&bad, 0, 0, 0, 0);
        assert_int_equal(parse(&bad, &zone), -EBADMSG);
        bad = (struct made){};
        put_header(&bad, 0, 1, 0, 2);
        put_types(&bad);
        put(&bad, 0, 8);
        assert_int_equal(parse(&bad, &zone), -EOPNOTSUPP);
        assert_int_equal(zone_parse("x", made.bytes, ZONE_FILE_MAX + 1, &zone), -EFBIG);
}

/* Version 1 has times of four bytes and no footer. */
static void a_file_of_version_1_is_read(void **state)
{
        struct made made = {};
        _cleanup_(zone_unrefp) struct zone *zone = NULL;

        (void)state;
        put_header(&made, 0, 0, 1, 2);
        put(&made, -1000, 4);
        put(&made, 1, 1);
        put_types(&made);
        assert_int_equal(parse(&made, &zone), 0);
        assert_int_equal(zone_offset(zone, -1001), 3600);
        assert_int_equal(zone_offset(zone, -1000), 7200);
        assert_true(zone_next_transition(zone, -1000) == SEC_NEVER);
}

static const struct name_row {
        int line;
        const char *name;
        int result;
} name_rows[] = {
        { __LINE__, "UTC", 0 },
        { __LINE__, "Asia/Seoul", 0 },
        { __LINE__, "America/Argentina/Buenos_Aires", 0 },
        { __LINE__, "Etc/GMT+5", 0 },
        { __LINE__, "", -EINVAL },
        { __LINE__, "/etc/localtime", -EINVAL },
        { __LINE__, "/usr/share/zoneinfo/Asia/Seoul", -EINVAL },
        { __LINE__, "..", -EINVAL },
        { __LINE__, "../zoneinfo/UTC", -EINVAL },
        { __LINE__, "Asia/../Asia/Seoul", -EINVAL },
        { __LINE__, "Asia//Seoul", -EINVAL },
        { __LINE__, "Asia/", -EINVAL },
        { __LINE__, ".", -EINVAL },
        { __LINE__, "Asia/.hidden", -EINVAL },
        { __LINE__, "Asia/Seo ul", -EINVAL },
        { __LINE__, "Asia/S\xc3\xa9oul", -EINVAL },
        { __LINE__, ":Asia/Seoul", -EINVAL },
        { __LINE__, "Asia", -ENOENT },
        { __LINE__, "Asia/Seoul/x", -ENOENT },
        { __LINE__, "Mars/Olympus", -ENOENT },
        { __LINE__, "tzdata.zi", -EBADMSG },
};

static void only_names_inside_of_the_database_are_read(void **state)
{
        char long_name[ZONE_NAME_MAX + 2] = {};
        struct zone *none;

        (void)state;
        for (size_t i = 0; i < ELEMENTS(name_rows); i++) {
                _cleanup_(zone_unrefp) struct zone *zone = NULL;
                int r = zone_load(name_rows[i].name, &zone);

                if (r != name_rows[i].result)
                        fail_msg("line %d: %s gave %d", name_rows[i].line, name_rows[i].name, r);
                assert_true((r == 0) == (zone != NULL));
        }
        memset(long_name, 'A', sizeof(long_name) - 1);
        assert_int_equal(zone_load(long_name, &none), -EINVAL);
}

/* A database with damaged files, too large files, and other things than files. */
static void bad_files_of_a_database_are_refused(void **state)
{
        char folder[] = "/tmp/amid-zones-XXXXXX";
        _cleanup_free_ char *small = NULL, *big = NULL;
        _cleanup_(zone_unrefp) struct zone *utc = NULL;
        struct made made = make(two_times, 2, "\nAAA-1\n");
        struct zone *zone = NULL;
        FILE *file;

        (void)state;
        assert_non_null(mkdtemp(folder));
        small = xasprintf("%s/Small", folder);
        big = xasprintf("%s/Big", folder);
        assert_non_null(file = fopen(small, "w"));
        assert_int_equal(fwrite(made.bytes, 1, made.size, file), made.size);
        assert_int_equal(fclose(file), 0);
        assert_non_null(file = fopen(big, "w"));
        assert_int_equal(ftruncate(fileno(file), ZONE_FILE_MAX + 1), 0);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(setenv("TZDIR", folder, 1), 0);

        assert_int_equal(zone_load("Small", &zone), 0);
        zone_unref(zone);
        assert_int_equal(zone_load("Big", &zone), -EFBIG);
        assert_int_equal(zone_load("Asia/Seoul", &zone), -ENOENT);
        assert_int_equal(zone_load("UTC", &utc), 0);
        assert_null(zone_closest("Asia/Seoul"));

        assert_int_equal(unsetenv("TZDIR"), 0);
        assert_int_equal(unlink(small), 0);
        assert_int_equal(unlink(big), 0);
        assert_int_equal(rmdir(folder), 0);
}

static const struct closest_row {
        int line;
        const char *name, *expected;
} closest_rows[] = {
        { __LINE__, "Asia/Seul", "Asia/Seoul" },
        { __LINE__, "asia/seoul", "Asia/Seoul" },
        { __LINE__, "America/New York", "America/New_York" },
        { __LINE__, "seoul", "Asia/Seoul" },
        { __LINE__, "Europe/Londn", "Europe/London" },
        { __LINE__, "Buenos_Aires", "America/Argentina/Buenos_Aires" },
        { __LINE__, "xyzzyxyzzyxyzzy", NULL },
};

static void a_misspelt_zone_has_a_closest_name(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTS(closest_rows); i++) {
                _cleanup_free_ char *found = zone_closest(closest_rows[i].name);

                if (!streq(found, closest_rows[i].expected))
                        fail_msg("line %d: %s gave %s", closest_rows[i].line, closest_rows[i].name,
                                 found ? found : "nothing");
        }
}

static void a_zone_lives_until_its_last_reference(void **state)
{
        struct zone *zone;

        (void)state;
        assert_int_equal(zone_load("UTC", &zone), 0);
        assert_ptr_equal(zone_ref(zone), zone);
        assert_null(zone_unref(zone));
        assert_int_equal(zone_offset(zone, 0), 0);
        assert_null(zone_unref(zone));
        assert_null(zone_unref(NULL));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(offsets_change_at_transitions),
                cmocka_unit_test(the_footer_decides_after_the_last_transition),
                cmocka_unit_test(daylight_time_may_last_all_year),
                cmocka_unit_test(a_bad_footer_is_refused),
                cmocka_unit_test(a_damaged_file_is_refused),
                cmocka_unit_test(a_file_of_version_1_is_read),
                cmocka_unit_test(only_names_inside_of_the_database_are_read),
                cmocka_unit_test(bad_files_of_a_database_are_refused),
                cmocka_unit_test(a_misspelt_zone_has_a_closest_name),
                cmocka_unit_test(a_zone_lives_until_its_last_reference),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
