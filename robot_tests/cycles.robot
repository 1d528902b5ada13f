*** Settings ***
Documentation       Regression: an inference stays as fast as it was accepted to be. For another
...                 MODEL set MAX_INSTRUCTIONS and MAX_CYCLES, too.
Resource            resources/device.resource
Suite Setup         The Board Is Switched On
Test Setup          Everything Is Ready To Count
Test Teardown       No Operation    # the default of renode-test resets the emulation


*** Variables ***
${MAX_INSTRUCTIONS}     20000
${MAX_CYCLES}           40000
${CORE}                 cortex-m4


*** Test Cases ***
An Inference Takes No More Instructions Than Accepted
    Send Picture    0
    Prediction Should Match Reference
    Instructions Should Not Exceed    ${MAX_INSTRUCTIONS}

The Same Picture Takes The Same Instructions Again
    Predict Picture    0
    ${once}=    Get Layer Instructions
    Predict Picture    1
    Predict Picture    0
    ${again}=    Get Layer Instructions
    Should Be Equal    ${once}    ${again}

Every Layer Takes Part Of The Whole
    Predict Picture    0
    ${layers}=    Get Layer Instructions
    Length Should Be    ${layers}    ${BUILT}[layers]
    Should Be True    min($layers) > 0
    Instructions Should Not Exceed    ${{sum($layers) + 200}}

Cycles Stay Within What Was Accepted
    Send Picture    0
    TRY
        Cycles Should Not Exceed    ${MAX_CYCLES}    ${CORE}
    EXCEPT    *not available*    type=GLOB    AS    ${reason}
        Skip    ${reason}
    END


*** Keywords ***
Everything Is Ready To Count
    Skip Where Instructions Are Not Counted
    The Device Is As After Power On
