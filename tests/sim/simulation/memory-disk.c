/* The VFS: files and names as SQLite calls them, and the faults of the disk. */
#include "sim/simulation/memory-disk-private.h"

#include <assert.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/text.h"

struct handle {
        sqlite3_file base;
        struct disk_file *file;
};

static struct disk_file *file_of(sqlite3_file *handle)
{
        return ((struct handle *)handle)->file;
}

/* ---- a file, as SQLite sees it ---- */

static int on_close(sqlite3_file *handle)
{
        file_unref(file_of(handle));
        return SQLITE_OK;
}

static int on_read(sqlite3_file *handle, void *into, int n, sqlite3_int64 offset)
{
        const struct disk_file *file = file_of(handle);
        size_t from = (size_t)offset, want = (size_t)n;
        size_t have = from >= file->size ? 0 : file->size - from;

        if (have > want)
                have = want;
        if (have)
                memcpy(into, file->data + from, have);
        memset((char *)into + have, 0, want - have);
        return have == want ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int disk_trouble(const struct disk *disk, int io)
{
        return disk->cut || disk->broken ? io : disk->full ? SQLITE_FULL : SQLITE_OK;
}

static int on_write(sqlite3_file *handle, const void *from, int n, sqlite3_int64 offset)
{
        struct disk_file *file = file_of(handle);
        size_t at = (size_t)offset, end = at + (size_t)n;
        int r = disk_trouble(file->disk, SQLITE_IOERR_WRITE);

        if (r != SQLITE_OK)
                return r;
        if (end > file->size)
                file_resize(file, end);
        memcpy(file->data + at, from, (size_t)n);
        file_touch(file, at, end);
        file->disk->bytes += (uint64_t)n;
        return SQLITE_OK;
}

static int on_truncate(sqlite3_file *handle, sqlite3_int64 size)
{
        struct disk_file *file = file_of(handle);

        if (file->disk->cut || file->disk->broken)
                return SQLITE_IOERR_TRUNCATE;
        file_resize(file, (size_t)size);
        return SQLITE_OK;
}

static int on_sync(sqlite3_file *handle, int flags)
{
        struct disk_file *file = file_of(handle);
        struct disk *disk = file->disk;

        (void)flags;
        if (file->log && !disk->cut) {
                disk->commits++;
                disk->moment(DISK_BEFORE_SYNC, disk->userdata);
        }
        if (disk_is_cut(disk) || disk->broken)
                return SQLITE_IOERR_FSYNC;
        file_sync(file);
        if (file->new_name)
                names_synced(disk);
        file->new_name = false;
        if (file->log)
                disk->moment(DISK_AFTER_SYNC, disk->userdata);
        return SQLITE_OK;
}

static int on_file_size(sqlite3_file *handle, sqlite3_int64 *ret)
{
        *ret = (sqlite3_int64)file_of(handle)->size;
        return SQLITE_OK;
}

/* There is only one process: the lock of the directory keeps others out. */
static int on_lock(sqlite3_file *handle, int level)
{
        (void)handle;
        (void)level;
        return SQLITE_OK;
}

static int on_check_reserved(sqlite3_file *handle, int *ret)
{
        (void)handle;
        *ret = 0;
        return SQLITE_OK;
}

static int on_file_control(sqlite3_file *handle, int what, void *argument)
{
        (void)handle;
        (void)what;
        (void)argument;
        return SQLITE_NOTFOUND;
}

static int on_sector_size(sqlite3_file *handle)
{
        (void)handle;
        return BLOCK;
}

static int on_characteristics(sqlite3_file *handle)
{
        (void)handle;
        return 0;
}

static int on_index_map(sqlite3_file *handle, int number, int size, int extend, void volatile **ret)
{
        struct disk_file *file = file_of(handle);

        *ret = NULL;
        while (file->n_regions <= (size_t)number && extend) {
                void *region = xcalloc(1, (size_t)size);

                *append(file->regions, file->n_regions) = region;
        }
        if ((size_t)number < file->n_regions)
                *ret = file->regions[number];
        return SQLITE_OK;
}

static int on_index_lock(sqlite3_file *handle, int offset, int n, int flags)
{
        (void)handle;
        (void)offset;
        (void)n;
        (void)flags;
        return SQLITE_OK;
}

static void on_index_barrier(sqlite3_file *handle)
{
        (void)handle;
}

/* Shared memory ends with the process, which is its only user. */
static int on_index_unmap(sqlite3_file *handle, int delete)
{
        (void)delete;
        file_drop_index(file_of(handle));
        return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
        .iVersion = 2,
        .xClose = on_close,
        .xRead = on_read,
        .xWrite = on_write,
        .xTruncate = on_truncate,
        .xSync = on_sync,
        .xFileSize = on_file_size,
        .xLock = on_lock,
        .xUnlock = on_lock,
        .xCheckReservedLock = on_check_reserved,
        .xFileControl = on_file_control,
        .xSectorSize = on_sector_size,
        .xDeviceCharacteristics = on_characteristics,
        .xShmMap = on_index_map,
        .xShmLock = on_index_lock,
        .xShmBarrier = on_index_barrier,
        .xShmUnmap = on_index_unmap,
};

/* ---- names ---- */

static int on_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags,
                   int *ret_flags)
{
        struct handle *handle = (struct handle *)base;
        struct disk *disk = vfs->pAppData;
        bool made;

        handle->base.pMethods = NULL;
        handle->file = path ? names_open(disk, path, flags & SQLITE_OPEN_CREATE, &made)
                            : file_new(disk, 0);
        if (!handle->file)
                return SQLITE_CANTOPEN;
        /* As SQLite's own VFS: the first sync of a new log or journal also syncs the directory. */
        if (path && made && flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL))
                handle->file->new_name = true;
        handle->file->log = flags & SQLITE_OPEN_WAL;
        handle->base.pMethods = &methods;
        if (ret_flags)
                *ret_flags = flags;
        return SQLITE_OK;
}

static int on_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
        struct disk *disk = vfs->pAppData;

        if (disk_is_cut(disk) || disk->broken)
                return SQLITE_IOERR_DELETE;
        if (!names_remove(disk, path))
                return SQLITE_IOERR_DELETE_NOENT;
        if (sync)
                names_synced(disk);
        return SQLITE_OK;
}

static int on_access(sqlite3_vfs *vfs, const char *path, int flags, int *ret)
{
        (void)vfs;
        (void)flags;
        *ret = access(path, F_OK) == 0;
        return SQLITE_OK;
}

static int on_full_path(sqlite3_vfs *vfs, const char *path, int size, char *ret)
{
        (void)vfs;
        assert(*path == '/' && strlen(path) < (size_t)size);
        memcpy(ret, path, strlen(path) + 1);
        return SQLITE_OK;
}

static int on_randomness(sqlite3_vfs *vfs, int n, char *ret)
{
        struct disk *disk = vfs->pAppData;

        for (int i = 0; i < n; i++)
                ret[i] = (char)dice_next(&disk->dice);
        return n;
}

static int on_sleep(sqlite3_vfs *vfs, int usec)
{
        (void)vfs;
        return usec;
}

/* The store uses no time of SQLite's. */
static int on_time(sqlite3_vfs *vfs, double *ret)
{
        (void)vfs;
        *ret = 2461041.5;
        return SQLITE_OK;
}

static int on_last_error(sqlite3_vfs *vfs, int size, char *ret)
{
        (void)vfs;
        (void)size;
        (void)ret;
        return 0;
}

static sqlite3_vfs vfs = {
        .iVersion = 1,
        .szOsFile = sizeof(struct handle),
        .mxPathname = PATH_ROOM,
        .zName = "memory-disk",
        .xOpen = on_open,
        .xDelete = on_delete,
        .xAccess = on_access,
        .xFullPathname = on_full_path,
        .xRandomness = on_randomness,
        .xSleep = on_sleep,
        .xCurrentTime = on_time,
        .xGetLastError = on_last_error,
};

/* ---- the disk ---- */

static void no_moment(enum disk_moment moment, void *userdata)
{
        (void)moment;
        (void)userdata;
}

void disk_init(struct disk *disk, uint64_t seed, const char *directory)
{
        *disk = (struct disk){ .dice = dice_new(seed, "disk"),
                               .moment = no_moment,
                               .directory = directory };
        names_listen(disk);
        vfs.pAppData = disk;
        sqlite3_vfs_register(&vfs, 1);
        sqlite3_randomness(0, NULL); /* SQLite's generator starts again from on_randomness() */
}

void disk_erase(struct disk *disk)
{
        names_erase(disk);
}

void disk_done(struct disk *disk)
{
        disk_erase(disk);
        assert(!disk->files);
        names_listen(NULL);
        vfs.pAppData = NULL;
}

size_t disk_memory(const struct disk *disk)
{
        size_t sum = 0;

        for (const struct disk_file *file = disk->files; file; file = file->next)
                sum += 2 * file->room + file->room / BLOCK + file->n_regions * 8 * BLOCK;
        return sum;
}

void disk_lose_power(struct disk *disk)
{
        for (struct disk_file *file = disk->files; file; file = file->next)
                file_lose_power(file, &disk->dice);
        names_lose_power(disk);
}
