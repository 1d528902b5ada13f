/* Boots the board and serves inferences until the line closes. */
#include "hal.h"
#include "model_config.h"
#include "server.h"

#ifdef BL_RUNTIME_BEGINS
void bl_runtime_begin(void); /* of a runtime that has to begin before its first inference */
#endif

int main(void) {
  hal_init();
#ifdef BL_RUNTIME_BEGINS
  bl_runtime_begin();
#endif
  bl_serve();
  hal_exit(0);
}
