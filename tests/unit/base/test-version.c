/* The text that --version prints: the release, and the commit where the sources are a checkout. */
#include "base/version.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"

static void the_release_comes_first(void **state)
{
        const char *rest = startswith(version_text, AMID_VERSION);

        (void)state;
        assert_non_null(rest);
        assert_true(!*rest || (startswith(rest, " (") && rest[strlen(rest) - 1] == ')'));
}

/* `make check` is run in a checkout, where git tells the commit. */
static void a_checkout_is_named_by_its_commit(void **state)
{
        char commit[64] = "";
        FILE *git = NULL;

        (void)state;
        git = popen("git rev-parse --short=12 HEAD 2>/dev/null", "r"); /* NOLINT(cert-env33-c) */
        assert_non_null(git);
        if (!fgets(commit, sizeof(commit), git))
                commit[0] = '\0';
        if (pclose(git) != 0 || access(".git", F_OK) < 0)
                skip();
        commit[strcspn(commit, "\n")] = '\0';
        assert_non_null(strstr(version_text, commit));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_release_comes_first),
                cmocka_unit_test(a_checkout_is_named_by_its_commit),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
