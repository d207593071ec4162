/* POST /sim/fleet: instances that are simply there, running for an hour, with their checks passed.
 */
#include "base/alloc.h"
#include "base/text.h"
#include "sim/sim-control.h"
#include "sim/sim-image.h"
#include "sim/sim-instance.h"

enum { FLEET_MAX = 100000, VOLUMES_MAX = 40, GIB_MAX = 16384 };

struct fleet {
        double count;
        const char *account, *region, *zone, *state, *type;
        const cJSON *tags;
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

/* `{n}` in a value becomes the number of the instance in its fleet, from 1. */
static char *expand(const char *value, size_t number)
{
        _cleanup_(text_done) struct text text = {};
        const char *mark;

        while ((mark = strstr(value, "{n}"))) {
                text_write(&text, value, (size_t)(mark - value));
                text_printf(&text, "%zu", number);
                value = mark + strlen("{n}");
        }
        text_append(&text, value);
        return text_steal(&text);
}

/* A list of values is dealt out in turn. */
static bool read_tags(struct control *control, const cJSON *from, size_t number, struct tags *ret)
{
        const cJSON *member;

        cJSON_ArrayForEach (member, from) {
                const cJSON *value = member;
                _cleanup_free_ char *text = NULL;

                if (cJSON_IsArray(member) && cJSON_GetArraySize(member) > 0)
                        value = cJSON_GetArrayItem(
                                member, (int)((number - 1) % (size_t)cJSON_GetArraySize(member)));
                if (!cJSON_IsString(value))
                        return control_fail(control, "the tag \"%s\" must be a text or a list",
                                            member->string);
                text = expand(value->valuestring, number);
                tags_set(ret, member->string, text);
        }
        return true;
}

/* Long enough ago for every check to have passed and every outage to be over. */
static usec_t long_ago(usec_t now)
{
        return now - SEC_PER_DAY * USEC_PER_SEC;
}

static bool add_instance(struct control *control, const struct fleet *fleet, size_t number)
{
        struct place *place = sim_place(control->sim, fleet->account, fleet->region);
        _cleanup_free_ char *zone = xasprintf("%s%c", fleet->region, (int)('a' + (number - 1) % 3));
        _cleanup_free_ char *reservation = new_id(control->sim, "r-");
        _cleanup_(tags_done) struct tags tags = {};
        struct instance *instance;

        if (!read_tags(control, fleet->tags, number, &tags))
                return false;
        instance = instance_launch(place, long_ago(control->now),
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
        cJSON_AddItemToArray(cJSON_GetObjectItemCaseSensitive(control->result, "instances"),
                             cJSON_CreateString(instance->resource.id));
        return true;
}

static bool read_fleet(struct control *control, const cJSON *from, struct fleet *fleet)
{
        static const char *const names[] = { "count", "region",  "zone",  "account", "tags",
                                             "type",  "volumes", "state", NULL };

        fleet->tags = cJSON_GetObjectItemCaseSensitive(from, "tags");
        if (!control_check_members(control, from, names) ||
            !control_number(control, from, "count", 0, FLEET_MAX, &fleet->count) ||
            !control_text(control, from, "region", &fleet->region) ||
            !control_text(control, from, "zone", &fleet->zone) ||
            !control_text(control, from, "type", &fleet->type) ||
            !control_text(control, from, "account", &fleet->account) ||
            !control_text(control, from, "state", &fleet->state))
                return false;
        if (!streq(fleet->state, "running") && !streq(fleet->state, "stopped"))
                return control_fail(control, "\"state\" must be running or stopped");
        if (fleet->tags && !cJSON_IsObject(fleet->tags))
                return control_fail(control, "\"tags\" must be an object");
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
