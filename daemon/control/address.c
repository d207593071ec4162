/* Default path and socket address of the control socket. */
#include "control/address.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "control/control.h"

int address_of(const char *path, struct sockaddr_un *ret)
{
        if (strlen(path) >= sizeof(ret->sun_path))
                return -ENAMETOOLONG;
        *ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
        memcpy(ret->sun_path, path, strlen(path));
        return 0;
}

char *control_default_path(void)
{
        const char *directory = getenv("RUNTIME_DIRECTORY");
        _cleanup_free_ char *first = NULL;

        if (!directory || !*directory)
                return xstrdup("/run/amid/control");
        first = xstrndup(directory, strcspn(directory, ":")); /* systemd.exec(5): a list */
        return xasprintf("%s/control", first);
}
