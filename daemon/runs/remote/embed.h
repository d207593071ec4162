/* Files as part of the program, so that a shell and its checkers can read the same files. The
 * Makefile names the objects that depend on them. */
#pragma once

#define EMBED(name, file)                                                                          \
        __asm__(".pushsection .rodata\n" #name ":\n.incbin \"" file "\"\n.byte 0\n"                \
                ".popsection\n");                                                                  \
        extern const char(name)[] __attribute__((visibility("hidden")))
