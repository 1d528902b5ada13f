/* A stand-in of Zephyr's header: what is used of it stands in device.h. */
#include <zephyr/device.h>
