"""boardless: does a TinyML classifier still predict the same on a microcontroller, without a board?

boardless run digits_cnn:int8 --board mps2-an386
"""

__version__ = "0.1.0"
