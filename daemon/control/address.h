/* The address of the control socket, for both ends. Private to control/. */
#pragma once

#include <sys/un.h>

/* -ENAMETOOLONG when the path does not fit (107 bytes). */
int address_of(const char *path, struct sockaddr_un *ret);
