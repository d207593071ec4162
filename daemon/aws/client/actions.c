/* The list of all actions. */
#include "aws/client/actions.h"

#include "aws/credentials/explain.h"
#include "aws/credentials/sts.h"
#include "aws/services/autoscaling.h"
#include "aws/services/ec2.h"
#include "aws/services/elb.h"
#include "aws/services/ssm.h"

const struct action *const aws_actions[] = {
        &ec2_describe_instances,
        &ec2_describe_instance_status,
        &ec2_describe_instance_types,
        &ec2_stop_instances,
        &ec2_start_instances,
        &ec2_describe_images,
        &ec2_describe_snapshots,
        &ec2_create_image,
        &ec2_deregister_image,
        &ec2_delete_snapshot,
        &ec2_create_tags,
        &ec2_describe_regions,

        &ssm_describe_instance_information,
        &ssm_send_command,
        &ssm_get_command_invocation,
        &ssm_list_commands,
        &ssm_cancel_command,

        &elb_describe_target_groups,
        &elb_describe_target_health,
        &elb_register_targets,
        &elb_deregister_targets,

        &autoscaling_describe_instances,
        &autoscaling_describe_groups,
        &autoscaling_enter_standby,
        &autoscaling_exit_standby,

        &sts_get_caller_identity,
        &sts_assume_role,
        &sts_assume_role_with_web_identity,
        &sts_decode_authorization_message,

        NULL,
};
