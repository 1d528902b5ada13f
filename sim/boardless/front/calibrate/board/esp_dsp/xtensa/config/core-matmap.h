/* ESP-DSP includes this memory map, and uses nothing of it. */
#pragma once
