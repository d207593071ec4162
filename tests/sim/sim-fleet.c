/* POST /sim/fleet: instances that have been running for a day, with passed status checks, and
 * images that were made of them in the past. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "sim/sim-control.h"
#include "sim/sim-image.h"
#include "sim/sim-instance.h"
#include "sim/sim-scaling.h"
#include "sim/sim-target.h"

enum { FLEET_MAX = 100000, VOLUMES_MAX = 40, GIB_MAX = 16384, AGE_MAX = 1000000000 };

struct fleet {
        double count;
        const char *account, *region, *zone, *state, *type;
        const char *lifecycle, *address, *target_group, *scaling_group;
        bool agent;
        const cJSON *tags, *images;
        struct volume_order volumes[VOLUMES_MAX];
        char *devices[VOLUMES_MAX];
        size_t n_volumes;
};

static void fleet_done(struct fleet *fleet)
{
        for (size_t i = 0; i < fleet->n_volumes; i++)
                free(fleet->devices[i]);
}

/* /dev/xvda, /dev/sdb, /dev/sdc, ... /dev/sdz, /dev/sdba ... */
static char *device_name(size_t n)
{
        return n == 0   ? xstrdup("/dev/xvda")
               : n < 26 ? xasprintf("/dev/sd%c", (int)('a' + n))
                        : xasprintf("/dev/sdb%c", (int)('a' + n - 26));
}

static bool add_volume(struct control *control, struct fleet *fleet, double gib)
{
        size_t n = fleet->n_volumes;

        if (n == VOLUMES_MAX || !(gib >= 1 && gib <= GIB_MAX))
                return control_fail(control,
                                    "\"volumes\" must be at most %d sizes in GiB, each "
                                    "from 1 to %d",
                                    VOLUMES_MAX, GIB_MAX);
        fleet->devices[n] = device_name(n);
        fleet->volumes[n] = (struct volume_order){ .device = fleet->devices[n],
                                                   .type = "gp3",
                                                   .size = (unsigned int)gib,
                                                   .delete_on_termination = n == 0 };
        fleet->n_volumes++;
        return true;
}

/* [8, 100] or "8,100" or 8. */
static bool read_volumes(struct control *control, const cJSON *volumes, struct fleet *fleet)
{
        const cJSON *size;
        size_t n = 0;
        char **words;
        bool good = true;

        if (!volumes)
                return add_volume(control, fleet, 8);
        if (cJSON_IsNumber(volumes))
                return add_volume(control, fleet, volumes->valuedouble);
        if (cJSON_IsString(volumes)) {
                words = strings_split(volumes->valuestring, ", ", &n);
                for (size_t i = 0; good && i < n; i++)
                        good = add_volume(control, fleet, strtod(words[i], NULL));
                strings_free(words, n);
                return good;
        }
        cJSON_ArrayForEach (size, volumes)
                good = good &&
                       add_volume(control, fleet, cJSON_IsNumber(size) ? size->valuedouble : 0);
        return good;
}

/* The text that replaces a mark like {n} in names and tags. */
struct filling {
        const char *mark, *text;
};

static char *expand(const char *value, const struct filling *fillings)
{
        _cleanup_(text_done) struct text text = {};

        while (*value) {
                const struct filling *filling = fillings;

                while (filling->mark && !startswith(value, filling->mark))
                        filling++;
                if (filling->mark)
                        text_append(&text, filling->text);
                else
                        text_write(&text, value, 1);
                value += filling->mark ? strlen(filling->mark) : 1;
        }
        text_append(&text, "");
        return text_steal(&text);
}

/* A list of values is dealt out in turn. */
static bool read_tags(struct control *control, const cJSON *from, size_t number,
                      const struct filling *fillings, struct tags *ret)
{
        const cJSON *member;

        if (from && !cJSON_IsObject(from))
                return control_fail(control, "\"tags\" must be an object");
        cJSON_ArrayForEach (member, from) {
                const cJSON *value = member;
                _cleanup_free_ char *text = NULL;

                if (cJSON_IsArray(member) && cJSON_GetArraySize(member) > 0)
                        value = cJSON_GetArrayItem(
                                member, (int)((number - 1) % (size_t)cJSON_GetArraySize(member)));
                if (!cJSON_IsString(value))
                        return control_fail(control, "the tag \"%s\" must be a text or a list",
                                            member->string);
                text = expand(value->valuestring, fillings);
                tags_set(ret, member->string, text);
        }
        return true;
}

/* ---- images of the past ---- */

static bool read_image_time(struct control *control, const cJSON *from, usec_t *ret)
{
        const char *time = NULL;
        double age = -1;
        sec_t sec;

        if (!control_text(control, from, "time", &time) ||
            !control_number(control, from, "age", 0, AGE_MAX, &age))
                return false;
        if (!time == (age < 0))
                return control_fail(control, "an image has either an \"age\" or a \"time\"");
        if (time && (!parse_rfc3339(time, &sec) || sec > control->now / USEC_PER_SEC))
                return control_fail(control, "\"%s\" is not a time of the past", time);
        *ret = time ? sec * USEC_PER_SEC : control->now - (usec_t)(age * (double)USEC_PER_SEC);
        return true;
}

/* As CreateImage would have made it then, without a reboot. */
static bool add_image(struct control *control, const cJSON *from, size_t number,
                      struct instance *instance)
{
        static const char *const names[] = { "age", "time", "name", "tags", NULL };
        const char *name = "image-{instance}-{stamp}";
        _cleanup_free_ char *full_name = NULL;
        _cleanup_(tags_done) struct tags tags = {};
        char digits[24], time[TIME_TEXT_MAX], stamp[TIME_TEXT_MAX];
        _cleanup_free_ char *description = NULL;
        struct image *image;
        usec_t at = 0;

        if (!control_check_members(control, from, names) ||
            !control_text(control, from, "name", &name) || !read_image_time(control, from, &at))
                return false;
        const struct filling fillings[] = {
                { "{n}", digits },
                { "{instance}", instance->resource.id },
                { "{time}", format_rfc3339(at / USEC_PER_SEC, time) },
                { "{stamp}", format_compact(at / USEC_PER_SEC, stamp) },
                {},
        };
        (void)snprintf(digits, sizeof(digits), "%zu", number);
        if (!read_tags(control, cJSON_GetObjectItemCaseSensitive(from, "tags"), number, fillings,
                       &tags))
                return false;
        full_name = expand(name, fillings);
        image = image_add(instance->resource.location, at, full_name, NULL);
        image->source_instance = xstrdup(instance->resource.id);
        tags_copy(&image->resource.tags, &tags);
        description = xasprintf("Created by CreateImage(%s) for %s", instance->resource.id,
                                image->resource.id);
        for (size_t i = 0; i < instance->devices.n; i++)
                image_add_device(image, &instance->devices.list[i],
                                 &(struct snapshot_order){
                                         .volume_id = instance->devices.list[i].volume,
                                         .description = description,
                                         .tags = &tags,
                                         .size = instance->devices.list[i].size,
                                         .start = at,
                                 });
        return true;
}

/* ---- instances ---- */

/* Long enough ago for every check to have passed and every outage to be over. */
static usec_t long_ago(usec_t now)
{
        return now - SEC_PER_DAY * USEC_PER_SEC;
}

/* An enum address, or -1. */
static int address_of(const char *name)
{
        static const char *const names[] = {
                [ADDRESS_NONE] = "none", [ADDRESS_PUBLIC] = "public", [ADDRESS_ELASTIC] = "elastic"
        };

        for (size_t i = 0; i < ELEMENTS(names); i++)
                if (streq(names[i], name))
                        return (int)i;
        return -1;
}

/* Its tags, agent and address, and the groups it is in. */
static void dress(struct control *control, const struct fleet *fleet, struct instance *instance)
{
        struct sim_location *location = instance->resource.location;
        usec_t since = long_ago(control->now);

        instance->spot = streq(fleet->lifecycle, "spot");
        instance->address = (enum address)address_of(fleet->address);
        instance->agent = fleet->agent;
        if (fleet->target_group)
                target_register(location, target_group(location, fleet->target_group),
                                instance->resource.id, 0, since);
        if (fleet->scaling_group)
                scaling_add(location, scaling_group(location, fleet->scaling_group),
                            instance->resource.id, control->now);
}

static bool add_instance(struct control *control, const struct fleet *fleet, size_t number)
{
        struct sim_location *location = sim_location(control->sim, fleet->account, fleet->region);
        _cleanup_free_ char *zone = xasprintf("%s%c", fleet->region, (int)('a' + (number - 1) % 3));
        _cleanup_free_ char *reservation = new_id(control->sim, "r-");
        _cleanup_(tags_done) struct tags tags = {};
        char digits[24];
        const struct filling fillings[] = { { "{n}", digits }, {} };
        struct instance *instance;
        const cJSON *image;

        (void)snprintf(digits, sizeof(digits), "%zu", number);
        if (!read_tags(control, fleet->tags, number, fillings, &tags))
                return false;
        instance = instance_launch(location, long_ago(control->now),
                                   &(struct launch_order){ .image = image_public_id(),
                                                           .type = fleet->type,
                                                           .zone = fleet->zone ? fleet->zone : zone,
                                                           .reservation = reservation,
                                                           .tags = &tags,
                                                           .volumes = fleet->volumes,
                                                           .n_volumes = fleet->n_volumes,
                                                           .visible = long_ago(control->now) });
        if (streq(fleet->state, "stopped"))
                instance_settle_stopped(instance, long_ago(control->now));
        else
                instance_settle_running(instance, long_ago(control->now));
        dress(control, fleet, instance);
        cJSON_AddItemToArray(cJSON_GetObjectItemCaseSensitive(control->result, "instances"),
                             cJSON_CreateString(instance->resource.id));
        cJSON_ArrayForEach (image, fleet->images)
                if (!add_image(control, image, number, instance))
                        return false;
        return true;
}

static bool read_fleet(struct control *control, const cJSON *from, struct fleet *fleet)
{
        static const char *const names[] = { "count",
                                             "region",
                                             "zone",
                                             "account",
                                             "tags",
                                             "type",
                                             "volumes",
                                             "state",
                                             "images",
                                             "lifecycle",
                                             "address",
                                             "agent",
                                             "target-group",
                                             "auto-scaling-group",
                                             NULL };

        fleet->tags = cJSON_GetObjectItemCaseSensitive(from, "tags");
        fleet->images = cJSON_GetObjectItemCaseSensitive(from, "images");
        if (!control_check_members(control, from, names) ||
            !control_number(control, from, "count", 0, FLEET_MAX, &fleet->count) ||
            !control_text(control, from, "region", &fleet->region) ||
            !control_text(control, from, "zone", &fleet->zone) ||
            !control_text(control, from, "type", &fleet->type) ||
            !control_text(control, from, "account", &fleet->account) ||
            !control_text(control, from, "lifecycle", &fleet->lifecycle) ||
            !control_text(control, from, "address", &fleet->address) ||
            !control_text(control, from, "target-group", &fleet->target_group) ||
            !control_text(control, from, "auto-scaling-group", &fleet->scaling_group) ||
            !control_bool(control, from, "agent", &fleet->agent) ||
            !control_text(control, from, "state", &fleet->state))
                return false;
        if (!streq(fleet->lifecycle, "on-demand") && !streq(fleet->lifecycle, "spot"))
                return control_fail(control, "\"lifecycle\" must be on-demand or spot");
        if (address_of(fleet->address) < 0)
                return control_fail(control, "\"address\" must be none, public or elastic");
        if (!streq(fleet->state, "running") && !streq(fleet->state, "stopped"))
                return control_fail(control, "\"state\" must be running or stopped");
        if (fleet->images && !cJSON_IsArray(fleet->images))
                return control_fail(control, "\"images\" must be a list");
        if (!sim_has_region(control->sim, fleet->region))
                return control_fail(control, "there is no region %s", fleet->region);
        return read_volumes(control, cJSON_GetObjectItemCaseSensitive(from, "volumes"), fleet);
}

static bool add_fleet(struct control *control, const cJSON *from)
{
        _cleanup_(fleet_done) struct fleet fleet = {
                .count = 1,
                .account = DEFAULT_ACCOUNT,
                .region = sim_default_region(control->sim),
                .state = "running",
                .type = "t3.micro",
                .lifecycle = "on-demand",
                .address = "none",
        };

        if (!read_fleet(control, from, &fleet))
                return false;
        for (size_t i = 1; i <= (size_t)fleet.count; i++)
                if (!add_instance(control, &fleet, i))
                        return false;
        return true;
}

/* One fleet, or {"fleet": [...], "config": {...}} as in a file. */
bool control_fleet(struct control *control)
{
        static const char *const names[] = { "fleet", "config", NULL };
        const cJSON *fleets = cJSON_GetObjectItemCaseSensitive(control->arguments, "fleet");
        const cJSON *config = cJSON_GetObjectItemCaseSensitive(control->arguments, "config");
        const cJSON *one, *whole = control->arguments;

        cJSON_AddArrayToObject(control->result, "instances");
        if (!fleets && !config)
                return add_fleet(control, control->arguments);
        if (!control_check_members(control, whole, names))
                return false;
        if (config) {
                bool good;

                control->arguments = config;
                good = control_config(control);
                control->arguments = whole;
                if (!good)
                        return false;
        }
        cJSON_ArrayForEach (one, fleets)
                if (!add_fleet(control, one))
                        return false;
        return true;
}
