/* The address of the control socket, for server and client. Private to control/. */
#pragma once

#include <sys/un.h>

/* -ENAMETOOLONG for a path of more than 107 bytes. */
int address_of(const char *path, struct sockaddr_un *ret);
