#include "aws/service.h"

const struct service service_ec2 = { "ec2", "EC2", "ec2", "2016-11-15", PROTOCOL_EC2 };
const struct service service_sts = { "sts", "STS", "sts", "2011-06-15", PROTOCOL_QUERY };
