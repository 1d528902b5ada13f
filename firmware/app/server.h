/* The inference server: answers commands on the UART until it is closed. */
#ifndef BL_SERVER_H
#define BL_SERVER_H

void bl_serve(void);

#endif
