/* Who is on the other end of a unix socket. Private to control/. */
#pragma once

#include <sys/types.h>

#include "control/session.h"

#define PEER_NO_GROUP ((gid_t)-1)

/* The number of the group `amid`, or PEER_NO_GROUP. Reads the group database: not for every peer.
 */
gid_t peer_group(void);

/* `group` is what peer_group() gave. Negative errno. */
int peer_read(int fd, gid_t group, struct peer *ret);

/* For the journal: "anna (user 1000, process 77)". The name is that of /etc/passwd, since a name
 * service could keep the daemon waiting; a user that is not there has a number only. In a user
 * namespace (PrivateUsers=) others than root and the daemon's user are seen as the overflow user;
 * of that one it is said that nobody knows who it is. Caller frees. */
char *peer_describe(const struct peer *peer);
