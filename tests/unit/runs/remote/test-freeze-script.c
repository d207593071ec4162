/* The scripts that freeze and thaw, run for real by sh, each in a scratch machine of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "freeze-scenario.h"
#include "settings/settings.h"

static const struct scenario scenarios[] = {
        { .name = "frozen once and thawed once",
          .before = { BEFORE },
          .after = { AFTER },
          .timeout = 60,
          .script = "freeze; says freeze state=frozen; says freeze watchdog=process\n"
                    "seen before 1; seen after 0; [ $(wc -l <freeze.out) = 1 ]\n"
                    "thaw; says thaw state=thawed; says thaw thawed-by=amid\n"
                    "seen after 1; await nobody amid-thaw\n"
                    "thaw; says thaw thawed-by=amid; seen after 1\n" },
        /* The same command again: no second freeze, and none after the thaw. */
        { .name = "the same command again does nothing",
          .before = { BEFORE },
          .after = { AFTER },
          .timeout = 60,
          .script = "freeze; cp freeze.out first\n"
                    "freeze; cmp freeze.out first; seen before 1\n"
                    "thaw; freeze && exit 9\n"
                    "says freeze state=thawed; says freeze thawed-by=amid; seen before 1; seen "
                    "after 1\n" },
        /* Many at once, of both. */
        { .name = "many commands at once freeze and thaw once",
          .before = { BEFORE, "sleep 0.2" },
          .after = { AFTER, "sleep 0.2" },
          .timeout = 60,
          .script = "for n in 1 2 3 4; do sh freeze.sh >out.$n & done; wait\n"
                    "[ $(cat out.* | grep -c state=frozen) = 4 ]; seen before 1; seen after 0\n"
                    "for n in 1 2 3 4; do sh thaw.sh >out.$n & done; wait\n"
                    "[ $(cat out.* | grep -c state=thawed) = 4 ]; seen after 1\n" },
        /* `before` fails half-way. */
        { .name = "a failing before is thawed at once",
          .before = { BEFORE, "echo no such disk; false; echo two >>/run/events",
                      "echo 3 >>/run/events" },
          .after = { AFTER },
          .timeout = 60,
          .script = "freeze && exit 9\n"
                    "says freeze state=thawed; says freeze reason=before-failed; says freeze "
                    "thawed-by=freeze\n"
                    "grep -q 'no such disk' freeze.err; seen before 1; seen after 1; [ $(wc -l "
                    "<events) = "
                    "2 ]\n"
                    "await nobody amid-thaw; thaw; says thaw thawed-by=freeze; seen after 1\n" },
        /* It takes too long: what it started is gone before the thaw. */
        { .name = "a before that takes too long is ended",
          .before = { BEFORE "; trap '' TERM; sleep 4321" },
          .after = { "if ps -ef | grep '[s]leep 4321'; then exit 1; fi; " AFTER },
          .timeout = 2,
          .script = "freeze && exit 9\n"
                    "says freeze reason=before-timed-out; seen after 1\n" },
        /* Every command of `after` is run; until all end well it is not thawed. */
        { .name = "all of after is run until it ends well",
          .before = { BEFORE },
          .after = { "test -e /run/ok", AFTER },
          .timeout = 60,
          .script = "freeze; thaw && exit 9\n"
                    "says thaw state=stuck; seen after 1\n"
                    "touch ok; thaw; says thaw state=thawed; seen after 2\n"
                    "thaw; seen after 2\n" },
        /* The watchdog, when amid does not come. */
        { .name = "the watchdog thaws",
          .before = { BEFORE },
          .after = { AFTER },
          .timeout = 2,
          .script = "freeze; await seen after 1\n"
                    "thaw; says thaw thawed-by=watchdog; seen after 1\n"
                    "freeze && exit 9; says freeze thawed-by=watchdog; seen before 1\n" },
        /* The watchdog and many thaws race. */
        { .name = "the watchdog and thaws race",
          .before = { BEFORE },
          .after = { AFTER },
          .timeout = 2,
          .script = "freeze; until thaw && says thaw thawed-by=watchdog; do\n"
                    "    says thaw thawed-by=amid && break; done\n"
                    "await nobody amid-thaw; seen after 1\n" },
        /* Killed while `before` runs: the watchdog ends it and thaws. */
        { .name = "killed while freezing the watchdog thaws",
          .before = { WAITS },
          .after = { AFTER },
          .timeout = 2,
          .script = "sh freeze.sh & await seen before 1; kill -9 $!; await seen after 1\n"
                    "touch go; await nobody before.sh; thaw; says thaw thawed-by=watchdog; seen "
                    "late 0\n" },
        /* ... or amid does, */
        { .name = "killed while freezing amid thaws",
          .before = { WAITS },
          .after = { AFTER },
          .timeout = 60,
          .script =
                  "sh freeze.sh & await seen before 1; kill -9 $!; thaw; says thaw thawed-by=amid\n"
                  "touch go; await nobody before.sh; await nobody amid-thaw; seen after 1; seen "
                  "late 0\n" },
        /* ... or the same command when it comes again, */
        { .name = "killed while freezing the next freeze thaws",
          .before = { WAITS },
          .after = { AFTER },
          .timeout = 60,
          .script = "sh freeze.sh & await seen before 1; kill -9 $!; freeze && exit 9\n"
                    "says freeze reason=interrupted; await nobody before.sh; seen before 1; seen "
                    "after 1\n" },
        /* ... or it itself, when it is asked to end. */
        { .name = "ended while freezing it thaws",
          .before = { WAITS },
          .after = { AFTER },
          .timeout = 60,
          .script = "sh freeze.sh >freeze.out & await seen before 1; kill $!; wait $! && exit 9\n"
                    "says freeze reason=terminated; await nobody before.sh; seen after 1; seen "
                    "late 0\n" },
        /* Thawed by amid while `before` still runs. */
        { .name = "thawed while before runs",
          .before = { WAITS },
          .after = { AFTER },
          .timeout = 60,
          .script =
                  "sh freeze.sh >freeze.out & await seen before 1; thaw; wait $! && exit 9\n"
                  "says freeze state=thawed; await nobody before.sh; seen after 1; seen late 0\n" },
        /* A freeze that arrives after its thaw. */
        { .name = "a freeze after its thaw does nothing",
          .before = { BEFORE },
          .after = { AFTER },
          .timeout = 60,
          .script = "thaw; says thaw reason=never-frozen\n"
                    "freeze && exit 9; says freeze state=thawed; seen before 0; seen after 0\n" },
        /* Two freezes of one instance are not mixed up. */
        { .name = "two freezes are not mixed up",
          .before = { BEFORE },
          .after = { AFTER },
          .timeout = 60,
          .script = "freeze; sed 's/web.1/web.2/' freeze.sh >2.sh; sh 2.sh >freeze.out && exit 9\n"
                    "says freeze 'state=refused reason=busy other=web.1'; seen before 1; seen "
                    "after 0\n"
                    "thaw; sh 2.sh >freeze.out; says freeze state=frozen; seen before 2\n" },
        /* ... but one that cannot be thawed does not stand in the way for ever. */
        { .name = "a stuck freeze does not stay in the way",
          .before = { BEFORE },
          .after = { "false" },
          .timeout = 60,
          .script = "freeze; thaw && exit 9; sed 's/web.1/web.2/' freeze.sh >2.sh; sh 2.sh "
                    ">freeze.out && "
                    "exit 9\n"
                    "says freeze 'state=refused reason=busy other=web.1'; touch -d '2020-01-01 "
                    "00:00' "
                    "amid-freeze/web.1/fact; sh 2.sh >freeze.out; says freeze state=frozen\n" },
        /* What `before` leaves running lives until `after` ends it, and holds no lock. */
        { .name = "what before left running lives",
          .before = { "sleep 4322 & echo $! >pid" },
          .after = { "kill $(cat pid); " AFTER },
          .timeout = 60,
          .script =
                  "freeze; kill -0 $(cat amid-freeze/web.1/pid); thaw; seen after 1; await nobody "
                  "4322\n" },
        /* Any text arrives as it is. */
        { .name = "any text arrives as it is",
          .before = { "cat >/run/text <<'X'\n'\"`$(id)`\" \\ \\n %s {{x}} # ! \xC3\xA9\n# no "
                      "comment\n\n  "
                      ".\nX\n"
                      "# last",
                      "[ ~ = \"$HOME\" ] && [ \"$(wc -l </run/text)\" = 4 ]" },
          .after = { AFTER },
          .timeout = 60,
          .script = "HOME=/root freeze; printf '%s\\n' '\\047\"`$(id)`\" \\ \\n %s {{x}} # ! "
                    "\xC3\xA9' "
                    "| sed 's/^.047/'\"'\"'/' >want; head -n 1 text | cmp - want; [ \"$(sed -n 2p "
                    "text)\" = "
                    "'# no comment' ]; [ \"$(sed -n 4p text)\" = '  .' ]\n" },
        /* A machine that has not got what it takes is left alone, and it is said why. */
        { .name = "without a tool it is refused",
          .before = { BEFORE },
          .after = { AFTER },
          .timeout = 60,
          .script = "mount --bind /dev/null \"$(command -v flock)\"; freeze && exit 9\n"
                    "says freeze 'state=refused reason=missing-tool tool=flock'; seen before 0\n" },
        { .name = "without memory it is refused",
          .before = { BEFORE },
          .after = { AFTER },
          .timeout = 60,
          .script = "mkdir x; mount -t ramfs x /run; mount -t ramfs x /dev/shm; freeze && exit 9\n"
                    "says freeze 'state=refused reason=no-memory'; seen before 0; thaw; says thaw "
                    "state=thawed\n" },
};

static void the_scripts_freeze_once_and_thaw_for_good(void **state)
{
        (void)state;
        scenarios_run(scenarios, ELEMENTS(scenarios));
}

static void the_longest_script_fits_into_a_command(void **state)
{
        _cleanup_free_ char *longest = xcalloc(SETTINGS_SCRIPT_MAX + 1, 1);
        char token[FREEZE_TOKEN_MAX + 1] = "";
        struct freeze_script script = {
                .token = memset(token, 'a', FREEZE_TOKEN_MAX),
                .before = &longest,
                .after = &longest,
                .n_before = 1,
                .n_after = 1,
                .timeout = 86400,
        };
        _cleanup_free_ char *freeze = NULL;

        (void)state;
        memset(longest, 'x', SETTINGS_SCRIPT_MAX);
        freeze = freeze_script_freeze(&script);
        assert_in_range(strlen(freeze), 1, FREEZE_SCRIPT_MAX);
        /* SSM would put a parameter of its own there. */
        assert_null(strstr(freeze, "{{"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_scripts_freeze_once_and_thaw_for_good),
                cmocka_unit_test(the_longest_script_fits_into_a_command),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
