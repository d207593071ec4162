/* The table of verbs. */
#include "ctl/verbs.h"

/* A new verb is a row here and a function. */
const struct verb verbs[] = {
        { "check", "[FILE]", "validate the settings",
          "Reads the settings as the daemon would and prints every error, each as "
          "FILE:LINE:COL: message. Also warns of schedules that will never fire.",
          0, 1, 0, false, verb_check },
        { "calendar", "EXPRESSION | -", "next firings of an expression",
          "Prints when a schedule expression fires next, 5 times unless -n says otherwise. With - "
          "reads lines of EXPRESSION, TIMEZONE and FROM, separated by tabs (the last two may be "
          "left out), and prints a line for each: its firings in UTC, separated by tabs; the word "
          "never when none is left; or invalid: with the reason. With --json the answer to a line "
          "is a "
          "document with expression, timezone and firings, or with expression and error. A time of "
          "at() that clocks skip is an error. The first "
          "firing of a rate is one "
          "interval after FROM.",
          1, 1, OPTION_TIMEZONE | OPTION_FROM | OPTION_COUNT, false, verb_calendar },
        { "next", "[SCHEDULE]", "next firings of the schedules in the settings",
          "Prints when each schedule of the settings fires next.", 0, 1, OPTION_FROM | OPTION_COUNT,
          false, verb_next },
        { "policy", "[ACCOUNT]", "the IAM policy that the settings need",
          "Prints the IAM policy of the identity that amid runs as for the settings at hand: their "
          "owner, the tags of their targets, and what their methods call, no more. With ACCOUNT "
          "only what the schedules of that account need. Where it says NAME, put the name of the "
          "target group or Auto Scaling group. Asks nobody.",
          0, 1, 0, false, verb_policy },
        { "plan", "[SCHEDULE]", "what would be done, and why",
          "Shows for each schedule when it fires; which instances would be imaged now, how, in "
          "which order and for how long, and which of them are impaired; and which of its images "
          "retention would keep or remove "
          "now, each with the reason. Reads from AWS with the credentials of whoever calls it, and "
          "changes nothing. It needs no daemon, but only a running one knows how long instances "
          "were away the last times.",
          0, 1, OPTION_DAYS, false, verb_plan },
        { "whoami", "[ACCOUNT]", "whose credentials are used",
          "Shows for each account of the settings (or for one) the account id and the identity "
          "that "
          "its credentials are of, where they came from and when they end; never a secret. Looks "
          "for them as the daemon does, but in the surroundings of whoever calls it, and needs no "
          "daemon.",
          0, 1, 0, false, verb_whoami },
        { "status", "", "schedules, their last outcome, and what is going on",
          "Shows every schedule with its next firing and the outcome of its last run, and what is "
          "going on. A run that --instance limited counts as the last one only if it touched an "
          "instance. With --api shows instead what AWS was asked so far, and how much of the "
          "request "
          "rate of each action is left for amid.",
          0, 0, OPTION_API, true, verb_status },
        { "runs", "[SCHEDULE]", "what happened, newest first",
          "Lists runs in the order in which they began, the last one first; 20 unless -n says "
          "otherwise.",
          0, 1, OPTION_COUNT | OPTION_ALL, true, verb_runs },
        { "show", "RUN", "one run, step by step",
          "Shows a run and each of its tasks, with the reason where something went wrong, an image "
          "is worth less than was asked for, or AWS refuses the call that a task waits for; and of "
          "a "
          "pending image how far its snapshots are, and which of them is pending.",
          1, 1, 0, true, verb_show },
        { "images", "[SCHEDULE]", "the images amid keeps",
          "Lists the images amid made or adopted, and when EC2 last listed them; with --all also "
          "those "
          "that were removed.",
          0, 1, OPTION_ALL, true, verb_images },
        { "run", "SCHEDULE", "fire a schedule now",
          "Begins a run at once and prints its id. --instance (may be repeated) limits it to these "
          "of the schedule's targets; it is waited for until they are found, and where one of them "
          "does not exist, or is no target of the schedule, nothing is touched and the exit status "
          "is 1. Right after a start or a reload it waits, 20 s at most, "
          "until "
          "the regions are known, and 30 s at most until the clock has been compared with AWS's. "
          "With --wait follows the run to its end; the exit status is then "
          "0 "
          "only if everything was done.",
          1, 1, OPTION_INSTANCE | OPTION_WAIT, true, verb_run },
        { "watch", "[RUN]", "follow what is going on",
          "Shows what is going on as it moves: of one run to its end, or of all until "
          "interrupted.",
          0, 1, 0, true, verb_watch },
        { "prune", "[SCHEDULE]", "apply retention now",
          "Removes what the retention policy of the schedule (or of all) no longer keeps, and "
          "follows it to the end. With --dry-run changes nothing and explains each image; what EC2 "
          "lists then is what `images` shows.",
          0, 1, OPTION_DRY_RUN, true, verb_prune },
        { "pause", "SCHEDULE", "let a schedule fire no more until resumed",
          "The schedule fires no more, also after a restart, until it is resumed. A run that is "
          "going goes on.",
          1, 1, 0, true, verb_pause },
        { "resume", "SCHEDULE", "let a paused schedule fire again",
          "The schedule fires again. Firings of the pause are not made up for.", 1, 1, 0, true,
          verb_resume },
        { "cancel", "RUN", "begin nothing more in a run",
          "Nothing more is begun in the run; images under way are followed to their end. With "
          "--abandon following them ends at once: nothing on AWS is changed, they stay in the "
          "state, "
          "and retention takes them for what they have become by then. An instance that is held "
          "for "
          "its image is put right first.",
          1, 1, OPTION_ABANDON, true, verb_cancel },
        { "reload", "", "read the settings again",
          "Lets the daemon read its settings again. When they have errors these are printed and "
          "the old settings stay in force.",
          0, 0, 0, true, verb_reload },
        { "adopt", "", "take back images that carry our tags",
          "Looks for images with the tags of this installation that the state does not know (it "
          "was lost, or restored from an old copy) and takes in those of which everything else "
          "fits "
          "too: name, source instance, creation date, and a schedule of the settings. Lists the "
          "rest with the reason. With --dry-run changes nothing.",
          0, 0, OPTION_DRY_RUN, true, verb_adopt },
        {}
};

const struct verb *verb_find(const char *name)
{
        for (const struct verb *verb = verbs; verb->name; verb++)
                if (streq(verb->name, name))
                        return verb;
        return NULL;
}
