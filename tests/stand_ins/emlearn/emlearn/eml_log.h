/* A stand-in of emlearn's header of the same name: it prints nothing. */
