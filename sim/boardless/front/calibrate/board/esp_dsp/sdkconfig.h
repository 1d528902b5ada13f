/* ESP-DSP's assembly asks by Espressif's configuration which chip it is for. */
#pragma once
#define CONFIG_IDF_TARGET_ESP32 1
#define CONFIG_DSP_OPTIMIZED 1
