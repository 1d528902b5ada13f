*** Settings ***
Documentation       A crash is reported with its place; noise and a bad line change no prediction.
Resource            resources/device.resource
Test Setup          The Board Is Switched On
Test Teardown       No Operation    # the default of renode-test resets the emulation


*** Test Cases ***
A Bus Fault Names Its Place
    [Tags]    cortex_m
    Somebody Types    fault b%
    # Renode has no bus faults and reports MemManage.
    ${report}=    Wait For Line On Uart    e-\\[fault (BusFault|MemManage)    treatAsRegex=true
    Crash Should Be In Function    ${report}    hal_fault

An Undefined Instruction Names Its Place
    [Tags]    cortex_m
    Somebody Types    fault u%
    ${report}=    Wait For Line On Uart    e-[fault UsageFault
    Crash Should Be In Function    ${report}    hal_fault

A Stack Overflow Is Named As One
    [Tags]    cortex_m
    Somebody Types    fault s%
    Wait For Line On Uart    e-[fault stack overflow

A Crash Comes With The Stack
    [Tags]    cortex_m
    Somebody Types    fault b%
    Wait For Line On Uart    e-[fault
    Wait For Line On Uart    e-\\[stack [0-9a-f]{8}( [0-9a-f]{8}){8}\\]    treatAsRegex=true

After A Crash The Board Works Again
    [Tags]    cortex_m
    Somebody Types    fault b%
    Wait For Line On Uart    e-[fault
    The Board Is Switched On
    Predictions Should Match Reference    first=0    count=2

An Unknown Fault Is Refused
    The Device Should Say    fault x    e-[fault: this board knows no such fault; b, u, s or l]
    The Device Should Still Work

Noise Does Not Stop The Device
    # No control character below 0x20: renode-test sends keywords as XML, which has none.
    Somebody Types    \x7f~[]()%%db%db zz%infer -1%
    Wait For Line On Uart    e-[Inference iterations must be >0]
    Wait For Line On Uart    m-ready
    The Device Should Answer Only    sync after-the-noise    m-sync-[after-the-noise]
    Predictions Should Match Reference    first=0    count=1

A Picture Is Taken Only When It Is Whole
    The Device Should Answer Only    db load 8    m-[Expecting 8 bytes]
    The Device Should Answer Only    db 00010203
    The Device Should Answer Only    db 04050607    m-load-done

Lost Bytes Change No Prediction
    Predictions Over A Bad Line Should Match Reference    drop=0.003,seed=1

Flipped Bits Change No Prediction
    Predictions Over A Bad Line Should Match Reference    flip=0.002,seed=4

Bytes That Come Late And In Pieces Change No Prediction
    Predictions Over A Bad Line Should Match Reference    split=3,delay=2,seed=3
