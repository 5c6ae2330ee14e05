"""The PyBaMM cells and the ports through which failure modes act on them."""
