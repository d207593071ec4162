/* The installed time zone database: names, files, and the closest name for hints. */
#include "schedule/zone.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/text.h"
#include "schedule/zone-private.h"

enum {
        WALK_DEPTH_MAX = 3, /* America/Argentina/Buenos_Aires */
        WALK_NAMES_MAX = 4096,
};

static const char *database(void)
{
        const char *folder = getenv("TZDIR");

        return folder && *folder ? folder : "/usr/share/zoneinfo";
}

/* Whether `name` is a relative path of plain components, which cannot lead out of the database. */
static bool name_is_valid(const char *name)
{
        static const char others[] = "_+-.";
        size_t n = strlen(name), part = 0;

        if (n == 0 || n > ZONE_NAME_MAX)
                return false;
        for (size_t i = 0; i <= n; i++) {
                char c = name[i];

                if (c == '/' || c == '\0') {
                        if (i == part || name[part] == '.')
                                return false;
                        part = i + 1;
                } else if (!isalnum((unsigned char)c) && !strchr(others, c)) {
                        return false;
                }
        }
        return true;
}

/* Reads a file of at most ZONE_FILE_MAX bytes. */
static int read_file(const char *path, unsigned char **ret, size_t *ret_size)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        _cleanup_free_ unsigned char *data = NULL;
        size_t size = 0, room;
        struct stat st;

        if (fd < 0)
                return errno == ENOTDIR ? -ENOENT : -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -ENOENT;
        if (st.st_size > ZONE_FILE_MAX)
                return -EFBIG;
        room = (size_t)st.st_size;
        data = xcalloc(1, room + 1);
        while (size < room) {
                ssize_t n = read(fd, data + size, room - size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                size += (size_t)n;
        }
        *ret = steal(data);
        *ret_size = size;
        return 0;
}

int zone_load(const char *name, struct zone **ret)
{
        _cleanup_free_ unsigned char *data = NULL;
        _cleanup_free_ char *path = NULL;
        size_t size = 0;
        int r;

        if (streq(name, "UTC")) {
                *ret = zone_new(name);
                return 0;
        }
        if (!name_is_valid(name))
                return -EINVAL;
        path = xasprintf("%s/%s", database(), name);
        r = read_file(path, &data, &size);
        if (r < 0)
                return r;
        return zone_parse(name, data, size, ret);
}

struct names {
        char **names;
        size_t n;
};

static void names_done(struct names *names)
{
        strings_free(names->names, names->n);
}

/* Whether an entry can be a zone: posix/ and right/ repeat all zones, and names in small letters
 * are no zones. */
static bool is_entry(const struct dirent *entry)
{
        return isupper((unsigned char)entry->d_name[0]) && !strchr(entry->d_name, '.');
}

/* Collects the names below `below` ("" or "America/"). */
static void walk(const char *below, int depth, struct names *found)
{
        _cleanup_free_ char *path = xasprintf("%s/%s", database(), below);
        DIR *folder = opendir(path);
        const struct dirent *entry;

        if (!folder)
                return;
        while (found->n < WALK_NAMES_MAX && (entry = readdir(folder))) {
                _cleanup_free_ char *name = xasprintf("%s%s", below, entry->d_name);
                struct stat st;

                if (!is_entry(entry) || fstatat(dirfd(folder), entry->d_name, &st, 0) < 0)
                        continue;
                if (S_ISREG(st.st_mode)) {
                        *append(found->names, found->n) = steal(name);
                } else if (S_ISDIR(st.st_mode) && depth < WALK_DEPTH_MAX) {
                        _cleanup_free_ char *deeper = xasprintf("%s/", name);

                        walk(deeper, depth + 1, found);
                }
        }
        closedir(folder);
}

static int compare_names(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

static const char *last_part(const char *name)
{
        const char *slash = strrchr(name, '/');

        return slash ? slash + 1 : name;
}

char *zone_closest(const char *name)
{
        _cleanup_(names_done) struct names found = {};
        _cleanup_free_ const char **cities = NULL;
        const char *best;
        size_t n = 0;

        walk("", 1, &found);
        if (!found.n)
                return NULL;
        qsort(found.names, found.n, sizeof(*found.names), compare_names);
        best = closest(name, (const char *const *)found.names, found.n);
        if (best)
                return xstrdup(best);
        for (size_t i = 0; i < found.n; i++)
                *append(cities, n) = last_part(found.names[i]);
        best = closest(last_part(name), cities, n);
        for (size_t i = 0; best && i < n; i++)
                if (cities[i] == best)
                        return xstrdup(found.names[i]);
        return NULL;
}
