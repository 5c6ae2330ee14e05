"""What there is: cells, materials, overlays, protocols, modes, and how they are described."""
