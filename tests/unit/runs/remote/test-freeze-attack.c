/*
 * The scripts that freeze and thaw run as root beside other users of the instance, on systems in
 * any state: nothing is executed, sourced, read or written for a stranger, and nothing stays
 * frozen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "freeze-scenario.h"

/* `stranger 'SCRIPT'` is another user; /run/owned shows that root did something for him. */
#define STRANGER                                                                                   \
        "stranger() { /usr/bin/setpriv --reuid=65534 --regid=65534 --clear-groups sh -c \"$1\"; "  \
        "}\n"                                                                                      \
        "untouched() { [ ! -e /run/owned ]; [ \"$(cat /run/precious)\" = precious ]; }\n"          \
        "echo precious >precious\n"
/* An instance whose /run is no tmpfs, so that facts lie in /dev/shm, which all may write to. */
#define ONLY_SHM                                                                                   \
        STRANGER "mount -t ramfs -o mode=755 x /mnt; cp freeze.sh thaw.sh precious events /mnt\n"  \
                 "mount --bind /mnt /run; cd /run\n"                                               \
                 "mount -t tmpfs -o mode=1777 x /dev/shm\n"
#define OWN "echo touch /run/owned"
/* Takes all memory that is left in /run. */
#define FILL "{ cat /dev/zero >/run/fill; } 2>/dev/null || true"

static const struct scenario scenarios[] = {
        { .name = "a directory that a stranger made before is refused",
          .before = { BEFORE },
          .after = { AFTER },
          .script = ONLY_SHM
          "stranger 'mkdir -p /dev/shm/amid-freeze/web.1/fact; cd /dev/shm/amid-freeze/web.1\n"
          "    touch fact/state=frozen fact/watchdog=process fact/sleeper=1; " OWN " >thaw.sh\n"
          "    " OWN " >after.1; " OWN " >before.1; chmod -R 777 /dev/shm/amid-freeze'\n"
          "freeze && exit 9\n"
          "says freeze 'state=refused reason=unsafe-directory directory=/dev/shm/amid-freeze'\n"
          "thaw; says thaw 'state=thawed reason=never-frozen'; seen before 0; untouched\n"
          "[ -e /dev/shm/amid-freeze/web.1/fact/state=frozen ]\n" },
        { .name = "a link in the place of the directory is refused",
          .before = { BEFORE },
          .after = { AFTER },
          .script = ONLY_SHM "mkdir -m 700 /run/private\n"
                             "stranger 'ln -s /run/private /dev/shm/amid-freeze'\n"
                             "freeze && exit 9; says freeze 'state=refused "
                             "reason=unsafe-directory .*'\n"
                             "thaw; says thaw state=thawed; seen before 0; untouched\n"
                             "[ -z \"$(ls /run/private)\" ]\n" },
        { .name = "a dangling link, a file and a FIFO are refused",
          .before = { BEFORE },
          .after = { AFTER },
          .script = ONLY_SHM
          "for made in 'ln -s /run/owned' 'touch' 'mkfifo'; do\n"
          "    stranger \"$made /dev/shm/amid-freeze\"; freeze && exit 9\n"
          "    says freeze 'state=refused reason=unsafe-directory .*'; thaw; untouched\n"
          "    rm /dev/shm/amid-freeze\n"
          "done; freeze; says freeze state=frozen\n" },
        { .name = "a directory of root's that others may enter is refused",
          .before = { BEFORE },
          .after = { AFTER },
          .script = STRANGER "for mode in 777 755 770; do mkdir -m $mode amid-freeze\n"
                             "    freeze && exit 9; says freeze 'state=refused "
                             "reason=unsafe-directory directory=/run/amid-freeze'\n"
                             "    rmdir amid-freeze; done\n"
                             "freeze; says freeze state=frozen; chmod 777 amid-freeze\n"
                             "thaw && exit 9; says thaw 'state=stuck reason=unsafe-directory .*'\n"
                             "chmod 700 amid-freeze; thaw; says thaw thawed-by=amid\n" },
        { .name = "memory whose entries others may replace is not used",
          .before = { BEFORE },
          .after = { AFTER },
          .script = STRANGER "mount -t ramfs x /dev/shm; chmod 775 .; freeze && exit 9\n"
                             "says freeze 'state=refused reason=no-memory'; chmod 777 .\n"
                             "freeze && exit 9; chmod 755 .; chown 65534 .; freeze && exit 9\n"
                             "chown 0 .; freeze; says freeze state=frozen\n" },
        { .name = "a stranger who races for the directory gains nothing",
          .before = { BEFORE },
          .after = { AFTER },
          .script = ONLY_SHM
          "stranger 'cd /dev/shm; while :; do mkdir amid-freeze && mkdir amid-freeze/web.1 &&\n"
          "        " OWN " >amid-freeze/web.1/thaw.sh; mv amid-freeze x; ln -s x amid-freeze\n"
          "        mv -T x amid-freeze; rm -rf x amid-freeze; ln -s /run/precious amid-freeze\n"
          "    done' 2>/dev/null &\n"
          "for n in 1 2 3 4 5 6 7 8; do\n"
          "    if freeze; then says freeze state=frozen; else says freeze 'state=refused .*'; fi\n"
          "    thaw; says thaw 'state=thawed .*'; untouched\n"
          "    sed -i s/web.$n/web.$((n + 1))/ freeze.sh thaw.sh\n"
          "done; kill $!\n" },
        /* Where the SSM agent writes: /var/log belongs to a group on many systems. */
        { .name = "what is under the name of the probe is not followed",
          .before = { BEFORE },
          .after = { AFTER },
          .script = STRANGER "mount -t tmpfs -o mode=777 x /var/log; chmod 666 precious\n"
                             "for made in 'ln -s /run/precious' 'ln -s /run/owned' mkfifo; do\n"
                             "    stranger \"$made /var/log/.amid-web.1\"; freeze\n"
                             "    says freeze state=frozen; untouched; thaw\n"
                             "    rm -rf /var/log/.amid-web.1 amid-freeze\n"
                             "done\n"
                             "stranger 'cd /var/log; while :; do ln -s /run/precious "
                             ".amid-web.1; mkdir x; mv -T x .amid-web.1; rm -rf .amid-web.1\n"
                             "    done' 2>/dev/null &\n"
                             "for n in 1 2 3 4 5; do freeze; says freeze state=frozen; thaw\n"
                             "    rm -r amid-freeze; untouched; done; kill $!\n" },
        { .name = "nothing of the environment decides what is run",
          .before = { "echo \"$PATH|$HOME|$TMPDIR|$(umask)|$(pwd)|$LC_ALL\" >/run/before", BEFORE },
          .after = { "echo \"$PATH|$HOME|$TMPDIR|$(umask)|$(pwd)|$LC_ALL\" >/run/after", AFTER },
          .script = STRANGER
          "mkdir evil; for tool in '[' awk base64 cat cd date dmesg find flock grep journalctl ls "
          "        mkdir mv printf rm rmdir setsid sh sleep systemctl tail timeout wc; do\n"
          "    printf '#!/bin/sh\\n>/run/owned\\n' >evil/$tool; chmod 755 evil/$tool\n"
          "done; echo '>/run/owned' >evil.sh\n"
          "hostile() { (umask 000; cd evil; exec /usr/bin/env \"PATH=/run/evil::.:$PATH\" IFS=/e "
          "\\\n"
          "    ENV=/run/evil.sh BASH_ENV=/run/evil.sh CDPATH=/run/evil TMPDIR=/run/evil \\\n"
          "    HOME=/run/evil LC_ALL=x SHELLOPTS=noglob GLOBIGNORE='*' \\\n"
          "    'BASH_FUNC_mkdir%%=() { >/run/owned; }' 'BASH_FUNC_ls%%=() { >/run/owned; }' \\\n"
          "    /bin/sh /run/$1 >/run/out 2>/run/err); }\n"
          "hostile freeze.sh; grep -q state=frozen out; hostile thaw.sh; grep -q thawed-by=amid "
          "out\n"
          "hostile probe.sh; grep -q 'amid-boot: boot-id=' out; untouched; seen after 1\n"
          "echo '/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin|/root|'\\\n"
          "'/run/amid-freeze/web.1|0077|/run/amid-freeze/web.1|C' >want\n"
          "cmp before want; cmp after want\n" },
        /* Full from the start, */
        { .name = "on a full tmpfs it is refused",
          .before = { BEFORE },
          .after = { AFTER },
          .script =
                  "echo begin >events; mount -o remount,size=96k /run; " FILL "\n"
                  "out=$(sh freeze.sh) && exit 9\n"
                  "[ \"$out\" = 'amid-freeze: state=refused reason=no-memory' ]; seen before 0\n"
                  "out=$(sh thaw.sh); [ \"${out#*state=thawed }\" != \"$out\" ]; seen after 0\n" },
        /* ... or by any number of pages later, */
        { .name = "wherever the tmpfs gets full, it is refused or thawed",
          .before = { BEFORE },
          .after = { AFTER },
          .script = "echo begin >events; for n in 1 2 3 4 5 6 7 8 9 10; do\n"
                    "    rm -rf fill amid-freeze; echo begin >events; used=$(/usr/bin/df "
                    "--output=used . | "
                    "tail -n 1)\n"
                    "    mount -o remount,size=$((used + 4 * n))k /run\n"
                    "    out=$(sh freeze.sh) || :\n"
                    "    case $out in *state=frozen*) [ $n -gt 3 ]; seen before 1;;\n"
                    "    *state=refused*) seen before 0;;\n"
                    "    *state=thawed*) seen after 1;; *) exit 9;; esac\n"
                    "    out=$(sh thaw.sh); case $out in *state=thawed*) ;; *) exit 9;; esac\n"
                    "    [ \"$(grep -c before events)\" = 0 ] || seen after 1\n"
                    "    mount -o remount,size=10m /run; done\n" },
        /* ... while it is frozen, when `after` has something to say. */
        { .name = "what gets full while it is frozen is thawed all the same",
          .before = { BEFORE, FILL },
          .after = { "seq 3000\n" AFTER },
          .script = "echo begin >events; mount -o remount,size=256k /run\n"
                    "out=$(sh freeze.sh); case $out in *state=frozen*) ;; *) exit 9;; esac\n"
                    "out=$(sh thaw.sh)\n"
                    "case $out in *state=thawed*thawed-by=amid*) ;; *) exit 9;; esac\n"
                    "seen after 1; out=$(sh thaw.sh); seen after 1\n" },
        { .name = "the watchdog thaws what gets full while it is frozen",
          .before = { BEFORE, FILL },
          .after = { "seq 3000\n" AFTER },
          .timeout = 2,
          .script = "echo begin >events; mount -o remount,size=256k /run\n"
                    "out=$(sh freeze.sh); await seen after 1; out=$(sh thaw.sh)\n"
                    "case $out in *thawed-by=watchdog*) ;; *) exit 9;; esac; seen after 1\n" },
        { .name = "a read-only root hinders nothing",
          .before = { BEFORE },
          .after = { AFTER },
          .script = "mount -o remount,bind,ro /; freeze; says freeze state=frozen\n"
                    "thaw; says thaw thawed-by=amid; seen after 1\n" },
        /* As by SELinux: what is there, and may not be used. */
        { .name = "a directory that may not be made is no memory",
          .before = { BEFORE },
          .after = { AFTER },
          .script = "mkdir -m 700 amid-freeze; mount --bind amid-freeze amid-freeze\n"
                    "mount -o remount,bind,ro amid-freeze; freeze && exit 9\n"
                    "says freeze 'state=refused reason=no-memory'; seen before 0\n" },
        { .name = "a tool that is denied leaves nothing frozen",
          .before = { BEFORE },
          .after = { AFTER },
          .script = "for tool in base64 cat date find flock ls mkdir mv rmdir setsid tail timeout "
                    "wc; do\n"
                    "    rm -rf amid-freeze; : >events; path=/usr/bin/$tool\n"
                    "    mount --bind /usr/bin/false $path\n"
                    "    out=$(sh freeze.sh 2>err) || :; umount $path\n"
                    "    thaw; says thaw 'state=thawed .*'\n"
                    "    [ \"$(grep -c before events)\" = 0 ] || seen after 1\n"
                    "done\n" },
        /* A local user chooses the names of his processes. */
        { .name = "a line break in the name of a process hides nobody",
          .before = { WAITS },
          .after = { AFTER },
          .script = STRANGER
          "stranger 'printf \"x\\ny\" >/proc/$$/comm; while :; do sleep 1; done' &\n"
          "await /usr/bin/pgrep -u 65534 y; other=$(/usr/bin/pgrep -o -u 65534 y)\n"
          "sh freeze.sh & await seen before 1; kill -9 $!; thaw; says thaw thawed-by=amid\n"
          "seen after 1; seen late 0; kill -0 $other\n" },
        { .name = "a process that bears the number of the group in its name is not waited for",
          .before = { WAITS },
          .after = { AFTER },
          .script = STRANGER
          "sh freeze.sh & freeze=$!; await seen before 1\n"
          "group=$(cd amid-freeze/web.1/fact; echo before=*); group=${group#*=}\n"
          "stranger \"printf 'x) S 1 ${group%:*} \\\\n' >/proc/\\$\\$/comm; sleep 100; :\" &\n"
          "await /usr/bin/pgrep -u 65534 'S 1'; other=$(/usr/bin/pgrep -u 65534 'S 1')\n"
          "kill -9 $freeze; thaw; says thaw thawed-by=amid; seen after 1; kill -0 $other\n" },
        { .name = "whoever has the number of the group later is left alone",
          .before = { WAITS },
          .after = { AFTER },
          .script =
                  "sh freeze.sh & freeze=$!; await seen before 1\n"
                  "group=$(cd amid-freeze/web.1/fact; echo before=*); group=${group#*=}\n"
                  "kill -9 $freeze; group=${group%:*}; kill -9 -$group\n"
                  "await nobody before.sh; while kill -0 $group; do wait || :; sleep 0.1; done\n"
                  "new=; until [ \"$new\" = $group ]; do [ ! \"$new\" ] || kill $new\n"
                  "echo $((group - 1)) >/proc/sys/kernel/ns_last_pid; setsid sleep 4323 & new=$!\n"
                  "done; thaw; says thaw thawed-by=amid; seen after 1\n"
                  "kill -0 $group\n" },
};

static void root_does_nothing_for_another_user(void **state)
{
        (void)state;
        if (getuid() != 0)
                skip(); /* a second user takes root */
        scenarios_run(scenarios, ELEMENTS(scenarios));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(root_does_nothing_for_another_user),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
