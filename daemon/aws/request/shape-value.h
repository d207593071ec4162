/* Members of a C struct by the table of its shape: store, append, check, move. For the decoders. */
#pragma once

#include "aws/request/shape-tree.h"

/* Stores the text of an element; a text that cannot be parsed leaves the member unchanged. */
void shape_store(const struct field *field, void *object, const char *text);
/* Appends a zeroed row to an AS_ROWS member. Pointers to its other rows become invalid. */
void *shape_append_row(const struct field *field, void *object);
/* 0, or -EBADMSG with *ret_error (caller frees) when `object` or one of its rows lacks a required
 * member, or the document of `tree` lacks a list. `shape` may be NULL. */
int shape_check(const struct shape_node *tree, const struct shape *shape, const void *object,
                char **ret_error);
/* Moves all members of `from` into `to`: lists are joined, other members replaced. */
void shape_move(const struct shape *shape, void *to, void *from);
