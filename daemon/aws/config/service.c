/* The table of AWS services. */
#include "aws/config/service.h"

#define SERVICE(id, in_shout, in_section, at, how, ...)                                            \
        {                                                                                          \
                .name = (id), .shout = (in_shout), .section = (in_section), .version = (at),       \
                .protocol = (how), __VA_ARGS__                                                     \
        }

const struct service service_ec2 = SERVICE("ec2", "EC2", "ec2", "2016-11-15", PROTOCOL_EC2);
const struct service service_sts = SERVICE("sts", "STS", "sts", "2011-06-15", PROTOCOL_QUERY);
const struct service service_ssm =
        SERVICE("ssm", "SSM", "ssm", "2014-11-06", PROTOCOL_JSON_1_1, .target = "AmazonSSM");
const struct service service_elb =
        SERVICE("elasticloadbalancing", "ELASTIC_LOAD_BALANCING_V2", "elastic_load_balancing_v2",
                "2015-12-01", PROTOCOL_QUERY);
const struct service service_autoscaling =
        SERVICE("autoscaling", "AUTO_SCALING", "auto_scaling", "2011-01-01", PROTOCOL_QUERY);
