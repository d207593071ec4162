#include "sim/universe/memory-disk.h"

#include <assert.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/text.h"

enum { BLOCK = 4096, PATH_ROOM = 512 };

struct disk_file {
        struct disk *disk;
        ino_t inode; /* 0: has no name */
        bool log;    /* write-ahead log: a sync is a commit */
        char *data, *synced;
        bool *dirty; /* per block: written since the last sync */
        size_t size, synced_size, room;
        void **regions; /* shared memory of the log's index */
        size_t n_regions;
        unsigned int references;
        struct disk_file *next;
};

struct handle {
        sqlite3_file base;
        struct disk_file *file;
};

static struct disk_file *file_of(sqlite3_file *handle)
{
        return ((struct handle *)handle)->file;
}

/* ---- blocks ---- */

static void file_reserve(struct disk_file *file, size_t size)
{
        size_t room = file->room ? file->room : 16 * (size_t)BLOCK;

        if (size <= file->room)
                return;
        while (room < size)
                room *= 2;
        file->data = xrealloc(file->data, room, 1);
        file->synced = xrealloc(file->synced, room, 1);
        file->dirty = xrealloc(file->dirty, room / BLOCK, sizeof(*file->dirty));
        memset(file->data + file->room, 0, room - file->room);
        memset(file->synced + file->room, 0, room - file->room);
        memset(file->dirty + file->room / BLOCK, 0, (room - file->room) / BLOCK);
        file->room = room;
}

static void file_touch(struct disk_file *file, size_t from, size_t to)
{
        for (size_t block = from / BLOCK; block * BLOCK < to; block++)
                file->dirty[block] = true;
}

static void file_resize(struct disk_file *file, size_t size)
{
        file_reserve(file, size);
        if (size < file->size) {
                memset(file->data + size, 0, file->size - size);
                file_touch(file, size, file->size);
        }
        file->size = size;
}

static void file_sync(struct disk_file *file)
{
        for (size_t block = 0; block < file->room / BLOCK; block++) {
                if (!file->dirty[block])
                        continue;
                memcpy(file->synced + block * BLOCK, file->data + block * BLOCK, BLOCK);
                file->dirty[block] = false;
        }
        file->synced_size = file->size;
}

static void file_lose_power(struct disk_file *file, struct dice *dice)
{
        bool all = dice_chance(dice, 0.2), none = dice_chance(dice, 0.4);

        for (size_t block = 0; block < file->room / BLOCK; block++) {
                if (!file->dirty[block])
                        continue;
                if (all || (!none && dice_chance(dice, 0.5))) {
                        memcpy(file->synced + block * BLOCK, file->data + block * BLOCK, BLOCK);
                        if (file->synced_size < (block + 1) * BLOCK)
                                file->synced_size = file->size < (block + 1) * BLOCK
                                                            ? file->size
                                                            : (block + 1) * BLOCK;
                }
                memcpy(file->data + block * BLOCK, file->synced + block * BLOCK, BLOCK);
                file->dirty[block] = false;
        }
        file->size = file->synced_size;
}

static void file_drop_index(struct disk_file *file)
{
        for (size_t i = 0; i < file->n_regions; i++)
                free(file->regions[i]);
        free(file->regions);
        file->regions = NULL;
        file->n_regions = 0;
}

static void file_unref(struct disk_file *file)
{
        struct disk_file **at;

        if (--file->references > 0)
                return;
        for (at = &file->disk->files; *at != file; at = &(*at)->next)
                ;
        *at = file->next;
        file_drop_index(file);
        free(file->data);
        free(file->synced);
        free(file->dirty);
        free(file);
}

/* The file of an inode; its name holds one reference. */
static struct disk_file *file_get(struct disk *disk, ino_t inode)
{
        struct disk_file *file;

        for (file = disk->files; file && inode; file = file->next) {
                if (file->inode != inode)
                        continue;
                file->references++;
                return file;
        }
        file = xnew(struct disk_file);
        *file = (struct disk_file){
                .disk = disk, .inode = inode, .references = inode ? 2 : 1, .next = disk->files
        };
        disk->files = file;
        return file;
}

static ino_t inode_of(const char *path)
{
        struct stat status;

        return stat(path, &status) == 0 ? status.st_ino : 0;
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
        if (disk->cut || disk->broken)
                return SQLITE_IOERR_FSYNC;
        file_sync(file);
        if (file->log)
                disk->moment(DISK_AFTER_SYNC, disk->userdata);
        return SQLITE_OK;
}

static int on_file_size(sqlite3_file *handle, sqlite3_int64 *ret)
{
        *ret = (sqlite3_int64)file_of(handle)->size;
        return SQLITE_OK;
}

/* One process: the lock of the directory keeps others out. */
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

/* Nobody else has it: shared memory ends with the process. */
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
        ino_t inode = path ? inode_of(path) : 0;

        handle->base.pMethods = NULL;
        if (path && !inode && (flags & SQLITE_OPEN_CREATE) && !disk->cut && !disk->broken) {
                close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
                inode = inode_of(path);
        }
        if (path && !inode)
                return SQLITE_CANTOPEN;
        handle->file = file_get(disk, inode);
        handle->file->log = flags & SQLITE_OPEN_WAL;
        handle->base.pMethods = &methods;
        if (ret_flags)
                *ret_flags = flags;
        return SQLITE_OK;
}

static int on_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
        struct disk *disk = vfs->pAppData;
        ino_t inode = inode_of(path);

        (void)sync;
        if (disk->cut || disk->broken)
                return SQLITE_IOERR_DELETE;
        if (!inode)
                return SQLITE_IOERR_DELETE_NOENT;
        unlink(path);
        for (struct disk_file *file = disk->files; file; file = file->next) {
                if (file->inode != inode)
                        continue;
                file->inode = 0;
                file_unref(file);
                break;
        }
        return SQLITE_OK;
}

static int on_access(sqlite3_vfs *vfs, const char *path, int flags, int *ret)
{
        (void)vfs;
        (void)flags;
        *ret = inode_of(path) != 0;
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

/* No time of SQLite's is used. */
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

void disk_init(struct disk *disk, uint64_t seed)
{
        *disk = (struct disk){ .dice = dice_new(seed, "disk"), .moment = no_moment };
        vfs.pAppData = disk;
        sqlite3_vfs_register(&vfs, 1);
}

void disk_done(struct disk *disk)
{
        while (disk->files) {
                assert(disk->files->references == 1);
                file_unref(disk->files);
        }
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
}
