/* The release of amid, and the commit that a program was built from. */
#pragma once

/* "0.2.0 (1a2b3c4d5e6f)", with "-dirty" behind the commit where sources were changed; "0.2.0" where
 * it was built outside of its repository, as packages are. AMID_VERSION is the release alone. */
extern const char *const version_text;
