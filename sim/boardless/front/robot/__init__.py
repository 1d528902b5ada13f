"""The keywords of `boardless.robot_library.Boardless`, in the order in which a suite uses them.

| file | keywords |
| --- | --- |
| emulation.py | switch the board on and talk over its line, as Renode's own do |
| firmware.py | firmware and pictures |
| verdicts.py | what must hold |

Every public method of these classes is a keyword. state.py is what they share.
"""
