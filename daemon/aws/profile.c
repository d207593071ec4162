#include "aws/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "aws/ini.h"
#include "base/alloc.h"
#include "base/text.h"

struct reading {
        const char *name;
        enum profile_file kind;
        struct profile *profile; /* what this file says */
};

static bool is_wanted(const struct reading *reading, const char *section)
{
        const char *name = startswith(section, "profile ");

        if (reading->kind == PROFILE_CONFIG && name)
                return streq(name, reading->name);
        if (reading->kind == PROFILE_CONFIG && !streq(section, "default"))
                return false;
        return streq(section, reading->name);
}

static void on_pair(const char *section, const char *key, const char *value, void *userdata)
{
        struct reading *reading = userdata;
        struct profile *profile = reading->profile;
        const struct {
                const char *key;
                char **member;
        } texts[] = {
                { "aws_access_key_id", &profile->access_key },
                { "aws_secret_access_key", &profile->secret },
                { "aws_session_token", &profile->token },
                { "region", &profile->region },
        };
        static const char *const unsupported[] = { "role_arn", "credential_process", "sso_session",
                                                   "sso_start_url", "web_identity_token_file" };

        if (!is_wanted(reading, section))
                return;
        profile->found = true;
        for (size_t i = 0; i < ELEMENTS(texts); i++)
                if (*value && streq(key, texts[i].key))
                        xreplace(texts[i].member, value);
        for (size_t i = 0; i < ELEMENTS(unsupported); i++)
                if (streq(key, unsupported[i]))
                        xreplace(&profile->unsupported, key);
}

static void merge(struct profile *all, struct profile *more)
{
        all->found |= more->found;
        if (!all->access_key && !all->secret) {
                all->access_key = steal(more->access_key);
                all->secret = steal(more->secret);
                free(all->token);
                all->token = steal(more->token);
        }
        if (!all->region)
                all->region = steal(more->region);
        if (!all->unsupported)
                all->unsupported = steal(more->unsupported);
}

int profile_parse(char *text, size_t size, const char *name, enum profile_file kind,
                  struct profile *profile, unsigned int *ret_line)
{
        _cleanup_(profile_done) struct profile here = {};
        struct reading reading = { .name = name, .kind = kind, .profile = &here };
        int r = ini_parse(text, size, on_pair, &reading, ret_line);

        if (r < 0)
                return r;
        merge(profile, &here);
        return 0;
}

static int read_whole(int fd, char *buffer, size_t room, size_t *ret_size)
{
        size_t size = 0;
        ssize_t n;

        while ((n = read(fd, buffer + size, room - size)) != 0) {
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                size += (size_t)n;
                if (size == room)
                        return -EFBIG;
        }
        *ret_size = size;
        return 0;
}

int profile_read(const char *path, const char *name, enum profile_file kind,
                 struct profile *profile, char **ret_error)
{
        /* Not to wait for a pipe that somebody named here. */
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        _cleanup_free_ char *text = NULL;
        unsigned int line;
        size_t size = 0;
        int r;

        if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
                return 0;
        r = fd < 0 ? -errno : 0;
        if (r == 0) {
                text = xcalloc(INI_SIZE_MAX + 1, 1);
                r = read_whole(fd, text, INI_SIZE_MAX, &size);
        }
        if (r < 0) {
                *ret_error = xasprintf("%s: %s", path, strerror(-r));
                return r;
        }
        r = profile_parse(text, size, name, kind, profile, &line);
        if (r < 0)
                *ret_error = xasprintf("%s:%u: neither [section] nor key = value", path, line);
        return r;
}

static void wipe_and_free(char *secret)
{
        if (secret)
                explicit_bzero(secret, strlen(secret));
        free(secret);
}

void profile_done(struct profile *profile)
{
        free(profile->access_key);
        wipe_and_free(profile->secret);
        wipe_and_free(profile->token);
        free(profile->region);
        free(profile->unsupported);
        *profile = (struct profile){};
}
