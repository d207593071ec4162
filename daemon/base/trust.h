/*
 * Whether a file can be relied on: nobody but root and the user who reads it may change it, nor a
 * folder or symbolic link on the way to it.
 */
#pragma once

/*
 * NULL when it can be; else what is wrong with which part of the way and the command that mends it.
 * Caller frees. What cannot be looked at is nothing wrong: opening it tells.
 *
 * Each folder and link from / on is looked at, with links followed, as ssh does. A part has to
 * belong to root or to the effective user. Others must not have the right to write, nor must a
 * group other than root's, as in sudo. In a sticky folder that others may write to, such as /tmp,
 * what belongs to root or the user is safe from them.
 *
 * A mount that is read-only here is no reason to trust: under ProtectSystem=strict everything is,
 * and the same folder is written to where it is mounted otherwise.
 */
char *trust_path(const char *path);
