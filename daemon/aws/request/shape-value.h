/* Members of a row by their table: store, grow, move. Used by the decoder. */
#pragma once

#include "aws/request/shape-tree.h"

/* Stores the text of an element; what cannot be read leaves the member as it is. */
void shape_store(const struct field *field, void *object, const char *text);
/* A zeroed row at the end of an AS_ROWS member. Addresses of its older rows become invalid. */
void *shape_append_row(const struct field *field, void *object);
/* 0, or -EBADMSG when a required member of `object` or of its rows is not there, or a list was not
 * in the document of `tree`: *ret_error (caller frees) names it. `shape` may be NULL. */
int shape_check(const struct shape_node *tree, const struct shape *shape, const void *object,
                char **ret_error);
/* Moves everything `from` holds into `to`: lists are joined, other members replaced. */
void shape_move(const struct shape *shape, void *to, void *from);
