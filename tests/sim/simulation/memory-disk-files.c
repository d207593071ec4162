/* Contents of files, and which blocks of them were synced. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "sim/simulation/memory-disk-private.h"

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

void file_touch(struct disk_file *file, size_t from, size_t to)
{
        for (size_t block = from / BLOCK; block * BLOCK < to; block++)
                file->dirty[block] = true;
}

void file_resize(struct disk_file *file, size_t size)
{
        file_reserve(file, size);
        if (size < file->size) {
                memset(file->data + size, 0, file->size - size);
                file_touch(file, size, file->size);
        }
        file->size = size;
}

void file_sync(struct disk_file *file)
{
        for (size_t block = 0; block < file->room / BLOCK; block++) {
                if (!file->dirty[block])
                        continue;
                memcpy(file->synced + block * BLOCK, file->data + block * BLOCK, BLOCK);
                file->dirty[block] = false;
        }
        file->synced_size = file->size;
}

void file_lose_power(struct disk_file *file, struct dice *dice)
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

void file_drop_index(struct disk_file *file)
{
        for (size_t i = 0; i < file->n_regions; i++)
                free(file->regions[i]);
        free(file->regions);
        file->regions = NULL;
        file->n_regions = 0;
}

struct disk_file *file_new(struct disk *disk, ino_t inode)
{
        struct disk_file *file = xnew(struct disk_file);

        *file = (struct disk_file){
                .disk = disk, .inode = inode, .references = inode ? 2 : 1, .next = disk->files
        };
        disk->files = file;
        return file;
}

void file_unref(struct disk_file *file)
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
