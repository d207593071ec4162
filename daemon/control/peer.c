#include "control/peer.h"

#include <errno.h>
#include <grp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"

static const char trusted_group[] = "amid";

/* The kernel tells the supplementary groups the peer's process really has, so that no name service
 * is asked for its user. socket(7), SO_PEERGROUPS */
static bool has_supplementary(int fd, gid_t wanted)
{
        _cleanup_free_ gid_t *groups = NULL;
        socklen_t size = 0;
        bool found = false;

        if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) == 0 || errno != ERANGE)
                return false; /* none, or not known */
        groups = xcalloc(1, size);
        if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0)
                return false;
        for (size_t i = 0; i < size / sizeof(gid_t); i++)
                found = found || groups[i] == wanted;
        return found;
}

static bool is_member(int fd, gid_t primary)
{
        const struct group *group = getgrnam(trusted_group);

        return group && (primary == group->gr_gid || has_supplementary(fd, group->gr_gid));
}

int peer_read(int fd, struct peer *ret)
{
        struct ucred credentials;
        socklen_t size = sizeof(credentials);

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
                return -errno;
        *ret = (struct peer){
                .uid = credentials.uid,
                .pid = credentials.pid,
                .trusted = credentials.uid == 0 || credentials.uid == geteuid() ||
                           is_member(fd, credentials.gid),
        };
        return 0;
}
