/* Lines of the progress of a run. */
#include "ctl/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/text.h"
#include "base/time.h"

/* The output of a verb without a terminal. */
struct screen {
        struct ctl ctl;
        struct progress *progress;
        char *text;
        size_t size;
};

static void screen_open(struct screen *screen)
{
        *screen = (struct screen){ .ctl.out.width = 80 };
        assert_int_equal(loop_new(&screen->ctl.loop), 0);
        screen->ctl.out.stream = open_memstream(&screen->text, &screen->size);
        screen->progress = progress_new(&screen->ctl);
}

static void screen_close(struct screen *screen)
{
        progress_free(screen->progress);
        fclose(screen->ctl.out.stream);
        loop_free(screen->ctl.loop);
        free(screen->text);
}

/* `members` are those of the task, beside what makes it that task. */
static void tell(struct screen *screen, const char *members)
{
        _cleanup_free_ char *text =
                xasprintf("{\"run\":{\"id\":\"web.1\",\"outcome\":\"open\",\"timezone\":\"UTC\"},"
                          "\"task\":{\"run\":\"web.1\",\"kind\":\"image\",\"account\":\"a\","
                          "\"region\":\"r\",\"subject\":\"i-1\",%s}}",
                          members);
        cJSON *event = cJSON_Parse(text);

        assert_non_null(event);
        progress_event(screen->progress, event, false);
        cJSON_Delete(event);
}

static void what_happened_on_another_day_has_its_own_time(void **state)
{
        struct screen screen;

        (void)state;
        screen_open(&screen);
        tell(&screen, "\"step\":\"await-image\",\"entered\":\"2023-11-14T22:13:20Z\","
                      "\"finished\":\"2023-11-14T22:15:00Z\",\"outcome\":\"failed\"");
        assert_string_equal(screen.text, "2023-11-14 22:15:00 +00:00 i-1: failed\n");
        screen_close(&screen);
}

static void what_goes_on_has_the_time_it_came_there(void **state)
{
        struct screen screen;
        sec_t now, entered;
        char buffer[TIME_TEXT_MAX], local[TIME_TEXT_MAX], *first, *second;
        _cleanup_free_ char *members = NULL, *waits = NULL;

        (void)state;
        screen_open(&screen);
        now = loop_wall(screen.ctl.loop);
        entered = now - 2 * SEC_PER_DAY;
        members = xasprintf("\"step\":\"create-image\",\"entered\":\"%s\",\"outcome\":\"open\"",
                            format_rfc3339(entered, buffer));
        waits = xasprintf("%s,\"waiting\":\"for rain\"", members);
        tell(&screen, members);
        tell(&screen, waits);
        first = screen.text;
        assert_non_null(startswith(first, format_local(entered, 0, local)));
        second = strchr(first, '\n') + 1;
        /* since now: of today, without the date */
        assert_int_equal(second[2], ':');
        assert_non_null(strstr(second, " i-1: for rain\n"));
        screen_close(&screen);
}

static void a_decision_names_the_account(void **state)
{
        cJSON *event = cJSON_Parse(
                "{\"run\":{\"id\":\"prune.1\",\"outcome\":\"open\"},\"decision\":{\"action\":"
                "\"keep\",\"why\":\"kept: last #1\",\"image\":{\"id\":\"ami-1\",\"account\":"
                "\"prod\",\"region\":\"eu-west-1\"}}}");
        struct screen screen;

        (void)state;
        screen_open(&screen);
        progress_event(screen.progress, event, false);
        assert_string_equal(screen.text, "keep    ami-1  -  -  -  -\n"
                                         "        in prod/eu-west-1: kept: last #1\n");
        cJSON_Delete(event);
        screen_close(&screen);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_happened_on_another_day_has_its_own_time),
                cmocka_unit_test(what_goes_on_has_the_time_it_came_there),
                cmocka_unit_test(a_decision_names_the_account),
        };

        return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
