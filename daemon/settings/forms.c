/* Forms of the texts in settings: names of amid and of AWS. */
#include "settings/draft.h"

#include <string.h>

#include "base/alloc.h"

static char *region_hint(const char *text)
{
        size_t n = strlen(text);

        if (n < 3 || text[n - 1] < 'a' || text[n - 1] > 'f' || text[n - 2] < '0' ||
            text[n - 2] > '9')
                return NULL;
        return xasprintf("that is an availability zone; its region is %.*s", (int)(n - 1), text);
}

static char *url_hint(const char *text)
{
        bool here = startswith(text, "localhost") || startswith(text, "127.");

        if (startswith(text, "http://"))
                return xstrdup("http would send it in the clear");
        if (strstr(text, "://") || strpbrk(text, " @?#"))
                return NULL;
        return xasprintf("did you mean \"http%s://%s\"?", here ? "" : "s", text);
}

const struct form form_name = {
        .name = "name",
        .noun = "a name of letters, digits, - and _ that begins with a letter or digit",
        .pattern = "^[A-Za-z0-9][A-Za-z0-9_-]*$",
        .max = SETTINGS_NAME_MAX,
};
const struct form form_region = {
        .name = "region",
        .noun = "a region such as eu-west-1",
        .pattern = "^[a-z]+(-[a-z]+)+-[0-9]+$",
        .max = 32,
        .hint = region_hint,
};
const struct form form_instance = {
        .name = "instance id",
        .noun = "an instance id such as i-0123456789abcdef0",
        .pattern = "^i-([0-9a-f]{8}|[0-9a-f]{17})$",
        .max = 19,
};
const struct form form_device = {
        .name = "device name",
        .noun = "a device name of the instance's block device mapping, such as /dev/sdf or xvdf",
        .pattern = "^(/dev/)?[a-z][a-z0-9/]*$",
        .max = 32,
};
const struct form form_url = {
        .name = "URL",
        .noun = "an https URL, or http on this machine such as http://127.0.0.1:5000",
        .pattern = "^(https://[A-Za-z0-9._-]+|http://(localhost|127\\.[0-9.]+|\\[::1\\]))(:[0-9]+)?"
                   "(/[A-Za-z0-9._/-]*)?$",
        .max = 255,
        .hint = url_hint,
};
const struct form form_profile = {
        .name = "profile",
        .noun = "the name of a profile",
        .pattern = "^[A-Za-z0-9][A-Za-z0-9 _.@/+=,:-]*$",
        .max = 128,
};

const struct form form_regions = {
        .name = "region",
        .noun = "a region such as eu-west-1, or all",
        .pattern = "^(all|[a-z]+(-[a-z]+)+-[0-9]+)$",
        .max = 32,
        .hint = region_hint,
};
const struct form form_role = {
        .name = "role ARN",
        .noun = "the ARN of a role such as arn:aws:iam::111122223333:role/amid",
        .pattern = "^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$",
        .max = 2048,
};
const struct form form_external_id = {
        .name = "external id",
        .noun = "an external id: 2 or more letters, digits and + = , . @ : / -",
        .pattern = "^[A-Za-z0-9_+=,.@:/-]{2,}$",
        .max = 1224,
};
const struct form form_session = {
        .name = "session name",
        .noun = "a session name: 2 to 64 letters, digits and _ + = , . @ -",
        .pattern = "^[A-Za-z0-9_+=,.@-]{2,}$",
        .max = 64,
};
const struct form form_account = {
        .name = "account id",
        .noun = "an account id of 12 digits",
        .pattern = "^[0-9]{12}$",
        .max = 12,
};
