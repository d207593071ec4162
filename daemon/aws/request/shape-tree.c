/* The element tree of a shape, and its lists that a document lacks. */
#include "aws/request/shape-tree.h"

#include <string.h>

#include "base/alloc.h"

static struct shape_node *find_or_add(struct shape_node *node, const char *name, size_t size)
{
        struct shape_node **link = &node->children;

        while (*link && !((*link)->name_size == size && memcmp((*link)->name, name, size) == 0))
                link = &(*link)->next;
        if (!*link) {
                *link = xnew(struct shape_node);
                (*link)->name = name;
                (*link)->name_size = size;
        }
        return *link;
}

void shape_tree_add(struct shape_node *node, const struct shape *shape, bool about_reply)
{
        for (const struct field *field = shape->fields; field->name; field++) {
                struct shape_node *at = node;

                for (const char *p = field->name; *p;) {
                        size_t size = strcspn(p, "/");

                        at = find_or_add(at, p, size);
                        p += size + (p[size] == '/');
                }
                at->field = field;
                at->about_reply = about_reply;
                if (field->type == AS_ROWS)
                        shape_tree_add(at, field->shape, about_reply);
        }
}

struct shape_node *shape_tree_new(const struct shape *shape, const struct shape *about_reply)
{
        struct shape_node *root = xnew(struct shape_node);

        if (shape)
                shape_tree_add(root, shape, false);
        shape_tree_add(root, about_reply, true);
        return root;
}

struct shape_node *shape_tree_free(struct shape_node *tree)
{
        while (tree->children) {
                struct shape_node *child = tree->children;

                tree->children = child->next;
                shape_tree_free(child);
        }
        free(tree);
        return NULL;
}

static struct shape_node *find(const struct shape_node *node, const char *name, size_t size)
{
        for (struct shape_node *child = node->children; child; child = child->next)
                if (child->name_size == size && memcmp(child->name, name, size) == 0)
                        return child;
        return NULL;
}

struct shape_node *shape_tree_find(const struct shape_node *node, const char *name)
{
        return find(node, name, strlen(name));
}

/* Whether `name` is the XML name of list elements: "item" of EC2, "member" of query services. */
static bool is_element(const char *name, size_t size)
{
        return (size == 4 && memcmp(name, "item", size) == 0) ||
               (size == 6 && memcmp(name, "member", size) == 0);
}

/* Whether the document had the list at `path`; the list may be empty. */
static bool list_was_seen(const struct shape_node *node, const char *path)
{
        while (*path) {
                size_t size = strcspn(path, "/");

                if (is_element(path, size))
                        break;
                node = find(node, path, size);
                if (!node || !node->seen)
                        return false;
                path += size + (path[size] == '/');
        }
        return true;
}

const char *shape_tree_lacks(const struct shape_node *root, const struct shape *shape)
{
        for (const struct field *field = shape->fields; field->name; field++)
                if (field->type == AS_ROWS && !list_was_seen(root, field->name))
                        return field->name;
        return NULL;
}
