/* The records as tables, and the functions of the store. */
#include "store/store.h"

#include <assert.h>

#include "base/alloc.h"
#include "store/connection.h"

const char *const outcome_names[OUTCOMES] = {
        [OUTCOME_OPEN] = "open",           [OUTCOME_DONE] = "done",
        [OUTCOME_PARTIAL] = "partial",     [OUTCOME_FAILED] = "failed",
        [OUTCOME_CANCELLED] = "cancelled", [OUTCOME_SKIPPED] = "skipped",
};

static const struct column schedule_columns[] = {
        COLUMN(store_schedule, name, COLUMN_TEXT, .key = true),
        COLUMN(store_schedule, anchor, COLUMN_TIME),
        COLUMN(store_schedule, definition, COLUMN_TEXT),
        COLUMN(store_schedule, handled, COLUMN_TIME),
        COLUMN(store_schedule, paused, COLUMN_FLAG),
        COLUMN(store_schedule, matched, COLUMN_COUNT),
};
const struct record schedule_record = RECORD(store_schedule, "schedules", schedule_columns);

static const struct column run_columns[] = {
        COLUMN(store_run, id, COLUMN_TEXT, .key = true),
        COLUMN(store_run, kind, COLUMN_TEXT),
        COLUMN(store_run, schedule, COLUMN_TEXT),
        COLUMN(store_run, firing, COLUMN_TIME),
        COLUMN(store_run, trigger, COLUMN_TEXT),
        COLUMN(store_run, phase, COLUMN_TEXT),
        COLUMN(store_run, outcome, COLUMN_OUTCOME),
        COLUMN(store_run, detail, COLUMN_TEXT),
        COLUMN(store_run, only, COLUMN_TEXT),
        COLUMN(store_run, abandoned, COLUMN_FLAG),
        COLUMN(store_run, started, COLUMN_TIME),
        COLUMN(store_run, finished, COLUMN_TIME),
};
const struct record run_record = RECORD(store_run, "runs", run_columns);

static const struct column task_columns[] = {
        COLUMN(store_task, id, COLUMN_NUMBER, .chosen = true),
        COLUMN(store_task, run, COLUMN_TEXT, .key = true),
        COLUMN(store_task, kind, COLUMN_TEXT, .key = true),
        COLUMN(store_task, account, COLUMN_TEXT, .key = true),
        COLUMN(store_task, region, COLUMN_TEXT, .key = true),
        COLUMN(store_task, subject, COLUMN_TEXT, .key = true),
        COLUMN(store_task, step, COLUMN_TEXT),
        COLUMN(store_task, entered, COLUMN_TIME),
        COLUMN(store_task, outcome, COLUMN_OUTCOME),
        COLUMN(store_task, detail, COLUMN_TEXT),
        COLUMN(store_task, name, COLUMN_TEXT),
        COLUMN(store_task, image, COLUMN_TEXT),
        COLUMN(store_task, group, COLUMN_TEXT),
        COLUMN(store_task, consistency, COLUMN_TEXT),
        COLUMN(store_task, method, COLUMN_TEXT),
        COLUMN(store_task, asked, COLUMN_TEXT),
        COLUMN(store_task, evidence, COLUMN_TEXT),
        COLUMN(store_task, command, COLUMN_TEXT),
        COLUMN(store_task, boot, COLUMN_TEXT),
        COLUMN(store_task, putback, COLUMN_TEXT),
        COLUMN(store_task, askers, COLUMN_TEXT),
        COLUMN(store_task, volumes, COLUMN_COUNT),
        COLUMN(store_task, ending, COLUMN_OUTCOME),
        COLUMN(store_task, requested, COLUMN_TIME),
        COLUMN(store_task, launched, COLUMN_TIME),
        COLUMN(store_task, listed, COLUMN_TIME),
        COLUMN(store_task, decided, COLUMN_TIME),
        COLUMN(store_task, downed, COLUMN_TIME),
        COLUMN(store_task, returned, COLUMN_TIME),
        COLUMN(store_task, finished, COLUMN_TIME),
};
const struct record task_record = RECORD(store_task, "tasks", task_columns);

static const struct column image_columns[] = {
        COLUMN(store_image, account, COLUMN_TEXT, .key = true),
        COLUMN(store_image, region, COLUMN_TEXT, .key = true),
        COLUMN(store_image, id, COLUMN_TEXT, .key = true),
        COLUMN(store_image, name, COLUMN_TEXT),
        COLUMN(store_image, schedule, COLUMN_TEXT),
        COLUMN(store_image, run, COLUMN_TEXT),
        COLUMN(store_image, instance, COLUMN_TEXT),
        COLUMN(store_image, firing, COLUMN_TIME),
        COLUMN(store_image, consistency, COLUMN_TEXT),
        COLUMN(store_image, evidence, COLUMN_TEXT),
        COLUMN(store_image, outcome, COLUMN_OUTCOME),
        COLUMN(store_image, state, COLUMN_TEXT),
        COLUMN(store_image, snapshots, COLUMN_TEXT),
        COLUMN(store_image, created, COLUMN_TIME),
        COLUMN(store_image, removed, COLUMN_TIME),
        COLUMN(store_image, missed, COLUMN_TIME),
        COLUMN(store_image, retry, COLUMN_TIME),
        COLUMN(store_image, detail, COLUMN_TEXT),
};
const struct record image_record = RECORD(store_image, "images", image_columns);

static const struct column left_columns[] = {
        COLUMN(store_left, schedule, COLUMN_TEXT, .key = true),
        COLUMN(store_left, images, COLUMN_COUNT, .chosen = true),
};
const struct record left_record = RECORD(store_left, "images", left_columns);

void store_schedule_done(struct store_schedule *schedule)
{
        record_done(&schedule_record, schedule);
}

void store_run_done(struct store_run *run)
{
        record_done(&run_record, run);
}

void store_runs_free(struct store_run *runs, size_t n)
{
        record_rows_free(&run_record, runs, n);
}

void store_task_done(struct store_task *task)
{
        record_done(&task_record, task);
}

void store_tasks_free(struct store_task *tasks, size_t n)
{
        record_rows_free(&task_record, tasks, n);
}

void store_image_done(struct store_image *image)
{
        record_done(&image_record, image);
}

void store_images_free(struct store_image *images, size_t n)
{
        record_rows_free(&image_record, images, n);
}

void store_left_free(struct store_left *left, size_t n)
{
        record_rows_free(&left_record, left, n);
}

/* ---- transactions ---- */

void store_begin(struct store *store)
{
        assert(!store->in_transaction);
        store->in_transaction = true;
        statement_write(store, BEGIN, NULL, 0);
}

int store_commit(struct store *store)
{
        int r;

        assert(store->in_transaction);
        statement_write(store, COMMIT, NULL, 0);
        r = store->failed;
        store->failed = 0;
        store->in_transaction = false;
        /* SQLite rolls back the transaction after some failures, and leaves it open after others.
         */
        if (r < 0 && !sqlite3_get_autocommit(store->db)) {
                _cleanup_free_ char *error = steal(store->error);

                statement_write(store, ROLLBACK, NULL, 0);
                xreplace(&store->error, error);
        }
        return r;
}

const char *store_error(const struct store *store)
{
        return store->error ? store->error : "";
}

/* 0 instead of the number of rows. */
static int saved(int r)
{
        return r < 0 ? r : 0;
}

/* ---- schedules ---- */

int store_load_schedule(struct store *store, const char *name, struct store_schedule *ret)
{
        return statement_load_one(store, LOAD_SCHEDULE, &schedule_record, &TEXT(name), 1, ret);
}

int store_save_schedule(struct store *store, const struct store_schedule *schedule)
{
        return saved(statement_write_row(store, PUT_SCHEDULE, &schedule_record, schedule, NULL));
}

/* ---- runs ---- */

int store_add_run(struct store *store, const struct store_run *run)
{
        return saved(statement_write_row(store, ADD_RUN, &run_record, run, NULL));
}

int store_save_run(struct store *store, const struct store_run *run)
{
        return saved(statement_write_row(store, PUT_RUN, &run_record, run, NULL));
}

int store_load_runs(struct store *store, const char *schedule, bool open_only, size_t limit,
                    struct store_run **ret, size_t *ret_n)
{
        const struct parameter parameters[] = {
                NUMBER(limit ? (int64_t)limit : -1), /* -1: SQLite's "all" */
                TEXT(schedule),
        };
        enum statement statement = schedule ? LOAD_SCHEDULE_RUNS : LOAD_RUNS;

        return statement_load(store, open_only ? LOAD_OPEN_RUNS : statement, &run_record,
                              parameters, schedule || open_only ? 2 : 1, (void **)ret, ret_n);
}

int store_load_run(struct store *store, const char *id, struct store_run *ret)
{
        return statement_load_one(store, LOAD_RUN, &run_record, &TEXT(id), 1, ret);
}

/* ---- tasks ---- */

int store_save_task(struct store *store, struct store_task *task)
{
        return saved(statement_write_row(store, task->id ? PUT_TASK : ADD_TASK, &task_record, task,
                                         &task->id));
}

int store_load_tasks(struct store *store, const char *run, struct store_task **ret, size_t *ret_n)
{
        return statement_load(store, LOAD_TASKS, &task_record, &TEXT(run), 1, (void **)ret, ret_n);
}

int store_load_returned(struct store *store, const char *schedule, struct store_task **ret,
                        size_t *ret_n)
{
        const struct parameter parameters[] = { TEXT(schedule), NUMBER(STORE_RUNS_MEASURED) };

        return statement_load(store, LOAD_RETURNED, &task_record, parameters, ELEMENTS(parameters),
                              (void **)ret, ret_n);
}

int store_load_listed(struct store *store, const char *schedule, struct store_task **ret,
                      size_t *ret_n)
{
        const struct parameter parameters[] = { TEXT(schedule), NUMBER(STORE_RUNS_MEASURED) };

        return statement_load(store, LOAD_LISTED, &task_record, parameters, ELEMENTS(parameters),
                              (void **)ret, ret_n);
}

/* ---- images ---- */

int store_save_image(struct store *store, const struct store_image *image)
{
        return saved(statement_write_row(store, PUT_IMAGE, &image_record, image, NULL));
}

int store_load_image(struct store *store, const char *account, const char *region, const char *id,
                     struct store_image *ret)
{
        const struct parameter parameters[] = { TEXT(account), TEXT(region), TEXT(id) };

        return statement_load_one(store, LOAD_IMAGE, &image_record, parameters,
                                  ELEMENTS(parameters), ret);
}

int store_load_images(struct store *store, const char *schedule, const char *account,
                      const char *region, bool with_removed, struct store_image **ret,
                      size_t *ret_n)
{
        const struct parameter parameters[] = { TEXT(account), TEXT(region), NUMBER(with_removed),
                                                TEXT(schedule) };

        return statement_load(store, schedule ? LOAD_SCHEDULE_IMAGES : LOAD_IMAGES, &image_record,
                              parameters, schedule ? 4 : 3, (void **)ret, ret_n);
}

int store_load_newer_images(struct store *store, const struct store_image *image,
                            struct store_image **ret, size_t *ret_n)
{
        const struct parameter parameters[] = { TEXT(image->schedule), TEXT(image->account),
                                                TEXT(image->region), TEXT(image->instance),
                                                NUMBER(image->created) };

        return statement_load(store, LOAD_NEWER_IMAGES, &image_record, parameters,
                              ELEMENTS(parameters), (void **)ret, ret_n);
}

int store_count_left(struct store *store, const char *schedules, struct store_left **ret,
                     size_t *ret_n)
{
        return statement_load(store, COUNT_LEFT_IMAGES, &left_record, &TEXT(schedules), 1,
                              (void **)ret, ret_n);
}

int store_forget(struct store *store, sec_t before)
{
        int runs = statement_write(store, FORGET_RUNS, &NUMBER(before), 1);
        int images = runs < 0 ? runs : statement_write(store, FORGET_IMAGES, &NUMBER(before), 1);

        return images < 0 ? images : runs + images;
}
