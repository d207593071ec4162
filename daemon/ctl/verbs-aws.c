/* Verbs about AWS: the identity behind credentials, and token buckets. */
#include <stdlib.h>

#include "base/alloc.h"
#include "ctl/await.h"
#include "ctl/output.h"
#include "ctl/table.h"
#include "runs/location/account.h"

/* ---- whoami ---- */

struct asked {
        struct whoami *whoami;
        const struct setting_account *setting;
        struct aws_account *account;
        struct aws_region_slot *region; /* gives the partition when no setting does */
        struct aws_whoami_slot *slot;
        char *id, *arn, *source, *error;
        sec_t expires;
};

struct whoami {
        struct ctl *ctl;
        struct asked *asked;
        size_t n_asked, open;
};

static void on_identity(const struct aws_identity *identity, void *userdata)
{
        struct asked *asked = userdata;

        asked->id = xstrdup(identity->account);
        asked->arn = xstrdup(identity->arn);
        asked->source = xstrdup(identity->source);
        asked->error = xstrdup(identity->error);
        asked->expires = identity->expires;
        asked->slot = aws_whoami_slot_free(asked->slot);
        if (--asked->whoami->open == 0)
                loop_exit(asked->whoami->ctl->loop, CTL_DONE);
}

static void on_region(const char *region, const char *error, void *userdata)
{
        struct asked *asked = userdata;

        (void)region;
        (void)error;
        asked->region = aws_region_slot_free(asked->region);
        asked->slot = aws_whoami(asked->account, on_identity, asked);
}

static void ask(struct whoami *whoami, struct aws *aws, struct asked *asked)
{
        asked->whoami = whoami;
        asked->account = account_open(aws, asked->setting);
        asked->region = aws_find_region(asked->account, on_region, asked);
        whoami->open++;
}

static void asked_done(struct asked *asked)
{
        aws_region_slot_free(asked->region);
        aws_whoami_slot_free(asked->slot);
        aws_account_unref(asked->account);
        free(asked->id);
        free(asked->arn);
        free(asked->source);
        free(asked->error);
}

static void add_text(cJSON *object, const char *name, const char *text)
{
        if (text)
                cJSON_AddStringToObject(object, name, text);
}

static void print_json(const struct whoami *whoami)
{
        cJSON *document = cJSON_CreateObject();
        cJSON *accounts = cJSON_AddArrayToObject(document, "accounts");

        for (size_t i = 0; i < whoami->n_asked; i++) {
                const struct asked *asked = &whoami->asked[i];
                cJSON *item = cJSON_CreateObject();
                char buffer[TIME_TEXT_MAX];

                cJSON_AddStringToObject(item, "name", asked->setting->name);
                add_text(item, "account", asked->id);
                add_text(item, "arn", asked->arn);
                add_text(item, "source", asked->source);
                if (asked->source && asked->expires != SEC_NEVER)
                        add_text(item, "expires", format_rfc3339(asked->expires, buffer));
                add_text(item, "error", asked->error);
                cJSON_AddItemToArray(accounts, item);
        }
        ctl_print_json(whoami->ctl, document);
        cJSON_Delete(document);
}

static void print_table(const struct whoami *whoami)
{
        static const struct table_column columns[] = {
                { .heading = "NAME" },
                { .heading = "ACCOUNT" },
                { .heading = "IDENTITY", .shrinks_to = 20 },
                { .heading = "FROM", .drop = 2 },
                { .heading = "ENDS", .drop = 1 },
        };
        _cleanup_(table_done) struct table table = TABLE(columns);
        sec_t now = loop_wall(whoami->ctl->loop);

        for (size_t i = 0; i < whoami->n_asked; i++) {
                const struct asked *asked = &whoami->asked[i];

                table_row(&table);
                table_cell(&table, STYLE_PLAIN, asked->setting->name);
                table_cell(&table, asked->error ? STYLE_BAD : STYLE_GOOD, asked->id);
                table_cell(&table, STYLE_PLAIN, asked->arn);
                table_cell(&table, STYLE_DIM, asked->source);
                table_take(&table, STYLE_DIM,
                           asked->source ? relative_time(asked->expires, now) : NULL);
                if (asked->error)
                        table_note(&table, asked->error);
        }
        table_print(&table, &whoami->ctl->out);
}

/* CTL_DONE when the identity of all accounts was found. */
static int whoami_all(struct whoami *whoami, struct aws *aws)
{
        int status = CTL_DONE;

        for (size_t i = 0; i < whoami->n_asked; i++)
                ask(whoami, aws, &whoami->asked[i]);
        if (ctl_await(whoami->ctl, aws) < 0)
                status = CTL_FAILED;
        else if (whoami->ctl->json)
                print_json(whoami);
        else
                print_table(whoami);
        for (size_t i = 0; i < whoami->n_asked; i++) {
                if (whoami->asked[i].error)
                        status = CTL_FAILED;
                asked_done(&whoami->asked[i]);
        }
        free(whoami->asked);
        return status;
}

int verb_whoami(struct ctl *ctl, char **arguments, size_t n)
{
        _cleanup_(settings_unrefp) struct settings *settings = NULL;
        _cleanup_(text_done) struct text messages = {};
        _cleanup_(http_freep) struct http *http = NULL;
        _cleanup_(aws_freep) struct aws *aws = NULL;
        struct whoami whoami = { .ctl = ctl };

        if (settings_load(ctl->file, &settings, &messages) < 0) {
                fputs(text_get(&messages), stderr);
                return CTL_FAILED;
        }
        if (n && !settings_account(settings, arguments[0])) {
                ctl_complain("There is no account \"%s\" in the settings.", arguments[0]);
                return CTL_FAILED;
        }
        if (ctl_open_aws(ctl, &http, &aws) < 0)
                return CTL_FAILED;
        for (size_t i = 0; i < settings->n_accounts; i++)
                if (!n || streq(settings->accounts[i].name, arguments[0]))
                        append(whoami.asked, whoami.n_asked)->setting = &settings->accounts[i];
        return whoami_all(&whoami, aws);
}

/* ---- status --api ---- */

static double number_of(const cJSON *object, const char *name)
{
        return cJSON_GetNumberValue(json_member(object, name));
}

static char *format_number(const cJSON *object, const char *name, int digits)
{
        return xasprintf("%.*f", digits, number_of(object, name));
}

int ctl_print_usage(struct ctl *ctl, const cJSON *parameters, void *userdata)
{
        static const struct table_column columns[] = {
                { .heading = "ACCOUNT", .shrinks_to = 8 },
                { .heading = "REGION" },
                { .heading = "ACTION" },
                { .heading = "SENT" },
                { .heading = "THROTTLED" },
                { .heading = "WAITING", .drop = 1 },
                { .heading = "LEFT" },
                { .heading = "A SECOND", .drop = 2 },
        };
        _cleanup_(table_done) struct table table = TABLE(columns);
        const cJSON *bucket;

        (void)userdata;
        if (ctl->json) {
                ctl_print_json(ctl, parameters);
                return CTL_DONE;
        }
        cJSON_ArrayForEach (bucket, json_member(parameters, "buckets")) {
                bool yields = number_of(bucket, "factor") < 1;

                table_row(&table);
                table_cell(&table, STYLE_PLAIN, json_text(bucket, "account"));
                table_cell(&table, STYLE_PLAIN, json_text(bucket, "region"));
                table_take(&table, STYLE_PLAIN,
                           xasprintf("%s:%s", json_text(bucket, "service"),
                                     json_text(bucket, "action")));
                table_take(&table, STYLE_PLAIN, format_number(bucket, "requests", 0));
                table_take(&table, yields ? STYLE_WARN : STYLE_PLAIN,
                           format_number(bucket, "throttled", 0));
                table_take(&table, STYLE_PLAIN, format_number(bucket, "waiting", 0));
                table_take(&table, STYLE_PLAIN,
                           xasprintf("%.0f of %.0f", number_of(bucket, "tokens"),
                                     number_of(bucket, "capacity")));
                table_take(&table, yields ? STYLE_WARN : STYLE_DIM,
                           xasprintf("%.2g",
                                     number_of(bucket, "refill") * number_of(bucket, "factor")));
        }
        table_print(&table, &ctl->out);
        if (!table.n_rows)
                fputs("AWS was not asked for anything yet.\n", ctl->out.stream);
        return CTL_DONE;
}
