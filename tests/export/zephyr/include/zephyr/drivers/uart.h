/* As much of Zephyr's UART as the example uses. */
#ifndef ZEPHYR_UART_H
#define ZEPHYR_UART_H

#include <zephyr/device.h>

int uart_poll_in(const struct device *device, unsigned char *byte); /* 0: one has come */
void uart_poll_out(const struct device *device, unsigned char byte);

#endif
