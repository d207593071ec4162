/* Locations and resources, tags, ids, random numbers. */
#include "sim/sim-world.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "base/text.h"
#include "sim/sim-bucket.h"
#include "sim/sim-command.h"
#include "sim/sim-fault.h"
#include "sim/sim-freeze.h"
#include "sim/sim-image.h"
#include "sim/sim-log.h"
#include "sim/sim-scaling.h"
#include "sim/sim-target.h"

enum { ID_DIGITS = 17 };

const struct kind_info kind_infos[KINDS] = {
        [KIND_INSTANCE] = { "instance", "i-", "InvalidInstanceID.Malformed",
                            "InvalidInstanceID.NotFound", "The instance ID '", "The instance IDs '",
                            "' does not exist" },
        [KIND_VOLUME] = { "volume", "vol-", "InvalidVolumeID.Malformed", "InvalidVolume.NotFound",
                          "The volume '", "The volumes '", "' does not exist." },
        [KIND_IMAGE] = { "image", "ami-", "InvalidAMIID.Malformed", "InvalidAMIID.NotFound",
                         "The image id '[", "The image ids '[", "]' does not exist" },
        [KIND_SNAPSHOT] = { "snapshot", "snap-", "InvalidSnapshotID.Malformed",
                            "InvalidSnapshot.NotFound", "The snapshot '", "The snapshots '",
                            "' does not exist." },
};

/* ---- tags ---- */

static struct tag *tags_find(const struct tags *tags, const char *key)
{
        for (size_t i = 0; i < tags->n; i++)
                if (streq(tags->list[i].key, key))
                        return &tags->list[i];
        return NULL;
}

void tags_set(struct tags *tags, const char *key, const char *value)
{
        struct tag *tag = tags_find(tags, key);

        if (!tag) {
                tag = append(tags->list, tags->n);
                tag->key = xstrdup(key);
        }
        xreplace(&tag->value, value);
}

bool tags_unset(struct tags *tags, const char *key, const char *value)
{
        struct tag *tag = tags_find(tags, key);

        if (!tag || (value && !streq(tag->value, value)))
                return false;
        free(tag->key);
        free(tag->value);
        for (; tag + 1 < tags->list + tags->n; tag++)
                tag[0] = tag[1];
        tags->n--;
        return true;
}

const char *tags_get(const struct tags *tags, const char *key)
{
        const struct tag *tag = tags_find(tags, key);

        return tag ? tag->value : NULL;
}

void tags_copy(struct tags *to, const struct tags *from)
{
        for (size_t i = 0; i < from->n; i++)
                tags_set(to, from->list[i].key, from->list[i].value);
}

void tags_done(struct tags *tags)
{
        for (size_t i = 0; i < tags->n; i++) {
                free(tags->list[i].key);
                free(tags->list[i].value);
        }
        free(tags->list);
        *tags = (struct tags){};
}

void devices_done(struct devices *devices)
{
        for (size_t i = 0; i < devices->n; i++) {
                free(devices->list[i].name);
                free(devices->list[i].volume);
                free(devices->list[i].snapshot);
                free(devices->list[i].volume_type);
        }
        free(devices->list);
        *devices = (struct devices){};
}

/* ---- resources ---- */

static void instance_done(struct instance *instance)
{
        free(instance->reservation);
        free(instance->image);
        free(instance->type);
        free(instance->zone);
        free(instance->client_token);
        free(instance->subnet);
        free(instance->outages);
        devices_done(&instance->devices);
        free(instance->orders.image_code);
        free(instance->orders.image_reason);
        free(instance->orders.snapshot_error);
        freezes_done(instance);
}

static void volume_done(struct volume *volume)
{
        free(volume->instance);
        free(volume->device);
        free(volume->zone);
        free(volume->type);
        free(volume->snapshot);
}

static void snapshot_done(struct snapshot *snapshot)
{
        free(snapshot->volume);
        free(snapshot->description);
        free(snapshot->error);
}

static void image_done(struct image *image)
{
        free(image->name);
        free(image->description);
        free(image->owner);
        free(image->owner_alias);
        free(image->source_instance);
        free(image->source_image);
        free(image->source_region);
        free(image->client_token);
        free(image->creation_date);
        free(image->fail_code);
        free(image->fail_reason);
        devices_done(&image->devices);
}

static void resource_free(struct resource *resource)
{
        switch (resource->kind) {
        case KIND_INSTANCE:
                instance_done((struct instance *)resource);
                break;
        case KIND_VOLUME:
                volume_done((struct volume *)resource);
                break;
        case KIND_IMAGE:
                image_done((struct image *)resource);
                break;
        case KIND_SNAPSHOT:
                snapshot_done((struct snapshot *)resource);
                break;
        case KINDS:
                break;
        }
        free(resource->id);
        tags_done(&resource->tags);
        free(resource);
}

char *new_id(struct sim *sim, const char *prefix)
{
        return xasprintf("%s0%0*" PRIx64, prefix, ID_DIGITS - 1, sim_random(sim));
}

void *resource_add(struct sim_location *location, enum kind kind, size_t size, usec_t created,
                   usec_t visible)
{
        struct resource *resource = xcalloc(1, size);

        resource->kind = kind;
        resource->location = location;
        resource->id = new_id(location->sim, kind_infos[kind].prefix);
        resource->serial = ++location->sim->next_serial;
        resource->created = created;
        resource->visible = visible;
        resource->gone = USEC_INFINITY;
        HASH_ADD_KEYPTR(hh, location->resources[kind], resource->id, strlen(resource->id),
                        resource);
        return resource;
}

void *resource_find(const struct sim_location *location, enum kind kind, const char *id)
{
        struct resource *resource;

        HASH_FIND_STR(location->resources[kind], id, resource);
        return resource;
}

struct instance *instance_find(const struct sim_location *location, const char *id, usec_t now)
{
        struct resource *resource = id ? resource_find(location, KIND_INSTANCE, id) : NULL;

        return resource && resource_is_there(resource, now) ? (struct instance *)resource : NULL;
}

bool resource_is_there(const struct resource *resource, usec_t now)
{
        return resource->visible <= now && now < resource->gone;
}

static void location_clear(struct sim_location *location, usec_t now)
{
        for (size_t kind = 0; kind < KINDS; kind++) {
                struct resource *resource, *next;

                HASH_ITER (hh, location->resources[kind], resource, next) {
                        if (resource->gone > now)
                                continue;
                        HASH_DELETE(hh, location->resources[kind], resource); /* NOLINT */
                        resource_free(resource);
                }
        }
}

void sim_location_sweep(struct sim_location *location, usec_t now)
{
        static const usec_t hour = SEC_PER_HOUR * USEC_PER_SEC;

        if (now < location->next_sweep)
                return;
        location->next_sweep = now + hour / 4;
        location_clear(location, now - hour);
}

/* ---- the whole ---- */

/* splitmix64, Sebastiano Vigna, https://prng.di.unimi.it/splitmix64.c */
uint64_t sim_random(struct sim *sim)
{
        uint64_t z = (sim->random += 0x9e3779b97f4a7c15);

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
}

usec_t sim_wait(struct sim *sim, enum wait wait)
{
        return timeline_draw(&sim->timeline, wait, sim_random(sim));
}

const char *sim_account(const struct sim *sim, const char *access_key)
{
        struct account *account = NULL;

        if (access_key)
                HASH_FIND_STR(sim->accounts, access_key, account);
        return account ? account->account : DEFAULT_ACCOUNT;
}

void sim_add_account(struct sim *sim, const char *access_key, const char *number)
{
        struct account *account;

        HASH_FIND_STR(sim->accounts, access_key, account);
        if (!account) {
                account = xnew(struct account);
                account->access_key = xstrdup(access_key);
                HASH_ADD_KEYPTR(hh, sim->accounts, account->access_key, strlen(access_key),
                                account);
        }
        xreplace(&account->account, number);
}

struct sim_location *sim_location(struct sim *sim, const char *account, const char *region)
{
        _cleanup_free_ char *key = xasprintf("%s/%s", account, region);
        struct sim_location *location;

        HASH_FIND_STR(sim->locations, key, location);
        if (location)
                return location;
        location = xnew(struct sim_location);
        location->sim = sim;
        location->key = steal(key);
        location->account = xstrdup(account);
        location->region = xstrdup(region);
        HASH_ADD_KEYPTR(hh, sim->locations, location->key, strlen(location->key), location);
        image_add_public(location);
        return location;
}

static void location_free(struct sim_location *location)
{
        location_clear(location, USEC_INFINITY);
        target_groups_free(location);
        scaling_groups_free(location);
        commands_free(location);
        buckets_free(location->buckets);
        free(location->key);
        free(location->account);
        free(location->region);
        free(location);
}

void sim_forget(struct sim *sim)
{
        struct sim_location *next = sim->locations;

        HASH_CLEAR(hh, sim->locations);
        for (struct sim_location *location = next; location; location = next) {
                next = location->hh.next;
                location_free(location);
        }
}

static void accounts_free(struct account **accounts)
{
        struct account *next = *accounts;

        HASH_CLEAR(hh, *accounts);
        for (struct account *account = next; account; account = next) {
                next = account->hh.next;
                free(account->access_key);
                free(account->account);
                free(account);
        }
}

struct sim *sim_new(const struct sim_options *options)
{
        struct sim *sim = xnew(struct sim);

        sim->random = options->seed;
        sim->buckets_on = true;
        timeline_init(&sim->timeline, options->speed);
        sim->ledger = ledger_new();
        return sim;
}

struct sim *sim_free(struct sim *sim)
{
        if (!sim)
                return NULL;
        sim_forget(sim);
        accounts_free(&sim->accounts);
        faults_clear(sim);
        strings_free(sim->regions, sim->n_regions);
        ledger_free(sim->ledger);
        free(sim);
        return NULL;
}

void sim_allow_region(struct sim *sim, const char *region)
{
        *append(sim->regions, sim->n_regions) = xstrdup(region);
}

bool sim_has_region(const struct sim *sim, const char *region)
{
        return !sim->n_regions || strings_contain(sim->regions, sim->n_regions, region);
}

const char *sim_default_region(const struct sim *sim)
{
        return sim->n_regions ? sim->regions[0] : "us-east-1";
}
