/*
 * A disk in memory for SQLite: a VFS, registered as the default one, that keeps what files hold,
 * what of it was synced, and fails as disks do.
 *
 * Names are real: each file has an empty one of its name on the real file system, so that what the
 * store does to names (rename, unlink, access, lock) works; what it holds is found by the inode.
 * A directory on a tmpfs costs nothing. That a file was made, renamed or removed is certain only
 * once the directory was synced, as POSIX has it; until then a power failure undoes the last of
 * these, some of them or all, as file systems with a journal do (the linker sends rename(),
 * unlink() and fsync() here: --wrap).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/simulation/dice.h"

/* What is about to be done to the disk, or was just done. */
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
        bool cut;    /* the process is dead: whatever it still does does not happen */
        disk_moment_fn *moment;
        void *userdata;
        uint64_t commits, bytes;
        unsigned int cut_after;   /* 0, or: it is cut at the so manieth change from now on */
        const char *directory;    /* borrowed */
        struct disk_file *files;  /* private */
        struct disk_names *names; /* private: as they were synced, and after each change since */
        size_t n_names;
};

/* Registers the VFS; one disk at a time. `directory` is an empty one. */
void disk_init(struct disk *disk, uint64_t seed, const char *directory);
/* Somebody removes all of it, for good. */
void disk_erase(struct disk *disk);
/* After SQLite has closed everything. */
void disk_done(struct disk *disk);
/* Bytes it takes of the heap. */
size_t disk_memory(const struct disk *disk);
/* The power fails: only what was synced is certain to stay; of other blocks, and of
 * what was done to names, some may. */
void disk_lose_power(struct disk *disk);
