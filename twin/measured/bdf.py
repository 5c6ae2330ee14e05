"""The Battery Data Format: its labels, in words and for machines.

Current is positive on charge there. Source: the format's vocabulary,
https://w3id.org/battery-data-alliance/ontology/battery-data-format.
"""

from __future__ import annotations

TEST_TIME, VOLTAGE, CURRENT = "Test Time / s", "Voltage / V", "Current / A"
CYCLE_COUNT, STEP_COUNT, STEP_INDEX = "Cycle Count / 1", "Step Count / 1", "Step Index / 1"
STEP_TIME = "Step Time / s"
CHARGED, DISCHARGED = "Charging Capacity / Ah", "Discharging Capacity / Ah"
AMBIENT, TEMPERATURE = "Ambient Temperature / degC", "Temperature T1 / degC"
PRESSURE = "Applied Pressure / Pa"
FREQUENCY, REAL, IMAGINARY = (
    "Frequency / Hz",
    "Real Impedance / ohm",
    "Imaginary Impedance / ohm",
)

MACHINE = {
    TEST_TIME: "test_time_second",
    VOLTAGE: "voltage_volt",
    CURRENT: "current_ampere",
}
"""The three that every file has, as machines write them."""
