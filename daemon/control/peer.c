/* Credentials of peers, and their names for the journal. */
#include "control/peer.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/text.h"

static const char trusted_group[] = "amid";
enum { OVERFLOW_USER = 65534 }; /* the default of /proc/sys/kernel/overflowuid */

/* Reads the supplementary groups of the peer's process from the kernel, so that no name service is
 * needed. socket(7), SO_PEERGROUPS */
static bool has_supplementary(int fd, gid_t wanted)
{
        _cleanup_free_ gid_t *groups = NULL;
        socklen_t size = 0;
        bool found = false;

        if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) == 0 || errno != ERANGE)
                return false; /* no groups, or an unknown number of them */
        groups = xcalloc(1, size);
        if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0)
                return false;
        for (size_t i = 0; i < size / sizeof(gid_t); i++)
                found = found || groups[i] == wanted;
        return found;
}

gid_t peer_group(void)
{
        const struct group *group = getgrnam(trusted_group);

        return group ? group->gr_gid : PEER_NO_GROUP;
}

int peer_read(int fd, gid_t group, struct peer *ret)
{
        struct ucred credentials;
        socklen_t size = sizeof(credentials);
        bool reserved;

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
                return -errno;
        reserved = credentials.uid == 0 || credentials.uid == geteuid();
        *ret = (struct peer){
                .uid = credentials.uid,
                .pid = credentials.pid,
                .reserved = reserved,
                .trusted = reserved || (group != PEER_NO_GROUP &&
                                        (credentials.gid == group || has_supplementary(fd, group))),
        };
        return 0;
}

/* ---- names ---- */

/* The name of the user in /etc/passwd, or NULL. Caller frees. */
static char *local_name(uid_t uid)
{
        FILE *file = fopen("/etc/passwd", "re");
        const struct passwd *entry;
        char *name = NULL;

        if (!file)
                return NULL;
        while (!name && (entry = fgetpwent(file))) /* NOLINT(concurrency-mt-unsafe) */
                if (entry->pw_uid == uid)
                        name = xstrdup(entry->pw_name);
        fclose(file);
        return name;
}

/* Whether this process is in a user namespace with mapped user ids. user_namespaces(7) */
static bool in_user_namespace(void)
{
        FILE *file = fopen("/proc/self/uid_map", "re");
        char map[256];
        _cleanup_free_ char *words = NULL;
        char **numbers;
        size_t n;

        if (!file)
                return false;
        map[fread(map, 1, sizeof(map) - 1, file)] = '\0';
        fclose(file);
        numbers = strings_split(map, " \n", &n);
        words = strings_join(numbers, n, " ");
        strings_free(numbers, n);
        return !streq(words, "0 0 4294967295"); /* the identity map */
}

char *peer_describe(const struct peer *peer)
{
        _cleanup_free_ char *name = NULL;

        if (peer->uid == OVERFLOW_USER && in_user_namespace())
                return xasprintf(
                        "Somebody (process %d; in a user namespace, see PrivateUsers=, the "
                        "kernel does not tell which user)",
                        peer->pid);
        name = local_name(peer->uid);
        return name ? xasprintf("%s (user %u, process %d)", name, peer->uid, peer->pid)
                    : xasprintf("User %u (process %d)", peer->uid, peer->pid);
}
