"""What is on disk: hashes, atomic writes, checkpoints and results. The only room that writes."""
