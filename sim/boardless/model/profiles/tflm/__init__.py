"""TensorFlow Lite Micro's own interpreter, with its reference kernels: what CMSIS-NN gives, too."""

from boardless.model.profiles import Answerer, Profile

PROFILE = Profile(
    name="tflm",
    title="TensorFlow Lite Micro",
    package="tflite-micro",
    answerers=(Answerer("tflm", "", ""),),
    extra="tflm",
    fixed_point_curves=True,
    rescales_clamps=False,
    transposes_narrow=False,
    shifts_sums=False,
    single_tables=True,
)
