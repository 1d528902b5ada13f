/* What a fault handler calls, and the application supplies. */
#ifndef BL_FAULT_H
#define BL_FAULT_H

#include <stdint.h>

/* Ends the current output and reports on a line of its own. */
void bl_report_fault(const char *kind, const char *const *names, const uint32_t *values,
                     uint32_t count);

/* Reports `count` words of the stack from `words` on, after the fault, for a backtrace. Null in a
 * program that has none. */
__attribute__((weak)) void bl_report_stack(const uint32_t *words, uint32_t count);

#endif
