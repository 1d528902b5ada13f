*** Settings ***
Documentation       Pictures of the model's data set over the virtual UART; what the device makes of
...                 them is compared with TFLite's reference kernels.
Resource            resources/device.resource
Suite Setup         The Board Is Switched On
Test Setup          The Device Is As After Power On
Test Teardown       No Operation    # the default of renode-test resets the emulation


*** Test Cases ***
Picture 0 Is Predicted As The Reference Does
    [Template]    The Picture Should Be Predicted As The Reference Does
    0

Picture 1 Is Predicted As The Reference Does
    [Template]    The Picture Should Be Predicted As The Reference Does
    1

Picture 2 Is Predicted As The Reference Does
    [Template]    The Picture Should Be Predicted As The Reference Does
    2

Picture 3 Is Predicted As The Reference Does
    [Template]    The Picture Should Be Predicted As The Reference Does
    3

Picture 4 Is Predicted As The Reference Does
    [Template]    The Picture Should Be Predicted As The Reference Does
    4

The First Picture Is Recognised
    Send Picture    0
    Prediction Should Be Right

Sixteen Pictures In A Row
    Predictions Should Match Reference    first=5    count=16

The Same Picture Gives The Same Outputs Again
    ${once}=    Predict Picture    0
    Predict Picture    1
    ${again}=    Predict Picture    0
    Should Be Equal    ${once}    ${again}

A Picture Survives Its Own Inference
    [Documentation]    The arena is reused from layer to layer; the picture must not be.
    Send Picture    0
    ${once}=    Predict Picture
    ${again}=    Predict Picture
    Should Be Equal    ${once}    ${again}

Repeated Inferences Give The Outputs Of One
    Send Picture    1
    Ask Device    infer 5 2
    Prediction Should Match Reference

The Results Are The Outputs As Real Numbers
    Send Picture    0
    ${outputs}=    Predict Picture
    ${answer}=    Ask Device    results
    ${results}=    Evaluate    [float(v) for v in $answer[0][len('m-results-['):-1].split(',')]
    Length Should Be    ${results}    ${{len($outputs)}}
    Should Be Equal    ${{$results.index(max($results))}}    ${{$outputs.index(max($outputs))}}


*** Keywords ***
The Picture Should Be Predicted As The Reference Does
    [Arguments]    ${number}
    Send Picture    ${number}
    Prediction Should Match Reference
