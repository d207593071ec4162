/* Names of files, and which of them survive a power failure. */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/text.h"
#include "sim/simulation/memory-disk-private.h"

/* The directory at one instant; each name holds a reference to its file. */
struct disk_names {
        struct disk_name {
                char *name;
                struct disk_file *file;
        } * list;
        size_t n;
};

static struct disk *listening;

static struct disk_file *file_find(const struct disk *disk, ino_t inode)
{
        struct disk_file *file = disk->files;

        while (file && (!inode || file->inode != inode))
                file = file->next;
        return file;
}

static ino_t inode_of(const char *path)
{
        struct stat status;

        return stat(path, &status) == 0 ? status.st_ino : 0;
}

bool disk_is_cut(struct disk *disk)
{
        if (disk->cut_after && --disk->cut_after == 0)
                disk->cut = true;
        return disk->cut;
}

/* ---- states of the directory ---- */

static void names_done(struct disk_names *names)
{
        for (size_t i = 0; i < names->n; i++) {
                free(names->list[i].name);
                file_unref(names->list[i].file);
        }
        free(names->list);
        *names = (struct disk_names){};
}

static bool names_have(const struct disk_names *names, const struct disk_file *file)
{
        for (size_t i = 0; i < names->n; i++)
                if (names->list[i].file == file)
                        return true;
        return false;
}

static struct disk_names names_read(const struct disk *disk)
{
        struct disk_names names = {};
        DIR *directory = opendir(disk->directory);

        assert(directory);
        for (struct dirent *entry; (entry = readdir(directory));) { /* NOLINT: one thread */
                struct disk_file *file = file_find(disk, entry->d_ino);

                if (!file)
                        continue;
                file->references++;
                *append(names.list, names.n) =
                        (struct disk_name){ .name = xstrdup(entry->d_name), .file = file };
        }
        closedir(directory);
        return names;
}

/* When a name is gone, only an open handle or an older state of the directory keeps its file. */
static void names_changed(struct disk *disk)
{
        struct disk_names names = names_read(disk);
        struct disk_file *next;

        for (struct disk_file *file = disk->files; file; file = next) {
                next = file->next;
                if (!file->inode || names_have(&names, file))
                        continue;
                file->inode = 0;
                file_unref(file);
        }
        *append(disk->names, disk->n_names) = names;
}

void names_synced(struct disk *disk)
{
        names_changed(disk);
        for (size_t i = 0; i + 1 < disk->n_names; i++)
                names_done(&disk->names[i]);
        disk->names[0] = disk->names[disk->n_names - 1];
        disk->n_names = 1;
}

static void unlink_all(const struct disk *disk)
{
        DIR *directory = opendir(disk->directory);

        for (struct dirent *entry; directory && (entry = readdir(directory));) /* NOLINT */
                (void)unlinkat(dirfd(directory), entry->d_name, 0);
        if (directory)
                closedir(directory);
}

static ino_t make_name(const char *path)
{
        int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

        if (fd < 0)
                return 0;
        close(fd);
        return inode_of(path);
}

/* File systems with a journal keep the order of changes: the directory survives as it was
 * synced, or as it was after some of the changes since. */
void names_lose_power(struct disk *disk)
{
        const struct disk_names *survivors;

        names_changed(disk);
        survivors = &disk->names[dice_below(&disk->dice, disk->n_names)];
        unlink_all(disk);
        for (size_t i = 0; i < survivors->n; i++) {
                struct disk_file *file = survivors->list[i].file;
                _cleanup_free_ char *path =
                        xasprintf("%s/%s", disk->directory, survivors->list[i].name);

                file->references += !file->inode;
                file->inode = make_name(path);
        }
        /* A new inode may have got the number of a file that does not survive. */
        for (struct disk_file *file = disk->files, *next; file; file = next) {
                next = file->next;
                if (!file->inode || names_have(survivors, file))
                        continue;
                file->inode = 0;
                file_unref(file);
        }
        names_synced(disk);
}

void names_erase(struct disk *disk)
{
        unlink_all(disk);
        names_synced(disk);
        names_done(&disk->names[0]);
        free(disk->names);
        disk->names = NULL;
        disk->n_names = 0;
}

/* ---- what is done to names ---- */

struct disk_file *names_open(struct disk *disk, const char *path, bool create, bool *ret_made)
{
        ino_t inode = inode_of(path);
        struct disk_file *file = file_find(disk, inode);

        *ret_made = !inode;
        if (file) {
                file->references++;
                return file;
        }
        if (!inode && create && !disk_is_cut(disk) && !disk->broken)
                inode = make_name(path);
        if (!inode)
                return NULL;
        file = file_new(disk, inode);
        names_changed(disk);
        return file;
}

bool names_remove(struct disk *disk, const char *path)
{
        if (unlinkat(AT_FDCWD, path, 0) < 0)
                return false;
        names_changed(disk);
        return true;
}

/* ---- the calls of the store ---- */

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_unlink(const char *path);

static bool is_ours(const char *path)
{
        const char *rest = listening ? startswith(path, listening->directory) : NULL;

        return rest && *rest == '/';
}

int __wrap_rename(const char *from, const char *to)
{
        int r;

        if (!is_ours(from))
                return __real_rename(from, to);
        if (disk_is_cut(listening) || listening->broken) {
                errno = EIO;
                return -1;
        }
        r = __real_rename(from, to);
        if (r == 0)
                names_changed(listening);
        return r;
}

int __wrap_unlink(const char *path)
{
        int r;

        if (is_ours(path) && (disk_is_cut(listening) || listening->broken)) {
                errno = EIO;
                return -1;
        }
        r = unlinkat(AT_FDCWD, path, 0);
        if (r == 0 && is_ours(path))
                names_changed(listening);
        return r;
}

int __wrap_fsync(int fd)
{
        struct stat status;

        if (!listening || fstat(fd, &status) < 0 || status.st_ino != inode_of(listening->directory))
                return __real_fsync(fd);
        if (disk_is_cut(listening) || listening->broken) {
                errno = EIO;
                return -1;
        }
        names_synced(listening);
        return 0;
}

void names_listen(struct disk *disk)
{
        listening = disk;
}
