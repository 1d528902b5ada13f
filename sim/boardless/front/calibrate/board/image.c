/* The second of two inferences of a network in a published flash image, between the triggers. The
 * function at CAL_FUNCTION takes the network's memory of CAL_BYTES, with the input in it; no time
 * depends on what the bytes are.
 */
#include <stdint.h>

void initialise_board(void);
void start_trigger(void);
void stop_trigger(void);

static char memory[CAL_BYTES] __attribute__((aligned(16)));

int main(void) {
  void (*const infer)(char *) = (void (*)(char *))(CAL_FUNCTION | 1U); /* Thumb */
  initialise_board();
  for (uint32_t i = 0; i < sizeof memory; ++i) {
    memory[i] = (char)(37 * i + 11);
  }
  infer(memory);
  start_trigger();
  infer(memory);
  stop_trigger();
  return 0;
}
