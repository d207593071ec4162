/* Files that are part of the program as they are, so that a shell and its checkers can read them
 * too. The Makefile knows which object depends on them. */
#pragma once

#define EMBED(name, file)                                                                          \
        __asm__(".pushsection .rodata\n" #name ":\n.incbin \"" file "\"\n.byte 0\n"                \
                ".popsection\n");                                                                  \
        extern const char(name)[] __attribute__((visibility("hidden")))
