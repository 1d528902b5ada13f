/* arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb -O1 -g -nostdlib -nostartfiles -Wl,-e,main
 *   -Wl,-Ttext=0x8000 -Wl,-Tdata=0x9000 -Wl,--build-id=none -Wl,-z,max-page-size=4
 *   -ffile-prefix-map=$PWD=. -o small.elf small.c
 * arm-none-eabi-objcopy -R .comment -R .ARM.attributes small.elf */
static int total;

static int __attribute__((noinline)) inner(int a) {
  volatile int x[4];
  x[0] = a;
  total += x[0];
  return total;
}

int main(void) {
  int r = inner(3);
  return r + inner(r);
}
