/*
 * The two shell scripts by which an instance is frozen and thawed again (SSM, AWS-RunShellScript).
 * Pure: text from text. The scripts themselves are runs/remote/freeze-{common,freeze,thaw}.sh.
 *
 * Freeze keeps `after` on the instance, arms a watchdog there that runs it when `timeout` is over,
 * runs `before`, and prints one line. Thaw runs `after` once, unless that was done already, and
 * prints one line. Both may be sent any number of times, at the same time, in any order: a token is
 * frozen once at most, and never after it was thawed. When freeze ends with another status than 0
 * nothing is frozen (or the line says "stuck", and the watchdog goes on trying).
 *
 * The last line of the output, KEY=VALUE with blanks between, in this order, absent when unknown:
 *
 *     amid-freeze: state=frozen watchdog=systemd boot-id=UUID frozen-at=NS thaws-at=NS
 *     amid-thaw: state=thawed ... thawing-at=NS thawed-at=NS thawed-by=amid
 *
 * - state of freeze: frozen (status 0); thawed, refused, stuck (status 1)
 * - state of thaw: thawed (status 0); stuck (status 1): `after` has failed, something may still be
 *   frozen, send it again
 * - reason of thawed: before-failed, before-timed-out, agent-frozen (the disk that the SSM agent
 *   writes to was frozen), no-watchdog, no-memory (for facts), interrupted, terminated,
 *   thawed-meanwhile; of thaw: never-frozen, no-memory
 * - reason of refused: busy (then other=TOKEN), no-memory (neither /run nor /dev/shm is a tmpfs of
 *   root's, or it is full), missing-tool (then tool=NAME), unsafe-directory (then directory=PATH:
 *   it was there before, and is not a directory of root's with mode 0700)
 * - reason of stuck: unsafe-directory (root's, but somebody opened it to others since the freeze)
 * - watchdog: systemd, or process where there is no systemd
 * - frozen-at: `before` had ended; what is read from the disks from here ...
 * - thawing-at: ... to here is frozen; `after` had not begun
 * - thaws-at: the watchdog does not act before this
 * - thawed-by: amid, watchdog, or freeze (`before` had failed). With watchdog an image counts as
 *   crash consistent
 *
 * Both run as root beside other users. They execute, source, read and write only system files,
 * /proc and what is in a directory that root alone may enter, and they take PATH, HOME, umask, IFS,
 * locale and working directory from nobody (runs/remote/script-head.sh). `before` and `after` run
 * with PATH /usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin, HOME of root, and TMPDIR
 * in memory.
 *
 * All times are nanoseconds since 1970 by the instance's own clock. Standard error has the end of
 * what `before` and `after` printed, when something failed.
 */
#pragma once

#include <stddef.h>

#include "base/time.h"

struct freeze_script {
        /* Names one freeze of one instance, for ever: letters, digits, '.', '_' and '-', at most
         * FREEZE_TOKEN_MAX, a letter or digit in front. */
        const char *token;
        /* Shell scripts, each run by `sh -e` as root in a folder of its own in memory, which is the
         * same for all. `before` ends with the first that fails; of `after` all are run, and all
         * again when one has failed. */
        char *const *before, *const *after;
        size_t n_before, n_after;
        sec_t timeout; /* of the watchdog, at least FREEZE_TIMEOUT_MIN; before gets half of it */
};

enum {
        FREEZE_TOKEN_MAX = 128,
        FREEZE_TIMEOUT_MIN = 2,
        /* bytes of a rendered script when before and after have SETTINGS_SCRIPT_MAX each; SSM takes
         * 64 KiB with everything around */
        FREEZE_SCRIPT_MAX = 48 << 10,
};

/* The script for one SendCommand: give it as the only element of "commands", and as
 * executionTimeout the timeout of the watchdog and a minute more: the script ends by itself before.
 * Caller frees. */
char *freeze_script_freeze(const struct freeze_script *script);

/* The same for the thaw; needs the token only. Caller frees. */
char *freeze_script_thaw(const struct freeze_script *script);
