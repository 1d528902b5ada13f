*** Settings ***
Documentation       The text protocol: MLPerf Tiny's device side, and checksums.
Resource            resources/device.resource
Suite Setup         The Board Is Switched On
Test Setup          The Device Is As After Power On
Test Teardown       No Operation    # the default of renode-test resets the emulation


*** Test Cases ***
The Device Names Itself In MLPerf Tiny's Manner
    The Device Should Answer Only    name    m-name-dut-[boardless]

The Profile Names Firmware And Model
    The Device Should Answer Only    profile
    ...    m-profile-[boardless protocol 1]    m-model-[${BUILT}[model]]

Help Names Every Command Of MLPerf Tiny
    ${answer}=    Ask Device    help
    ${help}=    Catenate    SEPARATOR=\n    @{answer}
    FOR    ${command}    IN    name    profile    help    timestamp    db load    infer    results
        Should Contain    ${help}    ${command}
    END

An Unknown Command Is Refused By Name
    The Device Should Answer Only    bogus    e-[Unknown command: bogus]
    The Device Should Still Work

A Command That Is Too Long Is Refused
    ${long}=    Evaluate    'x' * 81
    The Device Should Answer Only    ${long}    e-[Command longer than 80 characters]
    The Device Should Still Work

A Command With A Wrong Checksum Is Refused
    The Device Should Answer Only    name ~00000000    e-[Checksum of the command is wrong]
    The Device Should Still Work

A Command With A Checksum Is Answered With Checksums
    ${command}=    Add Checksum    name
    ${line}=    Add Checksum    m-name-dut-[boardless]
    The Device Should Answer Only    ${command}    ${line}

Line Ends Between Commands Are Ignored
    Somebody Types    na
    The Device Should Answer Only    me    m-name-dut-[boardless]

Inference Without A Number Is Refused
    The Device Should Answer Only    infer 0    e-[Inference iterations must be >0]

An Odd Number Of Hex Digits Is Refused
    The Device Should Answer Only    db load 4    m-[Expecting 4 bytes]
    The Device Should Answer Only    db 123    e-[Insufficent number of hex digits]

More Bytes Than Announced Are Refused
    The Device Should Answer Only    db load 2    m-[Expecting 2 bytes]
    The Device Should Answer Only    db 112233    e-[db: more bytes than announced by db load]

More Bytes Than The Input Has Are Refused
    ${more}=    Evaluate    ${BUILT}[input_bytes] + 1
    The Device Should Answer Only    db load ${more}
    ...    e-[db load: the input has only ${BUILT}[input_bytes] bytes]

Bytes Read Back As They Were Written
    The Device Should Answer Only    db load 8    m-[Expecting 8 bytes]
    The Device Should Answer Only    db 00017f80feff0aff    m-load-done
    ${answer}=    Ask Device    db print
    Should Be Equal    ${answer}[0]    m-buffer-00-01-7f-80-fe-ff-0a-ff
