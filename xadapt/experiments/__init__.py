"""A recipe becomes a plan of runs; executed, skipped where done, resumed where cut."""
