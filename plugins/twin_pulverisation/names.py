"""Names of the variables at an alloy, without what its equations need."""

SHARE = "unpulverised active fraction"
STATE, STRIPS, LARGEST = "pulverisation state", "full strips", "largest filling"
BESIDE = "sodium trapped beside [C.m-2]"
CURRENT = "trapping current density [A.m-2]"
