/* The published interfaces have the methods of the table. */
#include "unit/control/fixture.h"

#include "control/interface.h"
#include "control/methods.h"

static const char *const type_names[] = {
        [ARGUMENT_TEXT] = "string",
        [ARGUMENT_TEXTS] = "[]string",
        [ARGUMENT_FLAG] = "bool",
        [ARGUMENT_COUNT] = "int",
};

/* "(schedule: ?string, limit: ?int)", the signature by the table. */
static char *signature_of(const struct method *method)
{
        _cleanup_(text_done) struct text text = {};

        text_append(&text, "(");
        for (size_t i = 0; i < ARGUMENTS_MAX && method->arguments[i].name; i++) {
                const struct argument *argument = &method->arguments[i];

                text_printf(&text, "%s%s: %s%s", i ? ", " : "", argument->name,
                            argument->required ? "" : "?", type_names[argument->type]);
        }
        text_append(&text, ")");
        return text_steal(&text);
}

static const struct interface *interface_of(const char *method, const char **ret_name)
{
        for (size_t i = 0; i < n_interfaces; i++) {
                const char *rest = startswith(method, interfaces[i].name);

                if (rest && *rest == '.') {
                        *ret_name = rest + 1;
                        return &interfaces[i];
                }
        }
        return NULL;
}

static void every_method_is_described(void **state)
{
        (void)state;
        for (const struct method *method = methods; method->name; method++) {
                _cleanup_free_ char *signature = signature_of(method), *line = NULL;
                const char *name = NULL;
                const struct interface *interface = interface_of(method->name, &name);

                assert_non_null(interface);
                line = xasprintf("\nmethod %s%s -> (", name ? name : "", signature);
                if (!strstr(interface->description, line))
                        fail_msg("not in the description: %s", line);
        }
}

static bool is_in_table(const char *name)
{
        for (const struct method *method = methods; method->name; method++)
                if (streq(method->name, name))
                        return true;
        return false;
}

static void every_description_has_a_method(void **state)
{
        size_t n = 0;

        (void)state;
        for (size_t i = 0; i < n_interfaces; i++) {
                const char *at = interfaces[i].description;

                while ((at = strstr(at, "\nmethod "))) {
                        _cleanup_free_ char *name = NULL;

                        at += strlen("\nmethod ");
                        name = xasprintf("%s.%.*s", interfaces[i].name, (int)strcspn(at, "("), at);
                        if (!is_in_table(name))
                                fail_msg("not in the table: %s", name);
                        n++;
                }
        }
        for (const struct method *method = methods; method->name; method++)
                n--;
        assert_int_equal(n, 0);
}

/* A parser of the whole grammar, https://varlink.org/Interface-Definition. Names of members must be
 * unique, and every used type must be defined. */
struct reader {
        const char *at;
        char *names[64], *used[128];
        size_t n_names, n_used;
};

static void blank(struct reader *reader)
{
        for (;;) {
                reader->at += strspn(reader->at, " \t\r\n");
                if (*reader->at != '#')
                        return;
                reader->at += strcspn(reader->at, "\n");
        }
}

static bool take(struct reader *reader, const char *token)
{
        const char *rest;

        blank(reader);
        rest = startswith(reader->at, token);
        if (rest)
                reader->at = rest;
        return rest != NULL;
}

static char *take_name(struct reader *reader, const char *first)
{
        size_t n;

        blank(reader);
        if (!*reader->at || !strchr(first, *reader->at))
                return NULL;
        n = strspn(reader->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
        reader->at += n;
        return xstrndup(reader->at - n, n);
}

#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LOWER "abcdefghijklmnopqrstuvwxyz"

static bool take_members(struct reader *reader);

static bool take_type(struct reader *reader)
{
        static const char *const simple[] = { "bool", "int", "float", "string", "object" };

        take(reader, "?");
        while (take(reader, "[]") || take(reader, "[string]"))
                ;
        for (size_t i = 0; i < ELEMENTS(simple); i++)
                if (take(reader, simple[i]))
                        return true;
        blank(reader);
        if (*reader->at == '(')
                return take_members(reader);
        reader->used[reader->n_used] = take_name(reader, UPPER);
        return reader->used[reader->n_used++] != NULL;
}

/* A struct, or an enum, whose members have no types. */
static bool take_members(struct reader *reader)
{
        if (!take(reader, "("))
                return false;
        if (take(reader, ")"))
                return true;
        do {
                _cleanup_free_ char *name = take_name(reader, LOWER);

                if (!name || (take(reader, ":") && !take_type(reader)))
                        return false;
        } while (take(reader, ","));
        return take(reader, ")");
}

static bool take_declaration(struct reader *reader)
{
        bool method = take(reader, "method ");

        if (!method && !take(reader, "type ") && !take(reader, "error "))
                return false;
        reader->names[reader->n_names] = take_name(reader, UPPER);
        if (!reader->names[reader->n_names++] || !take_members(reader))
                return false;
        return !method || (take(reader, "->") && take_members(reader));
}

static bool knows(const struct reader *reader, const char *name, size_t before)
{
        for (size_t i = 0; i < before; i++)
                if (streq(reader->names[i], name))
                        return true;
        return false;
}

static void the_descriptions_follow_the_grammar_of_varlink(void **state)
{
        (void)state;
        for (size_t i = 0; i < n_interfaces; i++) {
                struct reader reader = { .at = interfaces[i].description };

                assert_true(take(&reader, "interface ") && take(&reader, interfaces[i].name));
                for (blank(&reader); *reader.at; blank(&reader))
                        if (!take_declaration(&reader))
                                fail_msg("not understood: %.40s", reader.at);
                for (size_t j = 0; j < reader.n_names; j++)
                        if (knows(&reader, reader.names[j], j))
                                fail_msg("twice: %s", reader.names[j]);
                for (size_t j = 0; j < reader.n_used; j++) {
                        if (!knows(&reader, reader.used[j], reader.n_names))
                                fail_msg("no such type: %s", reader.used[j]);
                        free(reader.used[j]);
                }
                for (size_t j = 0; j < reader.n_names; j++)
                        free(reader.names[j]);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_method_is_described),
                cmocka_unit_test(every_description_has_a_method),
                cmocka_unit_test(the_descriptions_follow_the_grammar_of_varlink),
        };

        return cmocka_run_group_tests_name("interface", tests, NULL, NULL);
}
