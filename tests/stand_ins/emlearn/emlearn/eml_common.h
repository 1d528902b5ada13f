/* A stand-in of emlearn's header of the same name. */
#ifndef EML_COMMON_H
#define EML_COMMON_H

#include <stdint.h>

typedef enum { EmlOk, EmlSizeMismatch } EmlError;

#define EML_CHECK_ERROR(call) (void)(call)

#endif
