/*
 * Finds schedules that can give an image the same name: the second schedule would take the image of
 * the first for its own.
 *
 * After {schedule} is filled in, equal templates clash; sorting finds them. Different templates
 * clash only when the text of one can equal an instance id or a time in the other
 * ("web-i-0123456789abcdef0-{instance}-{time}"). Such odd templates are few; they are compared with
 * all others, character by character.
 *
 * This finds all clashes. An instance id ends at the first character that is no digit of it, and
 * has no T and no Z. So ids and times of two names can only be at different positions when a text
 * looks like an id or like the end of a time, or when a character that could belong to an id
 * follows an id: all these templates count as odd.
 */
#include "settings/draft.h"

#include <string.h>

#include "base/alloc.h"

#define HEX    "0123456789abcdef"
#define DIGITS "0123456789"

/* The shape of a name: literal bytes, and these for characters that are known only in a run. */
enum { ANY_HEX = 1, ANY_DIGIT = 2 };
static const char any_time[] = "\2\2\2\2\2\2\2\2T\2\2\2\2\2\2Z";
static const char *const any_instance[] = {
        "i-\1\1\1\1\1\1\1\1",
        "i-\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1",
};

struct made_name {
        const struct draft_schedule *entry;
        char *shapes[ELEMENTS(any_instance)]; /* by the length of the instance id */
        bool odd;                             /* a different template may give the same name */
};

static char *fill_in(const char *template, const char *schedule, const char *instance)
{
        _cleanup_(text_done) struct text text = {};
        const char *rest;

        for (; *template; template = rest) {
                if ((rest = startswith(template, "{schedule}")))
                        text_append(&text, schedule);
                else if ((rest = startswith(template, "{instance}")))
                        text_append(&text, instance);
                else if ((rest = startswith(template, "{time}")))
                        text_append(&text, any_time);
                else
                        text_write(&text, template, (size_t)((rest = template + 1) - template));
        }
        return text_steal(&text);
}

/* Whether text of the shape can equal (a part of) an instance id or a time. */
static bool is_odd(const char *shape)
{
        const char *after = shape;

        for (const char *p = shape; (p = strstr(p, "i-")); p += 2) {
                size_t n = strspn(p + 2, HEX);

                if (n >= 8 || (p[2 + n] == ANY_DIGIT))
                        return true;
        }
        for (const char *p = shape; (p = strchr(p, 'T')); p++)
                if (strspn(p + 1, DIGITS) >= 6 && p[1 + 6] == 'Z')
                        return true;
        while ((after = strchr(after, ANY_HEX))) {
                after += strspn(after, "\1");
                if (*after && strchr(HEX "\2", *after))
                        return true;
        }
        return false;
}

static bool can_be(char a, char b)
{
        static const char *const sets[] = { [ANY_HEX] = HEX "\1\2", [ANY_DIGIT] = DIGITS "\1\2" };

        if (a == b)
                return true;
        if (a == ANY_HEX || a == ANY_DIGIT)
                return strchr(sets[(int)a], b) != NULL;
        return (b == ANY_HEX || b == ANY_DIGIT) && strchr(sets[(int)b], a) != NULL;
}

static bool shapes_meet(const char *a, const char *b)
{
        for (; *a && *b; a++, b++)
                if (!can_be(*a, *b))
                        return false;
        return *a == *b;
}

static bool names_meet(const struct made_name *a, const struct made_name *b)
{
        for (size_t i = 0; i < ELEMENTS(any_instance); i++)
                for (size_t k = 0; k < ELEMENTS(any_instance); k++)
                        if (shapes_meet(a->shapes[i], b->shapes[k]))
                                return true;
        return false;
}

static int compare_names(const void *a, const void *b)
{
        const struct made_name *x = a, *y = b;
        int r = strcmp(x->shapes[0], y->shapes[0]);

        return r ? r : strcmp(x->entry->schedule.name, y->entry->schedule.name);
}

static void clash(struct conf *conf, const struct made_name *a, const struct made_name *b)
{
        const struct draft_schedule *entry = b->entry;
        const char *first = a->entry->schedule.name, *second = entry->schedule.name;
        struct position position = conf_position_of(conf, &entry->own, "image", entry->position);
        bool told = strstr(entry->schedule.image.name, "{schedule}");

        conf_error_at(conf, position,
                      "schedules %s and %s can give images the same name (image.name %s)%s", first,
                      second, entry->schedule.image.name, told ? "" : "; put {schedule} into it");
}

static struct made_name make_name(const struct draft_schedule *entry)
{
        struct made_name name = { .entry = entry };

        for (size_t i = 0; i < ELEMENTS(any_instance); i++)
                name.shapes[i] =
                        fill_in(entry->schedule.image.name, entry->schedule.name, any_instance[i]);
        name.odd = is_odd(name.shapes[0]);
        return name;
}

/* Compares name `i` with all others, without pairs that come in the other order or are equal. */
static void compare_with_all(struct conf *conf, const struct made_name *names, size_t n, size_t i)
{
        for (size_t k = 0; k < n; k++) {
                bool seen = k == i || (k < i && names[k].odd);

                if (!seen && !streq(names[i].shapes[0], names[k].shapes[0]) &&
                    names_meet(&names[i], &names[k]))
                        clash(conf, &names[k], &names[i]);
        }
}

static void find_clashes(struct conf *conf, struct made_name *names, size_t n)
{
        qsort(names, n, sizeof(*names), compare_names);
        for (size_t i = 1; i < n; i++)
                if (streq(names[i].shapes[0], names[i - 1].shapes[0]))
                        clash(conf, &names[i - 1], &names[i]);
        for (size_t i = 0; i < n; i++)
                if (names[i].odd)
                        compare_with_all(conf, names, n, i);
}

void draft_check_clashes(struct draft *draft)
{
        struct made_name *names = NULL;
        size_t n = 0;

        for (size_t i = 0; i < draft->n_schedules; i++) {
                const struct draft_schedule *entry = &draft->schedules[i];
                bool again = i && streq(entry->schedule.name, entry[-1].schedule.name);

                if (CONF_WERE_READ(&entry->unread, "image") && !again)
                        *append(names, n) = make_name(entry);
        }
        if (n)
                find_clashes(&draft->conf, names, n);
        for (size_t i = 0; i < n; i++)
                for (size_t k = 0; k < ELEMENTS(any_instance); k++)
                        free(names[i].shapes[k]);
        free(names);
}
