/* As much of Zephyr's devices as the example uses: the UART that the devicetree chose. */
#ifndef ZEPHYR_DEVICE_H
#define ZEPHYR_DEVICE_H

#include <stdbool.h>

struct device {
  int number;
};

extern const struct device zephyr_console_device;

#define DT_CHOSEN(name) name##_device
#define DEVICE_DT_GET(node) (&node)

bool device_is_ready(const struct device *device);

#endif
