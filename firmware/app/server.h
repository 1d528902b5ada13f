/* The inference server: answers commands on the line until it is closed. */
#ifndef BL_SERVER_H
#define BL_SERVER_H

#include <stdint.h>

void bl_serve(void);

/* For fault handlers: end whatever is being printed and report on a line of its own. */
void bl_report_fault(const char *kind, const char *const *names, const uint32_t *values,
                     uint32_t count);

/* After it: the `count` words of the stack from `words` on, for a backtrace. Null in a program that
 * has none. */
__attribute__((weak)) void bl_report_stack(const uint32_t *words, uint32_t count);

#endif
