/* Who is on the other end of a unix socket. Private to control/. */
#pragma once

#include "control/session.h"

int peer_read(int fd, struct peer *ret);
