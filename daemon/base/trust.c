/* Checks the path of a file, part by part, for other users who may change it. */
#include "base/trust.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"

enum { LINKS_MAX = 40 }; /* the limit of the kernel */

static char *check_owner(const char *path, const struct stat *st)
{
        if (st->st_uid == 0 || st->st_uid == geteuid())
                return NULL;
        return xasprintf("%s belongs to user %u, who may change it; it has to belong to root or to "
                         "the user who reads it: chown %sroot %s",
                         path, (unsigned int)st->st_uid, S_ISLNK(st->st_mode) ? "-h " : "", path);
}

static char *check_mode(const char *path, const struct stat *st)
{
        bool others = st->st_mode & S_IWOTH, group = (st->st_mode & S_IWGRP) && st->st_gid != 0;

        /* The mode of a link has no meaning. Writing to a character device, /dev/null, is harmless.
         */
        if (S_ISLNK(st->st_mode) || S_ISCHR(st->st_mode) || (!others && !group))
                return NULL;
        if (S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX))
                return NULL;
        return xasprintf("%s has mode %04o: %s may change it; chmod %s %s", path,
                         (unsigned int)(st->st_mode & 07777), others ? "everybody" : "its group",
                         others && group ? "go-w"
                         : others        ? "o-w"
                                         : "g-w",
                         path);
}

/* The target of a link, NULL when it cannot be read. Caller frees. */
static char *read_link(const char *path)
{
        char target[PATH_MAX];
        ssize_t n = readlink(path, target, sizeof(target));

        return n < 0 || (size_t)n >= sizeof(target) ? NULL : xstrndup(target, (size_t)n);
}

/* Removes the last part of `at`; "" is the root. */
static void go_up(char *at)
{
        char *slash = strrchr(at, '/');

        if (slash)
                *slash = '\0';
}

/* The state of a walk: `at` has been checked and has no links; `rest` has not been checked. */
struct walk {
        char *at, *rest;
        unsigned int links;
};

static void walk_done(struct walk *walk)
{
        free(walk->at);
        free(walk->rest);
}

/* Removes the first part of `rest`. False at the end. */
static bool next_part(struct walk *walk, char **ret)
{
        const char *start = walk->rest + strspn(walk->rest, "/");
        size_t n = strcspn(start, "/");
        char *rest;

        if (n == 0)
                return false;
        *ret = xstrndup(start, n);
        rest = xstrdup(start + n);
        free(walk->rest);
        walk->rest = rest;
        return true;
}

static bool follow(struct walk *walk, const char *link)
{
        _cleanup_free_ char *target = read_link(link);
        char *rest;

        if (!target || walk->links++ == LINKS_MAX)
                return false;
        if (*target == '/')
                xreplace(&walk->at, "");
        rest = xasprintf("%s/%s", target, walk->rest);
        free(walk->rest);
        walk->rest = rest;
        return true;
}

/* Checks the next part of the path. False: the walk has ended, with *ret_why for an untrusted part.
 */
static bool step(struct walk *walk, char **ret_why)
{
        _cleanup_free_ char *part = NULL, *path = NULL;
        struct stat st;

        if (!next_part(walk, &part))
                return false;
        if (streq(part, "."))
                return true;
        if (streq(part, "..")) {
                go_up(walk->at);
                return true;
        }
        path = xasprintf("%s/%s", walk->at, part);
        if (lstat(path, &st) < 0)
                return false;
        *ret_why = check_owner(path, &st);
        if (!*ret_why)
                *ret_why = check_mode(path, &st);
        if (*ret_why)
                return false;
        if (S_ISLNK(st.st_mode))
                return follow(walk, path);
        free(walk->at);
        walk->at = steal(path);
        return true;
}

char *trust_path(const char *path)
{
        _cleanup_(walk_done) struct walk walk = { .at = xstrdup(""), .rest = xstrdup(path) };
        char *why = NULL;

        if (*path != '/') {
                _cleanup_free_ char *here = getcwd(NULL, 0);

                if (!here)
                        return NULL;
                free(walk.rest);
                walk.rest = xasprintf("%s/%s", here, path);
        }
        while (step(&walk, &why))
                ;
        return why;
}
