/* Prints the progress of runs: lines, or a block that is redrawn. */
#include "ctl/progress.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "control/describe.h"
#include "ctl/output.h"
#include "runs/events/words.h"

enum {
        BAR_WIDTH = 20,
        LABEL_WIDTH = 21, /* columns for an image or instance id */
        BELOW_INDENT = 6,
        TASK_KEPT_MAX = 10000,
};

struct progress {
        struct ctl *ctl;
        struct seen {
                char *key;   /* identifies the task: it has no id before it is stored */
                cJSON *task; /* of the last event */
        } * tasks;
        size_t n_tasks;
        cJSON *run;                    /* of the last event */
        size_t lines;                  /* lines of the block on the terminal */
        size_t decided[PRUNE_ACTIONS]; /* number of decisions by action */
        size_t n_decided;
        bool failed;
};

struct progress *progress_new(struct ctl *ctl)
{
        struct progress *progress = xnew(struct progress);

        progress->ctl = ctl;
        return progress;
}

struct progress *progress_free(struct progress *progress)
{
        if (!progress)
                return NULL;
        for (size_t i = 0; i < progress->n_tasks; i++) {
                free(progress->tasks[i].key);
                cJSON_Delete(progress->tasks[i].task);
        }
        free(progress->tasks);
        cJSON_Delete(progress->run);
        free(progress);
        return NULL;
}

bool progress_succeeded(const struct progress *progress)
{
        return !progress->failed;
}

/* ---- printing a task ---- */

static void print_bar(const struct terminal *terminal, int percent)
{
        int full = percent * BAR_WIDTH / 100;
        char bar[BAR_WIDTH + 1];

        memset(bar, '#', (size_t)full);
        memset(bar + full, '.', (size_t)(BAR_WIDTH - full));
        bar[BAR_WIDTH] = '\0';
        terminal_print(terminal, STYLE_GOOD, bar, BAR_WIDTH, true);
        fprintf(terminal->stream, " %3d%%", percent);
}

const char *progress_step(const cJSON *task)
{
        const char *step = json_text(task, "step"), *words = step_words(step);

        if (words)
                return words;
        return step && *step ? step : "not begun";
}

/* The word for a task: its outcome, the reason of its wait, or its step. */
static const char *task_word(const cJSON *task)
{
        const char *outcome = json_text(task, "outcome"), *detail = json_text(task, "detail");
        const char *waiting = json_text(task, "waiting");

        if (!streq(outcome, "open"))
                return detail && *detail ? detail : outcome;
        if (waiting && *waiting)
                return waiting;
        return progress_step(task);
}

static const char *task_subject(const cJSON *task)
{
        const char *subject = json_text(task, "subject");

        return subject && *subject ? subject : json_text(task, "region");
}

/* Prints the line of a task. Returns its text that does not fit into the line, or NULL. */
static const char *print_task_head(const struct terminal *terminal, const cJSON *task)
{
        const cJSON *percent = json_member(task, "percent");
        const char *image = json_text(task, "image"), *outcome = json_text(task, "outcome");
        const char *subject = task_subject(task), *word = task_word(task), *below = NULL;
        size_t used = 2 + LABEL_WIDTH + 1 + LABEL_WIDTH + 2;
        size_t left = terminal->width > used ? terminal->width - used : 0;

        fputs("  ", terminal->stream);
        terminal_print(terminal, STYLE_PLAIN, subject ? subject : "", LABEL_WIDTH, true);
        fputc(' ', terminal->stream);
        terminal_print(terminal, STYLE_PLAIN, image ? image : json_text(task, "kind"), LABEL_WIDTH,
                       true);
        fputs("  ", terminal->stream);
        if (streq(outcome, "open") && cJSON_IsNumber(percent) && percent->valueint >= 0 &&
            percent->valueint <= 100) {
                print_bar(terminal, percent->valueint);
                below = json_text(task, "waiting");
        } else if (text_columns(word) <= left) {
                terminal_print(terminal, ending_style(task), word, left, false);
        } else {
                below = word;
                if (streq(outcome, "open") && json_text(task, "step"))
                        word = progress_step(task);
                else
                        word = outcome;
                terminal_print(terminal, ending_style(task), word, left, false);
        }
        fputc('\n', terminal->stream);
        return below;
}

void progress_print_task(const struct terminal *terminal, const cJSON *task)
{
        const char *below = print_task_head(terminal, task);

        if (below)
                terminal_wrap(terminal, below, BELOW_INDENT);
}

/* Prints a task in at most two lines. Returns their number, for erasing the block. */
static size_t draw_task(const struct terminal *terminal, const cJSON *task)
{
        const char *below = print_task_head(terminal, task);

        if (!below)
                return 1;
        fprintf(terminal->stream, "%*s", BELOW_INDENT, "");
        terminal_print(terminal, STYLE_PLAIN, below, terminal->width - BELOW_INDENT, false);
        fputc('\n', terminal->stream);
        return 2;
}

/* ---- the block on a terminal ---- */

static void erase_block(struct progress *progress)
{
        if (progress->lines)
                fprintf(progress->ctl->out.stream, "\033[%zuA\033[J", progress->lines);
        progress->lines = 0;
}

static bool is_image(const cJSON *task)
{
        return streq(json_text(task, "kind"), "image");
}

static bool is_open(const cJSON *task)
{
        return streq(json_text(task, "outcome"), "open");
}

static bool has_turn(const cJSON *task)
{
        const char *step = json_text(task, "step");

        return step && *step && !streq(step, "wait-turn");
}

const char *progress_phase(const cJSON *run, bool dry)
{
        const char *phase = json_text(run, "phase"), *words = phase_words(phase, dry);

        if (words)
                return words;
        return phase && *phase ? phase : "waiting for the run before it";
}

static void draw_summary(struct progress *progress)
{
        size_t total = 0, ended = 0, waiting = 0;
        FILE *out = progress->ctl->out.stream;

        for (size_t i = 0; i < progress->n_tasks; i++) {
                const cJSON *task = progress->tasks[i].task;

                total += is_image(task);
                ended += is_image(task) && !is_open(task);
                waiting += is_image(task) && is_open(task) && !has_turn(task);
        }
        fprintf(out, "  %s", progress_phase(progress->run, progress->ctl->dry_run));
        if (total)
                fprintf(out, ", %zu of %zu images ended", ended, total);
        if (waiting)
                fprintf(out, ", %zu wait for their turn", waiting);
        fputc('\n', out);
        progress->lines++;
}

/* Draws the open tasks that fit; tasks that do not wait in a queue come first. */
static void draw_block(struct progress *progress)
{
        size_t room = progress->ctl->out.height > 4 ? progress->ctl->out.height - 4 : 0, more = 0;

        if (!progress->run)
                return;
        for (int turn = 1; turn >= 0; turn--)
                for (size_t i = 0; i < progress->n_tasks; i++) {
                        const cJSON *task = progress->tasks[i].task;

                        if (!is_open(task) || has_turn(task) != turn)
                                continue;
                        if (progress->lines < room) {
                                progress->lines += draw_task(&progress->ctl->out, task);
                        } else {
                                more++;
                        }
                }
        if (more) {
                fprintf(progress->ctl->out.stream, "  and %zu more\n", more);
                progress->lines++;
        }
        draw_summary(progress);
}

/* ---- lines that stay ---- */

/* The time of the task's news. `old` is the task of the event before, or NULL. A changed reason of
 * a wait has no time of its own: it is now. */
static sec_t news_time(const struct progress *progress, const cJSON *old, const cJSON *task)
{
        bool ended = !streq(json_text(task, "outcome"), "open");
        bool moved = !old || !streq(json_text(old, "step"), json_text(task, "step"));
        sec_t at = ended   ? json_time(task, "finished")
                   : moved ? json_time(task, "entered")
                           : SEC_NONE;

        return at != SEC_NONE ? at : loop_wall(progress->ctl->loop);
}

/* Prints the time, with the date unless it is today. */
static void print_time(struct progress *progress, sec_t at, const char *timezone)
{
        enum { DATE = 11 }; /* "2026-11-23 "; the offset stays: runs have different zones */
        _cleanup_free_ char *now = local_time(loop_wall(progress->ctl->loop), timezone);
        _cleanup_free_ char *then = local_time(at, timezone);
        bool today = strncmp(now, then, DATE) == 0;

        fprintf(progress->ctl->out.stream, "%s ", today ? then + DATE : then);
}

static void print_task_line(struct progress *progress, const cJSON *run, const cJSON *old,
                            const cJSON *task)
{
        const char *image = json_text(task, "image"), *subject = json_text(task, "subject");
        _cleanup_free_ char *place =
                xasprintf("%s/%s", json_text(task, "account"), json_text(task, "region"));
        FILE *out = progress->ctl->out.stream;

        print_time(progress, news_time(progress, old, task), json_text(run, "timezone"));
        fprintf(out, "%s%s%s: ", subject && *subject ? subject : place, image ? " " : "",
                image ? image : "");
        terminal_print(&progress->ctl->out, ending_style(task), task_word(task), SIZE_MAX, false);
        fputc('\n', out);
}

/* The words for an action: in a line, and in the sum before and after the run has done it. */
struct decision_word {
        enum style style;
        const char *would, *did;
};
static const struct decision_word decision_words[PRUNE_ACTIONS] = {
        [PRUNE_KEEP] = { STYLE_GOOD, "kept", "kept" },
        [PRUNE_REMOVE] = { STYLE_WARN, "would be removed", "removed" },
        [PRUNE_WAIT] = { STYLE_WARN, "waiting for a later run", "waiting for a later run" },
        [PRUNE_ADOPT] = { STYLE_GOOD, "would be adopted", "adopted" },
        [PRUNE_LEAVE] = { STYLE_WARN, "left", "left" },
};

static const struct decision_word *find_word(const char *action)
{
        for (size_t i = 0; i < PRUNE_ACTIONS; i++)
                if (streq(action_words[i], action))
                        return &decision_words[i];
        return NULL;
}

/* "3 would be removed, 2 kept." */
static void print_decided(const struct progress *progress)
{
        static const enum prune_action order[] = { PRUNE_REMOVE, PRUNE_WAIT, PRUNE_KEEP,
                                                   PRUNE_ADOPT, PRUNE_LEAVE };
        const char *separator = "";
        FILE *out = progress->ctl->out.stream;

        for (size_t i = 0; i < ELEMENTS(order); i++) {
                size_t n = progress->decided[order[i]];
                bool always = order[i] == PRUNE_REMOVE || order[i] == PRUNE_KEEP;
                bool adopts = progress->decided[PRUNE_ADOPT] || progress->decided[PRUNE_LEAVE];

                if (!n && (adopts || !always))
                        continue;
                fprintf(out, "%s%zu %s", separator, n,
                        progress->ctl->dry_run ? decision_words[order[i]].would
                                               : decision_words[order[i]].did);
                separator = ", ";
        }
        fputs(".\n", out);
}

static void print_decision(struct progress *progress, const cJSON *decision)
{
        const cJSON *image = json_member(decision, "image");
        _cleanup_free_ char *when =
                local_minute(json_time(image, "firing"), json_text(image, "timezone"));
        const char *consistency = json_text(image, "consistency");
        const char *outcome = json_text(image, "outcome");
        struct terminal *out = &progress->ctl->out;
        const char *word = json_text(decision, "action");
        const struct decision_word *action = find_word(word);
        _cleanup_free_ char *why =
                xasprintf("in %s/%s: %s", json_text(image, "account"), json_text(image, "region"),
                          json_text(decision, "why"));

        progress->n_decided++;
        if (action)
                progress->decided[action - decision_words]++;
        terminal_print(out, action ? action->style : STYLE_PLAIN, word ? word : "", 6, true);
        fprintf(out->stream, "  %s  %s  %s  %s  %s\n", json_text(image, "id"),
                json_text(image, "instance") ? json_text(image, "instance") : "-",
                when ? when : "-", consistency ? consistency : "-", outcome ? outcome : "-");
        terminal_wrap(out, why, 8);
}

/* ---- events ---- */

static struct seen *find_seen(struct progress *progress, const cJSON *task)
{
        _cleanup_free_ char *key = xasprintf("%s %s %s %s %s", json_text(task, "run"),
                                             json_text(task, "kind"), json_text(task, "account"),
                                             json_text(task, "region"), json_text(task, "subject"));
        struct seen *seen;

        for (size_t i = 0; i < progress->n_tasks; i++)
                if (streq(progress->tasks[i].key, key))
                        return &progress->tasks[i];
        if (progress->n_tasks >= TASK_KEPT_MAX)
                return NULL;
        seen = append(progress->tasks, progress->n_tasks);
        seen->key = steal(key);
        return seen;
}

static bool is_news(const cJSON *old, const cJSON *new)
{
        return !streq(json_text(old, "outcome"), json_text(new, "outcome")) ||
               !streq(progress_step(old), progress_step(new)) ||
               !streq(json_text(old, "waiting"), json_text(new, "waiting"));
}

static void take_task(struct progress *progress, const cJSON *run, const cJSON *task, bool silent)
{
        struct seen *seen = find_seen(progress, task);
        bool open = streq(json_text(task, "outcome"), "open");

        if (!seen)
                return;
        /* On a terminal the block has the open tasks. */
        if (!silent && (progress->ctl->out.redraws ? !open : true) && is_news(seen->task, task))
                print_task_line(progress, run, seen->task, task);
        cJSON_Delete(seen->task);
        seen->task = cJSON_Duplicate(task, true);
}

static void take_run(struct progress *progress, const cJSON *run)
{
        const char *outcome = json_text(run, "outcome");

        if (!streq(outcome, "open") && !streq(outcome, "done"))
                progress->failed = true;
        cJSON_Delete(progress->run);
        progress->run = cJSON_Duplicate(run, true);
}

void progress_event(struct progress *progress, const cJSON *event, bool silent)
{
        const cJSON *run = json_member(event, "run"), *task = json_member(event, "task");
        const cJSON *decision = json_member(event, "decision");

        if (!silent)
                erase_block(progress);
        take_run(progress, run);
        if (task)
                take_task(progress, run, task, silent);
        if (silent)
                return;
        if (decision)
                print_decision(progress, decision);
        if (progress->ctl->out.redraws)
                draw_block(progress);
        fflush(progress->ctl->out.stream);
}

void progress_finish(struct progress *progress)
{
        const char *outcome = json_text(progress->run, "outcome");
        const char *detail = json_text(progress->run, "detail");
        FILE *out = progress->ctl->out.stream;
        char buffer[TIME_TEXT_MAX];
        sec_t from = json_time(progress->run, "started");
        sec_t to = json_time(progress->run, "finished");

        if (!progress->run || streq(outcome, "open"))
                return;
        erase_block(progress);
        if (progress->n_decided)
                print_decided(progress);
        if (progress->n_decided && progress->ctl->dry_run)
                return;
        fprintf(out, "%s: ", json_text(progress->run, "id"));
        terminal_print(&progress->ctl->out, ending_style(progress->run), outcome, SIZE_MAX, false);
        if (from != SEC_NONE && to >= from)
                fprintf(out, ", %s", format_timespan(to - from, buffer));
        if (detail && *detail)
                fprintf(out, ": %s", detail);
        fputc('\n', out);
}
