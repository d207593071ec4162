/* amictl: see control/verbs.c for what it can do. */
#include "control/verbs.h"

int main(int argc, char **argv)
{
        return ctl_main(argc, argv);
}
