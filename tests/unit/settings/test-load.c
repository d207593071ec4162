/* Settings on disk: conf.d, unreadable files, limits of size. */
#include "settings/settings.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "unit/fresh-directory.h"

static int set_up(void **state)
{
        return fresh_directory_make(state) < 0 || mkdir("conf.d", 0755) < 0;
}

static void put(const char *path, const char *content)
{
        FILE *file = fopen(path, "we");

        assert_non_null(file);
        fputs(content, file);
        assert_int_equal(fclose(file), 0);
}

static void expect_load(int line, int wanted, const char *wanted_messages)
{
        _cleanup_(settings_unrefp) struct settings *settings = NULL;
        _cleanup_(text_done) struct text messages = {};
        int r = settings_load("amid.yaml", &settings, &messages);

        if (r != wanted || !streq(text_get(&messages), wanted_messages))
                fail_msg("line %d: %d, %s", line, r, text_get(&messages));
}

#define SCHEDULE "{schedule: rate(1 hour), targets: {tags: {A: b}}, consistency: crash}"

static void files_of_conf_d_add_accounts_and_schedules(void **state)
{
        (void)state;
        _cleanup_(settings_unrefp) struct settings *settings = NULL;
        _cleanup_(text_done) struct text messages = {};

        put("amid.yaml", "version: 1\naccounts: {prod: {}, default: {}}\n"
                         "defaults: {consistency: crash, timezone: Asia/Seoul}\n"
                         "schedules:\n  web: " SCHEDULE "\n");
        put("conf.d/10-db.yaml", "schedules:\n  db: {schedule: rate(1 hour), account: late, "
                                 "targets: {tags: {A: b}}}\n");
        put("conf.d/20-accounts.yaml", "version: 1\naccounts: {late: {}}\n");
        put("conf.d/30-nothing.yaml", "# all commented out\n");
        put("conf.d/.hidden.yaml", "[");
        put("conf.d/README", "[");
        assert_int_equal(settings_load("amid.yaml", &settings, &messages), 0);
        assert_string_equal(text_get(&messages), "");
        assert_int_equal(settings->n_schedules, 2);
        assert_int_equal(settings->n_accounts, 3);
        assert_string_equal(settings_schedule(settings, "db")->timezone, "Asia/Seoul");
        assert_string_equal(settings_schedule(settings, "db")->accounts[0], "late");
        assert_string_equal(settings_schedule(settings, "web")->accounts[0], "default");
        put("conf.d/old.yml", "");
        expect_load(__LINE__, 0,
                    "amid.yaml: warning: conf.d/old.yml is not read; its name must end in "
                    ".yaml\n");
        assert_int_equal(unlink("conf.d/old.yml"), 0);
        put("conf.d/\xff\x1b[2J.yaml", "[");
        expect_load(__LINE__, -EINVAL,
                    "conf.d/\\xff\\x1b[2J.yaml:2:1: not YAML: did not find expected node content; "
                    "look at the indentation of "
                    "this line and the one above, and at brackets and quotes\n");
}

static void errors_of_all_files_are_reported(void **state)
{
        (void)state;
        put("amid.yaml", "version: 1\naccounts: {prod: {}}\nschedules:\n  web: " SCHEDULE "\n"
                         "  x: 1\n");
        put("conf.d/a.yaml", "owner: me\ndefaults: {}\naccounts: {prod: {}}\n");
        put("conf.d/b.yaml", "schedules:\n  web: " SCHEDULE "\n");
        put("conf.d/c.yaml", "schedules: [\n");
        expect_load(__LINE__, -EINVAL,
                    "amid.yaml:5:6: x needs a map of keys and values, but has a single value\n"
                    "conf.d/a.yaml:1:1: owner: this belongs into the main file, not into conf.d\n"
                    "conf.d/a.yaml:2:1: defaults: this belongs into the main file, not into "
                    "conf.d\n"
                    "conf.d/a.yaml:3:12: account prod is given twice (first at amid.yaml:2:12)\n"
                    "conf.d/b.yaml:2:3: schedule web is given twice (first at amid.yaml:4:3)\n"
                    "conf.d/c.yaml:2:1: not YAML: did not find expected node content; look at the "
                    "indentation of this line and the one above, and at brackets and quotes\n");
        /* With a main file that is no YAML, other files are only checked for being YAML. */
        put("amid.yaml", "version: [\n");
        expect_load(__LINE__, -EINVAL,
                    "amid.yaml:2:1: not YAML: did not find expected node content; look at the "
                    "indentation of this line and the one above, and at brackets and quotes\n"
                    "conf.d/c.yaml:2:1: not YAML: did not find expected node content; look at the "
                    "indentation of this line and the one above, and at brackets and quotes\n");
}

static void an_unreadable_file_is_reported(void **state)
{
        (void)state;
        expect_load(__LINE__, -ENOENT,
                    "amid.yaml: cannot be read: No such file or directory; write one (see "
                    "amid.yaml(5)), or name another with -c\n");
        assert_int_equal(mkdir("amid.yaml", 0755), 0);
        expect_load(__LINE__, -EISDIR,
                    "amid.yaml: cannot be read: Is a directory; a file is wanted here\n");
        assert_int_equal(rmdir("amid.yaml"), 0);
        assert_int_equal(mkfifo("amid.yaml", 0644), 0);
        expect_load(__LINE__, -EINVAL,
                    "amid.yaml: cannot be read: Invalid argument; a regular file is wanted here\n");
        assert_int_equal(unlink("amid.yaml"), 0);
        assert_int_equal(symlink("amid.yaml", "amid.yaml"), 0);
        expect_load(__LINE__, -ELOOP,
                    "amid.yaml: cannot be read: Too many levels of symbolic links; a symbolic link "
                    "points to itself\n");
        assert_int_equal(unlink("amid.yaml"), 0);
        put("amid.yaml", "version: 1\n");
        assert_int_equal(symlink("nowhere", "conf.d/x.yaml"), 0);
        expect_load(__LINE__, -ENOENT,
                    "conf.d/x.yaml: cannot be read: No such file or directory; write one (see "
                    "amid.yaml(5)), or name another with -c\n");
        assert_int_equal(unlink("conf.d/x.yaml"), 0);
        assert_int_equal(rmdir("conf.d"), 0);
        expect_load(__LINE__, 0, "");
        put("conf.d", "");
        expect_load(__LINE__, -ENOTDIR, "conf.d: cannot be read: Not a directory\n");
}

/* Settings have commands that run as root on targets, so others must not be able to change them. */
static void a_file_that_others_may_change_is_not_read(void **state)
{
        static const struct {
                const char *changed;
                unsigned int mode, good;
                const char *message;
        } rows[] = {
                { "amid.yaml", 0666, 0644, "amid.yaml: not read: /" },
                { ".", 0777, 0700, "amid.yaml: not read: /" },
                { "conf.d", 0777, 0755, "conf.d: not read: /" },
                { "conf.d/x.yaml", 0666, 0644, "conf.d/x.yaml: not read: /" },
        };

        (void)state;
        put("amid.yaml", "version: 1\n");
        put("conf.d/x.yaml", "version: 1\n");
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(settings_unrefp) struct settings *settings = NULL;
                _cleanup_(text_done) struct text messages = {};

                assert_int_equal(chmod(rows[i].changed, rows[i].mode), 0);
                assert_int_equal(settings_load("amid.yaml", &settings, &messages), -EPERM);
                if (!startswith(text_get(&messages), rows[i].message) ||
                    !strstr(text_get(&messages), "everybody may change it; chmod o-w /"))
                        fail_msg("%s: %s", rows[i].changed, text_get(&messages));
                assert_int_equal(chmod(rows[i].changed, rows[i].good), 0);
        }
        expect_load(__LINE__, 0, "");
}

/* Root may read all files, so the test changes its user for a moment. */
static void a_file_without_permission_is_reported(void **state)
{
        (void)state;
        bool root = geteuid() == 0;

        put("amid.yaml", "version: 1\n");
        assert_int_equal(chmod("amid.yaml", 0), 0);
        assert_int_equal(chmod(".", 0755), 0);
        if (root)
                assert_int_equal(seteuid(65534), 0);
        expect_load(__LINE__, -EACCES,
                    "amid.yaml: cannot be read: Permission denied; the user amid runs as must be "
                    "able to read it\n");
        if (root)
                assert_int_equal(seteuid(0), 0);
}

static void expect_parse(int line, struct text *yaml, const char *wanted)
{
        _cleanup_(settings_unrefp) struct settings *settings = NULL;
        _cleanup_(text_done) struct text messages = {};
        const char *data = text_get(yaml);
        int r = settings_parse("x", data, text_size(yaml), &settings, &messages);

        if (r != (*wanted ? -EINVAL : 0) || !streq(text_get(&messages), wanted))
                fail_msg("line %d: %d, %.500s", line, r, text_get(&messages));
        text_done(yaml);
}

static void repeat(struct text *text, size_t n, const char *what)
{
        for (size_t i = 0; i < n; i++)
                text_append(text, what);
}

static void each_limit_is_exact(void **state)
{
        (void)state;
        struct text text = {};

        text_append(&text, "version: 1\n#");
        repeat(&text, SETTINGS_FILE_MAX - 12, "x");
        expect_parse(__LINE__, &text, "");
        text_append(&text, "version: 1\n#");
        repeat(&text, SETTINGS_FILE_MAX - 11, "x");
        expect_parse(__LINE__, &text,
                     "x: larger than 4194304 bytes; spread the schedules over files in conf.d\n");
        text_append(&text, "version: 1\nowner: [");
        repeat(&text, 600000, "a,");
        text_append(&text, "]\n");
        expect_parse(__LINE__, &text,
                     "x:2:1048571: more than 524288 values; spread them over files in conf.d\n");
        text_append(&text, "version: 1\nowner: [");
        for (int i = 0; i <= 1000; i++)
                text_printf(&text, "&a%04d x, ", i);
        text_append(&text, "]\n");
        expect_parse(__LINE__, &text, "x:2:10009: more than 1000 anchors (&name)\n");
        text_append(&text, "version: 1\nschedules: {a: {targets: {instance_ids: [");
        for (int i = 0; i <= 200; i++)
                text_printf(&text, "i-%08x, ", i);
        text_append(&text, "]}, schedule: rate(1 hour), consistency: crash}}\n");
        expect_parse(__LINE__, &text,
                     "x:2:41: instance_ids has 201 elements; at most 200 are taken\n");
        repeat(&text, 100000, "[");
        expect_parse(__LINE__, &text, "x:1:33: nested deeper than 32 levels\n");
}

/* The values of five tags that 1,500 aliases repeat. */
static void an_alias_bomb_is_refused(void **state)
{
        (void)state;
        struct text text = {};

        text_append(&text, "version: 1\ndefaults: {consistency: crash, schedule: rate(1 hour)}\n"
                           "schedules:\n  first: {targets: &t {tags: {");
        for (int tag = 0; tag < 5; tag++) {
                text_printf(&text, "t%d: [", tag);
                for (int i = 0; i < 200; i++)
                        text_printf(&text, "%d, ", i);
                text_append(&text, "], ");
        }
        text_append(&text, "}}}\n");
        for (int i = 0; i < 1500; i++)
                text_printf(&text, "  s%d: {targets: *t}\n", i);
        _cleanup_(settings_unrefp) struct settings *settings = NULL;
        _cleanup_(text_done) struct text messages = {};
        const char *data = text_get(&text);

        assert_int_equal(settings_parse("x", data, text_size(&text), &settings, &messages),
                         -EINVAL);
        assert_non_null(strstr(text_get(&messages), "aliases make far more"));
        text_done(&text);
}

/* With a quadratic step this number of schedules would take too long. */
static void many_schedules_are_loaded_in_time(void **state)
{
        (void)state;
        struct text text = {};

        text_append(&text, "version: 1\ndefaults: {consistency: crash, targets: {tags: {A: b}}}\n"
                           "schedules:\n");
        for (int i = 0; i < 10000; i++)
                text_printf(&text, "  schedule-%d: {schedule: cron(0 3 * * ? *)}\n", i);
        expect_parse(__LINE__, &text, "");
}

static void settings_live_until_their_last_reference(void **state)
{
        (void)state;
        struct settings *settings = NULL;
        _cleanup_(text_done) struct text messages = {};

        assert_int_equal(settings_parse("x", "version: 1", 10, &settings, &messages), 0);
        assert_ptr_equal(settings_ref(settings), settings);
        assert_null(settings_unref(settings));
        assert_string_equal(settings->owner, "amid");
        assert_null(settings_unref(settings));
        assert_null(settings_unref(NULL));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(files_of_conf_d_add_accounts_and_schedules, set_up,
                                                fresh_directory_remove),
                cmocka_unit_test_setup_teardown(errors_of_all_files_are_reported, set_up,
                                                fresh_directory_remove),
                cmocka_unit_test_setup_teardown(an_unreadable_file_is_reported, set_up,
                                                fresh_directory_remove),
                cmocka_unit_test_setup_teardown(a_file_that_others_may_change_is_not_read, set_up,
                                                fresh_directory_remove),
                cmocka_unit_test_setup_teardown(a_file_without_permission_is_reported, set_up,
                                                fresh_directory_remove),
                cmocka_unit_test(each_limit_is_exact),
                cmocka_unit_test(an_alias_bomb_is_refused),
                cmocka_unit_test(many_schedules_are_loaded_in_time),
                cmocka_unit_test(settings_live_until_their_last_reference),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
