/*
 * The element tree of a shape, made once per reply from its table: every path of the table split at
 * its slashes, rows continuing with the paths of their own shape. What the decoders walk.
 */
#pragma once

#include "aws/request/shape.h"

struct shape_node {
        const char *name; /* in the table, not terminated */
        size_t name_size;
        const struct field *field; /* NULL: only on the way to others */
        bool about_reply;          /* of struct shape_decoded, not of the object */
        bool seen;                 /* the decoder met it in the document */
        struct shape_node *children, *next;
};

/* Never fails; the root stands for the document's root element. */
struct shape_node *shape_tree_new(const struct shape *shape, const struct shape *about_reply);
/* Adds the paths of another table, which has to outlive the tree. */
void shape_tree_add(struct shape_node *node, const struct shape *shape, bool about_reply);
struct shape_node *shape_tree_free(struct shape_node *tree);
DEFINE_CLEANUP(struct shape_node, shape_tree_free);

/* The child of that local name, or NULL. */
struct shape_node *shape_tree_find(const struct shape_node *node, const char *name);

/* The path of a list (AS_ROWS) of `shape` that the document had not, not even as an empty one; NULL
 * when all were there. */
const char *shape_tree_lacks(const struct shape_node *root, const struct shape *shape);
