/* The functions that a board supplies. The inference server needs nothing else of the hardware.
 *
 * No function is called from an interrupt; none fails: a board that cannot go on calls hal_exit.
 */
#ifndef BL_HAL_H
#define BL_HAL_H

#include <stdint.h>

extern const char hal_board[];      /* the board's folder name, BL_BOARD from the build */
extern const uint32_t hal_timer_hz; /* 0: the board has no timer, ticks stay 0 */

void hal_init(void);

/* One byte from the line, waiting as long as it takes; -1 once the line is closed for good. */
int hal_getc(void);
void hal_putc(char c);

/* A 32-bit up-counter that runs only between start and stop, so that an idle device schedules no
 * timer events and counts stay independent of when the host speaks. */
void hal_timer_start(void); /* from 0 */
uint32_t hal_timer_ticks(void);
void hal_timer_stop(void);

/* The core's own cycle counter, the same for every board of an architecture (cycles.c): its name,
 * "none" where nothing counts. It is 32 bits wide and runs freely from hal_cycles_start on. */
const char *hal_cycles_start(void);
uint32_t hal_cycles(void);

/* Memory that the host sees too, for bulk data; *bytes = 0 where there is none. */
uint8_t *hal_shared(uint32_t *bytes);

/* Bytes of stack used at the deepest point since reset; 0 where it is not known. */
uint32_t hal_stack_high_water(void);

_Noreturn void hal_exit(int status);
_Noreturn void hal_reset(void);

/* Provokes a fault on purpose, so that tests can see it reported: 'b' bus, 'u' undefined
 * instruction, 's' stack overflow, 'l' lock-up. Returns where the kind is unknown. */
void hal_fault(char kind);

#endif
