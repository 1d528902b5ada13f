/* The region of the program that is running, and its counts. */
#ifndef BL_REGIONS_H
#define BL_REGIONS_H

#include <stdbool.h>
#include <stdint.h>

#define OUTSIDE (-1)

/* `count` regions, numbered from 0. */
void regions_init(uint32_t count);

/* Begins `region`: all that is executed from now on belongs to it. The first region opens a pass.
 */
void region_enter(int32_t region);

/* Drops an open pass: its counts belong to no pass. Another one begins. */
void pass_restart(int32_t region);

/* The regions since the pass began are one pass; nothing is open. */
void pass_end(void);

bool pass_is_open(void);
int32_t region_now(void);

/* Returns whether any region has been entered since the pass began. */
bool pass_has_regions(void);

/* An interrupt handler begins and ends: what it executes is taken out of the region. */
void interrupt_begin(void);
bool interrupt_end(void);    /* whether one had begun in a region */
void interrupt_resume(void); /* the last one had not ended */

/* Ends the file; only the first call counts. `signal` is what ended the run, or 0. */
void regions_finish(int signal);

#endif
