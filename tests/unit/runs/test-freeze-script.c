/* The scripts that freeze and thaw, run for real by sh, each in a scratch machine of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "runs/freeze-script.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "scratch-instance.h"
#include "settings/settings.h"

#define BEFORE "echo before >>/run/events"
#define AFTER  "echo after >>/run/events"
#define WAITS  BEFORE "\nwhile [ ! -e /run/go ]; do sleep 0.05; done\necho late >>/run/events"

static const char prelude[] =
        "freeze() { sh freeze.sh >freeze.out 2>freeze.err; }\n"
        "thaw() { sh thaw.sh >thaw.out 2>thaw.err; }\n"
        /* the last line, as amid sees it */
        "says() { tail -n 1 $1.out | grep -qE -- \"^amid-$1: .*$2( |\\$)\"; }\n"
        "seen() { [ \"$(grep -c \"$1\" events)\" = \"$2\" ]; }\n"
        "await() { until \"$@\" 2>/dev/null; do sleep 0.05; done; }\n"
        "nobody() { if pgrep -f -- \"$1\"; then return 1; fi; }\n"
        "touch events\n";

/* At the end of a scenario all must hold: set -e ends it at the first command that fails. A negated
 * one does not, hence the "|| exit". */
static const struct {
        int line;
        const char *before[3], *after[2];
        sec_t timeout;
        const char *script;
} scenarios[] = {
        { __LINE__,
          { BEFORE },
          { AFTER },
          60,
          "freeze; says freeze state=frozen; says freeze watchdog=process\n"
          "seen before 1; seen after 0; [ $(wc -l <freeze.out) = 1 ]\n"
          "thaw; says thaw state=thawed; says thaw thawed-by=amid\n"
          "seen after 1; await nobody amid-thaw\n"
          "thaw; says thaw thawed-by=amid; seen after 1\n" },
        /* The same command again: no second freeze, and none after the thaw. */
        { __LINE__,
          { BEFORE },
          { AFTER },
          60,
          "freeze; cp freeze.out first\n"
          "freeze; cmp freeze.out first; seen before 1\n"
          "thaw; freeze && exit 9\n"
          "says freeze state=thawed; says freeze thawed-by=amid; seen before 1; seen after 1\n" },
        /* Many at once, of both. */
        { __LINE__,
          { BEFORE, "sleep 0.2" },
          { AFTER, "sleep 0.2" },
          60,
          "for n in 1 2 3 4; do sh freeze.sh >out.$n & done; wait\n"
          "[ $(cat out.* | grep -c state=frozen) = 4 ]; seen before 1; seen after 0\n"
          "for n in 1 2 3 4; do sh thaw.sh >out.$n & done; wait\n"
          "[ $(cat out.* | grep -c state=thawed) = 4 ]; seen after 1\n" },
        /* `before` fails half-way. */
        { __LINE__,
          { BEFORE, "echo no such disk; false; echo two >>/run/events", "echo 3 >>/run/events" },
          { AFTER },
          60,
          "freeze && exit 9\n"
          "says freeze state=thawed; says freeze reason=before-failed; says freeze "
          "thawed-by=freeze\n"
          "grep -q 'no such disk' freeze.err; seen before 1; seen after 1; [ $(wc -l <events) = "
          "2 ]\n"
          "await nobody amid-thaw; thaw; says thaw thawed-by=freeze; seen after 1\n" },
        /* It takes too long: what it started is gone before the thaw. */
        { __LINE__,
          { BEFORE "; trap '' TERM; sleep 4321" },
          { "! ps -ef | grep '[s]leep 4321'; " AFTER },
          2,
          "freeze && exit 9\n"
          "says freeze reason=before-timed-out; seen after 1\n" },
        /* Every command of `after` is run; until all end well it is not thawed. */
        { __LINE__,
          { BEFORE },
          { "test -e /run/ok", AFTER },
          60,
          "freeze; thaw && exit 9\n"
          "says thaw state=stuck; seen after 1\n"
          "touch ok; thaw; says thaw state=thawed; seen after 2\n"
          "thaw; seen after 2\n" },
        /* The watchdog, when amid does not come. */
        { __LINE__,
          { BEFORE },
          { AFTER },
          2,
          "freeze; await seen after 1\n"
          "thaw; says thaw thawed-by=watchdog; seen after 1\n"
          "freeze && exit 9; says freeze thawed-by=watchdog; seen before 1\n" },
        /* The watchdog and many thaws race. */
        { __LINE__,
          { BEFORE },
          { AFTER },
          2,
          "freeze; until thaw && says thaw thawed-by=watchdog; do\n"
          "    says thaw thawed-by=amid && break; done\n"
          "await nobody amid-thaw; seen after 1\n" },
        /* Killed while `before` runs: the watchdog ends it and thaws. */
        { __LINE__,
          { WAITS },
          { AFTER },
          2,
          "sh freeze.sh & await seen before 1; kill -9 $!; await seen after 1\n"
          "touch go; await nobody before.sh; thaw; says thaw thawed-by=watchdog; seen late 0\n" },
        /* ... or amid does, */
        { __LINE__,
          { WAITS },
          { AFTER },
          60,
          "sh freeze.sh & await seen before 1; kill -9 $!; thaw; says thaw thawed-by=amid\n"
          "touch go; await nobody before.sh; await nobody amid-thaw; seen after 1; seen late 0\n" },
        /* ... or the same command when it comes again, */
        { __LINE__,
          { WAITS },
          { AFTER },
          60,
          "sh freeze.sh & await seen before 1; kill -9 $!; freeze && exit 9\n"
          "says freeze reason=interrupted; await nobody before.sh; seen before 1; seen after 1\n" },
        /* ... or it itself, when it is asked to end. */
        { __LINE__,
          { WAITS },
          { AFTER },
          60,
          "sh freeze.sh >freeze.out & await seen before 1; kill $!; wait $! && exit 9\n"
          "says freeze reason=terminated; await nobody before.sh; seen after 1; seen late 0\n" },
        /* Thawed by amid while `before` still runs. */
        { __LINE__,
          { WAITS },
          { AFTER },
          60,
          "sh freeze.sh >freeze.out & await seen before 1; thaw; wait $! && exit 9\n"
          "says freeze state=thawed; await nobody before.sh; seen after 1; seen late 0\n" },
        /* A freeze that arrives after its thaw. */
        { __LINE__,
          { BEFORE },
          { AFTER },
          60,
          "thaw; says thaw reason=never-frozen\n"
          "freeze && exit 9; says freeze state=thawed; seen before 0; seen after 0\n" },
        /* Two freezes of one instance are not mixed up. */
        { __LINE__,
          { BEFORE },
          { AFTER },
          60,
          "freeze; sed 's/web.1/web.2/' freeze.sh >2.sh; sh 2.sh >freeze.out && exit 9\n"
          "says freeze 'state=refused reason=busy other=web.1'; seen before 1; seen after 0\n"
          "thaw; sh 2.sh >freeze.out; says freeze state=frozen; seen before 2\n" },
        /* ... but one that cannot be thawed does not stand in the way for ever. */
        { __LINE__,
          { BEFORE },
          { "false" },
          60,
          "freeze; thaw && exit 9; sed 's/web.1/web.2/' freeze.sh >2.sh; sh 2.sh >freeze.out && "
          "exit 9\n"
          "says freeze 'state=refused reason=busy other=web.1'; touch -d '2020-01-01 00:00' "
          "amid-freeze/web.1/fact/state; sh 2.sh >freeze.out; says freeze state=frozen\n" },
        /* What `before` leaves running lives until `after` ends it, and holds no lock. */
        { __LINE__,
          { "sleep 4322 & echo $! >pid" },
          { "kill $(cat pid); " AFTER },
          60,
          "freeze; kill -0 $(cat amid-freeze/web.1/pid); thaw; seen after 1; await nobody "
          "4322\n" },
        /* Any text arrives as it is. */
        { __LINE__,
          { "cat >/run/text <<'X'\n'\"`$(id)`\" \\ \\n %s {{x}} # ! \xC3\xA9\n# no comment\n\n  "
            ".\nX\n"
            "# last",
            "[ \"$(wc -l <~/../run/text)\" = 4 ]" },
          { AFTER },
          60,
          "HOME=/root freeze; printf '%s\\n' '\\047\"`$(id)`\" \\ \\n %s {{x}} # ! \xC3\xA9' "
          "| sed 's/^.047/'\"'\"'/' >want; head -n 1 text | cmp - want; [ \"$(sed -n 2p text)\" = "
          "'# no comment' ]; [ \"$(sed -n 4p text)\" = '  .' ]\n" },
        /* A machine that has not got what it takes is left alone, and it is said why. */
        { __LINE__,
          { BEFORE },
          { AFTER },
          60,
          "mount --bind /dev/null \"$(command -v flock)\"; freeze && exit 9\n"
          "says freeze 'state=refused reason=missing-tool tool=flock'; seen before 0\n" },
        { __LINE__,
          { BEFORE },
          { AFTER },
          60,
          "mkdir x; mount -t ramfs x /run; mount -t ramfs x /dev/shm; freeze && exit 9\n"
          "says freeze 'state=refused reason=no-memory'; seen before 0; thaw; says thaw "
          "state=thawed\n" },
};

/* What sh is on one system or another. */
static const char *const shells[] = { "/bin/dash", "/bin/bash", "/bin/busybox" };

static size_t count(const char *const *words, size_t n)
{
        while (n && !words[n - 1])
                n--;
        return n;
}

struct running {
        pid_t pid;
        int output;
        const char *shell;
};

static struct running start(size_t i, const char *shell)
{
        struct freeze_script script = {
                .token = "web.1",
                .before = (char *const *)(uintptr_t)scenarios[i].before,
                .after = (char *const *)(uintptr_t)scenarios[i].after,
                .n_before = count(scenarios[i].before, ELEMENTS(scenarios[i].before)),
                .n_after = count(scenarios[i].after, ELEMENTS(scenarios[i].after)),
                .timeout = scenarios[i].timeout,
        };
        _cleanup_free_ char *freeze = freeze_script_freeze(&script);
        _cleanup_free_ char *thaw = freeze_script_thaw(&script);
        _cleanup_free_ char *scenario = xasprintf("%s%s", prelude, scenarios[i].script);
        const struct scratch_file files[] = {
                { "freeze.sh", freeze }, { "thaw.sh", thaw }, { "scenario", scenario }, {}
        };
        FILE *output = tmpfile();
        struct running running = { .output = dup(fileno(output)), .shell = shell };

        running.pid = scratch_start(files, "scenario", shell, running.output);
        fclose(output);
        return running;
}

static int finish(struct running running, size_t i)
{
        char output[8192] = "";
        int status;

        assert_int_equal(waitpid(running.pid, &status, 0), running.pid);
        status = WIFEXITED(status) ? WEXITSTATUS(status) : SCRATCH_BROKEN;
        if (status == SCRATCH_FORBIDDEN && getuid() != 0)
                return 0; /* no user namespaces here; CI is root */
        if (status != 0) {
                off_t size = lseek(running.output, 0, SEEK_END), tail = sizeof(output) - 1;

                (void)!pread(running.output, output, (size_t)tail, size > tail ? size - tail : 0);
                print_error("line %d with %s: status %d\n%s\n", scenarios[i].line, running.shell,
                            status, output);
        }
        close(running.output);
        return status;
}

static void test_scenarios(void **state)
{
        struct running running[ELEMENTS(scenarios) * ELEMENTS(shells)];
        int failed = 0;

        (void)state;
        for (size_t i = 0; i < ELEMENTS(running); i++)
                running[i] = start(i / ELEMENTS(shells), shells[i % ELEMENTS(shells)]);
        for (size_t i = 0; i < ELEMENTS(running); i++)
                failed += finish(running[i], i / ELEMENTS(shells)) != 0;
        assert_int_equal(failed, 0);
}

static void test_size(void **state)
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
                cmocka_unit_test(test_scenarios),
                cmocka_unit_test(test_size),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
