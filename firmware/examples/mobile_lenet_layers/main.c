/* Classifies its pictures and prints the probabilities on the board's serial line. How to build it:
 * README.md. */
#include "mobile_lenet.h"
#include "say.h"

int main(void) {
  float probabilities[CLASSES];
  hal_init();
  for (uint32_t k = 0; k < picture_count; k++) {
    const bl_status status = mobile_lenet(picture + k * PIXELS, probabilities);
    if (status != BL_OK) {
      say("a layer refused its shape\n");
      hal_exit(1);
    }
    for (uint32_t i = 0; i < CLASSES; i++) {
      say_probability(probabilities[i]);
    }
  }
  hal_exit(0);
}
