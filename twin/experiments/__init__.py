"""Virtual experiments: critical currents, impedance, transference number, titration."""
