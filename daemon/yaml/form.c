/* Checks the form of a text: its length and its pattern. */
#include "yaml/conf.h"

#include <stdlib.h>

#include "base/alloc.h"

/* The compiled pattern, kept in `conf`: compiling costs more than matching. */
static const regex_t *compile(struct conf *conf, const struct form *form)
{
        size_t i = 0;

        while (i < conf->n_forms && conf->form_of[i] != form)
                i++;
        if (i == conf->n_forms) {
                if (i == CONF_FORMS_MAX ||
                    regcomp(&conf->forms[i], form->pattern, REG_EXTENDED | REG_NOSUB) != 0)
                        abort();
                conf->form_of[conf->n_forms++] = form;
        }
        return &conf->forms[i];
}

size_t conf_length(const char *text)
{
        size_t n = 0;

        for (; *text; text++)
                n += ((unsigned char)*text & 0xc0) != 0x80;
        return n;
}

bool conf_check_form(struct conf *conf, const yaml_node_t *node, const struct form *form,
                     const char *text)
{
        _cleanup_free_ char *quoted = NULL, *hint = NULL;

        if (conf_length(text) > form->max)
                return conf_error(conf, node, "%zu characters; at most %zu make %s",
                                  conf_length(text), form->max, form->noun);
        if (regexec(compile(conf, form), text, 0, NULL, 0) == 0)
                return true;
        quoted = conf_quote(text);
        hint = form->hint ? form->hint(text) : NULL;
        return conf_error(conf, node, "%s is not %s%s%s", quoted, form->noun, hint ? "; " : "",
                          hint ? hint : "");
}
