/*
 * Whether a file can be trusted: only root and the user who reads the file may change it, and the
 * folders and symbolic links of its path.
 */
#pragma once

/*
 * NULL for a trusted path; else the part of the path with its fault, and the command that repairs
 * it. Caller frees. A part that cannot be read is no fault: opening the file will fail.
 *
 * Each folder and link of the path is checked from / on, and links are followed, as in ssh. A part
 * has to belong to root or to the effective user. Neither others nor a group other than root's may
 * have the right to write, as in sudo. In a sticky folder such as /tmp, which others may write to,
 * entries of root and of the user are safe.
 *
 * A read-only mount does not make a path trusted: under ProtectSystem=strict all mounts are
 * read-only, and the same folder may be writable in another mount.
 */
char *trust_path(const char *path);
