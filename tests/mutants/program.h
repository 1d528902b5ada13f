/* What the changed kernels ask: is change `number` to be made? Each one notes that it was reached.
 */
#ifndef BL_MUTANTS_PROGRAM_H
#define BL_MUTANTS_PROGRAM_H

extern int bl_mutant;
extern unsigned char bl_reached[];

static inline int bl_is(int number) {
  bl_reached[number] = 1;
  return bl_mutant == number;
}

#define BL_IS(number) bl_is(number)
#define BL_SIGN(number) (1 - 2 * bl_is(number))

#endif
