/* CAL_ITERATIONS iterations of CoreMark between the triggers; a wrong checksum ends the program
 * with status 1. */
#include <stdbool.h>

#include "core_portme.h"

void _exit(int status);
void start_trigger(void);
void stop_trigger(void);
void start_time(void);
void stop_time(void);
CORE_TICKS get_time(void);
ee_u32 time_in_secs(CORE_TICKS ticks);

volatile ee_s32 seed1_volatile = 0, seed2_volatile = 0, seed3_volatile = 0x66;
volatile ee_s32 seed4_volatile = CAL_ITERATIONS, seed5_volatile = 0;
ee_u32 default_num_contexts = 1;
static bool wrong;

void portable_init(core_portable *port, int *argc, char *argv[]) {
  (void)argc;
  (void)argv;
  port->portable_id = 1;
}

void portable_fini(core_portable *port) {
  port->portable_id = 0;
  if (wrong) {
    _exit(1);
  }
}

void start_time(void) {
  start_trigger();
}

void stop_time(void) {
  stop_trigger();
}

CORE_TICKS get_time(void) {
  return 10;
}

ee_u32 time_in_secs(CORE_TICKS ticks) {
  return ticks; /* the run is long enough */
}

/* Nothing is printed; a text that begins with "[%u]" reports a wrong checksum. */
int ee_printf(const char *format, ...) {
  wrong |= format[0] == '[' && format[1] == '%' && format[2] == 'u';
  return 0;
}
