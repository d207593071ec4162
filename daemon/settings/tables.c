/* The key tables: every key with its kind, field, default and help. The help is printed into
 * amid.yaml(5) and the JSON Schema; its first sentence also into messages. */
#include "settings/draft.h"

#include <limits.h>

#define NOT_YET        "this version of amid does not have it yet; leave it out"
#define MAIN_FILE_ONLY "this belongs into the main file, not into conf.d"

static const struct word missed_words[] = { { "none", MISSED_NONE, NULL },
                                            { "latest", MISSED_LATEST, NULL },
                                            { "all", MISSED_ALL, NULL },
                                            {} };
static const struct word overlap_words[] = { { "skip", OVERLAP_SKIP, NULL },
                                             { "queue", OVERLAP_QUEUE, NULL },
                                             {} };
static const struct word consistency_words[] = {
        { "crash", CONSISTENCY_CRASH, NULL },   { "freeze", CONSISTENCY_FREEZE, NULL },
        { "reboot", CONSISTENCY_REBOOT, NULL }, { "stop", CONSISTENCY_STOP, NULL },
        { "auto", CONSISTENCY_AUTO, NULL },     {}
};
static const struct word require_words[] = { { "crash", REQUIRE_CRASH, NULL },
                                             { "freeze", REQUIRE_FREEZE, NULL },
                                             { "reboot", REQUIRE_REBOOT, NULL },
                                             { "stop", REQUIRE_STOP, NULL },
                                             {} };
static const struct word on_shortfall_words[] = { { "keep", ON_SHORTFALL_KEEP, NULL },
                                                  { "fail", ON_SHORTFALL_FAIL, NULL },
                                                  {} };
static const struct word impaired_words[] = { { "image", IMPAIRED_IMAGE, NULL },
                                              { "skip", IMPAIRED_SKIP, NULL },
                                              {} };
static const struct word target_groups_words[] = { { "watch", TARGET_GROUPS_WATCH, NULL },
                                                   { "drain", TARGET_GROUPS_DRAIN, NULL },
                                                   { "ignore", TARGET_GROUPS_IGNORE, NULL },
                                                   {} };
static const struct word auto_scaling_words[] = { { "leave", AUTO_SCALING_LEAVE, NULL },
                                                  { "standby", AUTO_SCALING_STANDBY, NULL },
                                                  {} };
static const struct word proof_words[] = { { "checks", PROOF_CHECKS, NULL },
                                           { "ssm", PROOF_SSM, NULL },
                                           {} };
static const struct word allow_words[] = { { "instance-store", STOP_LOSES_INSTANCE_STORE, NULL },
                                           { "public-address", STOP_LOSES_ADDRESS, NULL },
                                           { "spot", STOP_OF_SPOT, NULL },
                                           { "auto-scaling", STOP_IN_AUTO_SCALING, NULL },
                                           {} };
static const struct word on_freeze_failure_words[] = { { "skip", ON_FREEZE_FAILURE_SKIP, NULL },
                                                       { "crash", ON_FREEZE_FAILURE_CRASH, NULL },
                                                       {} };
static const struct word on_failure_words[] = { { "halt", ON_FAILURE_HALT, NULL },
                                                { "continue", ON_FAILURE_CONTINUE, NULL },
                                                {} };
static const struct word state_words[] = { { "running", TARGET_RUNNING, NULL },
                                           { "stopped", TARGET_STOPPED, NULL },
                                           { "any", TARGET_RUNNING | TARGET_STOPPED, NULL },
                                           {} };

const char *consistency_name(enum setting_consistency consistency)
{
        return consistency_words[consistency].name;
}

bool consistency_find(const char *name, enum setting_consistency *ret)
{
        for (const struct word *word = consistency_words; word->name; word++) {
                if (!streq(word->name, name))
                        continue;
                *ret = word->value;
                return true;
        }
        return false;
}

/* ---- a schedule ------------------------------------------------------------------------------ */

#define S struct setting_schedule

static const struct key missed_keys[] = {
        KEY("run", word, S, missed, .words = missed_words, .fallback = "latest",
            .help = "Which of the firings that were lost while amid was not running are made up "
                    "for at its start: none, the latest, or all, one after the other."),
        KEY("within", duration, S, missed_within, .fallback = "1h",
            .help = "Firings that were lost longer ago than this stay lost, so that a long outage "
                    "does not move the night's work, and its reboots, into the day."),
        {},
};

static const struct key expect_keys[] = {
        KEY("min", number, struct setting_targets, expect_min, .max = 100000, .fallback = "1",
            .help = "With fewer matching instances the run fails before anything is touched."),
        KEY("max", number, struct setting_targets, expect_max, .min = 1, .max = 100000,
            .help = "With more matching instances the run fails before anything is touched. "
                    "Without it there is no limit."),
        {},
};

static const struct key targets_keys[] = {
        KEY_LIST("tags", tag_match, struct setting_targets, tags,
                 .help = "Tags an instance must have, all of them; a list of values matches any "
                         "of them. Values are literal: * and ? stand for themselves."),
        KEY_LIST("exclude_tags", tag_match, struct setting_targets, exclude_tags,
                 .help = "An instance that has one of these tags with one of these values is left "
                         "out."),
        KEY_LIST("instance_ids", list, struct setting_targets, instance_ids, .form = &form_instance,
                 .max = 200, /* values that EC2 takes in one filter */
                 .help = "Only these instances. Where tags are given too, an instance must have "
                         "them as well."),
        KEY("states", words, struct setting_targets, states, .words = state_words,
            .fallback = "any",
            .help = "In which states instances are taken. A stopped instance is imaged as it is; "
                    "it is never started for that."),
        KEY("impaired", word, struct setting_targets, impaired, .words = impaired_words,
            .fallback = "image",
            .help = "What becomes of an instance whose status checks fail already when its turn "
                    "comes: it is not rebooted, stopped or frozen, and does not halt the run. "
                    "image makes an image of it as it is, labelled crash, which displaces no "
                    "stronger one; skip makes none. Checks that are initializing or have "
                    "insufficient data are waited for, five minutes at most, and then do not "
                    "count as a failure."),
        KEY_TABLE("expect", table, expect_keys,
                  .help = "How many instances the run must find, in all regions together. A region "
                          "that cannot be searched, or that takes 2 minutes longer than the first, "
                          "is reported as failed and counts as having none: the run goes on with "
                          "what the others have, if that is as expected."),
        {},
};

static const struct key reboot_keys[] = {
        KEY("max_parallel", number, struct setting_reboot, max_parallel, .min = 1, .max = 1000,
            .fallback = "1", .help = "So many instances of a group may be down at once."),
        KEY("group_by", group_by, struct setting_reboot, group_by, .fallback = "all",
            .help = "What makes a group: the value of a tag, the availability zone, the Auto "
                    "Scaling group, the target groups of the load balancers (an instance in "
                    "several "
                    "is in all of these groups), or all targets together. Groups go on side by "
                    "side, and are the same for every schedule that names them; instances that are "
                    "down for another schedule count."),
        KEY("settle", duration, struct setting_reboot, settle, .fallback = "2m",
            .help = "EC2 checks an instance once a minute, so that an \"ok\" younger than this may "
                    "still be from before the reboot, and does not count unless the checks were "
                    "seen to fail in between."),
        KEY("ready_timeout", duration, struct setting_reboot, ready_timeout, .fallback = "15m",
            .help = "An instance has failed when its status checks do not pass within this time "
                    "after its reboot or start, or when it is then not back within it in what it "
                    "was "
                    "taken out of, and healthy in every target group in which it was healthy "
                    "before. Its connections may take "
                    "as long to end, see target_groups."),
        KEY("on_failure", word, struct setting_reboot, on_failure, .words = on_failure_words,
            .fallback = "halt",
            .help = "When an instance does not come back: halt leaves those still waiting alone, "
                    "continue goes on with the next."),
        KEY("window", duration, struct setting_reboot, window,
            .help = "No instance goes down that would not be back this long after the firing, "
                    "going "
                    "by how long it took the last times; what is left then is skipped. Without it "
                    "there is no limit."),
        KEY("target_groups", word, struct setting_reboot, target_groups,
            .words = target_groups_words, .fallback = "watch",
            .help = "watch waits until the instance is healthy again in the target groups of the "
                    "load balancers in which it was healthy before; drain also takes it out of all "
                    "in "
                    "which it is registered first, waits for its connections to end, and puts it "
                    "back; ignore does not look at them. Groups whose targets are addresses do not "
                    "count."),
        KEY("auto_scaling", word, struct setting_reboot, auto_scaling, .words = auto_scaling_words,
            .fallback = "leave",
            .help = "standby puts an instance of an Auto Scaling group into standby first, and "
                    "back "
                    "into service after, so that the group neither sends it work nor replaces it. "
                    "The group wants one instance less meanwhile; where its minimum size does not "
                    "allow that, the instance is not touched."),
        KEY("proof", word, struct setting_reboot, proof, .words = proof_words, .fallback = "checks",
            .help = "How a reboot is proven: by what EC2's status checks show, or by a command "
                    "that "
                    "SSM runs on the instance before and after it, which compares boot ids and "
                    "looks whether the shutdown was clean."),
        {},
};

static const struct key stop_keys[] = {
        KEY("allow", words, S, stop_allow, .words = allow_words,
            .help = "What a stop may cost: instance-store (the data on local disks is lost), "
                    "public-address (another one after the start), spot (the capacity may be "
                    "gone), "
                    "auto-scaling (its group may replace it). Instances that would lose what is "
                    "not "
                    "listed are not stopped."),
        {},
};

static const struct key freeze_keys[] = {
        KEY_LIST(
                "before", scripts, struct setting_freeze, before, .max = 100, .required = true,
                .help = "Shell commands that SSM runs on the instance as root to bring its data to "
                        "rest, one after the other; the first that fails ends them, and after is "
                        "run at once. /usr/local/share/doc/amid/freeze has ready-made ones."),
        KEY_LIST("after", scripts, struct setting_freeze, after, .max = 100, .required = true,
                 .help = "Shell commands that let it go on. All of them are run, also when one "
                         "fails, and whenever any of before was begun."),
        KEY("timeout", duration, struct setting_freeze, timeout, .min = 10, .max = 900,
            .fallback = "60s",
            .help = "The instance runs after by itself when amid has not done so within this time, "
                    "from 10s to 15m: a timer is set there before anything is frozen."),
        KEY("on_failure", word, struct setting_freeze, on_failure, .words = on_freeze_failure_words,
            .fallback = "skip",
            .help = "When an instance cannot be frozen: skip makes no image of it, which is a "
                    "failure; crash makes one all the same, labelled crash."),
        {},
};

static const struct key image_keys[] = {
        KEY("name", name_template, struct setting_image, name,
            .fallback = "{schedule}-{instance}-{time}",
            .help = "The image's name. {schedule}, {instance} and {time} (the firing, such as "
                    "20270101T030000Z) are filled in; the last two must be there, since amid finds "
                    "an image again by its name. At most 128 characters after that."),
        KEY("description", text_template, struct setting_image, description,
            .help = "The image's description, with the same placeholders. At most 255 characters "
                    "after filling in."),
        KEY_LIST("tags", tags, struct setting_image, tags,
                 .help = "Tags of the image and its snapshots, besides amid's own. Values are "
                         "text, however they are written: 5, true and off need no quotes."),
        KEY("copy_tags", boolean, struct setting_image, copy_tags, .fallback = "false",
            .help = "Also give the image the tags of its instance, as far as EC2's limit of 50 "
                    "allows; aws: tags cannot be copied, and tags above win."),
        KEY_LIST("exclude_devices", list, struct setting_image, exclude_devices,
                 .form = &form_device, .max = 100,
                 .help = "Devices that are left out of the image, such as /dev/sdf."),
        KEY_REFUSED("deprecate_after", NOT_YET),
        {},
};

#define RETAIN(name_, index, what)                                                                 \
        KEY(name_, number, S, retain.keep[index], .max = 10000, .help = (what))

static const struct key retain_keys[] = {
        RETAIN("last", RETAIN_LAST, "Keep so many of the newest images."),
        RETAIN("hourly", RETAIN_HOURLY,
               "Keep the newest image of each of so many hours that have one."),
        RETAIN("daily", RETAIN_DAILY,
               "Keep the newest image of each of so many days that have one."),
        RETAIN("weekly", RETAIN_WEEKLY,
               "Keep the newest image of each of so many weeks that have one. Weeks begin on "
               "Monday."),
        RETAIN("monthly", RETAIN_MONTHLY,
               "Keep the newest image of each of so many months that have one."),
        RETAIN("yearly", RETAIN_YEARLY,
               "Keep the newest image of each of so many years that have one."),
        KEY("within", duration, S, retain.within,
            .help = "Keep every image that EC2 created less than this ago."),
        KEY("require", word, S, retain_require, .words = require_words,
            .help = "How consistent an image must be proven to be to count fully: crash, freeze, "
                    "reboot or stop, each of which the ones behind it satisfy as well. An image "
                    "that is worth less is kept by no rule but within, and goes once a newer one "
                    "that counts exists. Without it what consistency asks for counts fully (for "
                    "auto: reboot), and weaker images are kept by the same rules, among "
                    "themselves. See RETENTION."),
        {},
};

const struct key schedule_keys[] = {
        KEY("timezone", timezone, S, zone, .fallback = "UTC", .is_context = true,
            .help = "The time zone of cron() and at(), of start and end, and of the days, weeks "
                    "and months of retain: a name of the IANA database such as Asia/Seoul."),
        KEY("schedule", expression, S, schedule, .required = true,
            .help = "When it fires, as cron(), rate() or at(). See SCHEDULES."),
        KEY("start", instant, S, schedule.start,
            .help = "The first instant at which it may fire; for rate() also the beginning of its "
                    "grid. Without an offset a time of the schedule's zone. at() ignores it."),
        KEY("end", instant, S, schedule.end,
            .help = "The last instant at which it may fire. at() ignores it."),
        KEY("flexible_window", duration, S, flexible_window, .max = 86400,
            .help = "Fire up to so much later, by an offset that is always the same for one "
                    "schedule, so that many schedules of one time spread out. At most 1d."),
        KEY_TABLE("missed", table, missed_keys,
                  .help = "What becomes of firings while amid is not running."),
        KEY("overlap", word, S, overlap, .words = overlap_words, .fallback = "skip",
            .help = "What a firing does while the last run of the schedule still works on "
                    "instances: "
                    "skip gives it up (and says so), queue lets it follow. A run that only waits "
                    "for "
                    "its images to become available holds up no other; an instance whose earlier "
                    "image is pending is skipped by itself, or waits for that image."),
        KEY("enabled", boolean, S, enabled, .fallback = "true",
            .help = "A schedule that is not enabled does not fire by itself; amictl run still "
                    "works."),
        KEY_LIST("account", one_or_list, S, accounts, .form = &form_name, .min = 1, .max = 100,
                 .help = "The accounts it works in. May be left out when there is one account, or "
                         "one of the name default."),
        KEY_LIST("regions", list, S, regions, .form = &form_region, .min = 1, .max = 100,
                 .help = "The regions it works in. Without it: those of each account."),
        KEY("targets", targets, S, targets, .sub = targets_keys, .required = true,
            .help = "Which instances are imaged. At least tags or instance_ids must be there; all "
                    "that is given must hold."),
        KEY("consistency", word, S, consistency, .words = consistency_words, .required = true,
            .help = "How consistent images must be. crash takes the disks as they are, as after a "
                    "power cut; freeze runs commands on the instance that bring its data to rest "
                    "for a moment; reboot lets EC2 shut the instance down for it and start it "
                    "again; stop stops it, and starts it again; auto reboots it when its last "
                    "image "
                    "with a reboot is older than reboot_max_age, and else freezes it where there "
                    "is "
                    "a freeze. A stopped instance is imaged as it is. There is no default: "
                    "nobody's "
                    "machine is rebooted, and nobody's database torn, by one. See "
                    "amid-consistency(7)."),
        KEY("on_shortfall", word, S, on_shortfall, .words = on_shortfall_words, .fallback = "keep",
            .help = "When less was proven than consistency asks for: keep takes the image as it "
                    "is, "
                    "with a line in the journal and a word at the end of the run; fail also counts "
                    "it as a failure. Its tag "
                    "amid:consistency says what it is worth either way."),
        KEY("reboot_max_age", duration, S, reboot_max_age, .fallback = "7d",
            .help = "For consistency: auto."),
        KEY("reboot", table, S, reboot, .sub = reboot_keys,
            .help = "How instances are taken down and waited for; for consistency: reboot, stop "
                    "and "
                    "auto."),
        KEY_TABLE("stop", table, stop_keys, .help = "For consistency: stop."),
        KEY("freeze", freeze, S, has_freeze, .sub = freeze_keys,
            .help = "How instances are frozen; for consistency: freeze and auto."),
        KEY("image", table, S, image, .sub = image_keys, .help = "What the image is like."),
        KEY("retain", retain, S, has_retain, .sub = retain_keys,
            .help = "Which images are kept; an image is kept when any rule keeps it, and removed "
                    "otherwise. Without retain nothing is ever removed. See RETENTION."),
        KEY_REFUSED("share", NOT_YET),
        KEY_REFUSED("copies", NOT_YET),
        KEY_REFUSED("retire", NOT_YET),
        KEY_REFUSED("notify", NOT_YET),
        {},
};

/* ---- an account, and the file ---------------------------------------------------------------- */

const struct key account_keys[] = {
        KEY_LIST("regions", regions, struct setting_account, regions, .form = &form_regions,
                 .min = 1, .max = 100,
                 .help = "The regions schedules of this account work in, unless they name their "
                         "own; all stands for every region that is open to the account when the "
                         "settings are read. Without it: the region of the daemon's "
                         "surroundings."),
        KEY("endpoint_url", formed, struct setting_account, endpoint_url, .form = &form_url,
            .help = "Where every AWS service of this account is found, instead of at AWS: for "
                    "tests and private endpoints."),
        KEY("profile", formed, struct setting_account, profile, .form = &form_profile,
            .help = "A profile of the shared files (~/.aws/credentials) whose credentials are "
                    "used. Without it: the daemon's own."),
        KEY("role_arn", formed, struct setting_account, role_arn, .form = &form_role,
            .help = "A role to take with these credentials (sts:AssumeRole), so that one daemon "
                    "can "
                    "work in many accounts. It is taken again before its credentials end."),
        KEY("external_id", formed, struct setting_account, external_id, .form = &form_external_id,
            .help = "The external id that the role's trust policy asks for."),
        KEY("session_name", formed, struct setting_account, session_name, .form = &form_session,
            .help = "The name of the role's session, as CloudTrail shows it. Without it: amid."),
        KEY_LIST("session_tags", tags, struct setting_account, session_tags,
                 .help = "Tags of the role's session, for policies that ask for them; the trust "
                         "policy must allow sts:TagSession, and so must that of the identity that "
                         "takes the role."),
        KEY("duration", duration, struct setting_account, duration, .min = 1800, .max = 43200,
            .help = "How long a session of the role lasts, from 30m to 12h and no longer than the "
                    "role allows. Without it: 1h, which is also the most for a role that is taken "
                    "with the credentials of another role."),
        KEY("expect_account", formed, struct setting_account, expect_account, .form = &form_account,
            .help = "The account id, 12 digits in quotes. AWS is asked whose the credentials are "
                    "before they are used, and with those of another account nothing is done. A "
                    "role_arn of another account is refused at once."),
        {},
};

static const char version_help[] = "The version of this grammar, 1.";
static const char accounts_help[] =
        "The AWS accounts, by names of your choice. With none there is one, default, with the "
        "daemon's own credentials and region.";
static const char schedules_help[] =
        "The schedules, by names of your choice: at most 64 letters, digits, - and _. The name is "
        "part of every image's name and tags; another name is another schedule, which knows "
        "nothing of the images of the first.";

const struct key root_keys[] = {
        KEY("version", version, struct draft, owner, .required = true, .help = version_help),
        KEY("owner", formed, struct draft, owner, .form = &form_name, .fallback = "amid",
            .help = "Marks what this installation made (tag amid:owner). Two installations in one "
                    "account need two names."),
        KEY("api_share", number, struct draft, api_share, .min = 1, .max = 100, .fallback = "50",
            .help = "How much of the request rate that EC2 allows an account in a region amid "
                    "takes "
                    "at most, in percent. The rest is left to others; where they need more, amid "
                    "takes less by itself."),
        KEY("accounts", accounts, struct draft, accounts, .sub = account_keys, .form = &form_name,
            .may_be_empty = true, .entry_may_be_empty = true, .help = accounts_help),
        KEY("defaults", defaults, struct draft, defaults, .sub = schedule_keys,
            .sub_is_elsewhere = true, .may_be_empty = true,
            .help = "Any keys of a schedule, for schedules that do not give them, also those of "
                    "conf.d. A schedule that gives a key replaces its default whole: maps are not "
                    "merged."),
        KEY("schedules", schedules, struct draft, schedules, .sub = schedule_keys,
            .form = &form_name, .may_be_empty = true, .help = schedules_help),
        {},
};

const struct key conf_d_keys[] = {
        { .name = "version", .kind = &kind_version, .help = version_help },
        KEY_REFUSED("owner", MAIN_FILE_ONLY),
        KEY_REFUSED("api_share", MAIN_FILE_ONLY),
        KEY("accounts", accounts, struct draft, accounts, .sub = account_keys, .form = &form_name,
            .may_be_empty = true, .entry_may_be_empty = true, .help = accounts_help),
        KEY_REFUSED("defaults", MAIN_FILE_ONLY),
        KEY("schedules", schedules, struct draft, schedules, .sub = schedule_keys,
            .form = &form_name, .may_be_empty = true, .help = schedules_help),
        {},
};
