/* What the ESP32's core has, in the names of Tensilica's own header. */
#pragma once
#define XCHAL_HAVE_FP 1
#define XCHAL_HAVE_LOOPS 1
#define XCHAL_HAVE_MAC16 1
