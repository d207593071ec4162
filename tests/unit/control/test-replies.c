/* Every reply has the members that the published interface lists for its method, and no others. */
#include "unit/control/side.h"

#include "control/call.h"
#include "control/interface.h"

/* ---- what the interface lists ---- */

static const char *reply_of(const char *method)
{
        for (size_t i = 0; i < n_interfaces; i++) {
                const char *name = startswith(method, interfaces[i].name);
                _cleanup_free_ char *line = NULL;
                const char *found;

                if (!name)
                        continue;
                line = xasprintf("\nmethod %s(", name + 1);
                found = strstr(interfaces[i].description, line);
                return found ? strstr(found, "-> (") + strlen("-> (") : NULL;
        }
        return NULL;
}

/* The member behind `at`, or NULL after the last one; moves on. Types of replies have names. */
static char *next_member(const char **at, bool *ret_optional)
{
        static const char blanks[] = " ,\n";
        const char *name = *at + strspn(*at, blanks), *type;
        size_t size = strcspn(name, ":)");

        if (name[size] != ':')
                return NULL;
        type = name + size + 1;
        type += strspn(type, " ");
        *ret_optional = *type == '?';
        *at = type + strcspn(type, ",)\n");
        return xstrndup(name, size);
}

static void check_reply(const struct method *method, const cJSON *parameters)
{
        const char *at = reply_of(method->name);
        size_t known = 0;

        assert_non_null(at);
        for (;;) {
                bool optional = false;
                _cleanup_free_ char *name = next_member(&at, &optional);
                bool there = cJSON_GetObjectItemCaseSensitive(parameters, name);

                if (!name)
                        break;
                if (!there && !optional)
                        fail_msg("%s: no %s in the reply", method->name, name);
                known += there;
        }
        if (known != (size_t)cJSON_GetArraySize(parameters)) {
                char *text = cJSON_PrintUnformatted(parameters);

                fail_msg("%s: not all of its interface: %s", method->name, text);
        }
}

/* ---- a call of each method ---- */

static char *call_of(const struct method *method)
{
        cJSON *call = cJSON_CreateObject(), *parameters;
        char *text, *copy;

        cJSON_AddStringToObject(call, "method", method->name);
        cJSON_AddBoolToObject(call, "more", true);
        parameters = cJSON_AddObjectToObject(call, "parameters");
        for (size_t i = 0; i < ARGUMENTS_MAX && method->arguments[i].name; i++) {
                const char *name = method->arguments[i].name;

                if (method->arguments[i].type == ARGUMENT_TEXT)
                        cJSON_AddStringToObject(parameters, name,
                                                streq(name, "schedule") ? "web"
                                                : streq(name, "run")    ? "web.1"
                                                                        : MANAGER_INTERFACE);
        }
        text = cJSON_PrintUnformatted(call);
        copy = xstrdup(text);
        cJSON_free(text);
        cJSON_Delete(call);
        return copy;
}

/* Gives how many replies there were. */
static size_t check_replies(const struct method *method, struct side *side)
{
        for (size_t n = 0;; n++) {
                _cleanup_free_ char *answer = side_receive(side);
                cJSON *reply;

                if (!*answer)
                        return n;
                reply = cJSON_Parse(answer);
                assert_non_null(reply);
                if (cJSON_GetObjectItemCaseSensitive(reply, "error"))
                        fail_msg("%s: %s", method->name, answer);
                check_reply(method, cJSON_GetObjectItemCaseSensitive(reply, "parameters"));
                cJSON_Delete(reply);
        }
}

/* Each of the calls has a manager of its own, so that all are held at once. */
static void every_reply_has_the_members_of_its_interface(void **state)
{
        enum { METHODS_MAX = 32 };
        struct fixture *fixture = *state, each[METHODS_MAX];
        struct store_run run = fixture_run("web.1", OUTCOME_DONE);
        struct side sides[METHODS_MAX];
        size_t n = 0, held = 0;

        assert_int_equal(store_add_run(fixture->store, &run), 0);
        for (; methods[n].name; n++) {
                _cleanup_free_ char *call = call_of(&methods[n]);

                assert_true(n < METHODS_MAX);
                each[n] = *fixture;
                each[n].manager.starting = true;
                each[n].options.manager = &each[n].manager;
                side_open(&sides[n], &each[n], true);
                side_send(&sides[n], call);
        }
        fixture_wait(fixture, 1100 * USEC_PER_MSEC);
        for (size_t i = 0; i < n; i++) {
                struct manager_wait *wait = each[i].manager.wait;
                size_t replies = check_replies(&methods[i], &sides[i]);

                if (!replies) /* also what it is held for */
                        fail_msg("%s: no reply", methods[i].name);
                each[i].manager.starting = false;
                if (wait) {
                        wait->ready(wait->userdata);
                        assert_true(check_replies(&methods[i], &sides[i]) > 0);
                        held++;
                }
                session_free(sides[i].session);
                fake_manager_done(&each[i].manager);
        }
        assert_int_equal(held, 6);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(every_reply_has_the_members_of_its_interface,
                                                fixture_make, fixture_remove),
        };

        return cmocka_run_group_tests_name("replies", tests, NULL, NULL);
}
