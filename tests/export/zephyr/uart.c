/* Zephyr's UART functions by those of examples/own_firmware. */
#include <zephyr/drivers/uart.h>

#include "board.h"

const struct device zephyr_console_device = {0};

bool device_is_ready(const struct device *device) {
  board_begin();
  return device == &zephyr_console_device;
}

int uart_poll_in(const struct device *device, unsigned char *byte) {
  (void)device;
  *byte = board_get();
  return 0;
}

void uart_poll_out(const struct device *device, unsigned char byte) {
  (void)device;
  board_put((char)byte);
}
