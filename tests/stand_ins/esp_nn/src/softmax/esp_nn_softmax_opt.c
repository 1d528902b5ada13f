/* A stand-in of ESP-NN's file of the same name: nothing of it is called here. */
