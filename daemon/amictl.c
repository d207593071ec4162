/* amictl: see ctl/verbs.c for what it can do. */
#include "ctl/verbs.h"

int main(int argc, char **argv)
{
        return ctl_main(argc, argv);
}
