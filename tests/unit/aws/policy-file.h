/* The IAM policies of config/policy/. */
#pragma once

#include "unit/aws/policy.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"

#define POLICY_FOLDER "config/policy" /* make runs tests at the top of the tree */

enum { POLICY_FILE_MAX = 16384 };

/* All of a file, NUL-terminated. Caller frees. */
static inline char *slurp(const char *name)
{
        _cleanup_free_ char *path = xasprintf(POLICY_FOLDER "/%s.json", name);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        char *text = xcalloc(POLICY_FILE_MAX + 1, 1);

        if (fd < 0 || read(fd, text, POLICY_FILE_MAX) < 0)
                fail_msg("%s cannot be read", path);
        return text;
}

static inline cJSON *read_document(const char *name)
{
        _cleanup_free_ char *text = slurp(name);
        cJSON *document = cJSON_Parse(text);

        assert_non_null(document);
        assert_string_equal(policy_text(document, "Version", 0), "2012-10-17");
        return document;
}
