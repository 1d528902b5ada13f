*** Settings ***
Documentation       What the firmware says when it starts, and who it says it is.
Resource            resources/device.resource
Suite Setup         The Board Is Switched On
Test Setup          The Device Is As After Power On
Test Teardown       No Operation    # the default of renode-test resets the emulation


*** Test Cases ***
The Firmware Is The Build That Was Asked For
    The Device Should Say    hello    m-build-[${BUILT}[build_id]]

The Firmware Names Its Board
    The Device Should Say    hello    m-board-[${BOARD}]

The Firmware Names Its Model
    The Device Should Say    hello    m-model-[${BUILT}[model]]

The Input Has The Model's Type And Shape
    The Device Should Say    hello    m-input-[${BUILT}[input]]

The Output Has The Model's Type And Shape
    The Device Should Say    hello    m-output-[${BUILT}[output]]

The Firmware Has As Many Layers As The Compiler Made
    The Device Should Say    hello    m-layers-[${BUILT}[layers]]

A Reset Starts The Same Firmware Again
    ${before}=    Ask Device    hello
    The Device Is Reset
    ${after}=    Ask Device    hello
    Should Be Equal    ${before}    ${after}

No Time Has Passed Before The First Inference
    The Device Should Answer Only    timestamp    m-lap-us-0

The Stack Is Hardly Used At The Start
    ${answer}=    Ask Device    stack
    ${found}=    Evaluate    int($answer[0].removeprefix('m-stack-[').rstrip(']'))
    Should Be True    ${found} < 1024
