/*
 * Scenarios in which the scripts of runs/remote/freeze-script.h are run for real, by every kind of
 * sh, each in a scratch machine of its own. Include after <cmocka.h>.
 */
#pragma once

#include "runs/remote/freeze-script.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "runs/remote/embed.h"
#include "runs/remote/script.h"
#include "scratch-instance.h"

/* What `before` and `after` of a scenario do; `events` of the scenario shows it. */
#define BEFORE "echo before >>/run/events"
#define AFTER  "echo after >>/run/events"
#define WAITS  BEFORE "\nwhile [ ! -e /run/go ]; do sleep 0.05; done\necho late >>/run/events"

/* A scenario is a shell script. At its end all must hold: set -e ends it at the first command that
 * fails. A negated one does not, hence the "&& exit 9". */
struct scenario {
        const char *name;
        const char *before[3], *after[2];
        sec_t timeout; /* 0: 60 */
        const char *script;
};

static const char scenario_prelude[] =
        "freeze() { sh freeze.sh >freeze.out 2>freeze.err; }\n"
        "thaw() { sh thaw.sh >thaw.out 2>thaw.err; }\n"
        /* the last line, as amid sees it */
        "says() { tail -n 1 $1.out | grep -qE -- \"^amid-$1: .*$2( |\\$)\"; }\n"
        "seen() { [ \"$(grep -c \"$1\" events)\" = \"$2\" ]; }\n"
        "await() { until \"$@\" 2>/dev/null; do sleep 0.05; done; }\n"
        "nobody() { if pgrep -f -- \"$1\"; then return 1; fi; }\n"
        "touch events\n";

EMBED(scenario_probe_sh, "daemon/runs/remote/boot-probe.sh");

/* What sh is on one system or another. */
static const char *const scenario_shells[] = { "/bin/dash", "/bin/bash", "/bin/busybox" };
enum { SCENARIO_SHELLS = ELEMENTS(scenario_shells) };

struct running {
        pid_t pid;
        int output;
        const char *name, *shell;
};

static inline size_t scenario_count(const char *const *words, size_t n)
{
        while (n && !words[n - 1])
                n--;
        return n;
}

static inline struct running scenario_start(const struct scenario *scenario, const char *shell)
{
        struct freeze_script script = {
                .token = "web.1",
                .before = (char *const *)(uintptr_t)scenario->before,
                .after = (char *const *)(uintptr_t)scenario->after,
                .n_before = scenario_count(scenario->before, ELEMENTS(scenario->before)),
                .n_after = scenario_count(scenario->after, ELEMENTS(scenario->after)),
                .timeout = scenario->timeout ? scenario->timeout : 60,
        };
        _cleanup_free_ char *freeze = freeze_script_freeze(&script);
        _cleanup_free_ char *thaw = freeze_script_thaw(&script);
        _cleanup_free_ char *text = xasprintf("%s%s", scenario_prelude, scenario->script);
        _cleanup_(text_done) struct text probe = {};
        FILE *output = tmpfile();
        struct running running = { .output = dup(fileno(output)),
                                   .name = scenario->name,
                                   .shell = shell };

        script_append_head(&probe);
        script_append(&probe, scenario_probe_sh);
        running.pid = scratch_start((const struct scratch_file[]){ { "freeze.sh", freeze },
                                                                   { "thaw.sh", thaw },
                                                                   { "probe.sh", text_get(&probe) },
                                                                   { "scenario", text },
                                                                   {} },
                                    "scenario", shell, running.output);
        fclose(output);
        return running;
}

static inline int scenario_finish(struct running running)
{
        char output[8192] = "";
        int status;

        assert_int_equal(waitpid(running.pid, &status, 0), running.pid);
        status = WIFEXITED(status) ? WEXITSTATUS(status) : SCRATCH_BROKEN;
        if (status == SCRATCH_FORBIDDEN && getuid() != 0)
                status = 0; /* no user namespaces here; CI is root */
        if (status != 0) {
                off_t size = lseek(running.output, 0, SEEK_END), tail = sizeof(output) - 1;

                (void)!pread(running.output, output, (size_t)tail, size > tail ? size - tail : 0);
                fprintf(stderr, "%s, with %s: status %d\n%s\n", running.name, running.shell, status,
                        output);
        }
        close(running.output);
        return status;
}

/* All at once: most of their time they wait. */
static inline void scenarios_run(const struct scenario *scenarios, size_t n)
{
        struct running *running = xcalloc(n * SCENARIO_SHELLS, sizeof(*running));
        int failed = 0;

        for (size_t i = 0; i < n * SCENARIO_SHELLS; i++)
                running[i] = scenario_start(&scenarios[i / SCENARIO_SHELLS],
                                            scenario_shells[i % SCENARIO_SHELLS]);
        for (size_t i = 0; i < n * SCENARIO_SHELLS; i++)
                failed += scenario_finish(running[i]) != 0;
        free(running);
        assert_int_equal(failed, 0);
}
