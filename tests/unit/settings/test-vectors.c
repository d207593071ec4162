/*
 * The files of tests/vectors/settings: good files load, with the warnings in their .err; bad files
 * have exactly the errors in their .err.
 */
#include "settings/settings.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"

#define GOOD "tests/vectors/settings/good"
#define BAD  "tests/vectors/settings/bad"

/* The content of a file, NUL-terminated; NULL: there is no such file. */
static char *read_all(const char *path, size_t *ret_size)
{
        _cleanup_fclose_ FILE *file = fopen(path, "re");
        char *data = NULL;
        size_t size = 0;

        if (!file)
                return NULL;
        data = xcalloc(1 << 20, 1);
        size = fread(data, 1, (1 << 20) - 1, file);
        if (ret_size)
                *ret_size = size;
        return data;
}

static void check_file(const char *directory, const char *name, bool good)
{
        _cleanup_(settings_unrefp) struct settings *settings = NULL;
        _cleanup_(text_done) struct text messages = {};
        _cleanup_free_ char *path = xasprintf("%s/%s", directory, name);
        _cleanup_free_ char *wanted_path =
                xasprintf("%.*s.err", (int)(strlen(path) - strlen(".yaml")), path);
        _cleanup_free_ char *wanted = read_all(wanted_path, NULL), *data = NULL;
        size_t size = 0;
        int r;

        data = read_all(path, &size);
        assert_non_null(data);
        r = settings_parse(name, data, size, &settings, &messages);
        if (r != (good ? 0 : -EINVAL))
                fail_msg("%s: %d\n%s", path, r, text_get(&messages));
        assert_int_equal(settings != NULL, good);
        if (!good && !wanted)
                fail_msg("%s is missing", wanted_path);
        if (!streq(text_get(&messages), wanted ? wanted : ""))
                fail_msg("%s:\n%sinstead of:\n%s", path, text_get(&messages), wanted ? wanted : "");
}

static void check_directory(const char *path, bool good)
{
        DIR *directory = opendir(path);
        struct dirent *entry;
        size_t n = 0;

        assert_non_null(directory);
        while ((entry = readdir(directory))) {
                if (!endswith(entry->d_name, ".yaml"))
                        continue;
                check_file(path, entry->d_name, good);
                n++;
        }
        closedir(directory);
        assert_true(n >= 9);
}

static void good_files_are_accepted(void **state)
{
        (void)state;
        check_directory(GOOD, true);
}

static void bad_files_have_their_errors(void **state)
{
        (void)state;
        check_directory(BAD, false);
}

static struct settings *load(const char *name)
{
        _cleanup_(text_done) struct text messages = {};
        _cleanup_free_ char *path = xasprintf(GOOD "/%s", name);
        struct settings *settings = NULL;

        assert_int_equal(settings_load(path, &settings, &messages), 0);
        assert_string_equal(text_get(&messages), "");
        assert_string_equal(settings->file, path);
        return settings;
}

static sec_t at(const char *text)
{
        sec_t sec;

        assert_true(parse_rfc3339(text, &sec));
        return sec;
}

/* Every key of the tables. */
static void every_key_fills_its_field(void **state)
{
        (void)state;
        _cleanup_(settings_unrefp) struct settings *settings = load("full.yaml");
        const struct setting_account *account = settings_account(settings, "prod");
        const struct setting_schedule *s = settings_schedule(settings, "web-nightly");

        assert_string_equal(settings->owner, "amid");
        assert_int_equal(settings->n_accounts, 2);
        assert_non_null(settings_account(settings, "dr"));
        assert_null(settings_account(settings, "other"));
        assert_null(settings_schedule(settings, "web"));
        assert_int_equal(account->n_regions, 3);
        assert_string_equal(account->regions[2], "eu-isoe-west-1");
        assert_string_equal(account->endpoint_url, "http://127.0.0.1:5000/x");
        assert_string_equal(account->profile, "prod user");

        assert_non_null(s);
        assert_string_equal(s->expression_text, "cron(0 3 * * ? *)");
        assert_int_equal(s->schedule.expression.kind, EXPRESSION_CRON);
        assert_string_equal(s->timezone, "Asia/Seoul");
        assert_ptr_equal(s->zone, s->schedule.zone);
        assert_true(s->schedule.start == at("2026-11-30T15:00:00Z"));
        assert_true(s->schedule.end == at("2027-11-30T22:00:00Z"));
        assert_true(s->schedule.anchor == SEC_NONE);
        assert_int_equal(s->flexible_window, 900);
        assert_int_equal(s->missed, MISSED_ALL);
        assert_int_equal(s->missed_within, 6 * 3600);
        assert_int_equal(s->overlap, OVERLAP_QUEUE);
        assert_false(s->enabled);
        assert_int_equal(s->n_accounts, 2);
        assert_string_equal(s->accounts[1], "dr");
        assert_int_equal(s->n_regions, 1);
        assert_int_equal(s->consistency, CONSISTENCY_REBOOT);
}

static void every_key_of_a_part_fills_its_field(void **state)
{
        (void)state;
        _cleanup_(settings_unrefp) struct settings *settings = load("full.yaml");
        const struct setting_schedule *s = settings_schedule(settings, "web-nightly");
        const struct setting_targets *t = &s->targets;

        assert_int_equal(t->n_tags, 2);
        assert_string_equal(t->tags[1].key, "Env");
        assert_int_equal(t->tags[1].n_values, 2);
        assert_string_equal(t->tags[1].values[1], "stage");
        assert_string_equal(t->exclude_tags[0].values[0], "off");
        assert_string_equal(t->instance_ids[0], "i-0123456789abcdef0");
        assert_int_equal(t->states, TARGET_RUNNING | TARGET_STOPPED);
        assert_int_equal(t->expect_min, 0);
        assert_int_equal(t->expect_max, 50);
        assert_int_equal(s->reboot.max_parallel, 2);
        assert_int_equal(s->reboot.group_by, GROUP_TAG);
        assert_string_equal(s->reboot.group_tag, "Role");
        assert_int_equal(s->reboot.settle, 180);
        assert_int_equal(s->reboot.ready_timeout, 960);
        assert_int_equal(s->reboot.on_failure, ON_FAILURE_CONTINUE);
        assert_int_equal(s->reboot.window, 7200);
        assert_string_equal(s->image.name, "{schedule}-{instance}-{time}");
        assert_string_equal(s->image.description, "{schedule} of {instance}: {time}");
        assert_string_equal(s->image.tags[0].key, "Owner");
        assert_string_equal(s->image.tags[0].value, "ops");
        assert_true(s->image.copy_tags);
        assert_string_equal(s->image.exclude_devices[0], "/dev/sdf");
        assert_true(s->has_retain);
        assert_int_equal(s->retain.keep[RETAIN_LAST], 3);
        assert_int_equal(s->retain.keep[RETAIN_HOURLY], 0);
        assert_int_equal(s->retain.keep[RETAIN_DAILY], 7);
        assert_int_equal(s->retain.keep[RETAIN_WEEKLY], 4);
        assert_int_equal(s->retain.keep[RETAIN_MONTHLY], 12);
        assert_int_equal(s->retain.keep[RETAIN_YEARLY], 1);
        assert_int_equal(s->retain.within, 2 * 86400);
}

/* A schedule with only the required keys, and one with the defaults of the file. */
static void missing_keys_have_their_defaults(void **state)
{
        (void)state;
        _cleanup_(settings_unrefp) struct settings *aliases = load("aliases.yaml");
        _cleanup_(settings_unrefp) struct settings *settings = load("defaults-replace.yaml");
        const struct setting_schedule *s = settings_schedule(aliases, "one");

        assert_int_equal(aliases->n_schedules, 4);
        assert_string_equal(s->accounts[0], "default");
        assert_string_equal(aliases->accounts[0].name, "default");
        assert_int_equal(aliases->accounts[0].n_regions, 0);
        assert_string_equal(s->timezone, "UTC");
        assert_true(s->schedule.start == SEC_NONE && s->schedule.end == SEC_NONE);
        assert_true(s->enabled && !s->has_retain && !s->image.copy_tags);
        assert_int_equal(s->missed, MISSED_LATEST);
        assert_int_equal(s->missed_within, 3600);
        assert_int_equal(s->overlap, OVERLAP_SKIP);
        assert_int_equal(s->targets.expect_min, 1);
        assert_int_equal(s->targets.expect_max, 0);
        assert_int_equal(s->targets.states, TARGET_RUNNING | TARGET_STOPPED);
        assert_int_equal(s->reboot.max_parallel, 1);
        assert_int_equal(s->reboot.group_by, GROUP_ALL);
        assert_int_equal(s->reboot.settle, 120);
        assert_int_equal(s->reboot.ready_timeout, 900);
        assert_int_equal(s->reboot.window, 0);
        assert_string_equal(s->image.name, "{schedule}-{instance}-{time}");
        assert_null(s->image.description);

        s = settings_schedule(settings, "theirs");
        assert_string_equal(s->timezone, "Asia/Seoul");
        assert_int_equal(s->reboot.max_parallel, 5);
        assert_int_equal(s->retain.keep[RETAIN_DAILY], 7);
        assert_true(s->image.copy_tags);
        s = settings_schedule(settings, "own"); /* maps replace maps, nothing is merged */
        assert_string_equal(s->timezone, "UTC");
        assert_int_equal(s->reboot.max_parallel, 1);
        assert_int_equal(s->reboot.settle, 60);
        assert_int_equal(s->retain.keep[RETAIN_DAILY], 0);
        assert_false(s->image.copy_tags);
        assert_string_equal(s->image.tags[0].key, "A");
        assert_int_equal(s->consistency, CONSISTENCY_REBOOT);
}

/* YAML 1.1 would read some of these as booleans and numbers. */
static void tag_values_are_texts(void **state)
{
        (void)state;
        static const char *const wanted[] = { "on", "off", "5", "1.50", "true", "0x10", "" };
        _cleanup_(settings_unrefp) struct settings *settings = load("tag-values.yaml");
        const struct setting_schedule *s = settings_schedule(settings, "web");

        assert_int_equal(s->targets.tags[0].n_values, ELEMENTS(wanted));
        for (size_t i = 0; i < ELEMENTS(wanted); i++)
                assert_string_equal(s->targets.tags[0].values[i], wanted[i]);
        assert_string_equal(s->image.tags[0].value, "off");
        assert_string_equal(s->image.tags[1].value, "007");
}

static void words_and_templates_are_printed(void **state)
{
        (void)state;
        char *name = setting_expand("{schedule}/{instance}-{time}{x}{", "web", "i-1",
                                    at("2027-01-01T03:00:00Z"));

        assert_string_equal(name, "web/i-1-20270101T030000Z{x}{");
        free(name);
        assert_string_equal(consistency_name(CONSISTENCY_CRASH), "crash");
        assert_string_equal(consistency_name(CONSISTENCY_REBOOT), "reboot");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(good_files_are_accepted),
                cmocka_unit_test(bad_files_have_their_errors),
                cmocka_unit_test(every_key_fills_its_field),
                cmocka_unit_test(every_key_of_a_part_fills_its_field),
                cmocka_unit_test(missing_keys_have_their_defaults),
                cmocka_unit_test(tag_values_are_texts),
                cmocka_unit_test(words_and_templates_are_printed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
