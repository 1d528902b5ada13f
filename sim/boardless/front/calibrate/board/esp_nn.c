/* One call of a kernel of ESP-NN between the triggers, with the arguments of its published table.
 * Data lie in RAM, and values do not matter for time. */
#include <esp_nn.h>
#include <stddef.h>
#include <stdint.h>

#define TRIGGER(name) __asm__ volatile(".global " #name "\n" #name ":" ::: "memory")

enum { SIZE = 16 * 16 * 16 };
static int8_t input[SIZE], filter[SIZE], output[SIZE];

int main(void) {
  for (size_t i = 0; i < SIZE; ++i) {
    input[i] = (int8_t)(i * 37);
    filter[i] = (int8_t)(i * 91);
  }
  TRIGGER(start_trigger);
  CAL_KERNEL(CAL_ARGUMENTS);
  TRIGGER(stop_trigger);
  return output[0] == 0 && output[1] == 0 && output[2] == 0;
}
