/* Types and functions that the files of the disk in memory share. */
#pragma once

#include <sys/types.h>

#include "sim/simulation/memory-disk.h"

enum { BLOCK = 4096, PATH_ROOM = 512 };

struct disk_file {
        struct disk *disk;
        ino_t inode;   /* of its name, which holds a reference; 0: it has no name */
        bool log;      /* write-ahead log: a sync is a commit */
        bool new_name; /* its first sync also syncs the directory */
        char *data, *synced;
        bool *dirty; /* per block: written since the last sync */
        size_t size, synced_size, room;
        void **regions; /* shared memory of the log's index */
        size_t n_regions;
        unsigned int references;
        struct disk_file *next;
};

/* ---- memory-disk-files.c ---- */

/* A new file with one reference for the caller, and one for its name if it has one. */
struct disk_file *file_new(struct disk *disk, ino_t inode);
void file_unref(struct disk_file *file);
void file_resize(struct disk_file *file, size_t size);
/* Marks the blocks of these bytes as changed. */
void file_touch(struct disk_file *file, size_t from, size_t to);
void file_sync(struct disk_file *file);
void file_lose_power(struct disk_file *file, struct dice *dice);
void file_drop_index(struct disk_file *file);

/* ---- memory-disk-names.c ---- */

/* Whether the process has crashed. To be asked at each change, because the change may be the one
 * at which it crashes. */
bool disk_is_cut(struct disk *disk);

/* The disk whose directory rename(), unlink() and fsync() act on; NULL: none. */
void names_listen(struct disk *disk);
/* The file of that name, with a reference for the caller; NULL: there is none, or none can be
 * made. */
struct disk_file *names_open(struct disk *disk, const char *path, bool create, bool *ret_made);
/* False: there is no such name. */
bool names_remove(struct disk *disk, const char *path);
/* The directory was synced. */
void names_synced(struct disk *disk);
void names_lose_power(struct disk *disk);
void names_erase(struct disk *disk);
