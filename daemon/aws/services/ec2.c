/* The actions of EC2 as tables. */
#include "aws/services/ec2.h"

#include <string.h>

#include "base/alloc.h"

const char *const instance_state_names[] = { "pending",    "running",  "shutting-down",
                                             "terminated", "stopping", "stopped",
                                             NULL };
const char *const image_state_names[] = { "pending",      "available", "invalid",
                                          "deregistered", "transient", "failed",
                                          "error",        "disabled",  NULL };
const char *const snapshot_state_names[] = { "pending",     "completed",  "error",
                                             "recoverable", "recovering", NULL };
const char *const check_status_names[] = {
        "ok", "impaired", "insufficient-data", "not-applicable", "initializing", NULL
};

const char *ec2_word(const char *const *names, int value)
{
        return names[value] ? names[value] : "unknown";
}

const char *ec2_tag_value(const struct ec2_tag *tags, size_t n, const char *key)
{
        for (size_t i = 0; i < n; i++)
                if (streq(tags[i].key, key))
                        return tags[i].value;
        return NULL;
}

char *ec2_filter_literal(const char *value)
{
        char *literal = xcalloc(2 * strlen(value) + 1, 1), *to = literal;

        for (; *value; value++) {
                if (strchr("*?\\", *value))
                        *to++ = '\\';
                *to++ = *value;
        }
        return literal;
}

char **ec2_filter_dates(sec_t first, sec_t last, size_t *ret_n)
{
        static const int units[] = { sizeof("2026-11-30") - 1, sizeof("2026-11") - 1,
                                     sizeof("2026") - 1 };
        char **values = NULL, time[TIME_TEXT_MAX];
        size_t n = 0;

        for (size_t unit = 0; unit < ELEMENTS(units) && (!n || n > EC2_FILTER_DATES); unit++) {
                strings_free(values, n);
                values = NULL;
                n = 0;
                for (sec_t day = first - first % SEC_PER_DAY; day <= last; day += SEC_PER_DAY) {
                        char *value = xasprintf("%.*s*", units[unit], format_rfc3339(day, time));

                        if (n && streq(values[n - 1], value))
                                free(value);
                        else
                                *append(values, n) = value;
                }
        }
        *ret_n = n;
        return values;
}

bool ec2_instance_loses_address(const struct ec2_instance *instance)
{
        for (size_t i = 0; i < instance->n_interfaces; i++)
                if (instance->interfaces[i].public_address &&
                    streq(instance->interfaces[i].owner, "amazon"))
                        return true;
        return false;
}

static const char *self[] = { "self" };

struct describe_images ec2_own_images(struct ec2_filter *filters, size_t n_filters)
{
        return (struct describe_images){
                .owners = self,
                .n_owners = ELEMENTS(self),
                .filters = filters,
                .n_filters = n_filters,
                .include_disabled = true,
        };
}

struct describe_snapshots ec2_own_snapshots(struct ec2_filter *filters, size_t n_filters)
{
        return (struct describe_snapshots){
                .owners = self,
                .n_owners = ELEMENTS(self),
                .filters = filters,
                .n_filters = n_filters,
        };
}

const struct ec2_image *ec2_find_image(const struct ec2_images *images, const char *id)
{
        for (size_t i = 0; i < images->n_images; i++)
                if (streq(images->images[i].id, id))
                        return &images->images[i];
        return NULL;
}

/* EC2's published token buckets of an account in a region:
 * https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html */
#define BUCKET_READ                                                                                \
        {                                                                                          \
                100, 20                                                                            \
        }
#define BUCKET_CHANGE                                                                              \
        {                                                                                          \
                50, 5                                                                              \
        }
#define BUCKET_RETIRE                                                                              \
        {                                                                                          \
                100, 5                                                                             \
        } /* DeregisterImage, DeleteSnapshot */
#define BUCKET_START                                                                               \
        {                                                                                          \
                5, 2                                                                               \
        }
#define BUCKET_CREATE_TAGS                                                                         \
        {                                                                                          \
                100, 10                                                                            \
        }

enum {
        PAGE_SIZE = 1000,
        TYPES_PAGE_SIZE = 100,
};
static const struct paging pages = { "MaxResults", "NextToken", "nextToken" };

/* ---- shared shapes ---- */

/* Names begin with a capital letter in requests, and with a small letter in replies. */
SHAPE(tag_in, struct ec2_tag, FIELD("Key", AS_TEXT, struct ec2_tag, key),
      FIELD("Value", AS_TEXT, struct ec2_tag, value));
SHAPE(tag_out, struct ec2_tag, FIELD("key", AS_TEXT, struct ec2_tag, key),
      FIELD("value", AS_TEXT, struct ec2_tag, value));
SHAPE(filter, struct ec2_filter, FIELD("Name", AS_TEXT, struct ec2_filter, name),
      FIELD("Value", AS_TEXTS, struct ec2_filter, values));
SHAPE(tag_specification, struct ec2_tag_specification,
      FIELD("ResourceType", AS_TEXT, struct ec2_tag_specification, type),
      FIELD_ROWS("Tag", struct ec2_tag_specification, tags, &tag_in));

/* ---- instances ---- */

SHAPE(describe_instances_in, struct describe_instances,
      FIELD("InstanceId", AS_TEXTS, struct describe_instances, ids),
      FIELD_ROWS("Filter", struct describe_instances, filters, &filter));
SHAPE(instance_device, struct ec2_instance_device,
      FIELD("deviceName", AS_TEXT, struct ec2_instance_device, device),
      FIELD("ebs/volumeId", AS_TEXT, struct ec2_instance_device, volume));
SHAPE(association, struct ec2_association,
      FIELD("association/publicIp", AS_TEXT, struct ec2_association, public_address),
      FIELD("association/ipOwnerId", AS_TEXT, struct ec2_association, owner));
SHAPE(instance, struct ec2_instance, FIELD_REQUIRED("instanceId", AS_TEXT, struct ec2_instance, id),
      FIELD("placement/availabilityZone", AS_TEXT, struct ec2_instance, zone),
      FIELD("rootDeviceType", AS_TEXT, struct ec2_instance, root_device_type),
      FIELD("instanceLifecycle", AS_TEXT, struct ec2_instance, lifecycle),
      FIELD("imageId", AS_TEXT, struct ec2_instance, image_id),
      FIELD_ENUM("instanceState/name", struct ec2_instance, state, instance_state_names),
      FIELD("launchTime", AS_TIME, struct ec2_instance, launched),
      FIELD("instanceType", AS_TEXT, struct ec2_instance, type),
      FIELD("platform", AS_TEXT, struct ec2_instance, platform),
      FIELD("reason", AS_WORDS, struct ec2_instance, reason),
      FIELD("stateReason/code", AS_WORDS, struct ec2_instance, reason_code),
      FIELD("stateReason/message", AS_WORDS, struct ec2_instance, reason_message),
      FIELD("hibernationOptions/configured", AS_FLAG, struct ec2_instance, hibernation),
      FIELD("ipAddress", AS_TEXT, struct ec2_instance, public_address),
      FIELD_ROWS("networkInterfaceSet/item", struct ec2_instance, interfaces, &association),
      FIELD_ROWS("blockDeviceMapping/item", struct ec2_instance, devices, &instance_device),
      FIELD_ROWS("tagSet/item", struct ec2_instance, tags, &tag_out));
SHAPE(describe_instances_out, struct ec2_instances,
      FIELD_ROWS("reservationSet/item/instancesSet/item", struct ec2_instances, instances,
                 &instance));

const struct action ec2_describe_instances = {
        .name = "DescribeInstances",
        .service = &service_ec2,
        .priority = PRIORITY_FOLLOW,
        .bucket = BUCKET_READ,
        .input = &describe_instances_in,
        .output = &describe_instances_out,
        .paging = &pages,
        .page_size = PAGE_SIZE,
        .ids = "InstanceId",
        .repeatable = true,
};

SHAPE(describe_instance_status_in, struct describe_instance_status,
      FIELD("InstanceId", AS_TEXTS, struct describe_instance_status, ids),
      FIELD("IncludeAllInstances", AS_FLAG, struct describe_instance_status, include_all));
SHAPE(check_detail, struct ec2_check_detail,
      FIELD("impairedSince", AS_TIME, struct ec2_check_detail, impaired));
SHAPE(instance_status, struct ec2_instance_status,
      FIELD_REQUIRED("instanceId", AS_TEXT, struct ec2_instance_status, id),
      FIELD_ENUM("instanceState/name", struct ec2_instance_status, state, instance_state_names),
      FIELD_ENUM("systemStatus/status", struct ec2_instance_status, system, check_status_names),
      FIELD_ROWS("systemStatus/details/item", struct ec2_instance_status, system_details,
                 &check_detail),
      FIELD_ENUM("instanceStatus/status", struct ec2_instance_status, instance, check_status_names),
      FIELD_ROWS("instanceStatus/details/item", struct ec2_instance_status, instance_details,
                 &check_detail));
SHAPE(describe_instance_status_out, struct ec2_instance_statuses,
      FIELD_ROWS("instanceStatusSet/item", struct ec2_instance_statuses, statuses,
                 &instance_status));

const struct action ec2_describe_instance_status = {
        .name = "DescribeInstanceStatus",
        .service = &service_ec2,
        .priority = PRIORITY_FOLLOW,
        .bucket = BUCKET_READ,
        .input = &describe_instance_status_in,
        .output = &describe_instance_status_out,
        .paging = &pages,
        .page_size = PAGE_SIZE,
        .ids = "InstanceId",
        .repeatable = true,
};

SHAPE(change_instances_in, struct change_instances,
      FIELD("InstanceId", AS_TEXTS, struct change_instances, ids));
SHAPE(instance_change, struct ec2_instance_change,
      FIELD_REQUIRED("instanceId", AS_TEXT, struct ec2_instance_change, id),
      FIELD_ENUM("currentState/name", struct ec2_instance_change, current, instance_state_names),
      FIELD_ENUM("previousState/name", struct ec2_instance_change, previous, instance_state_names));
SHAPE(change_instances_out, struct ec2_instance_changes,
      FIELD_ROWS("instancesSet/item", struct ec2_instance_changes, changes, &instance_change));

const struct action ec2_stop_instances = {
        .name = "StopInstances",
        .service = &service_ec2,
        .priority = PRIORITY_CREATE,
        .bucket = BUCKET_CHANGE,
        .input = &change_instances_in,
        .output = &change_instances_out,
        .repeatable = true,
};

const struct action ec2_start_instances = {
        .name = "StartInstances",
        .service = &service_ec2,
        .priority = PRIORITY_START,
        .bucket = BUCKET_START,
        .input = &change_instances_in,
        .output = &change_instances_out,
        .repeatable = true,
};

SHAPE(describe_instance_types_in, struct describe_instance_types,
      FIELD("InstanceType", AS_TEXTS, struct describe_instance_types, names),
      FIELD_ROWS("Filter", struct describe_instance_types, filters, &filter));
SHAPE(instance_type, struct ec2_instance_type,
      FIELD("instanceType", AS_TEXT, struct ec2_instance_type, name),
      FIELD("instanceStorageSupported", AS_FLAG, struct ec2_instance_type, instance_storage),
      FIELD("hibernationSupported", AS_FLAG, struct ec2_instance_type, hibernation));
SHAPE(describe_instance_types_out, struct ec2_instance_types,
      FIELD_ROWS("instanceTypeSet/item", struct ec2_instance_types, types, &instance_type));

const struct action ec2_describe_instance_types = {
        .name = "DescribeInstanceTypes",
        .service = &service_ec2,
        .priority = PRIORITY_FOLLOW,
        .bucket = BUCKET_READ,
        .input = &describe_instance_types_in,
        .output = &describe_instance_types_out,
        .paging = &pages,
        .page_size = TYPES_PAGE_SIZE,
        .ids = "InstanceType",
        .repeatable = true,
};

/* ---- images ---- */

SHAPE(describe_images_in, struct describe_images,
      FIELD("Owner", AS_TEXTS, struct describe_images, owners),
      FIELD_ROWS("Filter", struct describe_images, filters, &filter),
      FIELD("IncludeDisabled", AS_FLAG, struct describe_images, include_disabled));
SHAPE(image_device, struct ec2_image_device,
      FIELD("deviceName", AS_TEXT, struct ec2_image_device, device),
      FIELD("ebs/snapshotId", AS_TEXT, struct ec2_image_device, snapshot));
SHAPE(image, struct ec2_image, FIELD_REQUIRED("imageId", AS_TEXT, struct ec2_image, id),
      FIELD("name", AS_TEXT, struct ec2_image, name),
      FIELD("description", AS_TEXT, struct ec2_image, description),
      FIELD("imageOwnerId", AS_TEXT, struct ec2_image, owner),
      FIELD("sourceInstanceId", AS_TEXT, struct ec2_image, source_instance),
      FIELD_ENUM("imageState", struct ec2_image, state, image_state_names),
      FIELD("creationDate", AS_TIME, struct ec2_image, created),
      FIELD("lastLaunchedTime", AS_TIME, struct ec2_image, launched),
      FIELD("stateReason/code", AS_WORDS, struct ec2_image, reason_code),
      FIELD("stateReason/message", AS_WORDS, struct ec2_image, reason),
      FIELD("deregistrationProtection", AS_WORDS, struct ec2_image, protection),
      FIELD_ROWS("blockDeviceMapping/item", struct ec2_image, devices, &image_device),
      FIELD_ROWS("tagSet/item", struct ec2_image, tags, &tag_out));
SHAPE(describe_images_out, struct ec2_images,
      FIELD_ROWS("imagesSet/item", struct ec2_images, images, &image));

const struct action ec2_describe_images = {
        .name = "DescribeImages",
        .service = &service_ec2,
        .priority = PRIORITY_FOLLOW,
        .bucket = BUCKET_READ,
        .input = &describe_images_in,
        .output = &describe_images_out,
        .paging = &pages,
        .page_size = PAGE_SIZE,
        .repeatable = true,
};

SHAPE(no_device, struct ec2_no_device, FIELD("DeviceName", AS_TEXT, struct ec2_no_device, device),
      FIELD("NoDevice", AS_TEXT, struct ec2_no_device, none));
SHAPE(create_image_in, struct create_image,
      FIELD("InstanceId", AS_TEXT, struct create_image, instance),
      FIELD("Name", AS_TEXT, struct create_image, name),
      FIELD("Description", AS_TEXT, struct create_image, description),
      FIELD("NoReboot", AS_FLAG, struct create_image, no_reboot),
      FIELD_ROWS("BlockDeviceMapping", struct create_image, exclude, &no_device),
      FIELD_ROWS("TagSpecification", struct create_image, tag_specifications, &tag_specification));
SHAPE(create_image_out, struct ec2_created_image,
      FIELD_REQUIRED("imageId", AS_TEXT, struct ec2_created_image, id));

const struct action ec2_create_image = {
        .name = "CreateImage",
        .service = &service_ec2,
        .priority = PRIORITY_CREATE,
        .bucket = BUCKET_CHANGE,
        .input = &create_image_in,
        .output = &create_image_out,
};

SHAPE(deregister_image_in, struct deregister_image,
      FIELD("ImageId", AS_TEXT, struct deregister_image, image));

const struct action ec2_deregister_image = {
        .name = "DeregisterImage",
        .service = &service_ec2,
        .priority = PRIORITY_PRUNE,
        .bucket = BUCKET_RETIRE,
        .input = &deregister_image_in,
        .repeatable = true,
};

/* ---- snapshots and tags ---- */

SHAPE(describe_snapshots_in, struct describe_snapshots,
      FIELD("Owner", AS_TEXTS, struct describe_snapshots, owners),
      FIELD_ROWS("Filter", struct describe_snapshots, filters, &filter));
SHAPE(snapshot, struct ec2_snapshot, FIELD_REQUIRED("snapshotId", AS_TEXT, struct ec2_snapshot, id),
      FIELD("volumeId", AS_TEXT, struct ec2_snapshot, volume),
      FIELD("statusMessage", AS_WORDS, struct ec2_snapshot, message),
      FIELD("description", AS_TEXT, struct ec2_snapshot, description),
      FIELD_ENUM("status", struct ec2_snapshot, state, snapshot_state_names),
      FIELD("progress", AS_TEXT, struct ec2_snapshot, progress),
      FIELD("startTime", AS_TIME, struct ec2_snapshot, started),
      FIELD_ROWS("tagSet/item", struct ec2_snapshot, tags, &tag_out));
SHAPE(describe_snapshots_out, struct ec2_snapshots,
      FIELD_ROWS("snapshotSet/item", struct ec2_snapshots, snapshots, &snapshot));

const struct action ec2_describe_snapshots = {
        .name = "DescribeSnapshots",
        .service = &service_ec2,
        .priority = PRIORITY_FOLLOW,
        .bucket = BUCKET_READ,
        .input = &describe_snapshots_in,
        .output = &describe_snapshots_out,
        .paging = &pages,
        .page_size = PAGE_SIZE,
        .repeatable = true,
};

SHAPE(delete_snapshot_in, struct delete_snapshot,
      FIELD("SnapshotId", AS_TEXT, struct delete_snapshot, snapshot));

const struct action ec2_delete_snapshot = {
        .name = "DeleteSnapshot",
        .service = &service_ec2,
        .priority = PRIORITY_PRUNE,
        .bucket = BUCKET_RETIRE,
        .input = &delete_snapshot_in,
        .repeatable = true,
};

SHAPE(create_tags_in, struct create_tags, FIELD("ResourceId", AS_TEXTS, struct create_tags, ids),
      FIELD_ROWS("Tag", struct create_tags, tags, &tag_in));

const struct action ec2_create_tags = {
        .name = "CreateTags",
        .service = &service_ec2,
        .priority = PRIORITY_TAG,
        .bucket = BUCKET_CREATE_TAGS,
        .input = &create_tags_in,
        .repeatable = true,
};

/* ---- regions ---- */

SHAPE(region, struct ec2_region, FIELD("regionName", AS_TEXT, struct ec2_region, name));
SHAPE(describe_regions_out, struct ec2_regions,
      FIELD_ROWS("regionInfo/item", struct ec2_regions, regions, &region));

const struct action ec2_describe_regions = {
        .name = "DescribeRegions",
        .service = &service_ec2,
        .priority = PRIORITY_FOLLOW,
        .bucket = BUCKET_READ,
        .output = &describe_regions_out,
        .repeatable = true,
};
