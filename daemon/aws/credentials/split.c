/* Splits a command line at white space, with the quotes of a shell. */
#include "aws/credentials/split.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

/* Reads a word from *at into `word`; false with *ret_why for an open quote or a last backslash. */
static bool read_word(const char **at, struct text *word, const char **ret_why)
{
        char quote = '\0';
        const char *p = *at;

        for (; *p && (quote || !strchr(" \t\r\n", *p)); p++) {
                /* Within "" a backslash escapes only the characters that are special there. */
                bool escapes =
                        *p == '\\' && (!quote || (quote == '"' && p[1] && strchr("\"\\", p[1])));

                if (escapes && !p[1]) {
                        *ret_why = "a backslash at the end";
                        return false;
                }
                if (escapes)
                        text_write(word, ++p, 1);
                else if (quote && *p == quote)
                        quote = '\0';
                else if (!quote && (*p == '\'' || *p == '"'))
                        quote = *p;
                else
                        text_write(word, p, 1);
        }
        *at = p;
        if (quote)
                *ret_why = "a quote that is not closed";
        return !quote;
}

int split_words(const char *line, char ***ret, size_t *ret_n, const char **ret_why)
{
        char **words = NULL;
        size_t n = 0;

        for (const char *at = line + strspn(line, " \t\r\n"); *at; at += strspn(at, " \t\r\n")) {
                _cleanup_(text_done) struct text word = {};

                if (!read_word(&at, &word, ret_why)) {
                        strings_free(words, n);
                        return -EINVAL;
                }
                *append(words, n) = text_steal(&word);
        }
        if (n == 0) {
                *ret_why = "no program";
                return -EINVAL;
        }
        *ret_n = n;
        *append(words, n) = NULL;
        *ret = words;
        return 0;
}
