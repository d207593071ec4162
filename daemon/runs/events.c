#include "runs/events.h"

/* clang-format off */
const struct log_event events[EVENTS] = {
[EVENT_STARTED] = {
        .name = "daemon-started",
        .id = "dcc83aa2c9c14433ac9044b21db380af",
        .priority = LOG_INFO,
        .subject = "amid is running",
        .help = "The settings are loaded, the state is open and the next firings are planned.\nUnfinished runs of the last time go on from where they were.",
},
[EVENT_STOPPED] = {
        .name = "daemon-stopped",
        .id = "2c4168166acf41909542e1f38bbcb0b7",
        .priority = LOG_INFO,
        .subject = "amid has stopped",
        .help = "Runs that were going are kept in the state; the next start goes on with them.\nImages that EC2 was creating are finished by EC2 in the meantime.",
},
[EVENT_RELOADED] = {
        .name = "settings-reloaded",
        .id = "14defc6f17424725aa38715ce4b35a7b",
        .priority = LOG_INFO,
        .subject = "New settings are in force",
        .help = "Runs already going finish under the settings they started with.",
},
[EVENT_RELOAD_FAILED] = {
        .name = "settings-refused",
        .id = "2904ec61734b4d8d9f2037d78ff61609",
        .priority = LOG_ERR,
        .subject = "The new settings were refused",
        .help = "The file has errors, each with its line and column; the old settings stay in force.\nCorrect the file, try it with 'amictl check', then reload again.",
},
[EVENT_RUN_STARTED] = {
        .name = "run-started",
        .id = "3cb83b79b2154024ba09f767f9b38f22",
        .priority = LOG_INFO,
        .subject = "A run has begun",
        .help = "Follow it with 'amictl watch RUN' and read it with 'amictl show RUN'.",
},
[EVENT_RUN_FINISHED] = {
        .name = "run-finished",
        .id = "438f8e725f9841f3a50827289068e806",
        .priority = LOG_INFO,
        .subject = "A run has done everything it was to do",
        .help = "Nothing to do.",
},
[EVENT_RUN_FAILED] = {
        .name = "run-failed",
        .id = "ad859eba90534e0588457c588c34cc2d",
        .priority = LOG_ERR,
        .subject = "A run has ended without doing everything",
        .help = "'amictl show RUN' lists each instance with the step it ended in and what AWS answered.\nThe schedule goes on with its next firing; 'amictl run SCHEDULE' fires it now.",
},
[EVENT_RUN_SKIPPED] = {
        .name = "run-skipped",
        .id = "f5fb03201a994052b80f00c4299921d1",
        .priority = LOG_WARNING,
        .subject = "A firing was skipped",
        .help = "The run of an earlier firing of the same schedule was still going, and its overlap\npolicy does not let two run at once. 'amictl status' shows what it waits for.",
},
[EVENT_FIRING_MISSED] = {
        .name = "firing-missed",
        .id = "b3ea71037519493f89a034cd14c3ae3d",
        .priority = LOG_WARNING,
        .subject = "Firings were missed",
        .help = "amid was not running, the machine was asleep or the clock was set over these firings.\nWhat happens with them is decided by 'missed' of the schedule.",
},
[EVENT_TARGETS_UNEXPECTED] = {
        .name = "targets-unexpected",
        .id = "e8cd6de431bc41cf89e6533520b5c4f4",
        .priority = LOG_ERR,
        .subject = "The number of instances found is not the expected one",
        .help = "Nothing was touched. Compare the tags of the instances with 'targets' of the schedule\n(tag keys and values are case-sensitive), or change 'expect'.\n'amictl plan SCHEDULE' shows what is found now.",
},
[EVENT_TARGETS_SHRUNK] = {
        .name = "targets-shrunk",
        .id = "ef6d500a2e354a7b9fe52098a71cbcda",
        .priority = LOG_WARNING,
        .subject = "Fewer instances were found than by the last run",
        .help = "Instances that are gone are normal; a lost tag is not. 'amictl plan SCHEDULE' shows what\nis found now.",
},
[EVENT_IMAGE_STARTED] = {
        .name = "image-started",
        .id = "f50de3d63e384ec480e427c7da6166a3",
        .priority = LOG_INFO,
        .subject = "EC2 is creating an image",
        .help = "The image carries its tags already; it is followed until its snapshots are complete.",
},
[EVENT_IMAGE_AVAILABLE] = {
        .name = "image-available",
        .id = "bfaf185af001436391dda4dcba4aa30b",
        .priority = LOG_INFO,
        .subject = "An image is available",
        .help = "The image and all its snapshots are complete.",
},
[EVENT_IMAGE_FAILED] = {
        .name = "image-failed",
        .id = "d187e1bf5e114cbf9dd1796df578ddd9",
        .priority = LOG_ERR,
        .subject = "An image could not be made",
        .help = "The line carries the reason AWS gave. Older images of the instance stay as they are:\na failed image never replaces a good one.",
},
[EVENT_IMAGE_FOUND] = {
        .name = "image-found",
        .id = "d8dae6b6f26a435883c764a56549d54d",
        .priority = LOG_NOTICE,
        .subject = "An image was found instead of being created again",
        .help = "The answer to the create call was lost, or amid was restarted in the middle. The image was\nfound by its name, belongs to this firing and is followed; no second one was made.",
},
[EVENT_IMAGE_STALLED] = {
        .name = "image-stalled",
        .id = "4242dbda62384ec099db2c105b42e412",
        .priority = LOG_WARNING,
        .subject = "The snapshots of an image make no progress",
        .help = "It is followed further and never given up. EC2 can take up to a day for a first snapshot\nof a large volume; if it stays like this, ask AWS support with the snapshot id.",
},
[EVENT_INSTANCE_READY] = {
        .name = "instance-ready",
        .id = "49c5f1e308e140e4a68d648dc113a304",
        .priority = LOG_INFO,
        .subject = "An instance is back after its reboot",
        .help = "It is running and passes its status checks; the next one of its group may go.",
},
[EVENT_INSTANCE_NOT_READY] = {
        .name = "instance-not-ready",
        .id = "412a1a2037544cf2b758d7dc678a7900",
        .priority = LOG_ERR,
        .subject = "An instance did not come back after its reboot",
        .help = "It did not pass its status checks within 'ready_timeout'. Look at it now: 'aws ec2\nget-console-output' often shows why. The image made of it is still followed.",
},
[EVENT_RUN_HALTED] = {
        .name = "run-halted",
        .id = "f1f99b0d2bfc4128b2773a7933fd29cd",
        .priority = LOG_ERR,
        .subject = "A rolling run was halted",
        .help = "An instance failed, so the ones that had not begun were not touched. When it is repaired,\n'amictl run SCHEDULE --instance ID' does the rest.",
},
[EVENT_IMAGE_REMOVED] = {
        .name = "image-removed",
        .id = "22a00f439b974787aa0e506083ad90c4",
        .priority = LOG_INFO,
        .subject = "An image was removed",
        .help = "No rule of 'retain' keeps it any more; the line names the rule that no longer does. Its\nsnapshots go with it unless another image uses them.",
},
[EVENT_REMOVAL_FAILED] = {
        .name = "removal-failed",
        .id = "0deb1ef893ef4997bbf329f824bb9178",
        .priority = LOG_WARNING,
        .subject = "An image or snapshot could not be removed",
        .help = "The line carries the reason AWS gave. The next run of the schedule tries again.",
},
[EVENT_IMAGES_ADOPTED] = {
        .name = "images-adopted",
        .id = "ff51c946c24247acb1a3d9bec6d47c4c",
        .priority = LOG_NOTICE,
        .subject = "Images were taken back into the state",
        .help = "They carry the tags of this installation (amid:owner) and are managed again.",
},
[EVENT_STORE_FAILED] = {
        .name = "state-not-writable",
        .id = "36817a0a612b447bade107be224c72ff",
        .priority = LOG_CRIT,
        .subject = "The state cannot be written",
        .help = "Nothing new is begun until it can be, since amid never acts on what it could not remember.\nCheck free space and permissions of the state directory; amid tries again by itself.",
},
[EVENT_AWS_SILENT] = {
        .name = "aws-silent",
        .id = "c75adf66c6864a86ab0148415dc53b92",
        .priority = LOG_WARNING,
        .subject = "AWS cannot be asked",
        .help = "There are no credentials, or no answer comes from the endpoint; the line says which. It is\nsaid once and tried again until it works: what waits for it is not lost.",
},
[EVENT_AWS_REFUSES] = {
        .name = "aws-refuses",
        .id = "43deea680b1e4a13abe980c1436b8dc6",
        .priority = LOG_WARNING,
        .subject = "AWS does not let amid look at what it waits for",
        .help = "Images and instances that are waited for are asked about again until an answer comes; no\nrun fails because of this, but none of them ends either. Most often a permission is missing.",
},
};
/* clang-format on */

void events_print_catalog(struct text *text)
{
        text_append(
                text,
                "# Printed from the table in daemon/runs/events.c by `make print`; do not edit.\n");
        for (size_t i = 0; i < EVENTS; i++)
                text_printf(text,
                            "\n-- %s\nSubject: %s\nDefined-By: amid\nDocumentation: "
                            "man:amid(8)\n\n%s\n",
                            events[i].id, events[i].subject, events[i].help);
}
