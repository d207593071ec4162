/* The accounts of the settings as aws/ knows them. */
#pragma once

#include "aws/client/aws.h"
#include "settings/settings.h"

/* A reference to the account of these settings. Equal settings give the same object, so a reload
 * that changes nothing changes no account. */
struct aws_account *account_open(struct aws *aws, const struct setting_account *setting);
