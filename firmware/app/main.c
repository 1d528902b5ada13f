/* Boots the board and serves inferences until the line closes. */
#include "hal.h"
#include "server.h"

int main(void) {
  hal_init();
  bl_serve();
  hal_exit(0);
}
