/*
 * Provenance: whether an image or a snapshot that EC2 describes is that of a row of the store. Tags
 * can be edited by anybody who may tag, so they are compared together with what nobody can edit:
 * name, SourceInstanceId and CreationDate. Pure.
 *
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Image.html
 */
#pragma once

#include "runs/images/naming.h"
#include "store/store.h"

/* How `image` differs from the image of `row`, under the owner of the settings, for people; NULL:
 * it does not. Caller frees. */
char *provenance_image(const struct ec2_image *image, const struct store_image *row,
                       const char *owner);

/* Why `snapshot` was not made for the image of `row`; NULL: it was. Caller frees. */
char *provenance_snapshot(const struct ec2_snapshot *snapshot, const struct store_image *row,
                          const char *owner);
