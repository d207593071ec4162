/* Credentials of the peer of a unix socket. Private to control/. */
#pragma once

#include <sys/types.h>

#include "control/session.h"

#define PEER_NO_GROUP ((gid_t)-1)

/* The number of the group `amid`, or PEER_NO_GROUP. Reads the group database, so do not call it for
 * each peer. */
gid_t peer_group(void);

/* `group` is from peer_group(). 0 or a negative errno. */
int peer_read(int fd, gid_t group, struct peer *ret);

/* "anna (user 1000, process 77)", for the journal. The name is from /etc/passwd, because a name
 * service could block the daemon; without an entry there it is left out. In a user namespace
 * (PrivateUsers=) all users but root and the daemon's user have the id of the overflow user, which
 * is described as unknown. Caller frees. */
char *peer_describe(const struct peer *peer);
