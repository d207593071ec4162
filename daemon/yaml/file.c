/* Documents on disk: a main file, and every NAME.yaml of the directory conf.d beside it. */
#include "yaml/conf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/trust.h"

/* Adds a file without a document, for an error with its path. */
static int read_error(struct conf *conf, const char *path, int error)
{
        const struct position position = { .file = conf->n_files };
        const struct {
                int error;
                const char *remedy;
        } remedies[] = {
                { -ENOENT, conf->grammar->when_missing },
                { -EACCES, conf->grammar->when_denied },
                { -EISDIR, "a file is wanted here" },
                { -EINVAL, "a regular file is wanted here" },
                { -ELOOP, "a symbolic link points to itself" },
        };
        const char *remedy = NULL;

        append(conf->files, conf->n_files)->name = xstrdup(path);
        for (size_t i = 0; i < ELEMENTS(remedies); i++)
                if (remedies[i].error == error)
                        remedy = remedies[i].remedy;
        conf_error_at(conf, position, "cannot be read: %s%s%s", strerror(-error),
                      remedy ? "; " : "", remedy ? remedy : "");
        return error;
}

/* Reads a regular file, up to one byte more than `max`: that byte shows that the file is too large.
 */
static int read_file(const char *path, size_t max, char **ret_data, size_t *ret_size)
{
        /* O_NONBLOCK: the open of a FIFO would wait for a writer. */
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        _cleanup_free_ char *data = NULL;
        size_t size = 0;
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (S_ISDIR(st.st_mode))
                return -EISDIR;
        if (!S_ISREG(st.st_mode))
                return -EINVAL;
        data = xcalloc(max + 1, 1);
        while (size <= max) {
                ssize_t n = read(fd, data + size, max + 1 - size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                size += (size_t)n;
        }
        *ret_data = steal(data);
        *ret_size = size;
        return 0;
}

/* Refuses a file that others may change: documents may have commands that run as root on other
 * machines. */
static int refuse_untrusted(struct conf *conf, const char *path)
{
        _cleanup_free_ char *why = trust_path(path);
        const struct position position = { .file = conf->n_files };

        if (!why)
                return 0;
        append(conf->files, conf->n_files)->name = xstrdup(path);
        conf_error_at(conf, position, "not read: %s", why);
        return -EPERM;
}

int conf_load_file(struct conf *conf, const char *path, bool in_conf_d)
{
        _cleanup_free_ char *data = NULL;
        size_t size = 0;
        int r = refuse_untrusted(conf, path);

        if (r < 0)
                return r;
        r = read_file(path, conf->grammar->file_max, &data, &size);
        if (r < 0)
                return read_error(conf, path, r);
        return conf_load_data(conf, path, in_conf_d, data, size) ? 0 : -EINVAL;
}

static char *conf_d_path(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash ? xasprintf("%.*s/conf.d", (int)(slash - path), path) : xstrdup("conf.d");
}

static int compare_names(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list_directory(struct conf *conf, DIR *directory, const char *path, char ***names,
                           size_t *n)
{
        struct dirent *entry;

        while ((entry = readdir(directory))) {
                if (entry->d_name[0] == '.')
                        continue;
                if (endswith(entry->d_name, ".yaml"))
                        *append(*names, *n) = xstrdup(entry->d_name);
                else if (endswith(entry->d_name, ".yml"))
                        conf_warn_at(conf, (struct position){ .file = 0 },
                                     "%s/%s is not read; its name must end in .yaml", path,
                                     entry->d_name);
        }
}

int conf_load_directory(struct conf *conf, const char *path)
{
        _cleanup_free_ char *directory_path = conf_d_path(path);
        DIR *directory;
        char **names = NULL;
        size_t n = 0;
        int r;

        /* trust_path() checked the directory of the main file, too: its error is not repeated. */
        r = conf->n_errors ? 0 : refuse_untrusted(conf, directory_path);
        if (r < 0)
                return r;
        directory = opendir(directory_path);
        if (!directory)
                return errno == ENOENT ? 0 : read_error(conf, directory_path, -errno);
        list_directory(conf, directory, directory_path, &names, &n);
        closedir(directory);
        if (n)
                qsort(names, n, sizeof(char *), compare_names);
        for (size_t i = 0; i < n; i++) {
                _cleanup_free_ char *file = xasprintf("%s/%s", directory_path, names[i]);
                int error = conf_load_file(conf, file, true);

                if (error < 0 && r == 0)
                        r = error;
        }
        strings_free(names, n);
        return r;
}
