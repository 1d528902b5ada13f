/* A stand-in of emlearn's header of the same name. */
typedef enum { EmlNetIdentity, EmlNetRelu, EmlNetSoftmax } EmlNetActivationFunction;
