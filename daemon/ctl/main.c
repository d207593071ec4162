/* amictl: parses the command line and runs the verb. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/version.h"
#include "ctl/output.h"
#include "ctl/verbs.h"

static int run_verb(struct ctl *ctl)
{
        const struct verb *verb = verb_find(ctl->words[0]);
        int status, r = loop_new(&ctl->loop);

        if (r < 0) {
                ctl_complain("%s", strerror(-r));
                return CTL_FAILED;
        }
        status = verb->run(ctl, ctl->words + 1, ctl->n_words - 1);
        if (fflush(ctl->out.stream) != 0 && status == CTL_DONE) {
                ctl_complain("the output cannot be written");
                return CTL_FAILED;
        }
        return status;
}

int ctl_main(int argc, char **argv)
{
        _cleanup_(ctl_done) struct ctl ctl = { .file = "/etc/amid/amid.yaml" };
        _cleanup_(text_done) struct text error = {};

        setlocale(LC_CTYPE, ""); /* for the width of characters */
        terminal_init(&ctl.out, stdout);
        if (!ctl_parse(&ctl, argc, argv, &error)) {
                fputs(text_get(&error), stderr);
                return CTL_USAGE;
        }
        if (ctl.version) {
                printf("amictl %s\n", version_text);
                return CTL_DONE;
        }
        if (ctl.help) {
                ctl_print_help(ctl.n_words ? verb_find(ctl.words[0]) : NULL, stdout);
                return CTL_DONE;
        }
        return run_verb(&ctl);
}
