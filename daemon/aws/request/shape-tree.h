/*
 * The element tree of a shape, which the decoders follow. It is made once per reply from the table
 * of the shape: each path is split at its slashes, and rows continue with the paths of their own
 * shape.
 */
#pragma once

#include "aws/request/shape.h"

struct shape_node {
        const char *name; /* borrowed from the table, not terminated */
        size_t name_size;
        const struct field *field; /* NULL: an inner node without a member */
        bool about_reply;          /* the member is in struct shape_decoded, not in the object */
        bool seen;                 /* the document has the element */
        struct shape_node *children, *next;
};

/* The root node stands for the root element of the document. Never NULL. */
struct shape_node *shape_tree_new(const struct shape *shape, const struct shape *about_reply);
/* Adds the paths of another shape, which has to outlive the tree. */
void shape_tree_add(struct shape_node *node, const struct shape *shape, bool about_reply);
struct shape_node *shape_tree_free(struct shape_node *tree);
DEFINE_CLEANUP(struct shape_node, shape_tree_free);

/* The child with the local name, or NULL. */
struct shape_node *shape_tree_find(const struct shape_node *node, const char *name);

/* The path of the first list (AS_ROWS) of `shape` that the document lacks, or NULL. An empty list
 * is not lacking. */
const char *shape_tree_lacks(const struct shape_node *root, const struct shape *shape);
