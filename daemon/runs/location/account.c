/* Accounts of the settings as accounts of aws/. */
#include "runs/location/account.h"

#include "base/alloc.h"

struct aws_account *account_open(struct aws *aws, const struct setting_account *setting)
{
        _cleanup_free_ struct aws_tag *tags = xcalloc(setting->n_session_tags + 1, sizeof(*tags));

        for (size_t i = 0; i < setting->n_session_tags; i++)
                tags[i] = (struct aws_tag){ setting->session_tags[i].key,
                                            setting->session_tags[i].value };
        return aws_account(aws, &(struct aws_account_options){
                                        .name = setting->name,
                                        .endpoint_url = setting->endpoint_url,
                                        .profile = setting->profile,
                                        .role_arn = setting->role_arn,
                                        .external_id = setting->external_id,
                                        .session_name = setting->session_name,
                                        .duration = (unsigned int)setting->duration,
                                        .session_tags = tags,
                                        .n_session_tags = setting->n_session_tags,
                                        .expect_account = setting->expect_account,
                                        .region = setting->n_regions ? setting->regions[0] : NULL,
                                });
}
