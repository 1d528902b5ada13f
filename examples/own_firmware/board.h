/* The UART of the board. */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

void reset(void); /* where the processor begins */
void board_begin(void);
void board_put(char c);
uint8_t board_get(void); /* waits for a byte */

#endif
