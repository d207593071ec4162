/* The command line of amictl, its help and its manual. */
#include "ctl/verbs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/cleanup.h"

/* Parses a command line. The result as text. */
static char *parsed(const char *line, bool *ret_good)
{
        _cleanup_(ctl_done) struct ctl ctl = { .file = "amid.yaml" };
        _cleanup_(text_done) struct text error = {}, text = {};
        _cleanup_free_ char *words = NULL, *instances = NULL;
        size_t n;
        char **argv = strings_split(line, " ", &n);
        char *copy[32] = {};

        memcpy(copy, argv, n * sizeof(*argv));
        *ret_good = ctl_parse(&ctl, (int)n, copy, &error);
        if (*ret_good) {
                words = strings_join(ctl.words, ctl.n_words, ",");
                instances = strings_join(ctl.instances, ctl.n_instances, ",");
                text_printf(&text, "%s %s n=%u from=%s [%s]%s%s%s%s", ctl.file, words, ctl.count,
                            ctl.from ? ctl.from : "", instances, ctl.json ? " json" : "",
                            ctl.wait ? " wait" : "", ctl.dry_run ? " dry" : "",
                            ctl.help ? " help" : "");
        } else {
                text_append(&text, text_get(&error));
        }
        strings_free(argv, n);
        return text_steal(&text);
}

static void a_command_line_is_parsed(void **state)
{
        static const struct {
                int line;
                const char *command, *understood;
        } rows[] = {
                { __LINE__, "amictl status", "amid.yaml status n=0 from= []" },
                { __LINE__, "amictl --json -c x.yaml runs -n 5 web",
                  "x.yaml runs,web n=5 from= [] json" },
                { __LINE__, "amictl runs -n5", "amid.yaml runs n=5 from= []" },
                { __LINE__, "amictl runs --count=7", "amid.yaml runs n=7 from= []" },
                { __LINE__, "amictl run web --instance i-1 --instance=i-2 --wait",
                  "amid.yaml run,web n=0 from= [i-1,i-2] wait" },
                { __LINE__, "amictl prune --dry-run", "amid.yaml prune n=0 from= [] dry" },
                { __LINE__, "amictl calendar -", "amid.yaml calendar,- n=0 from= []" },
                { __LINE__, "amictl --config=y calendar --from 2027-01-01T00:00:00Z x",
                  "y calendar,x n=0 from=2027-01-01T00:00:00Z []" },
                { __LINE__, "amictl show -- --odd", "amid.yaml show,--odd n=0 from= []" },
                { __LINE__, "amictl -h", "amid.yaml  n=0 from= [] help" },
                { __LINE__, "amictl run --help", "amid.yaml run n=0 from= [] help" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                bool good = false;
                _cleanup_free_ char *text = parsed(rows[i].command, &good);

                if (!good || !streq(text, rows[i].understood))
                        fail_msg("line %d: %s", rows[i].line, text);
        }
}

static void a_wrong_command_line_is_refused_with_a_hint(void **state)
{
        static const struct {
                int line;
                const char *command, *message;
        } rows[] = {
                { __LINE__, "amictl", "amictl: what to do? See amictl --help\n" },
                { __LINE__, "amictl stauts", "unknown verb \"stauts\"; did you mean status?\n" },
                { __LINE__, "amictl frobnicate", "unknown verb \"frobnicate\"; see amictl --help" },
                { __LINE__, "amictl --jsno status", "unknown option --jsno; did you mean --json?" },
                /* near names are those of options that the verb takes */
                { __LINE__, "amictl status --foo", "unknown option --foo\n" },
                { __LINE__, "amictl --foo status", "unknown option --foo\n" },
                { __LINE__, "amictl next --foo", "unknown option --foo; did you mean --from?" },
                { __LINE__, "amictl -x status", "unknown option -x" },
                { __LINE__, "amictl status extra", "usage: amictl status\n" },
                { __LINE__, "amictl run", "usage: amictl run SCHEDULE\n" },
                { __LINE__, "amictl status --wait", "status takes no --wait" },
                { __LINE__, "amictl runs -n", "--count needs a value: N" },
                { __LINE__, "amictl runs -n 0", "--count takes a number from 1 to 100000" },
                { __LINE__, "amictl runs -n five", "not \"five\"" },
                { __LINE__, "amictl runs -n 99999999999999999999", "a number from 1" },
                { __LINE__, "amictl --json=yes status", "--json takes no value" },
                { __LINE__, "amictl --socket", "--socket needs a value: PATH" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                bool good = true;
                _cleanup_free_ char *text = parsed(rows[i].command, &good);

                if (good || !strstr(text, rows[i].message))
                        fail_msg("line %d: %s", rows[i].line, text);
        }
}

/* Lines of at most 80 columns. */
static void the_help_fits_into_a_terminal(void **state)
{
        const struct verb *verb = verbs;

        (void)state;
        do {
                _cleanup_(text_done) struct text text = {};
                _cleanup_free_ char *help = NULL;
                char *line, *rest;

                if (verb->name)
                        assert_true(verb->run && verb->min <= verb->max && *verb->help);
                text_append(&text, "");
                ctl_print_help(verb->name ? verb : NULL, text.stream);
                help = text_steal(&text);
                rest = help;
                while ((line = strsep(&rest, "\n")))
                        if (strlen(line) > 80 || endswith(line, " "))
                                fail_msg("too long, or ends in a space: \"%s\"", line);
        } while (verb++->name);
}

/* man/amictl.1 has the output of `print-verbs`. */
static void the_manual_has_the_table_of_verbs(void **state)
{
        static const char begin[] = ".\\\" verbs: begin\n", end[] = ".\\\" verbs: end\n";
        _cleanup_(text_done) struct text text = {};
        _cleanup_free_ char *page = NULL;
        size_t size = 0;
        FILE *file = fopen("man/amictl.1", "r");
        char *from, *to;
        int c;

        (void)state;
        assert_non_null(file); /* run from the top of the tree */
        while ((c = fgetc(file)) != EOF)
                *append(page, size) = (char)c;
        fclose(file);
        *append(page, size) = '\0';
        from = strstr(page, begin);
        to = strstr(page, end);
        assert_true(from && to && from < to);
        *to = '\0';
        ctl_print_manual(&text);
        if (!streq(from + strlen(begin), text_get(&text)))
                fail_msg("man/amictl.1 is out of date: put the output of print-verbs in");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_command_line_is_parsed),
                cmocka_unit_test(a_wrong_command_line_is_refused_with_a_hint),
                cmocka_unit_test(the_help_fits_into_a_terminal),
                cmocka_unit_test(the_manual_has_the_table_of_verbs),
        };

        return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
