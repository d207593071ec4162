/*
 * A scratch machine for a shell script: a process of its own in new mount and process namespaces,
 * with an empty tmpfs on /run. Works as root, and as a user where the kernel allows user
 * namespaces.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"

/* What a script can end with besides its own status. */
enum { SCRATCH_BROKEN = 125, SCRATCH_FORBIDDEN = 126 };
enum { SCRATCH_SECONDS = 40 }; /* then it is ended */

struct scratch_file {
        const char *name, *text;
};

static inline void scratch_write(const char *path, const char *text)
{
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
                _exit(SCRATCH_BROKEN);
        close(fd);
}

/* Our user becomes root of the new namespaces. */
static inline void scratch_become_root(unsigned int user, unsigned int group)
{
        char map[64];

        scratch_write("/proc/self/setgroups", "deny");
        (void)snprintf(map, sizeof(map), "0 %u 1", user);
        scratch_write("/proc/self/uid_map", map);
        (void)snprintf(map, sizeof(map), "0 %u 1", group);
        scratch_write("/proc/self/gid_map", map);
}

static inline void scratch_run(const struct scratch_file *files, const char *name,
                               const char *shell)
{
        char *sh = realpath("/bin/sh", NULL);

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("proc", "/proc", "proc", 0, NULL) < 0 ||
            mount("tmpfs", "/run", "tmpfs", 0, "mode=755") < 0 || chdir("/run") < 0 || !sh ||
            mount(shell, sh, NULL, MS_BIND, NULL) < 0)
                _exit(SCRATCH_FORBIDDEN);
        for (; files->name; files++)
                scratch_write(files->name, files->text);
        execlp("sh", "sh", "-eux", name, NULL);
        _exit(SCRATCH_BROKEN);
}

/*
 * Starts `sh -eux NAME`, where sh is the program `shell`, with the files (ended by an empty row) in
 * /run, which is its directory.
 * What it prints goes to `output`. Gives the process to wait for; everything the script leaves
 * behind ends with it.
 */
static inline pid_t scratch_start(const struct scratch_file *files, const char *name,
                                  const char *shell, int output)
{
        pid_t pid = fork(), inner;
        unsigned int user = getuid(), group = getgid();
        int status;

        if (pid != 0)
                return pid;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(output, STDOUT_FILENO);
        dup2(output, STDERR_FILENO);
        if (unshare(CLONE_NEWNS | CLONE_NEWPID | (user ? CLONE_NEWUSER : 0)) < 0)
                _exit(SCRATCH_FORBIDDEN);
        if (user)
                scratch_become_root(user, group);
        inner = fork();
        if (inner == 0)
                scratch_run(files, name, shell);
        alarm(SCRATCH_SECONDS);
        if (inner < 0 || waitpid(inner, &status, 0) < 0)
                _exit(SCRATCH_BROKEN);
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : SCRATCH_BROKEN);
}
