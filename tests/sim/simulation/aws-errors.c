/* The tables of errors and answers. */
/*
 * Sources: the lists of error codes in the API references of EC2 ("Error codes for the Amazon EC2
 * API"), Systems Manager, Elastic Load Balancing v2, Auto Scaling and STS ("Errors" of each action,
 * "Common Errors" of each service).
 */
#include "sim/simulation/aws-errors.h"

#include <string.h>

#include "base/text.h"
#include "sim/sim-actions.h"

#define INSTANCES                                                                                  \
        "CreateImage DescribeInstances DescribeInstanceStatus StartInstances StopInstances "       \
        "CreateTags"
#define IMAGES    "CreateImage DescribeImages DeregisterImage CreateTags"
#define SNAPSHOTS "DescribeSnapshots DeleteSnapshot CreateTags"
#define LISTS     "DescribeInstances DescribeInstanceStatus DescribeImages DescribeSnapshots"
#define CHANGES   "CreateImage CreateTags DeregisterImage DeleteSnapshot StartInstances StopInstances"
#define TARGETS   "RegisterTargets DeregisterTargets DescribeTargetHealth"
#define STANDBY   "EnterStandby ExitStandby"
#define SSM_LISTS "DescribeInstanceInformation ListCommands"

/* clang-format off */
const struct aws_error aws_errors[] = {
        /* ---- EC2: any action ---- */
        { SIM_EC2, "AuthFailure", 401, NULL, "AWS was not able to validate the provided access credentials", false },
        { SIM_EC2, "AuthFailure", 403, IMAGES, "Not authorized for image:ami-1a2b3c4d", false },
        { SIM_EC2, "AccountDisabled", 403, NULL, "The functionality you have requested has been administratively disabled for this account.", false },
        { SIM_EC2, "Blocked", 403, NULL, "This account is currently blocked and not recognized as a valid account. Please contact aws-verification@amazon.com if you have questions.", false },
        { SIM_EC2, "DeclarativePolicyViolation", 403, CHANGES, "This functionality has been disabled by a Declarative Policy.", false },
        { SIM_EC2, "EC2ThrottledException", 503, NULL, "Request limit exceeded.", false },
        { SIM_EC2, "IncompleteSignature", 400, NULL, "The request signature does not conform to AWS standards.", false },
        { SIM_EC2, "InternalError", 500, NULL, "An internal error has occurred", true },
        { SIM_EC2, "InternalFailure", 500, NULL, "The request processing has failed because of an unknown error, exception, or failure.", true },
        { SIM_EC2, "ServerInternal", 500, NULL, "An internal error has occurred", true },
        { SIM_EC2, "ServiceUnavailable", 503, NULL, "The request has failed due to a temporary failure of the server.", true },
        { SIM_EC2, "Unavailable", 503, NULL, "The server is overloaded and can't handle the request.", true },
        { SIM_EC2, "InvalidAction", 400, NULL, "The action or operation requested is not valid.", false },
        { SIM_EC2, "InvalidClientTokenId", 403, NULL, "The X.509 certificate or credentials provided do not exist in our records.", false },
        { SIM_EC2, "InvalidParameter", 400, NULL, "A parameter specified in a request is not valid.", false },
        { SIM_EC2, "InvalidParameterCombination", 400, NULL, "Indicates an incorrect combination of parameters.", false },
        { SIM_EC2, "InvalidParameterValue", 400, NULL, "A value specified in a parameter is not valid.", false },
        { SIM_EC2, "InvalidQueryParameter", 400, NULL, "The AWS query string is malformed or does not adhere to AWS standards.", false },
        { SIM_EC2, "InvalidSecurity.RequestHasExpired", 400, NULL, "The difference between the request timestamp and the AWS server time is greater than 5 minutes.", false },
        { SIM_EC2, "MalformedQueryString", 404, NULL, "The query string contains a syntax error.", false },
        { SIM_EC2, "MissingAction", 400, NULL, "The request is missing an action or a required parameter.", false },
        { SIM_EC2, "MissingAuthenticationToken", 403, NULL, "The request must contain valid credentials.", false },
        { SIM_EC2, "MissingParameter", 400, NULL, "The request is missing a required parameter.", false },
        { SIM_EC2, "NoSuchVersion", 400, NULL, "API Version not found", false },
        { SIM_EC2, "OptInRequired", 401, NULL, "You are not authorized to use the requested service.", false },
        { SIM_EC2, "PendingVerification", 400, NULL, "Your account is pending verification.", false },
        { SIM_EC2, "RequestExpired", 400, NULL, "Request has expired.", false },
        { SIM_EC2, "RequestLimitExceeded", 503, NULL, "Request limit exceeded.", false },
        { SIM_EC2, "ResourceCountExceeded", 400, NULL, "You have exceeded the number of resources allowed for this request.", false },
        { SIM_EC2, "SignatureDoesNotMatch", 403, NULL, "The request signature that Amazon has does not match the signature that you provided.", false },
        { SIM_EC2, "UnauthorizedOperation", 403, NULL, "You are not authorized to perform this operation.", false },
        { SIM_EC2, "UnknownParameter", 400, NULL, "An unknown or unrecognized parameter was supplied.", false },
        { SIM_EC2, "Unsupported", 400, CHANGES, "The specified request is unsupported.", false },
        { SIM_EC2, "UnsupportedOperation", 400, NULL, "The specified request includes an unsupported operation.", false },
        { SIM_EC2, "UnsupportedProtocol", 400, NULL, "SOAP has been deprecated and is no longer supported.", false },
        { SIM_EC2, "ValidationError", 400, NULL, "The input fails to satisfy the constraints specified by an AWS service.", false },
        /* ---- EC2: instances ---- */
        { SIM_EC2, "InvalidInstanceID.NotFound", 400, INSTANCES, "The instance ID does not exist", false },
        { SIM_EC2, "InvalidInstanceID.Malformed", 400, INSTANCES, "Invalid id", false },
        { SIM_EC2, "InvalidInstanceID", 400, "CreateImage StopInstances", "The instance ID is not valid for this operation", false },
        { SIM_EC2, "InvalidInstanceID.NotLinkable", 400, "CreateImage", "The instance cannot be linked", false },
        { SIM_EC2, "IncorrectInstanceState", 400, "CreateImage StartInstances StopInstances", "The instance is not in a state from which this can be done.", false },
        { SIM_EC2, "IncorrectState", 400, CHANGES, "The resource is in an incorrect state for the request.", false },
        { SIM_EC2, "InvalidState", 400, CHANGES, "The specified resource is not in the correct state for the request", false },
        { SIM_EC2, "InsufficientInstanceCapacity", 500, "StartInstances", "There is not enough capacity to fulfill your request.", false },
        { SIM_EC2, "InsufficientHostCapacity", 500, "StartInstances", "There is not enough capacity to fulfill your Dedicated Host request.", false },
        { SIM_EC2, "InsufficientReservedInstanceCapacity", 400, "StartInstances", "Not enough available Reserved Instances to satisfy your minimum request.", false },
        { SIM_EC2, "InsufficientCapacityOnOutpost", 400, "StartInstances", "There is not enough capacity on your Outpost to launch or start the instance.", false },
        { SIM_EC2, "UnfulfillableCapacity", 400, "StartInstances", "At this time there isn't enough spare capacity to fulfill your request for Spot Instances.", false },
        { SIM_EC2, "InstanceLimitExceeded", 400, "StartInstances", "You have requested more instances than your current instance limit allows", false },
        { SIM_EC2, "VcpuLimitExceeded", 400, "StartInstances", "You have requested more vCPU capacity than your current vCPU limit allows", false },
        { SIM_EC2, "VolumeInUse", 400, "StartInstances", "The volume is in use", false },
        { SIM_EC2, "InvalidKeyPair.NotFound", 400, "StartInstances", "The key pair does not exist", false },
        { SIM_EC2, "InvalidHostId.NotFound", 400, "StartInstances", "The host does not exist", false },
        { SIM_EC2, "CustomerKeyHasBeenRevoked", 400, "StartInstances CreateImage", "The customer master key cannot be accessed.", false },
        { SIM_EC2, "OperationNotPermitted", 400, "StopInstances", "The instance may not be stopped. Modify its 'disableApiStop' instance attribute and try again.", false },
        { SIM_EC2, "OperationNotPermitted", 400, CHANGES, "The specified operation is not allowed.", false },
        { SIM_EC2, "InstanceAlreadyLinked", 400, "StartInstances", "The instance is already linked", false },
        { SIM_EC2, "NonEBSInstance", 400, "CreateImage StopInstances", "The specified instance does not support EBS.", false },
        /* ---- EC2: images ---- */
        { SIM_EC2, "InvalidAMIID.NotFound", 400, IMAGES, "The image id does not exist", false },
        { SIM_EC2, "InvalidAMIID.Unavailable", 400, "DescribeImages DeregisterImage CreateTags", "The image ID is no longer available", false },
        { SIM_EC2, "InvalidAMIID.Malformed", 400, IMAGES, "Invalid id", false },
        { SIM_EC2, "InvalidAMIName.Duplicate", 400, "CreateImage", "AMI name is already in use by AMI ami-1a2b3c4d", true },
        { SIM_EC2, "InvalidAMIName.Malformed", 400, "CreateImage", "AMI names must be between 3 and 128 characters long", false },
        { SIM_EC2, "InvalidBlockDeviceMapping", 400, "CreateImage", "A block device mapping parameter is not valid.", false },
        { SIM_EC2, "InvalidImageAttribute", 400, "CreateImage", "The image attribute is not valid", false },
        { SIM_EC2, "ResourceLimitExceeded", 400, "CreateImage", "You have exceeded an Amazon EC2 resource limit.", false },
        { SIM_EC2, "ConcurrentCreateImageNoRebootLimitExceeded", 400, "CreateImage", "The maximum number of concurrent CreateImage requests for the instance has been reached.", false },
        { SIM_EC2, "OperationNotPermitted", 400, "DeregisterImage", "The image is protected: deregistration protection is enabled.", false },
        { SIM_EC2, "InvalidParameterValue", 400, "DeregisterImage", "The AMI is managed by the AWS Backup service and cannot be deleted via EC2 APIs.", false },
        { SIM_EC2, "InvalidVolume.NotFound", 400, "CreateImage", "The volume does not exist", false },
        /* ---- EC2: snapshots ---- */
        { SIM_EC2, "PendingSnapshotLimitExceeded", 400, "CreateImage", "You've reached the limit on the number of Amazon EBS snapshots that you can have in the pending state.", false },
        { SIM_EC2, "ConcurrentSnapshotLimitExceeded", 400, "CreateImage", "You have reached the limit on the number of concurrent snapshots you can create on the volume.", false },
        { SIM_EC2, "SnapshotLimitExceeded", 400, "CreateImage", "You've reached the limit on the number of Amazon EBS snapshots that you can create.", false },
        { SIM_EC2, "SnapshotCreationPerVolumeRateExceeded", 400, "CreateImage", "The maximum per volume CreateSnapshot request rate has been exceeded.", false },
        { SIM_EC2, "InvalidSnapshot.NotFound", 400, SNAPSHOTS, "The snapshot does not exist", false },
        { SIM_EC2, "InvalidSnapshot.InUse", 400, "DeleteSnapshot", "The snapshot is currently in use by an AMI", false },
        { SIM_EC2, "InvalidSnapshotID.Malformed", 400, SNAPSHOTS, "The snapshot ID is not valid", false },
        { SIM_EC2, "OperationNotPermitted", 400, "DeleteSnapshot", "The snapshot is locked and can't be deleted.", false },
        { SIM_EC2, "InvalidParameterValue", 400, "DeleteSnapshot", "This snapshot is managed by the AWS Backup service and cannot be deleted via EC2 APIs.", false },
        /* ---- EC2: tags, lists ---- */
        { SIM_EC2, "ConcurrentTagAccess", 400, "CreateTags CreateImage", "Can't run simultaneous commands to modify a tag for a specific resource.", false },
        { SIM_EC2, "TagLimitExceeded", 400, "CreateTags CreateImage", "You've reached the limit on the number of tags that you can assign to the specified resource.", false },
        { SIM_EC2, "TagPolicyViolation", 400, "CreateTags CreateImage", "The tag policy does not allow the specified value.", false },
        { SIM_EC2, "InvalidID", 400, "CreateTags", "The specified ID for the resource you are trying to tag is not valid.", false },
        { SIM_EC2, "FilterLimitExceeded", 400, LISTS, "The request uses too many filters or too many filter values.", false },
        { SIM_EC2, "InvalidFilter", 400, LISTS, "The specified filter is not valid.", false },
        { SIM_EC2, "InvalidNextToken", 400, LISTS, "The specified NextToken is not valid.", false },
        { SIM_EC2, "InvalidPaginationToken", 400, LISTS, "The specified pagination token is not valid or is expired.", false },
        { SIM_EC2, "InvalidMaxResults", 400, LISTS, "The specified value for MaxResults is not valid.", false },
        /* ---- Systems Manager ---- */
        { SIM_SSM, "InternalServerError", 500, NULL, "An error occurred on the server side.", true },
        { SIM_SSM, "ThrottlingException", 400, NULL, "Rate exceeded", false },
        { SIM_SSM, "AccessDeniedException", 400, NULL, "You do not have sufficient access to perform this action.", false },
        { SIM_SSM, "ExpiredTokenException", 400, NULL, "The security token included in the request is expired", false },
        { SIM_SSM, "IncompleteSignature", 400, NULL, "The request signature does not conform to AWS standards.", false },
        { SIM_SSM, "UnrecognizedClientException", 400, NULL, "The security token included in the request is invalid.", false },
        { SIM_SSM, "InvalidSignatureException", 400, NULL, "Signature expired", false },
        { SIM_SSM, "OptInRequired", 403, NULL, "The AWS access key ID needs a subscription for the service.", false },
        { SIM_SSM, "RequestExpired", 400, NULL, "The request reached the service more than 15 minutes after the date stamp on the request.", false },
        { SIM_SSM, "ServiceUnavailable", 503, NULL, "The request has failed due to a temporary failure of the server.", true },
        { SIM_SSM, "ValidationException", 400, NULL, "The input fails to satisfy the constraints specified by an AWS service.", false },
        { SIM_SSM, "UnknownOperationException", 400, NULL, "The action or operation requested is not valid.", false },
        { SIM_SSM, "InvalidInstanceId", 400, "SendCommand ListCommands DescribeInstanceInformation GetCommandInvocation", "Instances not in a valid state for account", false },
        { SIM_SSM, "InvalidCommandId", 400, "ListCommands GetCommandInvocation", "The specified command ID isn't valid.", false },
        { SIM_SSM, "InvocationDoesNotExist", 400, "GetCommandInvocation", "The command ID and managed node ID you specified didn't match any invocations.", false },
        { SIM_SSM, "InvalidPluginName", 400, "GetCommandInvocation", "The plugin name isn't valid.", false },
        { SIM_SSM, "DuplicateInstanceId", 400, "SendCommand", "You can't specify a managed node ID in more than one association.", false },
        { SIM_SSM, "InvalidDocument", 400, "SendCommand", "The specified SSM document doesn't exist.", false },
        { SIM_SSM, "InvalidDocumentVersion", 400, "SendCommand", "The document version isn't valid or doesn't exist.", false },
        { SIM_SSM, "InvalidParameters", 400, "SendCommand", "You must specify values for all required parameters in the SSM document.", false },
        { SIM_SSM, "InvalidOutputFolder", 400, "SendCommand", "The S3 bucket doesn't exist.", false },
        { SIM_SSM, "InvalidRole", 400, "SendCommand", "The role name can't contain invalid characters.", false },
        { SIM_SSM, "InvalidNotificationConfig", 400, "SendCommand", "One or more configuration items isn't valid.", false },
        { SIM_SSM, "MaxDocumentSizeExceeded", 400, "SendCommand", "The size limit of a document is 64 KB.", false },
        { SIM_SSM, "UnsupportedPlatformType", 400, "SendCommand", "The document doesn't support the platform type of the given managed node IDs.", false },
        { SIM_SSM, "InvalidFilterKey", 400, SSM_LISTS, "The specified key isn't valid.", false },
        { SIM_SSM, "InvalidInstanceInformationFilterValue", 400, "DescribeInstanceInformation", "The specified filter value isn't valid.", false },
        { SIM_SSM, "InvalidNextToken", 400, SSM_LISTS, "The specified token isn't valid.", false },
        /* ---- Elastic Load Balancing ---- */
        { SIM_ELB, "InternalFailure", 500, NULL, "The request processing has failed because of an unknown error", true },
        { SIM_ELB, "ServiceUnavailable", 503, NULL, "The request has failed due to a temporary failure of the server.", true },
        { SIM_ELB, "Throttling", 400, NULL, "Rate exceeded", false },
        { SIM_ELB, "AccessDenied", 403, NULL, "User is not authorized to perform this action", false },
        { SIM_ELB, "InvalidClientTokenId", 403, NULL, "The security token included in the request is invalid.", false },
        { SIM_ELB, "ExpiredToken", 403, NULL, "The security token included in the request is expired", false },
        { SIM_ELB, "SignatureDoesNotMatch", 403, NULL, "Signature expired", false },
        { SIM_ELB, "RequestExpired", 400, NULL, "Request has expired.", false },
        { SIM_ELB, "OptInRequired", 403, NULL, "The AWS access key ID needs a subscription for the service.", false },
        { SIM_ELB, "ValidationError", 400, NULL, "The input fails to satisfy the constraints", false },
        { SIM_ELB, "InvalidAction", 400, NULL, "The action or operation requested is invalid.", false },
        { SIM_ELB, "TargetGroupNotFound", 400, TARGETS " DescribeTargetGroups DescribeTargetGroupAttributes", "One or more target groups not found", false },
        { SIM_ELB, "LoadBalancerNotFound", 400, "DescribeTargetGroups", "One or more load balancers not found", false },
        { SIM_ELB, "InvalidTarget", 400, TARGETS, "The specified target does not exist, is not in the same VPC as the target group, or has an unsupported instance type.", false },
        { SIM_ELB, "HealthUnavailable", 500, "DescribeTargetHealth", "The health of the specified targets could not be retrieved due to an internal error.", false },
        { SIM_ELB, "TooManyTargets", 400, "RegisterTargets", "You've reached the limit on the number of targets.", false },
        { SIM_ELB, "TooManyRegistrationsForTargetId", 400, "RegisterTargets", "You've reached the limit on the number of times a target can be registered with a load balancer.", false },
        /* ---- Auto Scaling ---- */
        { SIM_AUTOSCALING, "InternalFailure", 500, NULL, "The request processing has failed because of an unknown error", true },
        { SIM_AUTOSCALING, "ServiceUnavailable", 503, NULL, "The request has failed due to a temporary failure of the server.", true },
        { SIM_AUTOSCALING, "Throttling", 400, NULL, "Rate exceeded", false },
        { SIM_AUTOSCALING, "AccessDenied", 403, NULL, "User is not authorized to perform this action", false },
        { SIM_AUTOSCALING, "InvalidClientTokenId", 403, NULL, "The security token included in the request is invalid.", false },
        { SIM_AUTOSCALING, "ExpiredToken", 403, NULL, "The security token included in the request is expired", false },
        { SIM_AUTOSCALING, "RequestExpired", 400, NULL, "Request has expired.", false },
        { SIM_AUTOSCALING, "ResourceContention", 500, NULL, "You already have a pending update to an Amazon EC2 Auto Scaling resource", false },
        { SIM_AUTOSCALING, "ScalingActivityInProgress", 400, STANDBY, "Activity is in progress and therefore cannot be performed.", false },
        { SIM_AUTOSCALING, "ValidationError", 400, NULL, "The input fails to satisfy the constraints", false },
        { SIM_AUTOSCALING, "ValidationError", 400, "ExitStandby", "The instance i-1a2b3c4d is not in Standby.", false },
        { SIM_AUTOSCALING, "ValidationError", 400, "EnterStandby", "The instance i-1a2b3c4d is not in InService.", false },
        { SIM_AUTOSCALING, "InvalidNextToken", 400, "DescribeAutoScalingGroups DescribeAutoScalingInstances", "The NextToken value is not valid.", false },
        /* ---- Security Token Service ---- */
        { SIM_STS, "InvalidClientTokenId", 403, NULL, "The security token included in the request is invalid.", false },
        { SIM_STS, "ExpiredToken", 403, NULL, "The security token included in the request is expired", false },
        { SIM_STS, "AccessDenied", 403, NULL, "User is not authorized to perform: sts:AssumeRole", false },
        { SIM_STS, "RegionDisabledException", 403, NULL, "STS is not activated in the requested region for the account", false },
        { SIM_STS, "MalformedPolicyDocument", 400, "AssumeRole AssumeRoleWithWebIdentity", "The policy document was malformed.", false },
        { SIM_STS, "PackedPolicyTooLarge", 400, "AssumeRole AssumeRoleWithWebIdentity", "The policy is too large", false },
        { SIM_STS, "IDPCommunicationError", 400, "AssumeRoleWithWebIdentity", "The identity provider could not be reached", false },
        { SIM_STS, "ExpiredTokenException", 400, NULL, "The security token included in the request is expired", false },
        { SIM_STS, "Throttling", 400, NULL, "Rate exceeded", false },
        { SIM_STS, "ThrottlingException", 400, NULL, "The request was denied due to request throttling.", false },
        { SIM_STS, "SignatureDoesNotMatch", 403, NULL, "Signature expired", false },
        { SIM_STS, "RequestExpired", 400, NULL, "The request reached the service more than 15 minutes after the date stamp on the request.", false },
        { SIM_STS, "OptInRequired", 403, NULL, "The AWS access key ID needs a subscription for the service.", false },
        { SIM_STS, "ValidationError", 400, NULL, "The input fails to satisfy the constraints specified by an AWS service.", false },
        { SIM_STS, "ServiceUnavailable", 503, NULL, "The request has failed due to a temporary failure of the server.", true },
        { SIM_STS, "InternalFailure", 500, NULL, "The request processing has failed because of an unknown error", true },
};
/* clang-format on */
const size_t n_aws_errors = ELEMENTS(aws_errors);

#define HTML "text/html"
#define XML  "text/xml;charset=UTF-8"
#define JSON "application/json"
#define PAGE(title)                                                                                \
        "<html><head><title>" title "</title></head><body><h1>" title "</h1></body></html>"

const struct foreign_answer foreign_answers[] = {
        { 200, HTML, PAGE("Sign in to continue") },
        { 302, HTML, PAGE("Found") },
        { 400, HTML, PAGE("400 Bad Request") },
        { 403, HTML, PAGE("Access to this site is blocked") },
        { 404, HTML, PAGE("404 Not Found") },
        { 407, HTML, PAGE("407 Proxy Authentication Required") },
        { 408, HTML, PAGE("408 Request Timeout") },
        { 413, HTML, PAGE("413 Request Entity Too Large") },
        { 429, HTML, PAGE("429 Too Many Requests") },
        { 502, HTML, PAGE("502 Bad Gateway") },
        { 503, HTML, PAGE("503 Service Temporarily Unavailable") },
        { 504, HTML, PAGE("504 Gateway Time-out") },
        { 200, XML, "" },
        { 400, XML, "" },
        { 403, NULL, "" },
        { 500, XML, "" },
        { 503, NULL, "" },
        { 200, XML, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Descri" },
        { 400, XML,
          "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>Inv" },
        { 400, JSON, "{\"error\":\"policy_denied\",\"message\":\"Forbidden\"}" },
        { 403, JSON, "{\"message\":\"Forbidden\"}" },
        { 502, JSON, "{\"message\":\"Internal server error\"}" },
        { 200, JSON, "{}" },
};
const size_t n_foreign_answers = ELEMENTS(foreign_answers);

#define ASSUMED(keys)                                                                              \
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"                 \
        "<AssumeRoleResult>" keys "</AssumeRoleResult></AssumeRoleResponse>"

const struct foreign_answer keyless_answers[] = {
        { 200, XML, ASSUMED("") },
        { 200, XML, ASSUMED("<Credentials/>") },
        { 200, XML,
          ASSUMED("<Credentials><AccessKeyId></AccessKeyId><SecretAccessKey></SecretAccessKey>"
                  "<SessionToken></SessionToken><Expiration></Expiration></Credentials>") },
        { 200, XML,
          ASSUMED("<Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s"
                  "</SecretAccessKey><Expiration>2100-01-01T00:00:00Z</Expiration>"
                  "</Credentials>") },
        { 200, XML,
          ASSUMED("<Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s"
                  "</SecretAccessKey><SessionToken>t</SessionToken><Expiration>soon</Expiration>"
                  "</Credentials>") },
};
const size_t n_keyless_answers = ELEMENTS(keyless_answers);

const char *const asked_actions[] = {
        "AssumeRole",
        "CreateImage",
        "CreateTags",
        "DeleteSnapshot",
        "DeregisterImage",
        "DescribeImages",
        "DescribeInstanceStatus",
        "DescribeInstanceTypes",
        "DescribeInstances",
        "DescribeSnapshots",
        "StartInstances",
        "StopInstances",
        "DescribeTargetGroupAttributes",
        "DescribeTargetGroups",
        "DescribeTargetHealth",
        "DeregisterTargets",
        "RegisterTargets",
        "DescribeAutoScalingGroups",
        "DescribeAutoScalingInstances",
        "EnterStandby",
        "ExitStandby",
        "DescribeInstanceInformation",
        "GetCommandInvocation",
        "ListCommands",
        "SendCommand",
};
const size_t n_asked_actions = ELEMENTS(asked_actions);

bool aws_error_fits(const struct aws_error *error, const char *action)
{
        const struct sim_action *published = action_find(action);
        size_t length = strlen(action);

        if (!published || published->service != error->service)
                return false;
        for (const char *at = error->actions; at; at = strchr(at, ' '), at = at ? at + 1 : NULL)
                if (strncmp(at, action, length) == 0 && (at[length] == ' ' || !at[length]))
                        return true;
        return !error->actions;
}
