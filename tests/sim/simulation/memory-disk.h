/*
 * A disk in memory for SQLite: a VFS, registered as the default one. It keeps the contents of files
 * and which parts were synced, and fails as disks do.
 *
 * Names are real: each file has an empty file of the same name on the real file system, on a tmpfs,
 * so that the store's calls on names (rename, unlink, access, lock) work. The contents are found by
 * the inode. A new, renamed or removed name is certain to survive a power failure only once its
 * directory was synced, as POSIX has it; until then a power failure undoes the last of these
 * changes, some of them or all, as file systems with a journal do. The linker sends rename(),
 * unlink() and fsync() here (--wrap).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/simulation/dice.h"

/* The moment before or after a commit. */
enum disk_moment {
        DISK_BEFORE_SYNC, /* of the log: a commit */
        DISK_AFTER_SYNC,
};
typedef void disk_moment_fn(enum disk_moment moment, void *userdata);

struct disk_file;
struct disk_names;

struct disk {
        struct dice dice;
        bool full;   /* nothing can be written: ENOSPC */
        bool broken; /* nothing can be written or synced: EIO */
        bool cut;    /* the process has crashed: none of its further changes happens */
        disk_moment_fn *moment;
        void *userdata;
        uint64_t commits, bytes;
        unsigned int cut_after;   /* the number of the change at which the process crashes, from now
                                     on; 0: none */
        const char *directory;    /* borrowed */
        struct disk_file *files;  /* private */
        struct disk_names *names; /* private: as synced, and after each change since */
        size_t n_names;
};

/* Registers the VFS, for one disk at a time. `directory` is an empty one. */
void disk_init(struct disk *disk, uint64_t seed, const char *directory);
/* Removes all files for good. */
void disk_erase(struct disk *disk);
/* To be called after SQLite has closed everything. */
void disk_done(struct disk *disk);
/* Bytes of heap that the disk takes. */
size_t disk_memory(const struct disk *disk);
/* The power fails: what was synced survives, and some of the other blocks and changes of names. */
void disk_lose_power(struct disk *disk);
