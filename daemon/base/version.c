/* The text of --version. */
#include "base/version.h"

#ifdef AMID_COMMIT
#        define COMMIT " (" AMID_COMMIT ")"
#else
#        define COMMIT ""
#endif

const char *const version_text = AMID_VERSION COMMIT;
