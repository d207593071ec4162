/* trust_path(): parts of a path that others may change, and the remedies. */
#include "base/trust.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "unit/fresh-directory.h"

/* folder/file, elsewhere/link -> ../folder/file, and short -> folder. */
static int set_up(void **state)
{
        int fd;

        if (fresh_directory_make(state) < 0 || mkdir("folder", 0755) < 0 ||
            mkdir("elsewhere", 0755) < 0 || symlink("../folder/file", "elsewhere/link") < 0 ||
            symlink("folder", "short") < 0 || mkdir("volume", 0755) < 0 ||
            mkdir("volume/..2027_01_01", 0755) < 0 ||
            symlink("..2027_01_01", "volume/..data") < 0 ||
            symlink("..data/settings", "volume/settings") < 0)
                return -1;
        fd = open("folder/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        return fd < 0 || close(fd) < 0 ? -1 : 0;
}

enum { NOBODY = 65534 };

static const struct row {
        const char *name, *changed;
        unsigned int mode;     /* of `changed` */
        unsigned int uid, gid; /* of it; 0: as they are, or root's */
        const char *path, *message[3];
} rows[] = {
        { .name = "a file that only its user writes", .path = "folder/file" },
        { .name = "by an absolute path", .path = "" },
        { .name = "a device", .path = "/dev/null" },
        { .name = "a missing file", .path = "folder/none" },
        { .name = "a missing folder", .path = "none/none" },
        { .name = "a file everybody may change",
          .changed = "folder/file",
          .mode = 0606,
          .path = "folder/file",
          .message = { "/folder/file has mode 0606: everybody may change it", "chmod o-w /" } },
        { .name = "a file its group may change",
          .changed = "folder/file",
          .mode = 0664,
          .gid = NOBODY,
          .path = "folder/file",
          .message = { "/folder/file has mode 0664: its group may change it", "chmod g-w /" } },
        { .name = "both",
          .changed = "folder/file",
          .mode = 0666,
          .gid = NOBODY,
          .path = "folder/file",
          .message = { "chmod go-w /" } },
        { .name = "a folder everybody may change",
          .changed = "folder",
          .mode = 0707,
          .path = "folder/file",
          .message = { "/folder has mode 0707", "chmod o-w /" } },
        { .name = "a missing file in such a folder",
          .changed = "folder",
          .mode = 0707,
          .path = "folder/none",
          .message = { "/folder has mode 0707" } },
        { .name = "such a folder behind a link",
          .changed = "folder",
          .mode = 0707,
          .path = "elsewhere/link",
          .message = { "/folder has mode 0707" } },
        { .name = "such a folder before a link",
          .changed = "elsewhere",
          .mode = 0707,
          .path = "elsewhere/link",
          .message = { "/elsewhere has mode 0707" } },
        { .name = "such a folder on the way back",
          .changed = "elsewhere",
          .mode = 0707,
          .path = "elsewhere/../folder/file",
          .message = { "/elsewhere has mode 0707" } },
        { .name = "a link to a folder",
          .changed = "folder",
          .mode = 0707,
          .path = "short/file",
          .message = { "/folder has mode 0707" } },
        { .name = "a sticky folder", .changed = "folder", .mode = 01777, .path = "folder/file" },
        { .name = "a projected volume of Kubernetes",
          .changed = "volume",
          .mode = 01777,
          .path = "volume/settings" },
        { .name = "a ConfigMap of Kubernetes as a volume of its own",
          .changed = "volume",
          .mode = 0777,
          .path = "volume/settings",
          .message = { "/volume has mode 0777: everybody may change it" } },
        { .name = "behind two links of such a volume",
          .changed = "volume/..2027_01_01",
          .mode = 0707,
          .path = "volume/settings",
          .message = { "/volume/..2027_01_01 has mode 0707" } },
        { .name = "somebody's file",
          .changed = "folder/file",
          .mode = 0644,
          .uid = NOBODY,
          .path = "folder/file",
          .message = { "/folder/file belongs to user 65534", "chown root /" } },
        { .name = "somebody's folder",
          .changed = "folder",
          .mode = 0755,
          .uid = NOBODY,
          .path = "folder/file",
          .message = { "/folder belongs to user 65534", "chown root /" } },
        { .name = "somebody's link",
          .changed = "elsewhere/link",
          .uid = NOBODY,
          .path = "elsewhere/link",
          .message = { "/elsewhere/link belongs to user 65534", "chown -h root /" } },
};

static void change(const struct row *row)
{
        if (row->uid || row->gid)
                assert_int_equal(lchown(row->changed, row->uid ? row->uid : 0, row->gid), 0);
        if (row->mode)
                assert_int_equal(chmod(row->changed, row->mode), 0);
}

static void only_root_and_the_user_may_change_a_trusted_path(void **state)
{
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                const struct row *row = &rows[i];
                _cleanup_free_ char *absolute = NULL, *why = NULL;

                if ((row->uid || row->gid) && geteuid() != 0)
                        continue;
                assert_int_equal(fresh_directory_remove(state), 0);
                assert_int_equal(set_up(state), 0);
                absolute = xasprintf("%s/folder/file", fresh_directory);
                if (row->changed)
                        change(row);
                why = trust_path(*row->path ? row->path : absolute);
                if (!row->message[0] && why)
                        fail_msg("%s: %s", row->name, why);
                for (size_t j = 0; j < ELEMENTS(row->message) && row->message[j]; j++)
                        if (!why || !strstr(why, row->message[j]))
                                fail_msg("%s: %s", row->name, why ? why : "nothing wrong");
        }
}

/* The group root counts as root, as in sudo. */
static void the_group_root_is_root(void **state)
{
        _cleanup_free_ char *why = NULL;

        (void)state;
        if (geteuid() != 0)
                skip();
        assert_int_equal(chown("folder/file", 0, 0), 0);
        assert_int_equal(chmod("folder/file", 0664), 0);
        why = trust_path("folder/file");
        assert_null(why);
}

static void a_link_to_itself_ends(void **state)
{
        _cleanup_free_ char *why = NULL;

        (void)state;
        assert_int_equal(symlink("loop", "loop"), 0);
        why = trust_path("loop/file");
        assert_null(why); /* open() fails with ELOOP */
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(only_root_and_the_user_may_change_a_trusted_path,
                                                set_up, fresh_directory_remove),
                cmocka_unit_test_setup_teardown(the_group_root_is_root, set_up,
                                                fresh_directory_remove),
                cmocka_unit_test_setup_teardown(a_link_to_itself_ends, set_up,
                                                fresh_directory_remove),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
