/* Mobile-LeNet layer by layer: 28x28 pixels of 3 channels -> 8 probabilities (BloodMNIST).
 *
 * Weights are named as in the published table: w01 and b01 belong to row 1 and so on, bn01 holds
 * gamma | beta | mean | variance. weights.py writes them as C; mobile_lenet_files reads them at run
 * time.
 */
#ifndef MOBILE_LENET_H
#define MOBILE_LENET_H

#include "layers/layers.h"

#ifndef WEIGHT
#define WEIGHT const /* in flash; empty where they are read from files */
#endif

#define CLASSES 8
#define EPSILON 1e-3f /* Keras's default for batch normalisation */

extern WEIGHT float w01[8 * 3 * 9], b01[8], bn01[4 * 8];
extern WEIGHT float w02[8 * 9], bn02[4 * 8], w03[8 * 8], bn03[4 * 8];
extern WEIGHT float w04[8 * 9], bn04[4 * 8], w05[8 * 8], bn05[4 * 8];
extern WEIGHT float w06[8 * 9], bn06[4 * 8], w07[16 * 8], bn07[4 * 16];
extern WEIGHT float w08[16 * 9], bn08[4 * 16], w09[16 * 16], bn09[4 * 16];
extern WEIGHT float w10[16 * 9], bn10[4 * 16], w11[24 * 16], bn11[4 * 24];
extern WEIGHT float w12[24 * 9], bn12[4 * 24], w13[24 * 24], bn13[4 * 24];
extern WEIGHT float w14[8 * 24], b14[8];

#define PIXELS (3 * 28 * 28)
extern const float picture[]; /* CHW, picture_count of them: what main.c classifies */
extern const uint32_t picture_count;

/* input: 3x28x28, CHW, scaled as in training. probabilities: CLASSES values. */
bl_status mobile_lenet(const float *input, float *probabilities);

#endif
