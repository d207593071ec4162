/* What the files of the disk in memory share. */
#pragma once

#include <sys/types.h>

#include "sim/simulation/memory-disk.h"

enum { BLOCK = 4096, PATH_ROOM = 512 };

struct disk_file {
        struct disk *disk;
        ino_t inode;   /* of its name, which holds a reference; 0: has none */
        bool log;      /* write-ahead log: a sync is a commit */
        bool new_name; /* its first sync is one of the directory, too */
        char *data, *synced;
        bool *dirty; /* per block: written since the last sync */
        size_t size, synced_size, room;
        void **regions; /* shared memory of the log's index */
        size_t n_regions;
        unsigned int references;
        struct disk_file *next;
};

/* ---- memory-disk-files.c ---- */

/* With one reference for the caller, and one for the name if it has one. */
struct disk_file *file_new(struct disk *disk, ino_t inode);
void file_unref(struct disk_file *file);
void file_resize(struct disk_file *file, size_t size);
/* These bytes were changed. */
void file_touch(struct disk_file *file, size_t from, size_t to);
void file_sync(struct disk_file *file);
void file_lose_power(struct disk_file *file, struct dice *dice);
void file_drop_index(struct disk_file *file);

/* ---- memory-disk-names.c ---- */

/* Whether the process is dead: to be asked at each change, it may be the one at which it dies. */
bool disk_is_cut(struct disk *disk);

/* The disk that rename(), unlink() and fsync() are about; NULL: none. */
void names_listen(struct disk *disk);
/* The file of that name, with a reference for the caller; NULL when there is none or none can be
 * made. */
struct disk_file *names_open(struct disk *disk, const char *path, bool create, bool *ret_made);
/* False when there is none. */
bool names_remove(struct disk *disk, const char *path);
/* The directory was synced. */
void names_synced(struct disk *disk);
void names_lose_power(struct disk *disk);
void names_erase(struct disk *disk);
