/* Reads the shared files into one table, and looks up values. */
#include "aws/config/shared.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "aws/config/ini.h"
#include "aws/config/variable.h"
#include "base/alloc.h"
#include "base/text.h"
#include "base/trust.h"

struct reading {
        struct shared *shared;
        enum shared_file file;
        size_t first; /* index of the first row of this file */
};

/* The kind and name of a section of the config file; false for a section that amid does not use. */
static bool section_kind(const char *section, enum shared_kind *ret_kind, const char **ret_name)
{
        static const struct {
                const char *prefix;
                enum shared_kind kind;
        } prefixes[] = {
                { "profile ", SHARED_PROFILE },
                { "sso-session ", SHARED_SESSION },
                { "services ", SHARED_SERVICES },
        };

        *ret_kind = SHARED_PROFILE;
        *ret_name = section;
        if (streq(section, "default"))
                return true;
        for (size_t i = 0; i < ELEMENTS(prefixes); i++) {
                const char *name = startswith(section, prefixes[i].prefix);

                if (name) {
                        *ret_kind = prefixes[i].kind;
                        *ret_name = name;
                        return true;
                }
        }
        return false;
}

static void on_pair(const struct ini_pair *pair, void *userdata)
{
        const struct reading *reading = userdata;
        struct shared *shared = reading->shared;
        const char *name = pair->section;
        enum shared_kind kind = SHARED_PROFILE;

        if (reading->file == SHARED_CONFIG && !section_kind(pair->section, &kind, &name))
                return;
        *append(shared->values, shared->n_values) = (struct shared_value){
                .file = reading->file,
                .kind = kind,
                .name = xstrdup(name),
                .key = xstrdup(pair->key),
                .sub = xstrdup(pair->sub),
                .value = xstrdup(pair->value),
        };
}

static void value_done(struct shared_value *value)
{
        if (value->value)
                explicit_bzero(value->value, strlen(value->value));
        free(value->name);
        free(value->key);
        free(value->sub);
        free(value->value);
}

static void cut_back(struct shared *shared, size_t n)
{
        while (shared->n_values > n)
                value_done(&shared->values[--shared->n_values]);
}

void shared_done(struct shared *shared)
{
        cut_back(shared, 0);
        free(shared->values);
        free(shared->where);
        *shared = (struct shared){};
}

int shared_parse(struct shared *shared, enum shared_file file, char *text, size_t size,
                 unsigned int *ret_line)
{
        struct reading reading = { .shared = shared, .file = file, .first = shared->n_values };
        int r = ini_parse(text, size, on_pair, &reading, ret_line);

        if (r < 0)
                cut_back(shared, reading.first);
        return r;
}

/* ---- files ---- */

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

int shared_read_file(struct shared *shared, enum shared_file file, const char *path,
                     char **ret_error)
{
        /* A profile can name a program (credential_process), so nobody else may change the file. */
        _cleanup_free_ char *why = trust_path(path);
        /* O_NONBLOCK: the variable may name a pipe, whose open would wait for a writer. */
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        _cleanup_free_ char *text = NULL, *before = steal(shared->where);
        unsigned int line;
        size_t size = 0;
        int r;

        shared->where = xasprintf("%s%s%s", before ? before : "", before ? " and " : "", path);
        if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
                return 0;
        if (why) {
                *ret_error = xasprintf("%s is not read: %s", path, why);
                return -EPERM;
        }
        r = fd < 0 ? -errno : 0;
        if (r == 0) {
                text = xcalloc(INI_SIZE_MAX + 1, 1);
                r = read_whole(fd, text, INI_SIZE_MAX, &size);
        }
        if (r < 0) {
                *ret_error = xasprintf("%s: %s", path, strerror(-r));
                return r;
        }
        r = shared_parse(shared, file, text, size, &line);
        if (r < 0)
                *ret_error = xasprintf("%s:%u: neither [section] nor key = value", path, line);
        return r;
}

/* The path in `variable`, else `usual` below $HOME; NULL without both. */
static char *usual_file(const char *variable, const char *usual)
{
        const char *path = variable_get(variable), *home = variable_get("HOME");

        if (path && path[0] == '~' && path[1] == '/' && home)
                return xasprintf("%s%s", home, path + 1);
        if (path)
                return xstrdup(path);
        return home ? xasprintf("%s/.aws/%s", home, usual) : NULL;
}

int shared_read(struct shared *shared, char **ret_error)
{
        static const struct {
                enum shared_file file;
                const char *variable, *usual;
        } files[] = {
                { SHARED_CREDENTIALS, "AWS_SHARED_CREDENTIALS_FILE", "credentials" },
                { SHARED_CONFIG, "AWS_CONFIG_FILE", "config" },
        };

        for (size_t i = 0; i < ELEMENTS(files); i++) {
                _cleanup_free_ char *path = usual_file(files[i].variable, files[i].usual);
                int r = path ? shared_read_file(shared, files[i].file, path, ret_error) : 0;

                if (r < 0)
                        return r;
        }
        if (!shared->where)
                shared->where = xstrdup("the home folder, for there is no $HOME");
        return 0;
}

/* ---- lookup ---- */

static bool row_is(const struct shared_value *row, enum shared_file file, enum shared_kind kind,
                   const char *name)
{
        return (file == SHARED_MERGED || row->file == file) && row->kind == kind &&
               streq(row->name, name);
}

/* In one file the last value counts. In both, the value of the credentials file counts. */
static const char *find(const struct shared *shared, enum shared_file file, enum shared_kind kind,
                        const char *name, const char *key, const char *sub)
{
        const struct shared_value *best = NULL;

        for (size_t i = 0; i < shared->n_values; i++) {
                const struct shared_value *row = &shared->values[i];

                if (row_is(row, file, kind, name) && row->key && streq(row->key, key) &&
                    streq(row->sub, sub) && *row->value &&
                    (!best || best->file == row->file || row->file == SHARED_CREDENTIALS))
                        best = row;
        }
        return best ? best->value : NULL;
}

static bool has(const struct shared *shared, enum shared_file file, enum shared_kind kind,
                const char *name)
{
        for (size_t i = 0; i < shared->n_values; i++)
                if (row_is(&shared->values[i], file, kind, name))
                        return true;
        return false;
}

bool shared_has_profile(const struct shared *shared, enum shared_file file, const char *name)
{
        return has(shared, file, SHARED_PROFILE, name);
}

const char *shared_profile(const struct shared *shared, enum shared_file file, const char *name,
                           const char *key)
{
        return find(shared, file, SHARED_PROFILE, name, key, NULL);
}

bool shared_has_session(const struct shared *shared, const char *name)
{
        return has(shared, SHARED_CONFIG, SHARED_SESSION, name);
}

const char *shared_session(const struct shared *shared, const char *name, const char *key)
{
        return find(shared, SHARED_CONFIG, SHARED_SESSION, name, key, NULL);
}

bool shared_has_services(const struct shared *shared, const char *name)
{
        return has(shared, SHARED_CONFIG, SHARED_SERVICES, name);
}

const char *shared_service(const struct shared *shared, const char *name, const char *service,
                           const char *key)
{
        return find(shared, SHARED_CONFIG, SHARED_SERVICES, name, service, key);
}
